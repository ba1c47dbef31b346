"""Statistics of raw signals: families against methods, made-up tones and real tables."""

import time
from types import SimpleNamespace

import numpy as np

from analytics.data.signals import FAMILIES, SIDES, statistics
from bench.rows._common import Measured, acc, run, scaled, table

METHODS = ()
CLAIM = (
    "statistics of location and spread beat those of shape; k-means slightly above mixtures, "
    "OPTICS far behind; principal components no gain (comparison on bearing vibrations, abstract)"
)
PLAIN = ("kmeans", "gmm", "optics")


def measure():
    for noise in (0.5, 2.0, 5.0):
        yield from made_up(noise)
    for name in ("optical", "har", "pen_based"):
        X, y = table(name)
        if len(X) > 4_000:
            rows = np.random.default_rng(0).choice(len(X), 3_000, replace=False)
            X, y = X[rows], y[rows]
        yield from order(name, scaled(X), y)


def tones(noise: float, n: int = 400, m: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Four machine states: loudness and tone differ, the last has bursts instead of a tone."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 4
    t = np.arange(m) / m
    wave = np.sin(2 * np.pi * np.array([20, 45, 45, 0])[y][:, None] * t + rng.uniform(0, 6, (n, 1)))
    X = wave * np.array([1, 1, 2, 0])[y][:, None] + noise * rng.normal(size=(n, m))
    bursts = (rng.random((n, m)) < 0.02) * rng.normal(size=(n, m)) * (6 + 3 * noise)
    return X + bursts * (y == 3)[:, None], y


def made_up(noise: float):
    """Mean ACC over three methods of each family, beside the raw samples."""
    X, y = tones(noise)
    raw = float(np.mean([acc(y, run(m, X, 0, **told(m, 4))[0].labels) for m in ("kmeans", "gmm")]))
    cells = {}
    started = time.perf_counter()
    for family in ("all", *FAMILIES):
        for of in SIDES:
            Z = scaled(np.column_stack(list(statistics(X, family, of).values())))
            for method in PLAIN:
                found = run(method, Z, 0, **told(method, 4))[0]
                cells[family, of, method] = acc(y, found.labels)
    seconds = time.perf_counter() - started
    where = f"4 made-up machine states, noise {noise:g}"
    plain = {"raw samples": raw}
    for at, names in ((0, ("all", *FAMILIES)), (1, SIDES), (2, PLAIN)):
        for name in names:
            own = [v for key, v in cells.items() if key[at] == name]
            yield Measured(
                f"{name}, mean and best", where, "ACC", float(np.mean(own)), plain, None,
                f"best {max(own):.2f}", seconds,
            )  # fmt: skip


def order(name: str, X, y):
    """The claimed order of methods on a table, with and without principal components."""
    k = len(np.unique(y))
    found = SimpleNamespace(full={}, half={})
    u, s, _ = np.linalg.svd(X, full_matrices=False)
    half = max(1, X.shape[1] // 2)
    for where, Z in ((found.full, X), (found.half, u[:, :half] * s[:half])):
        for method in PLAIN:
            where[method] = acc(y, run(method, Z, 0, **told(method, k))[0].labels)
    for method in PLAIN:
        others = {m: v for m, v in found.full.items() if m != method}
        plain = {**others, "half the components": found.half[method]}
        yield Measured(method, name, "ACC", found.full[method], plain)


def told(method: str, k: int) -> dict:
    """The number of groups, for methods that take it."""
    return {} if method == "optics" else {"n_clusters": k}
