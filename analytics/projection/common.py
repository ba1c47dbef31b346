"""What the projection methods share: checks, limits, easy cases and quiet libraries.

A method is written as ``draw(X, params, seed, progress, notes) -> xy``: X float64 (n, d) holds at
least four rows that are not all equal and at least two columns, ``notes`` is a list of sentences
to append to, and xy is (n, 2). :func:`computed` turns it into the ``run`` of a registry row.
"""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from analytics.errors import BadInput
from analytics.progress import Progress
from analytics.results import Dataset, Projection

Draw = Callable[[np.ndarray, dict, int, Progress, list[str]], np.ndarray]

LARGEST = 1e18  # beyond this, squared map distances would leave the range of float32
USUAL = (1e-6, 1e6)  # data in this range are handed to the libraries in their own units


def points(dataset: Dataset) -> np.ndarray:
    """The values as float64 (n, d). Raises BadInput without rows or columns, or on non-numbers."""
    X = np.asarray(dataset.X)
    if X.ndim != 2 or len(X) == 0:
        raise BadInput("There are no rows to draw: keep at least one row when preparing the data.")
    if X.shape[1] == 0:
        raise BadInput("There are no columns to draw from: choose at least one numeric feature.")
    bad = int(np.count_nonzero(~np.isfinite(X)))
    if bad:
        raise BadInput(
            f"{bad:,} cells of the prepared data are missing or infinite: "
            "choose how to fill or drop them when preparing the data."
        )
    return X.astype(np.float64)


def computed(draw: Draw, merge: bool = False, always: bool = False) -> Callable[..., Projection]:
    """The ``run`` function of a method that computes its map.

    merge : draw each distinct row once and give equal rows one place. always : the method needs
    no neighbours, so two or three rows are handed to it too.
    """

    def run(dataset: Dataset, params: dict, seed: int, progress: Progress) -> Projection:
        X, notes = points(dataset), []
        progress(None, "Preparing the values")
        xy = _easy(X, notes)
        if xy is None:
            first, place = distinct(X, notes) if merge else (slice(None), slice(None))
            with quiet(notes), one_thread():
                if not always and _few_places(X):
                    notes.append("Up to three distinct rows fit a plane exactly, and are so drawn.")
                    xy = exact(X)
                else:
                    xy = draw(X[first], params, seed, progress, notes)[place]
        progress(1.0, "Map ready")
        return Projection(xy=_in_range(xy, notes), notes=tuple(dict.fromkeys(notes)))

    return run


def _easy(X: np.ndarray, notes: list[str]) -> np.ndarray | None:
    """The map of data without any choice: all rows equal, or a single column."""
    n, d = X.shape
    if np.all(X[0] == X):
        if n == 1:
            notes.append("There is only one row; it is drawn at (0, 0).")
        else:
            notes.append(f"All {n:,} rows are equal; they are drawn in one place, at (0, 0).")
        return np.zeros((n, 2))
    if d == 1:
        notes.append("There is only one column: x is that column minus its mean, y is 0.")
        return np.column_stack([X[:, 0] - X[:, 0].mean(), np.zeros(n)])
    return None


def _few_places(X: np.ndarray) -> bool:
    """Whether there are at most three distinct rows."""
    for _ in range(3):
        X = X[np.any(X[0] != X, axis=1)]
        if len(X) == 0:
            return True
    return False


def distinct(X: np.ndarray, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the distinct rows in order of appearance, and each row's place among them."""
    _, first, place = np.unique(X, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.argsort(order)[place.ravel()]
    twins = len(X) - len(first)
    if twins:
        says = "row equals an earlier row and shares"
        says = says if twins == 1 else "rows equal an earlier row and share"
        notes.append(f"{twins:,} {says} its place on the map.")
    return first[order], place


def exact(X: np.ndarray) -> np.ndarray:
    """The map (n, 2) of at most three distinct rows that keeps all their distances."""
    centred = X - X.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return upright(np.pad((u * s)[:, :2], ((0, 0), (0, max(0, 2 - len(s))))))


def steady(X: np.ndarray, metric: str = "euclidean") -> tuple[np.ndarray, float]:
    """Values moved to their mean and, when far from 1, scaled by a power of two.

    Neither changes what a neighbour is, and both keep the libraries' inner float32 steps exact
    enough. Metrics that measure angles are not moved. Returns (values, factor applied).
    """
    if metric in ("euclidean", "manhattan", "chebyshev"):
        X = X - X.mean(axis=0)
    size = float(np.abs(X).max())
    if size == 0 or USUAL[0] <= size <= USUAL[1]:
        return X, 1.0
    factor = 2.0 ** -np.round(np.log2(size))
    return X * factor, factor


def upright(xy: np.ndarray) -> np.ndarray:
    """The map mirrored so that the first of the farthest coordinates on each axis is positive."""
    size = np.abs(xy)
    far = np.argmax(size >= size.max(axis=0) * (1 - 1e-6), axis=0)
    sign = np.where(xy[far, [0, 1]] < 0, -1.0, 1.0)
    return xy * sign


def at_most(params: dict, name: str, limit: float, words: str, notes: list[str]):
    """A parameter lowered to ``limit`` when the data are too few for it; says so in the notes."""
    value = params[name]
    if value <= limit:
        return value
    notes.append(f"{words} was lowered from {value:.4g} to {limit:.4g}, the most these rows allow.")
    return limit


def parts(X: np.ndarray, n_neighbors: int) -> int:
    """Into how many unconnected parts the graph of nearest neighbours falls."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(X, n_neighbors)
    return int(connected_components(graph, directed=False, return_labels=False))


def _in_range(xy: np.ndarray, notes: list[str]) -> np.ndarray:
    """The map as float32, scaled by a power of ten where float32 could not hold its distances."""
    if not np.isfinite(xy).all():
        raise BadInput(
            "This method found no finite map of these data: "
            "scale the columns when preparing the data, or choose another method."
        )
    size = float(np.abs(xy).max(initial=0.0))
    if size > 0 and not 1 / LARGEST <= size <= LARGEST:
        power = -int(np.floor(np.log10(size)))
        xy = xy * 10.0**power
        notes.append(f"The map is drawn at 10^{power} times its size, to fit the number range.")
    return np.ascontiguousarray(xy, np.float32) + np.float32(0)  # no negative zeros


_WORDS = (
    (r"did not converge|[Mm]aximum number of iterations", "The method stopped before it settled."),
    (r"[Ss]pectral initiali[sz]ation failed", "The spectral start failed; a random one was used."),
)


@contextlib.contextmanager
def quiet(notes: list[str]) -> Iterator[None]:
    """Keep library and numpy warnings from the screen; those that matter to a reader are noted."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        for pattern, words in _WORDS:
            if re.search(pattern, str(warning.message)):
                notes.append(words)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for sums inside the libraries: their order, and so the last bits of a map, would
    otherwise depend on the number of cores."""
    import sklearn.utils._openmp_helpers  # noqa: F401  (its thread pool must be loaded to be set)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@contextlib.contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global generator for a library that has no seed of its own, and restore it."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
