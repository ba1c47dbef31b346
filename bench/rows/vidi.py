"""Attribution space: are groups cleaner in the label and steadier than those of the columns?"""

import numpy as np

from analytics.clustering import surrogate
from analytics.results import Dataset
from bench.rows._common import Measured, ari, digits, run, scaled, spread
from bench.rows.concepts import purity

METHODS = ("vidi",)
CLAIM = "explains COVID and pneumonia answers by regions (ViDi, abstract); no clustering number"
SEEDS = 5


def measure():
    from sklearn.datasets import load_breast_cancer, load_wine

    cancer, wine = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)
    for name, X, y, k in (
        ("breast cancer", scaled(cancer[0]), cancer[1], 4),
        ("wine", scaled(wine[0]), wine[1], 6),
        ("digits", *digits(), 20),
    ):
        base, base_steady = [], {}
        for model in ("linear", "network"):
            pure, found = [], []
            for seed in range(SEEDS):
                known, held = hidden(y, seed)
                made, seconds = run("vidi", X, seed, labels=known, n_clusters=k, model=model)
                pure.append(purity(y[held], made.labels[held]))
                found.append(made.labels)
                if model == "linear":
                    plain = run("kmeans", X, seed, n_clusters=k)[0].labels
                    base.append(purity(y[held], plain[held]))
            yield Measured(
                f"{model}, {k} groups", f"{name}, rows without a label", "purity",
                float(np.mean(pure)), {"kmeans": float(np.mean(base))}, spread=spread(pure),
                seconds=seconds,
            )  # fmt: skip
            again = steadiness(X, y, k, model)
            base_steady = base_steady or {"kmeans": float(np.mean(steadiness(X, y, k, None)))}
            yield Measured(
                f"{model}, {k} groups", f"{name}, two samples of 80 %", "ARI of their groups",
                float(np.mean(again)), base_steady, spread=spread(again),
            )  # fmt: skip


def hidden(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The labels with 30 % of each class hidden, and the rows that are."""
    names = tuple(map(str, range(y.max() + 1)))
    held = surrogate.task_of(Dataset(labels=y.astype(np.int32), label_names=names), 100 + seed).test
    known = y.copy()
    known[held] = -1
    return known, held


def steadiness(X: np.ndarray, y: np.ndarray, k: int, model: str | None) -> list[float]:
    """Agreement, on the rows in both, of groups of two random samples of 80 % of the rows."""
    found = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        parts = [np.sort(rng.choice(len(X), int(0.8 * len(X)), replace=False)) for _ in range(2)]
        labels = []
        for rows in parts:
            if model is None:
                labels.append(run("kmeans", X[rows], seed, n_clusters=k)[0].labels)
            else:
                asked = {"labels": y[rows], "n_clusters": k, "model": model}
                labels.append(run("vidi", X[rows], seed, **asked)[0].labels)
        _, one, two = np.intersect1d(*parts, return_indices=True)
        found.append(ari(labels[0][one], labels[1][two]))
    return found
