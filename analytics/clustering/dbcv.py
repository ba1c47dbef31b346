"""Density-based validity: do dense groups lie apart, whatever their shape?

Moulavi, Jaskowiak, Campello, Zimek & Sander 2014, "Density-Based Clustering Validation",
doi:10.1137/1.9781611973440.96. Definitions 1-8 there; written from the paper.
"""

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.results import NOISE

_CHUNK = 2e6  # distances held at once: 16 MB


def dbcv(X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray] | None:
    """DBCV, -1 (mixed) to 1 (apart), and the validity of each group (k,).

    X : (n, d), Euclidean. labels : int (n,), 0 .. k - 1 and -1. Noise rows count in the weight of
    the mean (n in the denominator), so leaving rows out lowers the score. A group of one row has
    no density and counts as noise (NaN in its place). None with fewer than two larger groups.
    """
    X = X - X.mean(axis=0)
    # Core distances are powers of distances: a common factor keeps them in range and cancels out.
    X = X / max(np.abs(X).max(), np.finfo(float).tiny)
    k = int(labels.max()) + 1 if len(labels) else 0
    members = [np.flatnonzero(labels == g) for g in range(k)]
    real = [g for g in range(k) if len(members[g]) > 1]
    if len(real) < 2:
        return None
    with quietly([]):
        trees = {g: _group(X[members[g]]) for g in real}
        apart = dict(zip(real, _separations([trees[g][:2] for g in real]), strict=True))
    validity = np.full(k, np.nan)
    for g in real:
        sparse, gap = trees[g][2], apart[g]
        larger = max(sparse, gap)
        validity[g] = (gap - sparse) / larger if larger > 0 else 0.0
    weights = np.array([len(m) for m in members]) / len(labels)
    return float(np.nansum(weights * validity)), validity


def noise_rows(labels: np.ndarray) -> int:
    """Rows that DBCV counts as noise: real noise and groups of one row."""
    sizes = np.bincount(labels[labels != NOISE]) if np.any(labels != NOISE) else np.zeros(0)
    return int(np.sum(labels == NOISE) + np.sum(sizes == 1))


def _group(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """A group's inner rows (p, d), their core distances (p,), and its sparseness (DSC).

    Inner rows have two or more links in the group's spanning tree; a tree without inner rows or
    inner links lends all of its own.
    """
    core = _core_distances(X)
    links, lengths = _spanning_tree(X, core)
    inner = np.bincount(links.ravel(), minlength=len(X)) > 1
    if not inner.any():
        inner[:] = True
    inside = inner[links].all(axis=1)
    sparse = float(lengths[inside].max() if inside.any() else lengths.max())
    return X[inner], core[inner], sparse


def _core_distances(X: np.ndarray) -> np.ndarray:
    """All-points core distance (definition 1): ((sum of (1 / distance)^d) / (n - 1))^(-1/d).

    Every distance is divided by the row's smallest first, because the d-th power leaves the range
    of floats from some 20 columns on.
    """
    from sklearn.metrics import euclidean_distances

    n, d = X.shape
    core = np.zeros(n)
    step = max(1, int(_CHUNK / n))
    for start in range(0, n, step):
        block = np.arange(start, min(n, start + step))
        D = euclidean_distances(X[block], X)
        D[np.arange(len(block)), block] = np.inf
        least = D.min(axis=1)
        apart = least > 0
        near = (least[apart, None] / D[apart]) ** d
        core[block[apart]] = least[apart] * (near.sum(axis=1) / (n - 1)) ** (-1 / d)
    return core


def _spanning_tree(X: np.ndarray, core: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Prim's minimum spanning tree of mutual reachability: links (n - 1, 2), lengths (n - 1,).

    Distances are computed as they are needed. scipy's tree reads a zero as "no link" and so
    cannot be used when rows repeat.
    """
    n = len(X)
    nearest = np.full(n, np.inf)
    origin = np.zeros(n, np.int64)
    outside = np.ones(n, bool)
    links, lengths = np.empty((n - 1, 2), np.int64), np.empty(n - 1)
    newest = 0
    for i in range(n - 1):
        outside[newest] = False
        difference = X - X[newest]
        reach = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        reach = np.maximum(np.maximum(reach, core), core[newest])
        closer = outside & (reach < nearest)
        nearest[closer], origin[closer] = reach[closer], newest
        newest = int(np.argmin(np.where(outside, nearest, np.inf)))
        links[i], lengths[i] = (origin[newest], newest), nearest[newest]
    return links, lengths


def _separations(inner: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Smallest mutual reachability from the inner rows of each group to those of any other (DSPC).

    inner : per group the rows (p, d) and their core distances (p,).
    """
    from sklearn.metrics import euclidean_distances

    X = np.concatenate([rows for rows, _ in inner])
    core = np.concatenate([cores for _, cores in inner])
    ends = np.cumsum([len(rows) for rows, _ in inner])
    best = np.full(len(inner), np.inf)
    step = max(1, int(_CHUNK / len(X)))
    for g, (begin, end) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        for start in range(begin, end, step):
            block = slice(start, min(end, start + step))
            D = np.maximum(euclidean_distances(X[block], X), core[block, None])
            np.maximum(D, core[None, :], out=D)
            D[:, begin:end] = np.inf
            best[g] = min(best[g], D.min())
    return best
