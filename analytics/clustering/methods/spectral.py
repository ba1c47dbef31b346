"""Spectral clustering: cut a graph of similar rows where its links are weakest."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import clamp, groups_param, k_distances, quietly, whole
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_DENSE_ROWS = 5_000


def spectral(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Spectral clustering (scikit-learn) on a Gaussian or nearest-neighbour graph.

    Raises BadInput when the graph has no usable eigenvectors.
    """
    from scipy.sparse.linalg import ArpackError
    from sklearn.cluster import SpectralClustering

    n, k = len(X), params["n_clusters"]
    if k in (1, n):
        return Clustering(labels=whole(n) if k == 1 else np.arange(n, dtype=np.int32))
    notes: list[str] = []
    options = {name: value for name, value in params.items() if name != "n_clusters"}
    if options["affinity"] == "rbf":
        if n > _DENSE_ROWS:
            raise BadInput(
                f"The rbf graph links every pair and takes at most {_DENSE_ROWS:,} rows, but "
                f"there are {n:,}: choose nearest_neighbors, or sample the rows."
            )
        if options["gamma"] is None:
            options["gamma"] = _gamma(X, seed, notes)
    else:
        options["n_neighbors"] = clamp("n_neighbors", options["n_neighbors"], n, notes)
    progress(None, f"Spectral clustering: {n:,} rows, {k} groups")
    with quietly(notes):
        try:
            model = SpectralClustering(n_clusters=k, random_state=seed, **options).fit(X)
        except (ArpackError, np.linalg.LinAlgError, ValueError):
            raise BadInput(
                "The graph of similar rows has no usable eigenvectors: choose more neighbours, "
                "a smaller gamma or fewer groups."
            ) from None
    return Clustering(labels=model.labels_, notes=tuple(notes))


def _gamma(X: np.ndarray, seed: int, notes: list[str]) -> float:
    """1 / (2 s^2) with s the median distance to the tenth nearest row."""
    curve = k_distances(X, min(10, len(X)), seed)
    curve = curve[curve > 0]
    if not len(curve):
        curve = k_distances(X, len(X), seed)
    gamma = 1 / (2 * float(np.median(curve)) ** 2)
    notes.append(f"gamma was set to {gamma:.6g}, from the distance to the tenth nearest row.")
    return gamma


METHODS = (
    Method(
        "spectral",
        "Spectral clustering",
        "clustering",
        "Links similar rows in a graph and cuts where links are weak. Follows bent and ring-shaped "
        "groups; needs the number of groups, few thousand rows, and a graph that suits the scale.",
        spectral,
        params=(
            groups_param(),
            Param(
                "affinity",
                "choice",
                "nearest_neighbors",
                "Graph",
                "Link each row with its nearest ones, or all pairs by a Gaussian (rbf).",
                choices=("nearest_neighbors", "rbf"),
            ),
            Param(
                "n_neighbors",
                "int",
                10,
                "Neighbours",
                "Links per row.",
                1,
                1_000,
                depends_on=("affinity", ("nearest_neighbors",)),
            ),
            Param(
                "gamma",
                "float",
                None,
                "Gaussian gamma",
                "1 / (2 width squared). None: from the distance to the tenth nearest row.",
                0,
                optional=True,
                depends_on=("affinity", ("rbf",)),
            ),
            Param(
                "assign_labels",
                "choice",
                "kmeans",
                "Read groups by",
                "How the eigenvectors become groups.",
                choices=("kmeans", "discretize", "cluster_qr"),
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.3 + 3e-8 * n * n * (1 + p["n_clusters"] / 8),
        reference="Ng, Jordan & Weiss 2001, NIPS 14; von Luxburg 2007, "
        "doi:10.1007/s11222-007-9033-z",
        max_rows=20_000,
        order=90,
    ),
)
