"""Ambiguity without a perception model: how much a clustering method disagrees with itself.

The stand-ins that CLAMS was compared with (Jeon et al., VIS 2023): one method clusters the plot
many times with jittered hyper-parameters, and the mean pairwise 1 - AMI of the outcomes stands for
how far people would disagree. Here to show how much worse that is; the ranges below are ours, since
the paper gives none that can be read off.
"""

from collections.abc import Callable

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.clustering.xmeans import xmeans
from analytics.errors import BadInput
from analytics.progress import Progress, silent

DRAWS = 20
MOST_POINTS = 1_000  # more points are sampled


def _hdbscan(X: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Smallest group 5 to 50 rows (log), smoothing 1 to 20."""
    from sklearn.cluster import HDBSCAN

    size = round(np.exp(random.uniform(np.log(5), np.log(50))))
    samples = int(random.integers(1, 21))
    most = max(2, len(X) // 2)
    method = HDBSCAN(min_cluster_size=min(size, most), min_samples=min(samples, most), copy=True)
    return method.fit_predict(X)


def _dbscan(X: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Radius 0.01 to 0.1 of the plot's longer side (log), 3 to 20 rows in it."""
    from sklearn.cluster import DBSCAN

    eps = float(np.exp(random.uniform(np.log(0.01), np.log(0.1))))
    return DBSCAN(eps=eps, min_samples=int(random.integers(3, 21))).fit_predict(X)


def _birch(X: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Threshold 0.02 to 0.2 of the longer side (log), 20 to 100 branches, no fixed number."""
    from sklearn.cluster import Birch

    threshold = float(np.exp(random.uniform(np.log(0.02), np.log(0.2))))
    branches = int(random.integers(20, 101))
    return Birch(threshold=threshold, branching_factor=branches, n_clusters=None).fit_predict(X)


def _xmeans(X: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """From 1 to 5 groups at the start, 5 to 30 at most."""
    least, most = int(random.integers(1, 6)), int(random.integers(5, 31))
    return xmeans(X, most, least, int(random.integers(2**31)))


STANDINS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "hdbscan": _hdbscan,
    "dbscan": _dbscan,
    "birch": _birch,
    "xmeans": _xmeans,
}


def standin(
    points, method: str = "hdbscan", draws: int = DRAWS, seed: int = 0, progress: Progress = silent
) -> float:
    """Mean pairwise 1 - AMI of a method over jittered settings: 0 (always the same) to about 1.

    points : (n, 2) finite, drawn with equal units. Noise counts as one group more. Raises BadInput.
    """
    if method not in STANDINS:
        raise BadInput(f"There is no stand-in '{method}': choose one of {', '.join(STANDINS)}.")
    X = np.asarray(points, np.float64)
    if X.ndim != 2 or X.shape[1] != 2 or len(X) == 0 or not np.isfinite(X).all():
        raise BadInput("A stand-in takes a table of two columns of finite numbers, x and y.")
    random = np.random.default_rng(seed)
    if len(X) > MOST_POINTS:
        X = X[np.sort(random.choice(len(X), MOST_POINTS, replace=False))]
    side = float(np.ptp(X, axis=0).max())
    if side == 0 or len(X) < 4:
        return 0.0
    X = (X - X.min(axis=0)) / side
    found = []
    with quietly([]):
        for i in range(draws):
            progress(i / draws, f"Clustering with other settings, {i + 1} of {draws}")
            found.append(np.unique(STANDINS[method](X, random), return_inverse=True)[1])
        return float(np.mean([1 - _ami(a, b) for i, a in enumerate(found) for b in found[:i]]))


def _ami(a: np.ndarray, b: np.ndarray) -> float:
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(a, b))
