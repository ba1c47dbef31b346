"""MLC: a small network on vectors, beside plain methods."""

import numpy as np

from bench.rows._common import Measured, acc, digits, nmi, plain, run, scaled, spread, table

METHODS = ("mlc",)
CLAIM = "more accurate than deep clusterers; CIFAR-10 ACC about 0.86 (Ding et al. 2023)"


def measure():
    yield from each("digits", *digits(), bar=0.83)
    yield from each("coil20", *table("coil20"))
    X, y = table("wireless")
    yield from each("wireless", scaled(X), y)


def each(name: str, X, y, bar: float | None = None):
    """Three seeds; the mean is compared."""
    k = len(np.unique(y))
    runs = [run("mlc", X, seed, n_clusters=k) for seed in range(3)]
    for score, word in ((acc, "ACC"), (nmi, "NMI")):
        ours = [score(y, found.labels) for found, _ in runs]
        yield Measured(
            "MLC", name, word, float(np.mean(ours)), plain(X, y, score, 3),
            bar=bar if score is acc else None, spread=spread(ours), seconds=runs[0][1],
        )  # fmt: skip
