"""Agglomerative clustering: rows are merged step by step into one tree, which is then cut."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_SCIPY_METRICS = {"euclidean": "euclidean", "manhattan": "cityblock", "cosine": "euclidean"}


def agglomerative(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Merge tree (scipy) cut into groups; extras "linkage" (n - 1, 4) in scipy's form.

    Raises BadInput for the cosine metric when a row is all zero.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    notes: list[str] = []
    metric = params.get("metric", "euclidean")
    progress(None, f"Distances between {len(X):,} rows")
    with quietly(notes):
        if metric == "cosine":
            # Half the squared distance of two rows of length 1 is 1 - cos, and never negative.
            distances = pdist(_directions(X), "sqeuclidean") / 2
        else:
            distances = pdist(X, _SCIPY_METRICS[metric])
        progress(None, f"Merging {len(X):,} rows ({params['linkage']} linkage)")
        tree = linkage(distances, params["linkage"])
    if params["cut"] == "distance":
        merges = int(np.searchsorted(np.maximum.accumulate(tree[:, 2]), params["distance"]))
    else:
        merges = len(X) - params["n_clusters"]
        below = tree[merges - 1, 2] if merges else 0.0
        above = tree[merges, 2] if merges < len(tree) else np.inf
        if 0 < merges < len(tree):
            notes.append(
                f"{params['n_clusters']} groups for a cut from {below:.6g} to {above:.6g}."
            )
    return Clustering(labels=cut(tree, merges), extras={"linkage": tree}, notes=tuple(notes))


def cut(tree: np.ndarray, merges: int) -> np.ndarray:
    """Groups after the first ``merges`` steps of a scipy linkage matrix (n - 1, 4): ints (n,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(tree) + 1
    steps = np.arange(merges)
    child = tree[steps, :2].astype(np.int64).ravel()
    parent = np.repeat(n + steps, 2)
    graph = coo_array((np.ones(len(child), np.int8), (child, parent)), shape=(n + merges,) * 2)
    return connected_components(graph, directed=False)[1][:n]


def _directions(X: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1. Raises BadInput when a row is all zero."""
    largest = np.abs(X).max(axis=1, keepdims=True)
    zeros = int(np.sum(largest == 0))
    if zeros:
        rows = "1 row is" if zeros == 1 else f"{zeros:,} rows are"
        raise BadInput(
            f"The cosine distance needs a direction but {rows} all zero: "
            "choose another metric, or leave such rows out."
        )
    scaled = X / largest
    return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)


METHODS = (
    Method(
        "agglomerative",
        "Agglomerative clustering",
        "clustering",
        "Merges the closest groups step by step; the tree shows every level at once. Ward finds "
        "compact groups, single linkage follows chains; a wrong early merge is never undone.",
        agglomerative,
        params=(
            Param(
                "cut",
                "choice",
                "n_clusters",
                "Cut the tree",
                "By the number of groups, or at a merge distance.",
                choices=("n_clusters", "distance"),
            ),
            groups_param(depends_on=("cut", ("n_clusters",))),
            Param(
                "distance",
                "float",
                1.0,
                "Cut at",
                "Groups that would merge at this distance or above stay apart.",
                0,
                depends_on=("cut", ("distance",)),
            ),
            Param(
                "linkage",
                "choice",
                "ward",
                "Linkage",
                "Distance of two groups: growth of spread (ward), furthest pair, mean, or "
                "nearest pair.",
                choices=("ward", "complete", "average", "single"),
            ),
            Param(
                "metric",
                "choice",
                "euclidean",
                "Distance",
                "Ward always uses Euclidean distance.",
                choices=("euclidean", "manhattan", "cosine"),
                basic=False,
                depends_on=("linkage", ("complete", "average", "single")),
            ),
        ),
        cost=lambda n, d, p: 0.05 + 4e-8 * n * n + 1e-9 * n * n * d,
        reference="Ward 1963, doi:10.1080/01621459.1963.10500845; Müllner 2011, arXiv:1109.2378",
        max_rows=12_000,
        seeded=False,
        order=50,
    ),
)
