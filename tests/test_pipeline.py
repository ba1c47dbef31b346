"""The automatic path: what comes after what, for every kind of table."""

import pytest

from analytics import pipeline
from analytics.data.operations import dataset_request, sample_request
from analytics.operations import execute
from analytics.pipeline import Choice
from analytics.results import ScoreCard
from analytics.store.artifacts import Artifacts


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Artifacts(tmp_path_factory.mktemp("store"))


def prepared(store, sample):
    table = execute(sample_request(sample), store)
    return table, execute(pipeline.preparation(table), store)


def test_a_sample_walks_the_whole_way(store):
    table, dataset = prepared(store, "clear")
    assert pipeline.preparation(table) == dataset_request(table)
    first = pipeline.first_map(dataset.digest, dataset.params, None)
    assert first.method == "given"  # this sample has ready coordinates
    assert execute(first, store).xy.shape == (600, 2)
    curve = execute(pipeline.suggested_k(dataset), store)
    wanted = pipeline.first_clustering(dataset, curve, None)
    assert (wanted.method, wanted.params["n_clusters"]) == ("kmeans", 4)
    assert execute(wanted, store).n_clusters == 4


def test_without_coordinates_the_first_map_is_pca(store):
    _, dataset = prepared(store, "iris")
    assert pipeline.first_map(dataset.digest, dataset.params, None).method == "pca"


def test_without_a_suggestion_there_are_three_groups(store):
    _, dataset = prepared(store, "iris")
    assert pipeline.first_clustering(dataset, None, None).params["n_clusters"] == 3
    assert pipeline.first_clustering(dataset, ScoreCard(), None).params["n_clusters"] == 3


def test_never_more_groups_than_rows(store):
    table, _ = prepared(store, "iris")
    two = execute(dataset_request(table, {"sample": 2}), store)
    assert pipeline.first_clustering(two, None, None).params["n_clusters"] == 2


def test_what_was_used_before_is_used_again(store):
    _, dataset = prepared(store, "iris")
    before = Choice("umap", {"n_neighbors": 7}, 3)
    again = pipeline.first_map(dataset.digest, dataset.params, before)
    assert (again.method, again.params["n_neighbors"], again.seed) == ("umap", 7, 3)
    groups = Choice("kmeans", {"n_clusters": 5, "space": "pca", "components": 2}, 4)
    again = pipeline.first_clustering(dataset, None, groups)
    assert (again.params["n_clusters"], again.params["space"], again.seed) == (5, "pca", 4)
    assert again.params["components"] == 2


@pytest.mark.parametrize(
    "before",
    [
        Choice("columns", {"columns": ["a", "b"]}),
        Choice("given", {}),
        Choice("gone", {}),
        Choice("umap", {"n_neighbors": 0}),
    ],
)
def test_a_map_that_does_not_fit_gives_way(store, before):
    _, dataset = prepared(store, "iris")
    assert pipeline.first_map(dataset.digest, dataset.params, before).method == "pca"


@pytest.mark.parametrize(
    "before",
    [
        Choice("kmeans", {"n_clusters": 5, "space": "map"}),
        Choice("kmeans", {"n_clusters": 5, "space": "pca", "components": 99}),
        Choice("gone", {}),
        Choice("dbscan", {"eps": -1}),
    ],
)
def test_a_clustering_that_does_not_fit_gives_way(store, before):
    _, dataset = prepared(store, "iris")
    wanted = pipeline.first_clustering(dataset, None, before)
    assert (wanted.method, wanted.params["n_clusters"]) == ("kmeans", 3)


def test_the_same_data_takes_the_same_path(store):
    _, dataset = prepared(store, "iris")
    other = Artifacts(store.folder.parent / "other")
    _, again = prepared(other, "iris")
    assert again.digest == dataset.digest
    assert pipeline.suggested_k(again).digest == pipeline.suggested_k(dataset).digest
