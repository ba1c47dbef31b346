"""Maps along a neighbour graph or of all distances: Isomap, LLE and MDS.

All three hold n x n matrices or solve for their eigenvectors, hence the limits on rows.
"""

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.projection.common import (
    at_most,
    computed,
    global_seed,
    parts,
    steady,
    upright,
)
from analytics.registry import Method

MOST_PARTS = 100  # Isomap joins every pair of parts, so its time grows with their square
DENSE = 2_000  # rows up to which LLE may fall back on an eigen-solver for full matrices
LEAST = {"standard": 2, "modified": 2, "hessian": 6, "ltsa": 3}  # neighbours, for two dimensions


def _isomap(X, params, seed, progress, notes) -> np.ndarray:
    """Classical scaling of the distances along the neighbour graph."""
    from sklearn.manifold import Isomap

    X, factor = steady(X)
    n_neighbors = at_most(params, "n_neighbors", len(X) - 1, "Neighbours", notes)
    progress(None, f"Finding {n_neighbors} neighbours of each of {len(X):,} points")
    pieces = parts(X, n_neighbors)
    if pieces > MOST_PARTS:
        raise BadInput(
            f"The graph of {n_neighbors} neighbours falls into {pieces:,} unconnected parts: "
            "raise the number of neighbours, or choose another method."
        )
    if pieces > 1:
        notes.append(
            f"The neighbour graph fell into {pieces} parts and was joined at their nearest "
            "points; distances between the parts are only as good as those joints."
        )
    progress(None, f"Measuring {len(X):,} × {len(X):,} distances along the graph")
    with global_seed(0):  # its eigen-solver starts from numpy's global generator
        xy = Isomap(n_neighbors=n_neighbors, path_method=params["path_method"]).fit_transform(X)
    return upright(xy) / factor


def _lle(X, params, seed, progress, notes) -> np.ndarray:
    """Locally linear embedding in one of its four variants."""
    variant = params["variant"]
    least, most = LEAST[variant], len(X) - 1
    if most < least:
        raise BadInput(
            f"The {variant} variant needs at least {least + 1} distinct rows, but there are "
            f"{len(X)}: choose the standard variant or another method."
        )
    X, _ = steady(X)
    n_neighbors = at_most(params, "n_neighbors", most, "Neighbours", notes)
    if n_neighbors < least:
        notes.append(
            f"Neighbours was raised from {n_neighbors} to {least}, the least for this variant."
        )
        n_neighbors = least
    progress(None, f"Finding {n_neighbors} neighbours of each of {len(X):,} points")
    pieces = parts(X, n_neighbors)
    if pieces > 1:
        notes.append(
            f"The neighbour graph falls into {pieces:,} parts, which LLE cannot place relative to "
            "each other; raise the number of neighbours to join them."
        )
    progress(None, "Fitting weights and solving for the map")
    return upright(_solve_lle(X, params, n_neighbors, notes))


def _solve_lle(X, params, n_neighbors, notes) -> np.ndarray:
    """The sparse eigen-solver, or the dense one where the sparse one cannot factor its matrix."""
    from sklearn.manifold import LocallyLinearEmbedding

    for solver in ("auto", "dense") if len(X) <= DENSE else ("auto",):
        model = LocallyLinearEmbedding(
            n_neighbors=n_neighbors,
            method=params["variant"],
            reg=params["reg"],
            eigen_solver=solver,
            random_state=0,
            n_jobs=1,
        )
        try:
            xy = model.fit_transform(X)
        except (ValueError, RuntimeError, np.linalg.LinAlgError):
            # Singular weight matrices: nothing but another solver or other parameters helps.
            continue
        if np.isfinite(xy).all():
            if solver == "dense":
                notes.append("The sparse solver failed on these rows; the dense one was used.")
            return xy
    raise BadInput(
        "LLE found no map of these rows because its equations are singular: "
        "raise the number of neighbours or the regularisation, or choose another method."
    )


def _mds(X, params, seed, progress, notes) -> np.ndarray:
    """Stress minimised by SMACOF, of the distances themselves or of their order only."""
    from sklearn.manifold import MDS

    X, factor = steady(X)
    random = params["init"] == "random"
    model = MDS(
        metric_mds=params["scaling"] == "metric",
        init="random" if random else "classical_mds",
        n_init=params["n_init"] if random else 1,
        max_iter=params["max_iter"],
        eps=params["eps"],
        random_state=seed,
        n_jobs=1,
    )
    progress(None, f"Fitting {len(X):,} × {len(X):,} distances; no share is known until it ends")
    xy = model.fit_transform(X)
    if model.n_iter_ >= params["max_iter"]:
        notes.append(f"Stopped after {model.n_iter_:,} steps before it settled; allow more steps.")
    if params["scaling"] == "metric":
        return upright(xy) / factor
    notes.append("Only the order of the distances was fitted; the scale of the map is arbitrary.")
    return upright(xy)


def _neighbours(default: int, help_: str) -> Param:
    return Param("n_neighbors", "int", default, "Neighbours", help_, 1, 500)


_VARIANTS = Param(
    "variant",
    "choice",
    "standard",
    "Variant",
    "How local patches are described; modified and LTSA bend less than standard, "
    "Hessian needs more neighbours.",
    choices=("standard", "modified", "hessian", "ltsa"),
)

_LLE = (
    _neighbours(12, "How many neighbours describe each point's surroundings."),
    _VARIANTS,
    Param(
        "reg",
        "float",
        1e-3,
        "Regularisation",
        "Added to each local fit, relative to its size, to keep it solvable.",
        0,
        100,
        basic=False,
    ),
)

_MDS = (
    Param(
        "scaling",
        "choice",
        "metric",
        "Fit",
        "Fit the distances themselves (metric) or only their order (non-metric).",
        choices=("metric", "non-metric"),
    ),
    Param(
        "init",
        "choice",
        "classical",
        "Start",
        "Where points start; classical scaling is steady, random may find a better map.",
        choices=("classical", "random"),
        basic=False,
    ),
    Param(
        "n_init",
        "int",
        4,
        "Random starts",
        "The best of this many starts is kept.",
        1,
        50,
        basic=False,
        depends_on=("init", ("random",)),
    ),
    Param(
        "max_iter",
        "int",
        300,
        "Steps",
        "Most steps of the optimisation per start.",
        1,
        10_000,
        basic=False,
    ),
    Param(
        "eps",
        "float",
        1e-6,
        "Tolerance",
        "Stop when a step improves the fit by less than this share.",
        0,
        1,
        basic=False,
    ),
)

METHODS = (
    Method(
        id="isomap",
        label="Isomap",
        kind="projection",
        summary="Keeps distances along the data's surface, so it can unroll a bent sheet; "
        "a single wrong short cut between sheets spoils the whole map.",
        run=computed(_isomap, merge=True),
        params=(
            _neighbours(15, "How many neighbours each point is connected to."),
            Param(
                "path_method",
                "choice",
                "auto",
                "Shortest paths",
                "How distances along the graph are found; the map is the same, the time is not.",
                choices=("auto", "FW", "D"),
                basic=False,
            ),
        ),
        cost=lambda n, d, params: 0.1 + 1.5e-7 * n * n * (1 + params["n_neighbors"] / 15),
        reference="Tenenbaum, de Silva and Langford 2000, A global geometric framework for "
        "nonlinear dimensionality reduction, doi:10.1126/science.290.5500.2319",
        max_rows=10_000,
        seeded=False,
        order=50,
    ),
    Method(
        id="lle",
        label="LLE",
        kind="projection",
        summary="Keeps how each point is made of its neighbours; follows one smooth sheet well, "
        "but often squeezes separate groups into points or spikes.",
        run=computed(_lle, merge=True),
        params=_LLE,
        cost=lambda n, d, params: 0.1 + 1e-4 * n + 2e-8 * n * n,
        reference="Roweis and Saul 2000, Nonlinear dimensionality reduction by locally linear "
        "embedding, doi:10.1126/science.290.5500.2323; Hessian: Donoho and Grimes 2003, "
        "doi:10.1073/pnas.1031596100; LTSA: Zhang and Zha 2004, doi:10.1137/S1064827502419154; "
        "modified: Zhang and Wang 2006, NIPS 19",
        max_rows=20_000,
        seeded=False,
        order=60,
    ),
    Method(
        id="mds",
        label="MDS",
        kind="projection",
        summary="Fits all distances at once, near and far; honest about the broad layout, "
        "but blurs small groups and is slow for many rows.",
        run=computed(_mds, merge=True),
        params=_MDS,
        cost=lambda n, d, params: (
            0.1 + 1e-9 * n * n * d + 4e-9 * n * n * params["max_iter"] * params.get("n_init", 1)
        ),
        reference="Kruskal 1964, Multidimensional scaling by optimizing goodness of fit to a "
        "nonmetric hypothesis, doi:10.1007/BF02289565",
        max_rows=3_000,
        order=70,
    ),
)
