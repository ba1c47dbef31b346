"""iLA-SDP: against k-means and a mixture from one start and from several, over draws."""

import numpy as np

from bench.rows._common import Measured, acc, run, scaled, spread, table

METHODS = ("ilasdp",)
CLAIM = "lower mis-clustering error than k-means, SDP and EM (Zhuang, Chen & Yang 2023, abstract)"
SEEDS = range(6)


def measure():
    for n in (60, 100):
        yield compared(f"3 unequal normals, {n} rows", [three(n, s) for s in SEEDS], 3)
    for name in ("wireless", "seeds"):
        X, y = table(name)
        yield compared(name, [(scaled(X), y)] * 3, len(np.unique(y)))


def three(n: int, seed: int):
    """Three normal distributions of unequal size and shape that touch."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    middle = np.array([[0, 0], [2.6, 0], [0, 2.6]])[y]
    return middle + rng.normal(size=(n, 2)) * np.sqrt([[1, 0.3], [0.3, 1.2], [0.5, 0.5]])[y], y


def compared(what: str, draws, k: int) -> Measured:
    """Mean ACC over draws, each with its own seed."""
    ours, seconds = [], 0.0
    plain: dict[str, list[float]] = {"kmeans": [], "gmm, one start": [], "gmm, 5 starts": []}
    for seed, (X, y) in enumerate(draws):
        found, took = run("ilasdp", X, seed, n_clusters=k)
        ours.append(acc(y, found.labels))
        seconds = max(seconds, took)
        for name, method, more in (
            ("kmeans", "kmeans", {}),
            ("gmm, one start", "gmm", {"n_init": 1}),
            ("gmm, 5 starts", "gmm", {"n_init": 5}),
        ):
            labels = run(method, X, seed, n_clusters=k, **more)[0].labels
            plain[name].append(acc(y, labels))
    means = {name: float(np.mean(values)) for name, values in plain.items()}
    mean = float(np.mean(ours))
    return Measured("iLA-SDP", what, "ACC", mean, means, None, spread(ours), seconds)
