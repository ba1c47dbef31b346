"""Groups around peaks (mean shift) or around example rows (affinity propagation)."""

import math
from typing import Any

import numpy as np

from analytics.clustering.methods._common import quietly, smallest_distance
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import NOISE, Clustering, Dataset

_MOST_CELLS = 1e6  # grid cells per axis; beyond this single precision cannot tell them apart


def meanshift(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Mean shift (scikit-learn); extras "centers" (k, d), the peaks.

    Raises BadInput when the bandwidth is too small to hold any row.
    """
    from sklearn.cluster import MeanShift

    notes: list[str] = []
    options = {k: v for k, v in params.items() if k != "quantile"}
    if options["bandwidth"] is None:
        progress(None, "Estimating the bandwidth")
        options["bandwidth"] = _bandwidth(X, params["quantile"], seed, notes)
    width = options["bandwidth"]
    if options["bin_seeding"] and np.abs(X).max() / width > _MOST_CELLS:
        options["bin_seeding"] = False
        notes.append("The grid would be too fine, so every row starts a climb.")
    # The grid is kept in single precision, so the data is brought near 1; a power of two is exact.
    scale = 2.0 ** round(math.log2(np.abs(X).max()))
    progress(None, f"Mean shift: {len(X):,} rows")
    with quietly(notes):
        try:
            model = MeanShift(**{**options, "bandwidth": width / scale}).fit(X / scale)
        except ValueError as error:
            if "bandwidth" not in str(error):
                raise
            raise BadInput(
                f"No row lies within the bandwidth {width:.6g} of another peak: "
                "choose a larger bandwidth, or none to have it estimated."
            ) from None
    return Clustering(
        labels=model.labels_, extras={"centers": model.cluster_centers_ * scale}, notes=tuple(notes)
    )


def _bandwidth(X: np.ndarray, quantile: float, seed: int, notes: list[str]) -> float:
    """Mean distance to the furthest of the nearest ``quantile`` of the rows, on at most 2,000."""
    from sklearn.cluster import estimate_bandwidth

    rows = min(len(X), 2_000)
    with quietly([]):
        width = float(estimate_bandwidth(X, quantile=quantile, n_samples=rows, random_state=seed))
    if width <= 0:
        width = smallest_distance(X, seed, 2_000) / 2
    notes.append(f"The bandwidth was estimated from {rows:,} rows: {width:.6g}.")
    return width


def affinity(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Affinity propagation (scikit-learn); extras "medoids" (k,) row indices, "centers" (k, d).

    Similarity is minus the squared distance; X is scaled by its median distance first, so that a
    preference means the same for every unit (-1 is the median).
    """
    from sklearn.cluster import AffinityPropagation
    from sklearn.metrics import euclidean_distances

    notes: list[str] = []
    n = len(X)
    progress(None, f"Affinity propagation: {n:,} rows")
    with quietly(notes):
        similarity = -euclidean_distances(X - X.mean(axis=0), squared=True)
        apart = similarity[np.triu_indices(n, 1)]
        middle = -float(np.median(apart))
        similarity /= middle if middle > 0 else -float(apart.min())
        # After the scaling the median is -1.
        preference = -1.0 if params["preference"] is None else params["preference"]
        options = {**params, "preference": preference}
        model = AffinityPropagation(**options, affinity="precomputed", random_state=seed)
        model.fit(similarity)
    medoids = np.asarray(model.cluster_centers_indices_, np.int64)
    if not len(medoids):
        notes.append("No example rows were found, so all rows are noise: raise the damping.")
        return Clustering(labels=np.full(n, NOISE, np.int32), notes=tuple(notes))
    extras = {"medoids": medoids, "centers": X[medoids]}
    return Clustering(labels=model.labels_, extras=extras, notes=tuple(notes))


METHODS = (
    Method(
        "meanshift",
        "Mean shift",
        "clustering",
        "Lets every row climb to the nearest peak of density. Finds the number of groups for one "
        "bandwidth; peaks of very different width are merged or split, and many columns hide them.",
        meanshift,
        params=(
            Param(
                "bandwidth",
                "float",
                None,
                "Bandwidth",
                "Radius of the window that climbs. None: estimated from the data.",
                1e-12,
                optional=True,
            ),
            Param(
                "quantile",
                "float",
                0.1,
                "Share of rows",
                "For the estimate: the window should hold about this share of the rows.",
                0.01,
                1,
            ),
            Param(
                "cluster_all",
                "bool",
                True,
                "Place every row",
                "Otherwise rows outside every window are noise.",
            ),
            Param(
                "bin_seeding",
                "bool",
                True,
                "Start from a grid",
                "Start one climb per occupied grid cell, not per row: faster.",
                basic=False,
            ),
            Param(
                "max_iter",
                "int",
                300,
                "Iterations",
                "Most steps per climb.",
                1,
                10_000,
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.3 + 2e-8 * n * n,
        reference="Comaniciu & Meer 2002, doi:10.1109/34.1000236",
        max_rows=10_000,
        order=100,
    ),
    Method(
        "affinity",
        "Affinity propagation",
        "clustering",
        "Rows vote for example rows until a set of examples settles. Shows real rows as examples "
        "and finds their number; tends to many small groups, and is slow and large in memory.",
        affinity,
        params=(
            Param(
                "preference",
                "float",
                None,
                "Preference",
                "Lower gives fewer groups; -1 is the median similarity. None: the median.",
                optional=True,
            ),
            Param(
                "damping",
                "float",
                0.7,
                "Damping",
                "Higher settles more slowly but more surely.",
                0.5,
                0.99,
                basic=False,
            ),
            Param("max_iter", "int", 300, "Iterations", "Most rounds.", 1, 10_000, basic=False),
            Param(
                "convergence_iter",
                "int",
                15,
                "Settled after",
                "Rounds without a change that end the search.",
                1,
                1_000,
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.1 + 6e-7 * n * n,
        reference="Frey & Dueck 2007, doi:10.1126/science.1136800",
        max_rows=4_000,
        order=120,
    ),
)
