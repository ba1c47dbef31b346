"""Self-expression: objects, digits and a table, with weak and strong penalties."""

import numpy as np

from bench.rows._common import Measured, acc, digits, plain, run, scaled, table

METHODS = ("lissc",)
CLAIM = "subspace methods win on faces and objects, without tuning (LISSC, abstract)"


def measure():
    yield from each("coil20", *table("coil20"), bar=0.78)
    yield from each("digits", *digits())
    X, y = table("wireless")
    yield from each("wireless", scaled(X), y)


def each(name: str, X, y, bar: float | None = None):
    """Three strengths, the default one first."""
    k = len(np.unique(y))
    base = plain(X, y, acc, 3)
    for strength in (10.0, 1.0, 0.1):
        runs = [run("lissc", X, seed, n_clusters=k, strength=strength) for seed in range(3)]
        ours = float(np.mean([acc(y, found.labels) for found, _ in runs]))
        first = strength == 10.0
        yield Measured(
            f"strength {strength:g}", name, "ACC", ours, base,
            bar=bar if first else None, spread="3 seeds", seconds=runs[0][1],
        )  # fmt: skip
