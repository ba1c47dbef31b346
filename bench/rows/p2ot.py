"""P2OT: digits with a long tail, free against equal sizes and neighbours, beside k-means."""

import numpy as np

from bench.rows._common import Measured, acc, digits, plain, run, spread

METHODS = ("p2ot",)
CLAIM = "above equal-size transport on long-tailed pictures (Zhang, Ren & He 2024)"
FORMS = {
    "free sizes": {"sizes": "free"},
    "equal sizes": {"sizes": "equal"},
    "SP2OT, 20 neighbours": {"neighbours": 20},
}


def long_tailed(imbalance: float) -> tuple[np.ndarray, np.ndarray]:
    """Digits whose classes shrink geometrically, the last one ``imbalance`` times smaller."""
    X, y = digits()
    rng = np.random.default_rng(0)
    kept = [
        rng.permutation(np.flatnonzero(y == c))[: int(174 * imbalance ** (-c / 9))]
        for c in range(10)
    ]
    rows = np.sort(np.concatenate(kept))
    return X[rows], y[rows]


def measure():
    for imbalance in (1.0, 10.0, 50.0):
        X, y = long_tailed(imbalance)
        base = plain(X, y, acc, 3, ("kmeans", "spectral"))
        for what, params in FORMS.items():
            runs = [run("p2ot", X, seed, n_clusters=10, **params) for seed in range(3)]
            ours = [acc(y, found.labels) for found, _ in runs]
            yield Measured(
                what, f"digits, imbalance {imbalance:g}", "ACC", float(np.mean(ours)),
                base, spread=spread(ours), seconds=runs[0][1],
            )  # fmt: skip
