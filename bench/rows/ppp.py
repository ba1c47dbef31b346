"""PPP: is the answer the same every time, and how many groups does it find?"""

import numpy as np
from sklearn.datasets import load_iris, load_wine

from bench.rows._common import Measured, ari, digits, plain, plane, run, scaled, table

METHODS = ("ppp",)
CLAIM = "compact groups, their number found, whatever the start (PPP, abstract; no number)"
ORDERS = 20
PLANES = ("sipu-unbalance", "sipu-s2", "sipu-s4", "sipu-aggregation", "wut-z3", "wut-trajectories")


def measure():
    sets = {"iris": load_iris(return_X_y=True), "wine": load_wine(return_X_y=True)}
    sets = {name: (scaled(X), y) for name, (X, y) in sets.items()}
    for name, (X, y) in sets.items():
        yield from one(name, X, y)
    for name in ("wireless", "seeds", "dry_bean"):
        X, y = table(name)
        yield from one(name, scaled(X), y)
    for name in PLANES:
        yield from one(name, *plane(name))
    yield from one("digits", *digits())


def one(name: str, X: np.ndarray, y: np.ndarray):
    """Agreement with the labels, and the least agreement over seeds and orders of the rows."""
    found, seconds = run("ppp", X)
    kept = y >= 0
    truth = y[kept]
    k = len(np.unique(truth))
    yield Measured(
        "PPP", name, "ARI", ari(truth, found.labels[kept]),
        plain(X[kept], truth, ari, 3, ("kmeans", "gmm")),
        spread=f"{found.n_clusters} groups, {k} classes", seconds=seconds,
    )  # fmt: skip
    restarted = [run("kmeans", X, s, n_clusters=k, n_init=1)[0].labels for s in range(ORDERS)]
    base = min(ari(restarted[0], labels) for labels in restarted[1:])
    rng = np.random.default_rng(0)
    orders = []
    for seed in range(ORDERS):
        order = rng.permutation(len(X))
        labels = np.empty(len(X), int)
        labels[order] = run("ppp", X[order], seed)[0].labels
        orders.append(ari(found.labels, labels))
    same = "same over 20 seeds and orders of the rows"
    yield Measured(same, name, "least ARI", min(orders), {"kmeans restarts": base}, bar=1)
