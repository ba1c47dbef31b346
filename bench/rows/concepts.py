"""Concepts of a classifier: how clean its groups are in the label, and whether they tell errors."""

import numpy as np

from analytics.clustering import surrogate
from analytics.results import Dataset
from bench.rows._common import Measured, digits, run, scaled, spread

METHODS = ("concepts",)
CLAIM = "no single number: concepts, their reliability, and groups decided alike (Fel et al. 2023)"
SEEDS = 3


def purity(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose class is the most frequent one of their group."""
    table = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(table, (labels, truth), 1)
    return float(table.max(axis=1).sum() / len(truth))


def measure():
    from sklearn.datasets import load_breast_cancer

    cancer = load_breast_cancer(return_X_y=True)
    for name, X, y, k in (
        ("digits", *digits(), 20),
        ("breast cancer", scaled(cancer[0]), cancer[1], 6),
    ):
        pure, gap, base, times = [], [], [], []
        for seed in range(SEEDS):
            # Held-out rows get no label at all, so purity is measured where none was seen.
            held = surrogate.task_of(
                Dataset(labels=y.astype(np.int32), label_names=tuple(map(str, set(y)))), 100 + seed
            ).test
            known = y.copy()
            known[held] = -1
            found, seconds = run("concepts", X, seed, labels=known, n_clusters=k)
            times.append(seconds)
            pure.append(purity(y[held], found.labels[held]))
            facts = found.extras["concept_facts"]
            seen = facts[:, 2] >= 10
            gap.append(float(facts[seen, 1].max() - facts[seen, 1].min()))
            base.append(
                [purity(y[held], run(m, X, seed, n_clusters=k)[0].labels[held])
                 for m in ("kmeans", "gmm")]
            )  # fmt: skip
        plain = dict(zip(("kmeans", "gmm"), np.mean(base, axis=0), strict=True))
        yield Measured(
            f"{k} groups", f"{name}, rows without a label", "purity", float(np.mean(pure)), plain,
            spread=spread(pure), seconds=times[0],
        )  # fmt: skip
        yield Measured(
            "most less least reliable concept", name, "accuracy", float(np.mean(gap)),
            spread=spread(gap),
        )  # fmt: skip
