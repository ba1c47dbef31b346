"""UMAP and densMAP: neighbours stay neighbours, with densMAP keeping local density as well."""

import re

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.projection.common import at_most, computed, steady
from analytics.registry import Method

EXACT_ROWS = 40_000


class _Epochs:
    """The text stream umap-learn writes its epoch counter to, read back as progress."""

    def __init__(self, progress: Progress):
        self._progress = progress

    def write(self, text: str) -> None:
        match = re.search(r"(\d+)/(\d+)", text)
        if match:
            done, total = int(match[1]), int(match[2])
            words = f"Placing the points: epoch {done:,} of {total:,}"
            self._progress(0.3 + 0.69 * done / max(total, 1), words)

    def flush(self) -> None:
        """Nothing is held back."""


def _umap(X, params, seed, progress, notes) -> np.ndarray:
    return _fit(X, params, seed, progress, notes, {})


def _densmap(X, params, seed, progress, notes) -> np.ndarray:
    density = {
        "densmap": True,
        "dens_lambda": params["dens_lambda"],
        "dens_frac": params["dens_frac"],
        "dens_var_shift": params["dens_var_shift"],
    }
    return _fit(X, params, seed, progress, notes, density)


def _fit(X, params, seed, progress, notes, density: dict) -> np.ndarray:
    """The map; a start or a density term that is undefined for these rows is replaced and noted."""
    if params["min_dist"] > params["spread"]:
        raise BadInput(
            f"Smallest distance {params['min_dist']:g} is larger than spread {params['spread']:g}: "
            "lower the first or raise the second."
        )
    progress(0.0, "Loading UMAP")
    _cache_compiled()
    X, _ = steady(X, params["metric"])
    n_neighbors = at_most(params, "n_neighbors", len(X) - 1, "Neighbours", notes)
    progress(0.05, f"Finding {n_neighbors} neighbours of each of {len(X):,} points")
    neighbours = _exact_neighbours(X, n_neighbors, params["metric"])
    init = params["init"]
    if init == "spectral" and len(X) < 10:
        init = "random"
        notes.append("With fewer than 10 rows the points start at random places.")
    for start, term in ((init, density), ("random", density), ("random", {})):
        model = _model(params, n_neighbors, seed, start, progress, term, neighbours)
        xy = model.fit_transform(X).astype(np.float64)
        if np.isfinite(xy).all():
            break
        if start != "random":
            notes.append(f"The {start} start is undefined for these rows; a random one was used.")
        elif term:
            notes.append("All rows lie equally dense; without a density term this equals UMAP.")
    _describe(model, notes)
    return xy


def _cache_compiled() -> None:
    """Let numba keep on disk what umap-learn compiles anew in every process (20 s to 2 s)."""
    from umap import umap_, utils

    for function in (
        utils.fast_knn_indices,
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
    ):
        function.enable_caching()


def _exact_neighbours(X: np.ndarray, n_neighbors: int, metric: str) -> tuple | None:
    """Indices and distances (n, k) of the k nearest rows, the row itself first; None for many rows.

    Up to EXACT_ROWS this takes seconds, less than compiling the approximate search, which cannot be
    cached; and it is exact.
    """
    if len(X) > EXACT_ROWS or len(X) <= 2:
        return None
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=n_neighbors, metric=metric, n_jobs=1).fit(X)
    distances, indices = search.kneighbors()
    own = np.arange(len(X))[:, None]
    indices = np.hstack([own, indices])[:, :n_neighbors]
    distances = np.hstack([np.zeros((len(X), 1)), distances])[:, :n_neighbors]
    return indices.astype(np.int32), distances.astype(np.float32)


def _model(params, n_neighbors, seed, init, progress, density, neighbours):
    from umap import UMAP

    return UMAP(
        n_neighbors=n_neighbors,
        min_dist=params["min_dist"],
        spread=params["spread"],
        metric=params["metric"],
        n_epochs=params["n_epochs"],
        init=init,
        learning_rate=params["learning_rate"],
        local_connectivity=params["local_connectivity"],
        set_op_mix_ratio=params["set_op_mix_ratio"],
        repulsion_strength=params["repulsion_strength"],
        negative_sample_rate=params["negative_sample_rate"],
        precomputed_knn=neighbours or (None, None, None),
        disconnection_distance=np.inf,  # else some rows get no place at all
        random_state=seed,
        n_jobs=1,  # more threads would make the map depend on their timing
        tqdm_kwds={
            "file": _Epochs(progress),
            "disable": False,
            "bar_format": "{n_fmt}/{total_fmt}",
            "miniters": 1,
            "mininterval": 0.2,
        },
        **density,
    )


def _describe(model, notes: list[str]) -> None:
    from scipy.sparse.csgraph import connected_components

    pieces = int(connected_components(model.graph_, directed=False, return_labels=False))
    if pieces > 1:
        notes.append(
            f"The neighbour graph falls into {pieces:,} parts; "
            "how far apart the parts lie on the map means nothing."
        )


PARAMS = (
    Param(
        "n_neighbors",
        "int",
        15,
        "Neighbours",
        "How many neighbours of each point are kept; few show detail, many the broad layout.",
        2,
        500,
    ),
    Param(
        "min_dist",
        "float",
        0.1,
        "Smallest distance",
        "How tightly points may be packed on the map; at most the spread.",
        0,
        10,
        unit="map units",
    ),
    Param(
        "metric",
        "choice",
        "euclidean",
        "Distance",
        "How far apart two rows are; cosine compares directions, as for embeddings.",
        choices=("euclidean", "cosine", "manhattan", "correlation"),
    ),
    Param(
        "spread",
        "float",
        1.0,
        "Spread",
        "Scale of the map: how far apart packed points drift.",
        0.2,
        10,
        unit="map units",
        basic=False,
    ),
    Param(
        "n_epochs",
        "int",
        None,
        "Epochs",
        "Passes of the optimisation; empty means 500 up to 10,000 rows and 200 above.",
        1,
        5000,
        optional=True,
        basic=False,
    ),
    Param(
        "init",
        "choice",
        "spectral",
        "Start",
        "Where points start; spectral and PCA keep the broad layout, random does not.",
        choices=("spectral", "pca", "random"),
        basic=False,
    ),
    Param(
        "learning_rate",
        "float",
        1.0,
        "Learning rate",
        "Size of the first steps.",
        0,
        100,
        basic=False,
    ),
    Param(
        "local_connectivity",
        "float",
        1.0,
        "Sure neighbours",
        "How many nearest neighbours count as connected for certain.",
        1,
        100,
        basic=False,
    ),
    Param(
        "set_op_mix_ratio",
        "float",
        1.0,
        "One-sided neighbours",
        "1 keeps a pair when either is a neighbour of the other, 0 only when both are.",
        0,
        1,
        basic=False,
    ),
    Param(
        "repulsion_strength",
        "float",
        1.0,
        "Repulsion",
        "How strongly points that are no neighbours push each other away.",
        0,
        100,
        basic=False,
    ),
    Param(
        "negative_sample_rate",
        "int",
        5,
        "Repulsion samples",
        "Points pushed away for each pair pulled together.",
        0,
        100,
        basic=False,
    ),
)

DENSITY = (
    Param(
        "dens_lambda",
        "float",
        2.0,
        "Weight of density",
        "How strongly local density is kept; 0 gives plain UMAP.",
        0,
        20,
    ),
    Param(
        "dens_frac",
        "float",
        0.3,
        "Share of epochs",
        "The last share of the epochs in which density counts.",
        0,
        1,
        basic=False,
    ),
    Param(
        "dens_var_shift",
        "float",
        0.1,
        "Variance shift",
        "Added to the variance of local radii to keep the density term stable.",
        0,
        10,
        basic=False,
    ),
)


def _cost(n: int, d: int, params: dict) -> float:
    epochs = params.get("n_epochs") or (500 if n <= 10_000 else 200)
    return 8.0 + 4e-7 * n * epochs * params["n_neighbors"] + 3e-6 * n * d


METHODS = (
    Method(
        id="umap",
        label="UMAP",
        kind="projection",
        summary="Keeps each point's neighbours and some of the broad layout; fast for many rows, "
        "but density and distances between groups mislead.",
        run=computed(_umap),
        params=PARAMS,
        cost=_cost,
        reference="McInnes, Healy, Saul and Großberger 2018, UMAP, doi:10.21105/joss.00861",
        max_rows=1_000_000,
        order=30,
    ),
    Method(
        id="densmap",
        label="densMAP",
        kind="projection",
        summary="UMAP that also keeps how dense each neighbourhood is, so wide groups look wide; "
        "distances between groups still mislead.",
        run=computed(_densmap),
        params=PARAMS + DENSITY,
        cost=lambda n, d, params: 1.5 * _cost(n, d, params) + 2e-5 * n * params["n_neighbors"],
        reference="Narayan, Berger and Cho 2021, Assessing single-cell transcriptomic variability "
        "through density-preserving data visualization, doi:10.1038/s41587-020-00801-7",
        max_rows=200_000,
        order=40,
    ),
)
