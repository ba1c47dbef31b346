"""Requests of the clustering stage, run and stored for real."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from analytics.clustering.operations import (
    clustering_request,
    stability_request,
    suggestion_request,
    validity_request,
)
from analytics.digest import of_json
from analytics.errors import BadInput
from analytics.operations import execute, from_json
from analytics.registry import methods
from analytics.results import Dataset, Projection
from analytics.store.artifacts import Artifacts

X, Y = make_blobs(90, 5, centers=3, cluster_std=0.4, random_state=2)


@pytest.fixture
def store(tmp_path):
    return Artifacts(tmp_path)


@pytest.fixture
def data(store):
    record = Dataset(
        digest=of_json("data"),
        X=X.astype(np.float32),
        columns=tuple("abcde"),
        labels=Y.astype(np.int32),
        label_names=("p", "q", "r"),
    )
    store.save(record)
    return record


@pytest.fixture
def plane(store, data):
    record = Projection(digest=of_json("map"), parents=(data.digest,), xy=data.X[:, :2] * [1, 0.5])
    store.save(record)
    return record


def test_from_request_to_scores(store, data):
    wanted = clustering_request(data, "kmeans", {"n_clusters": "3"}, 1)
    found = execute(wanted, store)
    assert found.digest == wanted.digest and found.space == "full" and found.n_clusters == 3
    assert found.notes[0] == "Distances measured in all 5 columns."
    loaded = Artifacts(store.folder).load(found.digest)
    assert loaded.labels.tobytes() == found.labels.tobytes()
    assert loaded.params == found.params
    card = execute(validity_request(loaded), store)
    assert card.values["ari"].value == 1 and card.notes[0] == found.notes[0]
    again = execute(stability_request(loaded, 3), store)
    assert again.values["subsamples"].value == 1 and again.params == {"runs": 3}


def test_every_request_survives_a_job_payload(data, plane):
    for wanted in (
        clustering_request(data, "dbscan", {"eps": 1.5}, noise="nearest"),
        clustering_request(data, "gmm", space="pca", components=2),
        clustering_request(data, "hdbscan", space="map", projection=plane),
        suggestion_request(data, "k", "map", plane, params={"max_k": 5}),
    ):
        assert from_json(wanted.to_json()).digest == wanted.digest


def test_defaults_do_not_change_a_digest(data):
    one = clustering_request(data, "hdbscan", seed=3)
    two = clustering_request(data, "hdbscan", {"min_cluster_size": 15}, seed=9, noise="keep")
    assert one.digest == two.digest
    assert one.digest != clustering_request(data, "hdbscan", noise="nearest").digest
    ten = clustering_request(data, "kmeans", space="pca")
    assert ten.params["components"] == 5


def test_spaces(store, data, plane):
    on_map = execute(
        clustering_request(data, "kmeans", {"n_clusters": 3}, space="map", projection=plane), store
    )
    assert on_map.space == "map" and on_map.parents == (data.digest, plane.digest)
    assert on_map.extras["centers"].shape == (3, 2)
    assert on_map.notes[0] == "Distances measured in the 2-D map."
    card = execute(validity_request(on_map), store)
    assert card.parents == (data.digest, plane.digest, on_map.digest)
    kept = execute(stability_request(on_map, 2), store)
    assert "The map is kept as it is." in kept.notes[0]
    pca = execute(
        clustering_request(data, "kmeans", {"n_clusters": 3}, space="pca", components=2), store
    )
    assert pca.extras["centers"].shape == (3, 2)
    assert "first 2 principal components, which hold" in pca.notes[0]
    assert execute(validity_request(pca), store).values["silhouette"].value > 0.5


def test_pca_of_equal_rows(store):
    data = Dataset(digest=of_json("flat"), X=np.ones((4, 3), np.float32))
    store.save(data)
    found = execute(clustering_request(data, "gmm", {"n_clusters": 2}, space="pca"), store)
    assert found.n_clusters == 1


def test_suggestions(store, data, plane):
    card = execute(suggestion_request(data, "k"), store)
    assert card.values["k_silhouette"].value == 3
    card = execute(suggestion_request(data, "eps", "map", plane), store)
    assert card.values["eps"].value > 0 and "2-D map" in card.notes[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"space": "moon"}, "one of full, pca, map"),
        ({"space": "map"}, "make a map first"),
        ({"space": "pca", "components": 6}, "whole number from 1 to 5"),
        ({"space": "pca", "components": 0}, "whole number from 1 to 5"),
        ({"space": "pca", "components": 2.5}, "whole number from 1 to 5"),
        ({"noise": "drop"}, "one of keep, nearest"),
        ({"params": {"n_clusters": 0}}, "from 1 to 1000"),
        ({"params": {"spam": 1}}, "Unknown parameter 'spam'"),
    ],
)
def test_wrong_requests(data, options, words):
    with pytest.raises(BadInput, match=words):
        clustering_request(data, "kmeans", **options)


def test_wrong_payloads_are_refused_when_run(store, data):
    wanted = clustering_request(data, "kmeans", {"n_clusters": 2}).to_json()
    for changed, words in (
        ({"space": "map"}, "make a map first"),
        ({"space": ["x"]}, "one of full, pca, map"),
        ({"noise": "drop"}, "one of keep, nearest"),
    ):
        payload = {**wanted, "params": {**wanted["params"], **changed}}
        with pytest.raises(BadInput, match=words):
            execute(from_json(payload), store)
    with pytest.raises(BadInput, match="'1', but it takes a whole number from 2 to 100"):
        stability_request(execute(from_json(wanted), store), 1)


def test_more_groups_than_rows(store):
    small = Dataset(digest=of_json("small"), X=np.eye(5, dtype=np.float32))
    store.save(small)
    with pytest.raises(BadInput, match="8 groups were asked for but there are only 5 rows"):
        execute(clustering_request(small, "kmeans"), store)
    empty = Dataset(digest=of_json("empty"), X=np.zeros((0, 2), np.float32))
    store.save(empty)
    with pytest.raises(BadInput, match="nothing to cluster"):
        execute(clustering_request(empty, "kmeans"), store)


def test_importing_the_stage_is_cheap():
    code = (
        "import sys, analytics.clustering.operations\n"
        "from analytics import registry\n"
        "import importlib, pkgutil, analytics.clustering.methods as m\n"
        "[importlib.import_module(m.__name__ + '.' + i.name)"
        " for i in pkgutil.iter_modules(m.__path__)]\n"
        "heavy = {'sklearn', 'scipy', 'numba', 'torch', 'streamlit', 'plotly'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_method_is_documented():
    text = (Path(__file__).parent.parent / "docs" / "clustering.md").read_text()
    for method in methods("clustering"):
        assert f"`{method.id}`" in text
        if method.max_rows is not None:
            assert f"{method.max_rows:,}" in text
