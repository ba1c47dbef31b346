"""Groups around centres: k-means, mini-batch k-means, bisecting k-means."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_STARTS = Param(
    "n_init", "int", 4, "Starts", "How many random starts; the best one is kept.", 1, 100
)
_ITERATIONS = Param(
    "max_iter", "int", 300, "Iterations", "Most rounds per start.", 1, 10_000, basic=False
)
_INIT = Param(
    "init",
    "choice",
    "k-means++",
    "First centres",
    "k-means++ spreads them out; random draws rows.",
    choices=("k-means++", "random"),
    basic=False,
)
_TOL = Param(
    "tol", "float", 1e-4, "Tolerance", "Stop when the centres move less.", 0, 1, basic=False
)


def _fit(model, X: np.ndarray, words: str, progress: Progress) -> Clustering:
    notes: list[str] = []
    progress(None, f"{words}: {len(X):,} rows")
    with quietly(notes):
        model.fit(X)
    notes.append(f"Sum of squared distances to the centres: {model.inertia_:.6g}.")
    return Clustering(
        labels=model.labels_, extras={"centers": model.cluster_centers_}, notes=tuple(notes)
    )


def kmeans(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Lloyd's k-means (scikit-learn); extras "centers" (k, d)."""
    from sklearn.cluster import KMeans

    return _fit(KMeans(**params, random_state=seed), X, "k-means", progress)


def minibatch(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Mini-batch k-means (scikit-learn); extras "centers" (k, d)."""
    from sklearn.cluster import MiniBatchKMeans

    return _fit(MiniBatchKMeans(**params, random_state=seed), X, "Mini-batch k-means", progress)


def bisecting(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Bisecting k-means (scikit-learn); extras "centers" (k, d)."""
    from sklearn.cluster import BisectingKMeans

    return _fit(BisectingKMeans(**params, random_state=seed), X, "Bisecting k-means", progress)


METHODS = (
    Method(
        "kmeans",
        "k-means",
        "clustering",
        "Splits rows into k compact groups around centres. Fast and steady on round groups of "
        "similar size; cannot see bent, nested or very unequal ones, and never calls a row noise.",
        kmeans,
        params=(groups_param(), _STARTS, _INIT, _ITERATIONS, _TOL),
        cost=lambda n, d, p: 0.05 + 1.5e-9 * n * d * p["n_clusters"] * p["n_init"] * 15,
        reference="Lloyd 1982, doi:10.1109/TIT.1982.1056489; "
        "Arthur & Vassilvitskii 2007 (k-means++)",
        order=10,
    ),
    Method(
        "minibatch",
        "Mini-batch k-means",
        "clustering",
        "k-means on small random batches, for very many rows. Close to k-means at a fraction of "
        "its time; slightly worse centres, same blind spots.",
        minibatch,
        params=(
            groups_param(),
            _STARTS,
            Param("batch_size", "int", 4096, "Batch", "Rows per step.", 16, 1_000_000, unit="rows"),
            _INIT,
            Param("max_iter", "int", 100, "Passes", "Most passes.", 1, 10_000, basic=False),
        ),
        cost=lambda n, d, p: 0.1 + 2e-9 * n * d * p["n_clusters"] + 1e-7 * n,
        reference="Sculley 2010, doi:10.1145/1772690.1772862",
        order=20,
    ),
    Method(
        "bisecting",
        "Bisecting k-means",
        "clustering",
        "Halves one group after another until there are k. Even-sized groups that nest as k "
        "grows; an early wrong cut is never mended.",
        bisecting,
        params=(
            groups_param(),
            Param(
                "bisecting_strategy",
                "choice",
                "biggest_inertia",
                "Halve next",
                "The group with the largest spread, or with the most rows.",
                choices=("biggest_inertia", "largest_cluster"),
            ),
            _STARTS,
            _INIT,
            _ITERATIONS,
            _TOL,
        ),
        cost=lambda n, d, p: 0.05 + 1e-8 * n * d * p["n_init"] * (1 + np.log2(p["n_clusters"])),
        reference="Steinbach, Karypis & Kumar 2000, KDD workshop on text mining",
        order=30,
    ),
)
