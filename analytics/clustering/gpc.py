"""A mixture that knows some labels and finds its number of groups by splits and merges.

B. Zhao, X. Wen, K. Han, Learning semi-supervised Gaussian mixture models for generalized category
discovery, ICCV 2023, arXiv:2305.06144. Written from a description of the method; its learning of
features is left out, so it works in the columns it is given.
"""

from dataclasses import dataclass

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.progress import Progress, silent

KAPPA, SCALE = 1e-4, 0.005  # the paper's prior: weight of its mean, and its scatter
SMALLEST = 5  # unlabelled rows; groups and halves of so few are not split off
ROUNDS, STEPS = 30, 100  # most rounds of splits and merges, and of moving the centres


def log_marginal(X: np.ndarray, mean: np.ndarray) -> float:
    """Log density of the rows X (n, d) under a normal with unknown mean and covariance.

    Normal-inverse-Wishart prior round ``mean`` (d,) with kappa 1e-4, d + 1 degrees of freedom and
    scale 0.005 I (Murphy 2007, "Conjugate Bayesian analysis of the Gaussian distribution").
    """
    from scipy.special import multigammaln

    n, d = X.shape
    if n == 0:
        return 0.0
    freedom, kappa = d + 1, KAPPA + n
    middle = X.mean(axis=0)
    off, own = middle - mean, X - middle
    scatter = SCALE * np.eye(d) + own.T @ own + KAPPA * n / kappa * np.outer(off, off)
    return float(
        -n * d / 2 * np.log(np.pi)
        + multigammaln((freedom + n) / 2, d) - multigammaln(freedom / 2, d)
        + freedom / 2 * d * np.log(SCALE) - (freedom + n) / 2 * np.linalg.slogdet(scatter)[1]
        + d / 2 * (np.log(KAPPA) - np.log(kappa))
    )  # fmt: skip


def gain(one: np.ndarray, other: np.ndarray, mean: np.ndarray) -> float:
    """Log of how much likelier two groups are than their union, with concentration 1."""
    from scipy.special import gammaln

    both = np.vstack([one, other])
    parts = sum(gammaln(len(part)) + log_marginal(part, mean) for part in (one, other))
    return float(parts - gammaln(len(both)) - log_marginal(both, mean))


@dataclass(frozen=True)
class Found:
    """labels (n,), known classes first, k groups; splits, merges made; rounds; settled: whether
    the last round changed nothing."""

    labels: np.ndarray
    k: int
    splits: int
    merges: int
    rounds: int
    settled: bool


def gpc(X: np.ndarray, codes: np.ndarray, guess: int, seed: int, progress: Progress = silent):
    """Groups of all rows, beside the known classes: a :class:`Found`.

    X (n, d) of mean squared length about 1, as the prior expects. codes (n,) : class 0 .. c - 1 of
    labelled rows, -1 elsewhere. guess : number of groups to start with, at least c.
    """
    rng = np.random.default_rng(seed)
    mean, free = X.mean(axis=0), codes < 0
    centers = _start(X, codes, guess, rng)
    known = int(codes.max()) + 1
    splits = merges = 0
    for number in range(ROUNDS):
        progress(number / ROUNDS, f"{len(centers)} groups, round {number + 1}")
        labels, centers = _assign(X, codes, centers)
        halves = _splits(X, labels, free, centers, codes, mean, rng)
        splits += len(halves)
        centers = _with(centers, halves)
        if halves:
            labels, centers = _assign(X, codes, centers)
        gone = _merges(X, labels, free, centers, known, mean, rng)
        merges += len(gone)
        centers = _without(X, labels, centers, gone)
        if not halves and not gone:
            break
    labels, centers = _assign(X, codes, centers)
    settled = not halves and not gone
    return Found(labels, len(centers), splits, merges, number + 1, settled)


def _start(X, codes, guess: int, rng) -> np.ndarray:
    """Means of the known classes, then unlabelled rows far from them and each other."""
    from analytics.clustering.novel import spread

    known = int(codes.max()) + 1
    means = np.stack([X[codes == c].mean(axis=0) for c in range(known)])
    new = X[codes < 0]
    more = min(guess - known, len(new))
    return np.vstack([means, spread(means, new, more, rng)]) if more > 0 else means


def _assign(X, codes, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """k-means from the centres with labelled rows held in their class; empty groups are dropped."""
    from scipy.spatial.distance import cdist

    held, before = codes >= 0, None
    for _ in range(STEPS):
        labels = cdist(X, centers, "sqeuclidean").argmin(axis=1)
        labels[held] = codes[held]
        present, labels = np.unique(labels, return_inverse=True)
        # Known classes hold their labelled rows, so only later numbers can be missing.
        centers = centers[present]
        if before is not None and np.array_equal(labels, before):
            break
        before = labels
        sums = np.zeros_like(centers)
        np.add.at(sums, labels, X)
        centers = sums / np.bincount(labels)[:, None]
    return labels, centers


def _splits(X, labels, free, centers, codes, mean, rng) -> dict[int, np.ndarray]:
    """Group -> centres (2, d) of its halves, for the groups that are to be split; the first half
    stays, in a known class the one nearer to its labelled rows."""
    from sklearn.cluster import KMeans

    found = {}
    for group in range(len(centers)):
        own = X[free & (labels == group)]
        if len(own) <= SMALLEST or np.all(own == own[0]):
            continue
        with quietly([]):
            two = KMeans(2, n_init=3, random_state=int(rng.integers(2**31))).fit(own)
        sides = [own[two.labels_ == s] for s in (0, 1)]
        if min(map(len, sides)) <= SMALLEST or not _taken(gain(*sides, mean), rng):
            continue
        middle = X[codes == group].mean(axis=0) if (codes == group).any() else centers[group]
        near = np.argsort(((two.cluster_centers_ - middle) ** 2).sum(axis=1), kind="stable")
        found[group] = two.cluster_centers_[near]
    return found


def _taken(score: float, rng) -> bool:
    """Whether a change with this log ratio is made: always above 0, else with chance exp(score)."""
    return score > 0 or rng.random() < np.exp(score)


def _with(centers: np.ndarray, halves: dict[int, np.ndarray]) -> np.ndarray:
    centers = centers.copy()
    for group, pair in halves.items():
        centers[group] = pair[0]
    return np.vstack([centers, *(pair[1:] for pair in halves.values())])


def _merges(X, labels, free, centers, known: int, mean, rng) -> dict[int, int]:
    """Group that goes -> group it goes into. Each group is asked once about its nearest other one;
    two known classes stay two."""
    from scipy.spatial.distance import cdist

    if len(centers) < 2:
        return {}
    far = cdist(centers, centers)
    np.fill_diagonal(far, np.inf)
    nearest, gone, busy = far.argmin(axis=1), {}, set()
    for group in np.argsort(far.min(axis=1), kind="stable"):
        low, high = sorted((int(group), int(nearest[group])))
        if high < known or {low, high} & busy:
            continue
        busy |= {low, high}
        one, other = (X[free & (labels == g)] for g in (low, high))
        if min(len(one), len(other)) == 0:
            continue
        if _taken(-gain(one, other, mean), rng):
            gone[high] = low
    return gone


def _without(X, labels, centers: np.ndarray, gone: dict[int, int]) -> np.ndarray:
    """The centres after merges: the union has the mean of its rows."""
    centers = centers.copy()
    for high, low in gone.items():
        centers[low] = X[(labels == low) | (labels == high)].mean(axis=0)
    return np.delete(centers, list(gone), axis=0)
