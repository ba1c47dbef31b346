"""DDFA: the complete optdigits in ten domains whose shares of digits differ more or less."""

import numpy as np

from bench.rows._common import Measured, acc, digits, plain, run, table

METHODS = ("ddfa",)
CLAIM = "beats clustering of features when label shift is strong (Roberts et al. 2022)"
DOMAINS = 10


def domains(y: np.ndarray, alpha: float, seed: int) -> np.ndarray:
    """A domain per row: each domain's shares of labels are drawn from a Dirichlet of alpha / K."""
    rng = np.random.default_rng(seed)
    k = int(y.max()) + 1
    shares = rng.dirichlet([alpha / k] * k, size=DOMAINS) + 1e-12
    where = shares / shares.sum(axis=0)
    return np.array([rng.choice(DOMAINS, p=where[:, label]) for label in y])


def measure():
    X, y = table("optical")
    more, labels = digits()
    X, y = np.concatenate([X, more]), np.concatenate([y - y.min(), labels])
    base = plain(X, y, acc, 3, ("kmeans",))
    for alpha in (0.5, 3.0, 10.0):
        for bins in (0, 60):
            ours, seconds = [], 0.0
            for seed in range(5):
                found, seconds = run(
                    "ddfa", X, seed, domain=domains(y, alpha, seed), n_clusters=10, bins=bins
                )
                ours.append(acc(y, found.labels))
            words = f"alpha {alpha:g}, " + ("60 bins" if bins else "no factorisation")
            yield Measured(
                words, "optdigits, 10 domains", "median ACC", float(np.median(ours)), base,
                bar=0.9 if alpha == 0.5 and not bins else None,
                spread=f"5 seeds, {min(ours):.3f}-{max(ours):.3f}", seconds=seconds,
            )  # fmt: skip
