"""Contrastive PCA: groups of the rows of interest under noise that the background shares."""

import numpy as np

from analytics.projection.methods.contrast import contrast
from bench.rows._common import Measured, ari, run, spread

METHODS = ("cpca",)
CLAIM = (
    "shows groups in one data set that PCA does not, by a background without them (Abid et al. "
    "2018, Nature Communications 9)"
)
SEEDS, ALPHA = range(5), 10.0


def measure():
    for strength in (4.0, 8.0, 16.0):
        scores = {"cpca": [], "PCA": [], "all columns": []}
        for seed in SEEDS:
            X, domain, y = hidden(seed, strength)
            for name, values in scores.items():
                groups = run("kmeans", seen(name, X, domain), seed, n_clusters=2)[0]
                values.append(ari(y, groups.labels))
        ours = scores.pop("cpca")
        plain = {name: float(np.mean(values)) for name, values in scores.items()}
        what = f"digits 0 and 1 under noise of {strength:g}"
        mean = float(np.mean(ours))
        yield Measured("k-means in the plane", what, "ARI", mean, plain, None, spread(ours))


def seen(name: str, X, domain) -> np.ndarray:
    """The rows of interest in the contrastive plane, the plane of PCA, or all columns."""
    target = domain == 1
    if name == "cpca":
        return contrast(X, target, ALPHA, [], "background")[target]
    rows = X[target] - X[target].mean(axis=0)
    if name == "PCA":
        u, s, _ = np.linalg.svd(rows, full_matrices=False)
        return u[:, :2] * s[:2]
    return rows


def hidden(seed: int = 0, strength: float = 8.0):
    """Digits 0 and 1 under strong noise of five patterns, which the background has alone: X,
    domain (0 background, 1 rows of interest), classes of the latter."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(seed)
    X, y = load_digits(return_X_y=True)
    X, y = X[y < 2], y[y < 2]
    patterns = rng.normal(size=(5, 64)) * strength
    noise = rng.normal(size=(2 * len(X), 5)) @ patterns
    rows = np.concatenate([noise[: len(X)], noise[len(X) :] + X])
    return rows + rng.normal(size=rows.shape), np.repeat([0, 1], len(X)), y
