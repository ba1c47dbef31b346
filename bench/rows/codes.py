"""Shorten, then k-means: which of three ways gives codes whose groups are the classes?"""

import numpy as np

from bench.rows._common import Measured, acc, digits, plain, run, scaled, spread, table

METHODS = ("codes",)
CLAIM = "stacked autoencoders 0.87-0.91 on rock maps, above one autoencoder and PCA (repository)"


def measure():
    yield from each("digits", *digits())
    yield from each("coil20", *table("coil20"))
    X, y = table("statlog")
    yield from each("statlog images (19 columns)", scaled(X), y)


def each(name: str, X, y):
    """Codes of five numbers, three seeds."""
    k = len(np.unique(y))
    base = plain(X, y, acc, 3, ("kmeans",))
    for reducer in ("stacked", "autoencoder", "pca"):
        runs = [run("codes", X, seed, n_clusters=k, reducer=reducer) for seed in range(3)]
        ours = [acc(y, found.labels) for found, _ in runs]
        yield Measured(
            reducer, name, "ACC", float(np.mean(ours)), base, spread=spread(ours),
            seconds=runs[0][1],
        )  # fmt: skip
