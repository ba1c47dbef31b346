"""QuickSelection: does it find the columns that matter, and does k-means gain from them?"""

import time

import numpy as np

from analytics.data.quickselection import strengths
from bench.rows._common import Measured, acc, digits, run, scaled, spread, table

METHODS = ()
CLAIM = (
    "best trade-off of classification and clustering accuracy, time and memory among widely used "
    "selectors on 8 sets (Atashgahi et al. 2022, abstract)"
)
KEPT, SEEDS = 50, range(3)


def measure():
    yield madelon()
    for name in ("har", "coil20", "digits"):
        X, y = digits() if name == "digits" else table(name)
        X = X[:, X.std(axis=0) > 0]
        prepared = scaled(X) if name == "har" else X
        yield grouped(name, prepared, y)
    yield noisy()


def grouped(name: str, X, y):
    """ACC of k-means on 50 columns: strongest, of most variance, drawn at random; and on all."""
    started = time.perf_counter()
    ranks = [np.argsort(-strengths(X, s))[:KEPT] for s in SEEDS]
    seconds = (time.perf_counter() - started) / len(ranks)
    k = len(np.unique(y))
    ours = [mean(X[:, kept], y, k) for kept in ranks]
    by_range = X / np.maximum(np.abs(X).max(), 1e-9)
    draws = [np.random.default_rng(s).permutation(X.shape[1])[:KEPT] for s in SEEDS]
    plain = {
        "all columns": mean(X, y, k),
        "most variance": mean(X[:, np.argsort(-by_range.var(axis=0))[:KEPT]], y, k),
        "correlation": mean(X[:, np.argsort(-linked(X))[:KEPT]], y, k),
        "at random": float(np.mean([mean(X[:, kept], y, k) for kept in draws])),
    }
    what = f"k-means on {KEPT} of {X.shape[1]} columns"
    return Measured(what, name, "ACC", float(np.mean(ours)), plain, None, spread(ours), seconds)


def mean(X, y, k: int) -> float:
    """Mean ACC of k-means over three seeds."""
    return float(np.mean([acc(y, run("kmeans", X, s, n_clusters=k)[0].labels) for s in range(3)]))


def linked(X) -> np.ndarray:
    """Mean size of the correlation of each column with the others."""
    return np.abs(np.corrcoef(X, rowvar=False)).mean(axis=0)


def madelon():
    """Like Madelon, a set of the paper: 20 columns of 500 belong together, the rest is noise."""
    from sklearn.datasets import make_classification

    X, _ = make_classification(
        2_000, 500, n_informative=5, n_redundant=15, n_clusters_per_class=16, flip_y=0.01,
        shuffle=False, random_state=0,
    )  # fmt: skip
    started = time.perf_counter()
    found = [np.mean(np.argsort(-strengths(X, s))[:20] < 20) for s in SEEDS]
    seconds = (time.perf_counter() - started) / len(found)
    plain = {
        name: float(np.mean(np.argsort(-score)[:20] < 20))
        for name, score in (("most variance", X.var(axis=0)), ("correlation", linked(X)))
    }
    return Measured(
        "the 20 strongest", "like Madelon, 2,000 × 500", "share that matters",
        float(np.mean(found)), plain, None, spread(found), seconds,
    )  # fmt: skip


def noisy():
    """Five groups in 20 columns that depend on each other, among 480 of noise, all standardised."""
    rng = np.random.default_rng(0)
    y = rng.integers(5, size=2_000)
    deep = rng.normal(size=(5, 4))[y] * 1.5 + rng.normal(size=(2_000, 4))
    X = np.hstack([deep @ rng.normal(size=(4, 20)), rng.normal(size=(2_000, 480))])
    return grouped("5 groups, 20 of 500 columns", scaled(X), y)
