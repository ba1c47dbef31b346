"""DP-means: the number of groups found from a guess, and the agreement with the labels."""

import numpy as np
from sklearn.datasets import load_iris, load_wine

from bench.rows._common import Measured, ari, digits, plain, plane, run, scaled, spread

METHODS = ("dpmeans",)
CLAIM = "as good as a Dirichlet process mixture, NMI on UCI sets (Kulis & Jordan 2012)"


def measure():
    sets = {"iris": load_iris(return_X_y=True), "wine": load_wine(return_X_y=True)}
    for name, (X, y) in sets.items():
        yield each(name, scaled(X), y)
    yield each("digits", *digits())
    for name in ("sipu-unbalance", "sipu-s2", "sipu-aggregation"):
        yield each(name, *plane(name))


def each(name: str, X, y):
    """The guess is the number of classes."""
    kept = y >= 0
    k = len(np.unique(y[kept]))
    runs = [run("dpmeans", X[kept], seed, groups=k) for seed in range(5)]
    ours = [ari(y[kept], found.labels) for found, _ in runs]
    found = sorted(f.n_clusters for f, _ in runs)
    return Measured(
        f"DP-means, {found[0]}-{found[-1]} groups, {k} classes", name, "ARI",
        float(np.mean(ours)), plain(X[kept], y[kept], ari, 5, ("kmeans",)),
        spread=spread(ours), seconds=runs[0][1],
    )  # fmt: skip
