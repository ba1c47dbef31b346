"""DEPICT on digits and Fashion images, both forms of its targets, beside its own start."""

import numpy as np

from bench.rows._common import Measured, acc, digits, nmi, plain, run, spread, table

METHODS = ("depict",)
CLAIM = "ACC 0.965 on MNIST and 0.964 on USPS, above autoencoder and k-means (Dizaji et al. 2017)"
SEEDS = 3


def measure():
    X, y = digits()
    yield from one("digits", X, y)
    X, y = table("fashion_mnist")
    yield from one("Fashion images", X, y)


def one(name: str, X, y):
    """Both targets, and no rounds together: the start."""
    k = len(np.unique(y))
    base = plain(X, y, acc, SEEDS, ("kmeans",))
    asked = {"paper's targets": {}, "code's targets": {"target": "code"}, "start": {"rounds": 0}}
    for what, params in asked.items():
        found = [run("depict", X, seed, n_clusters=k, **params) for seed in range(SEEDS)]
        scores = [acc(y, groups.labels) for groups, _ in found]
        yield Measured(what, name, "ACC", float(np.mean(scores)), base, spread=spread(scores),
                       seconds=found[0][1])  # fmt: skip
        if not params:
            value = float(np.mean([nmi(y, groups.labels) for groups, _ in found]))
            yield Measured(what, name, "NMI", value, plain(X, y, nmi, SEEDS, ("kmeans",)))
