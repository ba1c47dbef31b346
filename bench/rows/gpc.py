"""GPC: the number of groups when half of some classes is labelled, and how many rows are right."""

import numpy as np

from bench.rows._common import Measured, acc, digits, run, scaled, spread, table

METHODS = ("gpc",)
CLAIM = (
    "state of the art on generic and fine-grained image sets, the number of classes not given "
    "(Zhao, Wen & Han 2023, abstract)"
)
SEEDS = range(5)


def measure():
    X, y = table("optical")
    test, truth = digits()
    X, y = np.vstack([X, test]), np.concatenate([y, truth])
    yield from partly("optdigits, new 0, 3, 4, 5, 6", X, y, (0, 3, 4, 5, 6))
    for name in ("pen_based", "wireless", "seeds", "har"):
        X, y = table(name)
        yield from partly(f"{name}, every second class new", scaled(X), y, np.unique(y)[1::2])


def partly(name: str, X, y, new):
    """Half of the rows of the known classes are labelled; scored on the rows without a label."""
    old = [c for c in np.unique(y) if c not in new]
    k, runs = len(np.unique(y)), []
    for seed in SEEDS:
        drawn = np.random.default_rng(seed).random(len(y)) < 0.5
        codes = np.where(drawn & ~np.isin(y, new), np.searchsorted(old, y), -1)
        runs.append((codes < 0, *run("gpc", X, seed, codes)))
    plain = {}
    for method in ("kmeans", "gmm"):
        found = [run(method, X, s, n_clusters=k)[0].labels for s in SEEDS]
        pairs = zip(runs, found, strict=True)
        plain[f"{method}, true k"] = float(np.mean([acc(y[u], g[u]) for (u, *_), g in pairs]))
    values = [acc(y[u], found.labels[u]) for u, found, _ in runs]
    mean = float(np.mean(values))
    yield Measured("GPC", name, "ACC", mean, plain, None, spread(values), runs[0][2])
    away = [abs(found.n_clusters - k) for _, found, _ in runs]
    counts = ", ".join(str(found.n_clusters) for _, found, _ in runs)
    words = f"{counts} of {k}"
    yield Measured(
        "its groups", name, "off, mean", float(np.mean(away)), {}, None, words, less=True
    )
