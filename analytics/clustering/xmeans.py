"""X-means: k-means that finds its number of groups by splitting them in two.

D. Pelleg and A. Moore, X-means: Extending k-means with Efficient Estimation of the Number of
Clusters, ICML 2000. Groups share one variance; a group is split when the two halves have a higher
BIC than the whole (their section 3.2); after each round of splits k-means runs again from all
centres, and the round with the highest BIC over all points wins.

Differs from it: halves start along the longest axis of the group, not in a random direction; and
one group is always split once, since four groups in a square look like one to the local test.
"""

import numpy as np

from analytics.clustering.methods._common import quietly

SMALLEST_VARIANCE = 1e-12  # of the whole spread, so that equal points do not divide by nought


def xmeans(X: np.ndarray, most: int = 20, least: int = 1, seed: int = 0) -> np.ndarray:
    """Labels int32 (n,), 0 .. k - 1, with k from ``least`` to ``most``.

    X : (n, d) finite. seed : of the first k-means, when ``least`` is more than 1.
    """
    X = np.asarray(X, np.float64)
    floor = SMALLEST_VARIANCE * max(float(X.var(axis=0).sum()), 1e-300)
    least = min(least, len(X))
    labels, centres = _kmeans(X, least, seed)
    best, best_score = labels, bic(X, labels, floor)
    while len(centres) < most:
        split = _split(X, labels, centres, most, floor, forced=len(centres) == 1)
        if len(split) == len(centres):
            break
        labels, centres = _kmeans(X, len(split), seed, split)
        score = bic(X, labels, floor)
        if score > best_score:
            best, best_score = labels, score
    return best.astype(np.int32)


def bic(X: np.ndarray, labels: np.ndarray, floor: float = 0.0) -> float:
    """BIC of round groups with one variance: log-likelihood - parameters / 2 * ln n; higher is
    better. Every group has rows."""
    n, d = X.shape
    sizes = np.bincount(labels)
    sizes = sizes[sizes > 0].astype(float)
    k = len(sizes)
    variance = max(_distortion(X, labels) / max(d * (n - k), 1), floor)
    likelihood = float(np.sum(sizes * np.log(sizes / n)))
    likelihood -= n * d / 2 * np.log(2 * np.pi * variance) + d * (n - k) / 2
    return likelihood - (k - 1 + d * k + 1) / 2 * np.log(n)


def _distortion(X: np.ndarray, labels: np.ndarray) -> float:
    """Sum of squared distances to the means of the groups."""
    total = 0.0
    for g in np.unique(labels):
        own = X[labels == g]
        total += float(((own - own.mean(axis=0)) ** 2).sum())
    return total


def _split(X, labels, centres, most: int, floor: float, forced: bool) -> np.ndarray:
    """The centres after each group worth splitting (or, if ``forced``, each that can be) is split,
    the largest gain first."""
    gains, halves = [], []
    for g in range(len(centres)):
        own = X[labels == g]
        found = _halves(own)
        if found is None:
            continue
        gain = bic(own, found[0], floor) - bic(own, np.zeros(len(own), int), floor)
        if gain > 0 or forced:
            gains.append((gain, g))
            halves.append((g, found[1]))
    allowed = {g for _, g in sorted(gains, reverse=True)[: most - len(centres)]}
    new = {g: pair for g, pair in halves if g in allowed}
    parts = [new[g] if g in new else centres[g : g + 1] for g in range(len(centres))]
    return np.concatenate(parts)


def _halves(own: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Labels and centres of a group in two, or None when it cannot be split."""
    if len(own) < 4 or np.all(own[0] == own):
        return None
    middle = own.mean(axis=0)
    _, stretch, axes = np.linalg.svd(own - middle, full_matrices=False)
    step = axes[0] * stretch[0] / np.sqrt(len(own))
    labels, centres = _kmeans(own, 2, 0, np.stack([middle - step, middle + step]))
    return (labels, centres) if len(np.unique(labels)) == 2 else None


def _kmeans(X: np.ndarray, k: int, seed: int, start: np.ndarray | None = None) -> tuple:
    from sklearn.cluster import KMeans

    if k == 1:
        return np.zeros(len(X), int), X.mean(axis=0, keepdims=True)
    init = "k-means++" if start is None else start
    with quietly([]):
        model = KMeans(k, init=init, n_init=4 if start is None else 1, random_state=seed).fit(X)
    return model.labels_, model.cluster_centers_
