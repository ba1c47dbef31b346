"""SLK: does the agreement of neighbours help, without labels and with one label per class?"""

import numpy as np

from bench.rows._common import Measured, acc, digits, nmi, plain, run, scaled, spread, table

METHODS = ("slk",)
CLAIM = (
    "clustering is all you need: with one labelled example per class, SLK 75.2 against 73.4 for "
    "LaplacianShot and 73.8 for k-means on mini-ImageNet (Ziko et al. 2021)"
)
DRAWS = 20


def measure():
    X, y = digits()
    pens, written = table("pen_based")
    rows = np.random.default_rng(0).choice(len(pens), 3_000, replace=False)
    for name, (points, truth), bar in (
        ("digits", (X, y), (0.80, 0.78)),
        ("pendigits, 3,000 rows", (scaled(pens[rows]), written[rows]), (None, None)),
    ):
        yield from one(name, points, truth, bar)


def one(name: str, X: np.ndarray, y: np.ndarray, bar):
    """Without labels over 5 seeds, and with one label per class over 20 draws."""
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    k = len(np.unique(y))
    base = plain(U, y, nmi, 3)
    for smoothing in (1.5, 0):
        found = [run("slk", X, seed, n_clusters=k, smoothing=smoothing) for seed in range(5)]
        values = [nmi(y, groups.labels) for groups, _ in found]
        what = "SLK, no labels" if smoothing else "agreement 0, no labels"
        yield Measured(
            what, name, "NMI", float(np.mean(values)), base, bar[0] if smoothing else None,
            spread(values), found[0][1],
        )  # fmt: skip
    values, nearest, matched = [], [], []
    for seed in range(DRAWS):
        found, seconds = run("slk", X, seed, y, use_labels=True, shots=1)
        rng, classes = np.random.default_rng(seed), np.unique(y)
        drawn = np.array([rng.choice(np.flatnonzero(y == c), 1, replace=False)[0] for c in classes])
        rest = np.setdiff1d(np.arange(len(y)), drawn)
        # A group is the class of its example; rows of groups without one are wrong.
        owner = {found.labels[row]: y[row] for row in drawn}
        said = np.array([owner.get(g, -1) for g in found.labels])
        values.append(float((said == y)[rest].mean()))
        far = ((U[rest, None] - U[drawn][None]) ** 2).sum(axis=2)
        nearest.append(float((classes[far.argmin(axis=1)] == y[rest]).mean()))
        matched.append(acc(y, found.labels))
    base = {"nearest example": float(np.mean(nearest))}
    yield Measured(
        "SLK, one label per class", name, "ACC", float(np.mean(values)), base, bar[1],
        f"{DRAWS} draws, {min(values):.3f}-{max(values):.3f}", seconds,
    )  # fmt: skip
