"""Silhouettes: how much nearer each row is to its own group than to the next one."""

from collections.abc import Sequence

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.progress import Progress, silent

EXACT_ROWS = 5_000
_PAIRS = 2.5e8  # distances computed at most when rows are sampled
_CHUNK = 4e6  # distances held at once: 32 MB


def silhouettes(
    X: np.ndarray, labelings: Sequence[np.ndarray], rows: np.ndarray, progress: Progress = silent
) -> list[np.ndarray]:
    """Silhouette of some rows, each against all rows, for several labelings at once.

    X : (n, d). labelings : int (n,) each, 0 .. k - 1 without noise, k >= 2. rows : (m,) indices.
    Returns float (m,) each, -1 to 1: (b - a) / max(a, b) with a the mean distance to the other
    rows of the own group and b to those of the nearest other group; 0 in a group of one
    (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7). Euclidean.
    """
    from scipy.sparse import csr_array
    from sklearn.metrics import euclidean_distances

    Y = X - X.mean(axis=0)
    sizes = [np.bincount(labels) for labels in labelings]
    ends = np.cumsum([len(size) for size in sizes])
    # One 0/1 column per group of every labeling: a product with it sums distances by group.
    columns = [e - len(s) + g for g, e, s in zip(labelings, ends, sizes, strict=True)]
    at = (np.concatenate(columns), np.tile(np.arange(len(X)), len(columns)))
    member = csr_array((np.ones(len(at[0])), at), shape=(ends[-1], len(X)))
    out = [np.zeros(len(rows)) for _ in labelings]
    step = max(1, int(_CHUNK / len(X)))
    with quietly([]):
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            D = euclidean_distances(Y[block], Y)
            # The distance to itself must be 0 exactly, not the rounding of a difference.
            D[np.arange(len(block)), block] = 0
            sums = (member @ D.T).T
            for labels, end, size, values in zip(labelings, ends, sizes, out, strict=True):
                part = sums[:, end - len(size) : end]
                values[start : start + step] = _from_sums(part, labels[block], size)
            progress((start + len(block)) / len(rows), "Silhouettes")
    return out


def _from_sums(sums: np.ndarray, own: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Silhouettes from the distance sums of m rows to k groups."""
    here = np.arange(len(own))
    a = sums[here, own] / np.maximum(size[own] - 1, 1)
    means = sums / size
    means[here, own] = np.inf
    b = means.min(axis=1)
    larger = np.maximum(a, b)
    values = np.divide(b - a, larger, where=larger > 0, out=np.zeros(len(own)))
    values[size[own] == 1] = 0
    return values


def sample_rows(labels: np.ndarray, seed: int, exact: int = EXACT_ROWS) -> np.ndarray:
    """Rows to score: all up to ``exact``, above that a seeded share of every group.

    labels : int (n,), 0 .. k - 1, every group with rows. A small group gives 30 rows or
    all it has, fewer when there are very many groups.
    """
    n = len(labels)
    if n <= exact:
        return np.arange(n)
    wanted = min(exact, max(500, int(_PAIRS / n)))
    rng = np.random.default_rng(seed)
    groups = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
    least = min(30, max(1, wanted // len(groups)))
    picked = []
    for members in groups:
        count = min(len(members), max(least, round(wanted * len(members) / n)))
        picked.append(rng.choice(members, count, replace=False))
    return np.sort(np.concatenate(picked))


def weighted_mean(values: np.ndarray, groups: np.ndarray, sizes: np.ndarray) -> float:
    """Mean over all rows from a sample of each group: values and groups (m,), sizes (k,)."""
    means = np.bincount(groups, values, len(sizes)) / np.bincount(groups, minlength=len(sizes))
    return float(np.average(means, weights=sizes))


def interval(
    values: np.ndarray, groups: np.ndarray, sizes: np.ndarray, seed: int, draws: int = 500
) -> tuple[float, float]:
    """95 % bootstrap interval of :func:`weighted_mean`, rows drawn again within each group."""
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    for group, size in enumerate(sizes):
        members = values[groups == group]
        again = rng.integers(0, len(members), (draws, len(members)))
        total += size * members[again].mean(axis=1)
    low, high = np.percentile(total / sizes.sum(), [2.5, 97.5])
    return float(low), float(high)
