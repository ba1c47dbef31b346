"""Requests: checked once, named by their digest, run once, the same bytes every time."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import operations
from analytics.data.operations import dataset_request, sample_request
from analytics.errors import BadInput
from analytics.operations import OPERATIONS, Request, execute, from_json, request
from analytics.results import Clustering, Dataset
from analytics.store.artifacts import Artifacts

A, B = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    """A store with the prepared sample, and the dataset."""
    store = Artifacts(tmp_path_factory.mktemp("store"))
    table = execute(sample_request("iris"), store)
    return store, execute(dataset_request(table), store)


def content(store: Artifacts, digest: str) -> tuple[str, dict]:
    """What two equal runs must share: the hash of the arrays, and the JSON without "about"."""
    files = {p.suffix: p for p in store.files(digest)}
    document = json.loads(files[".json"].read_text())
    return hashlib.sha256(files[".npz"].read_bytes()).hexdigest(), document["content"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wash",), "There is no operation 'wash': choose one of table, dataset, "),
        (("clustering", "nope"), "There is no clustering method 'nope': choose one of "),
        (("projection", "kmeans"), "There is no projection method 'kmeans'"),
        (("clustering", "kmeans", (A,), {"k": 3}), "Unknown parameter 'k': this method takes "),
        (("clustering", "kmeans", (A,), {"n_clusters": 0}), "'n_clusters') is '0', but it takes"),
        (("clustering", "kmeans", (A,), {}, -1), "The seed is -1, but it takes a whole number"),
        (("clustering", "kmeans", (A,), {}, 2**32), "from 0 to 4294967295."),
        (("clustering", "kmeans", (A,), {}, 1.5), "The seed is 1.5"),
        (("clustering", "kmeans", (A,), {}, True), "The seed is True"),
        (("clustering", "kmeans", (A,), {}, "0"), "The seed is '0'"),
        (("clustering", "kmeans", ("../../etc",)), "a text that is not a digest"),
        (("clustering", "kmeans", (None,)), "a text that is not a digest"),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(BadInput) as caught:
        request(*arguments)
    assert words in str(caught.value) and str(caught.value).endswith(".")


def test_the_digest_names_everything_that_decides_the_result():
    base = request("clustering", "kmeans", (A,), {"n_clusters": 3}, 1)
    others = [
        request("clustering", "kmeans", (A,), {"n_clusters": 4}, 1),
        request("clustering", "kmeans", (A,), {"n_clusters": 3}, 2),
        request("clustering", "kmeans", (B,), {"n_clusters": 3}, 1),
        request("clustering", "kmeans", (A, B), {"n_clusters": 3}, 1),
        request("clustering", "minibatch", (A,), {"n_clusters": 3}, 1),
        request("clustering", "kmeans", (A,), {"n_clusters": 3, "space": "pca"}, 1),
    ]
    assert len({base.digest, *(o.digest for o in others)}) == 1 + len(others)
    same = request("clustering", "kmeans", (A,), {"max_iter": "300", "n_clusters": 3.0}, 1)
    assert same == base and same.digest == base.digest


def test_a_method_without_chance_has_one_digest_for_all_seeds():
    assert request("clustering", "dbscan", (A,), {}, 7) == request("clustering", "dbscan", (A,))
    seven, none = (request("clustering", "kmeans", (A,), {}, s) for s in (7, 0))
    assert seven.digest != none.digest


def test_a_new_version_of_an_operation_has_new_digests(monkeypatch):
    wanted = request("ambiguity", "clams", (A,), {"aspect": 1.0})
    before, old = wanted.digest, OPERATIONS["ambiguity"]
    monkeypatch.setitem(OPERATIONS, "ambiguity", operations.Operation(old.target, old.version + 1))
    assert wanted.digest != before


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 1000), st.integers(0, 2**32 - 1))
def test_a_job_payload_is_the_request(k, seed):
    wanted = request("clustering", "kmeans", (A,), {"n_clusters": k}, seed)
    again = from_json(json.loads(json.dumps(wanted.to_json())))
    assert again == wanted and again.digest == wanted.digest


@pytest.mark.parametrize(
    "payload", [{}, {"kind": "clustering"}, {"kind": "table", "seed": "x"}, {"kind": 3}]
)
def test_a_damaged_payload_is_refused(payload):
    with pytest.raises(BadInput):
        from_json(payload)


def test_a_missing_parent_is_one_sentence(tmp_path):
    wanted = request("clustering", "kmeans", (A,), {"n_clusters": 2})
    with pytest.raises(BadInput, match="The result aaaaaaaa is no longer stored: open the data"):
        execute(wanted, Artifacts(tmp_path))


def test_a_stored_result_is_not_computed_again(iris):
    store, dataset = iris
    calls = []
    wanted = request("clustering", "kmeans", (dataset.digest,), {"n_clusters": 3})
    first = execute(wanted, store, lambda *said: calls.append(said))
    assert calls
    calls.clear()
    again = execute(wanted, store, lambda *said: calls.append(said))
    assert not calls and again.about["seconds"] == first.about["seconds"]
    assert isinstance(first, Clustering) and first.digest == wanted.digest
    assert (first.method, first.seed, first.parents) == ("kmeans", 0, (dataset.digest,))
    assert first.params == dict(wanted.params)


def test_what_is_only_remembered_is_stored_again(tmp_path):
    """Another process has tidied up, or removed what was damaged: the memory here knows nothing."""
    store = Artifacts(tmp_path)
    wanted = sample_request("iris")
    held = execute(wanted, store)
    Artifacts(tmp_path).remove(wanted.digest)
    assert execute(wanted, store) is not None and store.intact(wanted.digest)
    assert store.load(wanted.digest).frame.equals(held.frame)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("clustering", "kmeans"),
        ("clustering", "gmm"),
        ("clustering", "hdbscan"),
        ("projection", "pca"),
        ("projection", "tsne"),
    ],
)
def test_two_runs_give_the_same_bytes(iris, tmp_path, kind, method):
    _, dataset = iris
    wanted = request(kind, method, (dataset.digest,), {}, 5)
    found = []
    for name in ("one", "two"):
        store = Artifacts(tmp_path / name)
        store.save(dataset)
        execute(wanted, store)
        found.append(content(store, wanted.digest))
    assert found[0] == found[1]


def test_a_failed_run_stores_nothing(iris):
    store, dataset = iris
    wanted = request("clustering", "kmeans", (dataset.digest,), {"n_clusters": 1000})
    with pytest.raises(BadInput, match=r"1,?000"):
        execute(wanted, store)
    assert not store.has(wanted.digest)


def test_every_operation_has_its_function():
    for kind, operation in OPERATIONS.items():
        module, function = operation.target.split(":")
        assert callable(getattr(operations.import_module(module), function)), kind


def test_results_cannot_be_written_to(iris):
    _, dataset = iris
    assert isinstance(dataset, Dataset) and isinstance(Request("table").to_json(), dict)
    with pytest.raises(ValueError, match="read-only"):
        dataset.X[0, 0] = np.float32(1)
