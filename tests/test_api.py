"""``import analytics``: every source, one code path, errors in one sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.errors import BadInput, StoreError
from analytics.results import Ambiguity, Clustering, Dataset, Projection, ScoreCard, Table
from analytics.store.artifacts import Artifacts

FRAME = pd.DataFrame(
    {
        "x": [0.0, 0.1, 0.2, 5.0, 5.1, 5.2, 0.05, 5.05],
        "y": [0.0, 0.2, 0.1, 5.0, 5.2, 5.1, 0.15, 5.15],
        "kind": list("aaabbbab"),
    }
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Artifacts(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def groups(store):
    return analytics.cluster(FRAME, "kmeans", n_clusters=2, store=store)


def test_the_whole_path_on_a_data_frame(store, groups):
    assert isinstance(groups, Clustering)
    first, second = groups.labels[0], groups.labels[3]
    assert groups.labels.tolist() == [first] * 3 + [second] * 3 + [first, second]
    dataset = store.load(groups.parents[0])
    assert isinstance(dataset, Dataset) and dataset.label_column == "kind"
    made = analytics.project(dataset, "pca", store=store)
    assert isinstance(made, Projection) and made.xy.shape == (8, 2)
    card = analytics.faithfulness(made, store=store)
    assert isinstance(card, ScoreCard) and 0.9 < card.values["trustworthiness"].value <= 1
    scores = analytics.validity(groups, store=store)
    assert scores.values["ari"].value == 1.0 and scores.values["silhouette"].value > 0.9
    assert analytics.stability(groups, 2, store=store).values
    found = analytics.clams(made, store=store)
    assert isinstance(found, Ambiguity) and found.parents == (made.digest,)


def test_profile_takes_a_source_or_a_table(store):
    table = analytics.read(FRAME, store=store)
    assert isinstance(table, Table)
    assert analytics.profile(table) == analytics.profile(FRAME, store=store)
    assert analytics.profile(table)["rows"] == 8


def test_array_frame_and_file_hold_the_same_numbers(store, tmp_path):
    numbers = FRAME[["x", "y"]]
    numbers.to_csv(tmp_path / "n.csv", index=False)
    np.save(tmp_path / "n.npy", numbers.to_numpy())
    sources = (numbers, numbers.to_numpy(), tmp_path / "n.csv", str(tmp_path / "n.npy"))
    made = [analytics.prepare(s, store=store, scale="none").X for s in sources]
    for X in made:
        np.testing.assert_array_equal(X, made[0])


def test_the_name_is_part_of_the_digest_and_the_place_is_not(store, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        FRAME.to_csv(tmp_path / folder / "a.csv", index=False)
    one = analytics.read(tmp_path / "one" / "a.csv", store=store)
    two = analytics.read(tmp_path / "two" / "a.csv", store=store)
    named = analytics.read(tmp_path / "one" / "a.csv", name="b.csv", store=store)
    assert one.digest == two.digest != named.digest


def test_choices_change_the_suggested_recipe(store):
    dataset = analytics.prepare(FRAME, features=["x"], scale="none", label="", store=store)
    assert dataset.columns == ("x",) and dataset.labels is None
    same = analytics.prepare(FRAME, {"features": ["x"], "scale": "none"}, label="", store=store)
    assert same.digest == dataset.digest
    assert analytics.prepare(dataset, store=store) is dataset
    with pytest.raises(BadInput, match="prepared already"):
        analytics.prepare(dataset, scale="minmax", store=store)


def test_clustering_on_the_map_and_in_the_components(store):
    dataset = analytics.prepare(FRAME, store=store)
    made = analytics.project(dataset, "columns", columns=["y", "x"], store=store)
    assert made.axes == ("y", "x")
    on_map = analytics.cluster(
        dataset, "dbscan", space="map", projection=made, eps=1.0, min_samples=2, store=store
    )
    assert on_map.parents == (dataset.digest, made.digest) and on_map.n_clusters == 2
    in_pca = analytics.cluster(dataset, "kmeans", space="pca", components=1, store=store)
    assert in_pca.space == "pca"
    with pytest.raises(BadInput, match="make a map first"):
        analytics.cluster(dataset, "kmeans", space="map", store=store)


def test_records_travel_between_stores(store, groups, tmp_path):
    other = Artifacts(tmp_path / "other")
    dataset = analytics.prepare(FRAME, store=store)
    again = analytics.cluster(dataset, "kmeans", n_clusters=2, store=other)
    assert again.digest == groups.digest and other.has(dataset.digest)


def test_clams_of_plain_points_equals_the_stored_one(store):
    made = analytics.project("sample:clear", "given", store=store)
    stored = analytics.clams(made, store=store)
    plain = analytics.clams(pd.DataFrame(made.xy))
    assert plain.ambiguity == stored.ambiguity and plain.interval == stored.interval
    assert stored.n_components == 4 and stored.ambiguity < 0.2


def test_compare(groups):
    answer = analytics.compare(groups, FRAME["kind"])
    assert answer["ari"] == 1.0 and answer["n"] == 8
    assert analytics.compare([0, 0, 1, 1], [1, 1, 0, 0])["macro_f1"] == 1.0


def test_report_is_a_function_and_a_package(store, groups, tmp_path):
    from analytics.report import tables

    assert tables.to_csv(FRAME).startswith(b"x,y,kind\n")
    for i in range(2):
        path = analytics.report(groups, tmp_path / f"{i}.html", title="T <b>", store=store)
        assert "<title>T &lt;b&gt;</title>" in path.read_text(encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be written"):
        analytics.report(groups, tmp_path / "no" / "place.html", store=store)


def test_everything_is_kept_in_the_data_folder(home):
    table = analytics.read("sample:iris")
    assert (home / "results" / table.digest[:2] / f"{table.digest}.json").exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("no/such/file.csv", "'file.csv' cannot be read"),
        (Path("."), "cannot be read"),
        ("bad\0name", "cannot be read"),
        ("sample:penguins", "There is no sample 'penguins'"),
        (None, "cannot be read from a NoneType"),
        ([[1, 2], [3, 4]], "cannot be read from a list"),
        (np.array([object()]), "holds Python objects"),
        (np.array(1.0), "."),
        (np.zeros((0, 3)), "."),
        (pd.DataFrame(), "."),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "use plain columns"),
        (pd.DataFrame({"a": [{1}, "x", 3.5]}), "use plain columns"),
        (pd.DataFrame({"a": [1j, 2j]}), "."),
        (pd.DataFrame({"a": ["\ud800", "b"]}, dtype=object), "use plain columns"),
    ],
)
def test_sources_that_are_none(source, words, store):
    with pytest.raises(BadInput) as caught:
        analytics.read(source, store=store)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: analytics.read(FRAME, colour="red", store=s), "Unknown reading option"),
        (lambda s: analytics.read("sample:iris", sheet="a", store=s), "takes no reading options"),
        (lambda s: analytics.prepare(FRAME, flavour="x", store=s), "The recipe has no 'flavour'"),
        (lambda s: analytics.prepare(FRAME, label="knd", store=s), "did you mean 'kind'"),
        (lambda s: analytics.cluster(FRAME, n_clusters=9, store=s), "8 rows|9"),
        (lambda s: analytics.cluster(FRAME, noise="drop", store=s), "keep"),
        (lambda s: analytics.cluster(FRAME, seed=-1, store=s), "The seed is -1"),
        (lambda s: analytics.project(FRAME, "pca", columns=["x", "y"], store=s), "only"),
        (lambda s: analytics.clams(np.array([[0.0, np.nan]])), "."),
        (lambda s: analytics.clams(np.zeros((3, 3))), "."),
        (lambda s: analytics.report("f" * 32, "x.html", store=s), "no stored map"),
        (lambda s: analytics.report("../../x", "x.html", store=s), "no stored map"),
        (lambda s: analytics.compare([1, 2], [1, 2, 3]), "2 and 3 rows"),
    ],
)
def test_wrong_arguments(call, words, store):
    with pytest.raises(BadInput, match=words):
        call(store)


def test_a_data_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StoreError, match="set GESTALT_HOME to a folder"):
        analytics.read("sample:iris")
