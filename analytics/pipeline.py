"""The automatic path from a table to a scored picture: which requests come next.

Opening data should show something worth looking at without a question asked: the suggested
preparation, the given coordinates or a PCA map, k-means with the number of groups that the
silhouette suggests, and CLAMS. Everything is chosen from stored results, so the same data always
takes the same path.
"""

from dataclasses import dataclass
from typing import Any

from analytics.clustering.operations import clustering_request, suggestion_request
from analytics.data.operations import dataset_request
from analytics.errors import BadInput
from analytics.operations import STAGE, Request
from analytics.projection.methods.graph import MOST_NODES
from analytics.projection.operations import projection_request
from analytics.results import Dataset, ScoreCard, Table

FALLBACK_K = 3


@dataclass(frozen=True)
class Choice:
    """A method with its parameters and seed, as used before and wanted again on other data."""

    method: str
    params: dict[str, Any]
    seed: int = 0


def preparation(table: Table) -> Request:
    """The dataset request of the table's suggested preparation."""
    return dataset_request(table, table.recipe)


def first_map(
    dataset_digest: str, recipe: dict[str, Any], previous: Choice | None, table: Table | None = None
) -> Request:
    """The map to show for a new dataset: the method used before when it fits, else the marked
    coordinates, else the graph if the table is one, else PCA."""
    if previous is not None and previous.method not in ("given", "columns"):
        try:
            return projection_request(
                dataset_digest, previous.method, previous.params, previous.seed
            )
        except BadInput:
            pass
    given = recipe.get("x") and recipe.get("y")
    if not given and table is not None and table.edges is not None:
        few = min(len(table.frame), recipe.get("sample") or len(table.frame)) <= MOST_NODES
        return projection_request(dataset_digest, "forces" if few else "laplacian")
    return projection_request(dataset_digest, "given" if given else "pca")


def suggested_k(dataset: Dataset) -> Request:
    """The curve over k that the first clustering rests on."""
    return suggestion_request(dataset, "k")


def first_clustering(
    dataset: Dataset, suggestion: ScoreCard | None, previous: Choice | None
) -> Request:
    """The clustering to show for a new dataset: the one used before when it can run in the full
    space and did not start from examples, which are rows of other data, else k-means with the
    suggested number of groups."""
    used = previous.params if previous is not None else {}
    if previous is not None and used.get("space", "full") != "map" and "examples" not in used:
        stage = {k: v for k, v in used.items() if k in STAGE["clustering"]}
        own = {k: v for k, v in used.items() if k not in STAGE["clustering"]}
        try:
            return clustering_request(dataset, previous.method, own, previous.seed, **stage)
        except BadInput:
            pass
    score = (suggestion.values if suggestion else {}).get("k_silhouette")
    k = int(score.value) if score and score.value else FALLBACK_K
    return clustering_request(dataset, "kmeans", {"n_clusters": min(k, dataset.n)})
