"""New classes beside known ones: the paper's split of optdigits, and own splits of other tables."""

import numpy as np

from analytics.clustering import novel, pbn
from analytics.progress import silent
from bench.rows._common import Measured, acc, digits, run, scaled, spread, table

METHODS = ("ncdkmeans", "ncdspectral", "pbn")
CLAIM = (
    "NCD k-means and PBN beat k-means on 7 tables without knowledge of the new classes, whose "
    "number can be estimated (Troisemaine et al. 2024)"
)
NEW = (0, 3, 4, 5, 6)
SEEDS = range(5)


def measure():
    yield from paper_split()
    for name in ("letter", "pen_based", "har", "cnae9"):
        yield from own_split(name)


def paper_split():
    """Training file of optdigits, new classes 0, 3, 4, 5, 6; scored on the new rows of the test
    file (scikit-learn's digits), which no centre and no network has seen."""
    X, y = table("optical")
    test, truth = digits()
    kept = [i for i in range(64) if i not in (0, 39)]
    mean, width = X[:, kept].mean(axis=0), X[:, kept].std(axis=0)
    X, test = (X[:, kept] - mean) / width, (test[:, kept] - mean) / width
    X, test = X.astype(np.float64), test.astype(np.float64)
    new, shown = np.isin(y, NEW), np.isin(truth, NEW)
    test, truth = test[shown], truth[shown]
    codes = np.where(new, -1, np.searchsorted([1, 2, 7, 8, 9], y)).astype(np.int64)
    bases = {"k-means": [], "k-means by sum of distances": [], "gmm": []}
    scores = {"NCD k-means": [], "NCD spectral": [], "PBN": [], "PBN, one network": []}
    counts = []
    for seed in SEEDS:
        for name, value in zip(bases, baselines(X[new], test, truth, seed), strict=True):
            bases[name].append(value)
        centers, _ = novel.kmeans(X[~new], codes[~new], X[new], 5, seed)
        scores["NCD k-means"].append(acc(truth, novel.nearest(test, centers)))
        Z = novel.spectral_space(np.vstack([X[~new], test]), 0.116, 37)
        known, unknown = Z[: (~new).sum()], Z[(~new).sum() :]
        centers, _ = novel.kmeans(known, codes[~new], unknown, 5, seed)
        scores["NCD spectral"].append(acc(truth, novel.nearest(unknown, centers)))
        for name, networks in (("PBN", 3), ("PBN, one network", 1)):
            Z, Zt = pbn.codes_of_several(
                X, codes, pbn.Settings(58), networks, 10 * seed, silent, (test,)
            )
            centers, _ = novel.kmeans(Z[~new], codes[~new], Z[new], 5, seed)
            scores[name].append(acc(truth, novel.nearest(Zt, centers)))
            if networks == 3:
                counts.append(novel.number_of_classes(Z[new], seed))
    plain = {name: float(np.mean(values)) for name, values in bases.items()}
    for name, values in scores.items():
        bar = None if "one" in name or "spectral" in name else 0.95
        ours = float(np.mean(values))
        yield Measured(name, "optdigits, test rows", "ACC", ours, plain, bar, spread(values))
    far = max(abs(c - 5) for c in counts)
    words = f"estimates {', '.join(map(str, counts))}"
    yield Measured("new classes by PBN", "optdigits", "most off 5", far, {}, 1, words, less=True)
    raw = novel.number_of_classes(X[new], 0)
    yield Measured("the same in the columns", "optdigits", "off 5", abs(raw - 5), less=True)


def baselines(new, test, truth, seed: int) -> list[float]:
    """Plain methods on the unlabelled training rows, scored on the test rows."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    runs = [KMeans(5, n_init=1, random_state=10 * seed + i).fit(new) for i in range(10)]
    squares = min(runs, key=lambda m: m.inertia_)
    sums = min(runs, key=lambda m: m.transform(new).min(axis=1).sum())
    mixture = GaussianMixture(5, covariance_type="diag", n_init=2, random_state=seed).fit(new)
    return [acc(truth, m.predict(test)) for m in (squares, sums, mixture)]


def own_split(name: str):
    """Every second class is new; all rows are there, as in the app."""
    X, y = table(name)
    if len(X) > 6_000:
        rows = np.random.default_rng(0).choice(len(X), 4_000, replace=False)
        X, y = X[rows], y[rows]
    X, classes = scaled(X), np.unique(y)
    new = np.isin(y, classes[1::2])
    k = len(classes[1::2])
    codes = np.where(new, -1, y)
    means = [
        np.mean([acc(y[new], run(m, X[new], s, n_clusters=k)[0].labels) for s in range(2)])
        for m in ("kmeans", "gmm")
    ]
    plain = dict(zip(("k-means", "gmm"), map(float, means), strict=True))
    what = f"{name}, {k} new of {len(classes)} classes, {len(X):,} rows"
    for method, more in (("ncdkmeans", {}), ("ncdspectral", {"tries": 5}), ("pbn", {})):
        if method == "pbn" and X.shape[1] > 300:
            more = {"networks": 1, "epochs": 100}  # noqa: PLW2901
        found = [run(method, X, s, codes, n_clusters=k, **more) for s in range(2)]
        values = [acc(y[new], groups.labels[new]) for groups, _ in found]
        yield Measured(
            method, what, "ACC", float(np.mean(values)), plain, spread=spread(values),
            seconds=found[0][1],
        )  # fmt: skip
