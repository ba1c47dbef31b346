"""Groups as dense regions at one distance scale (DBSCAN) or read off an ordering (OPTICS)."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import clamp, eps_from_knee, quietly, refuse_memory
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_EPS = Param(
    "eps",
    "float",
    None,
    "Distance (eps)",
    "Rows this close are neighbours. None: the knee of the k-distance curve.",
    1e-12,
    optional=True,
)


def dbscan(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """DBSCAN (scikit-learn); extras "core_distance" (n,), to the min_samples-th row, itself
    counted. Raises BadInput when eps is so large that the neighbour lists would not fit."""
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    notes: list[str] = []
    min_samples, eps = params["min_samples"], params["eps"]
    if eps is None:
        progress(None, "Reading eps off the k-distance curve")
        # The curve is read from the same rows whatever the seed: DBSCAN takes none.
        eps = eps_from_knee(X, min_samples, 0, notes)
    progress(None, f"DBSCAN: {len(X):,} rows")
    with quietly(notes):
        _refuse_crowding(X, eps)
        labels = DBSCAN(eps=eps, min_samples=min_samples).fit(X).labels_
        if min_samples <= len(X):
            nearest = NearestNeighbors(n_neighbors=min_samples).fit(X)
            core = nearest.kneighbors(X)[0][:, -1]
        else:
            core = np.full(len(X), np.inf)
    if not np.any(labels >= 0):
        notes.append(
            f"No row has {min_samples} rows within {eps:.6g}, so all are noise: "
            "raise eps or lower min_samples."
        )
    return Clustering(labels=labels, extras={"core_distance": core}, notes=tuple(notes))


def _refuse_crowding(X: np.ndarray, eps: float) -> None:
    """Estimate the length of all neighbour lists from evenly spaced rows."""
    from sklearn.neighbors import NearestNeighbors

    if len(X) < 10_000:
        return
    asked = X[:: len(X) // 200]
    found = NearestNeighbors(radius=eps).fit(X).radius_neighbors(asked, return_distance=False)
    mean = float(np.mean([len(f) for f in found]))
    refuse_memory(
        8.0 * mean * len(X),
        f"With eps {eps:.6g} each row has about {mean:,.0f} neighbours, which",
        "choose a smaller eps or sample the rows",
    )


def optics(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """OPTICS (scikit-learn); extras "order" (n,), "reachability" (n,) in that order (the first is
    infinite), "core_distance" (n,) by row."""
    from sklearn.cluster import OPTICS, cluster_optics_dbscan, cluster_optics_xi

    notes: list[str] = []
    n = len(X)
    min_samples = clamp("min_samples", params["min_samples"], n, notes)
    max_eps = np.inf if params["max_eps"] is None else params["max_eps"]
    progress(None, f"Ordering {n:,} rows by reachability")
    with quietly(notes):
        # One extraction is run below, so the one inside costs the least there is.
        model = OPTICS(min_samples=min_samples, max_eps=max_eps, cluster_method="dbscan", eps=0.0)
        model.fit(X)
        order, reach = model.ordering_, model.reachability_
        if params["cluster_method"] == "xi":
            labels, _ = cluster_optics_xi(
                reachability=reach,
                predecessor=model.predecessor_,
                ordering=order,
                min_samples=min_samples,
                min_cluster_size=clamp("min_cluster_size", params["min_cluster_size"], n, notes),
                xi=params["xi"],
            )
        else:
            eps = params["eps"]
            if eps is None:
                eps = min(eps_from_knee(X, min_samples, 0, notes), max_eps)
            labels = cluster_optics_dbscan(
                reachability=reach, core_distances=model.core_distances_, ordering=order, eps=eps
            )
    if not np.any(labels >= 0):
        notes.append("No dense region stands out with these settings, so all rows are noise.")
    extras = {
        "order": order,
        "reachability": reach[order],
        "core_distance": model.core_distances_,
    }
    return Clustering(labels=labels, extras=extras, notes=tuple(notes))


METHODS = (
    Method(
        "dbscan",
        "DBSCAN",
        "clustering",
        "Joins rows that lie within eps of each other in dense regions; the rest is noise. Finds "
        "any shape and the number of groups; cannot serve two densities with one eps, and weakens "
        "in many columns.",
        dbscan,
        params=(
            _EPS,
            Param(
                "min_samples",
                "int",
                5,
                "Dense from",
                "Rows within eps, itself counted, that make a row a core of a group.",
                1,
                10_000,
                unit="rows",
            ),
        ),
        cost=lambda n, d, p: 0.05 + (2e-5 * n if d <= 15 else 7e-9 * n * n * (1 + d / 20)),
        reference="Ester, Kriegel, Sander & Xu 1996, KDD-96; "
        "Schubert et al. 2017, doi:10.1145/3068335",
        max_rows=200_000,
        seeded=False,
        order=60,
    ),
    Method(
        "optics",
        "OPTICS",
        "clustering",
        "Orders rows by how easily they are reached from dense regions; valleys of the plot are "
        "groups, at several densities. Slow, and flat or noisy valleys are easily missed.",
        optics,
        params=(
            Param(
                "min_samples",
                "int",
                10,
                "Dense from",
                "Rows, itself counted, that make a region dense.",
                2,
                10_000,
                unit="rows",
            ),
            Param(
                "cluster_method",
                "choice",
                "xi",
                "Read groups by",
                "xi: steep edges of valleys; dbscan: one cut at eps.",
                choices=("xi", "dbscan"),
            ),
            Param(
                "xi",
                "float",
                0.05,
                "Steepness (xi)",
                "Least relative drop that starts a valley.",
                0.001,
                0.999,
                depends_on=("cluster_method", ("xi",)),
            ),
            Param(
                "min_cluster_size",
                "int",
                10,
                "Smallest group",
                "Fewer rows are no group.",
                2,
                100_000,
                unit="rows",
                depends_on=("cluster_method", ("xi",)),
            ),
            Param(**{**_EPS.__dict__, "depends_on": ("cluster_method", ("dbscan",))}),
            Param(
                "max_eps",
                "float",
                None,
                "Largest distance",
                "Neighbours further away are not looked at. None: no limit.",
                1e-12,
                optional=True,
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.1 + 1.3e-3 * n + 5e-8 * n * n,
        reference="Ankerst, Breunig, Kriegel & Sander 1999, doi:10.1145/304181.304187",
        max_rows=20_000,
        seeded=False,
        order=80,
    ),
)
