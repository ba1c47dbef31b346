"""How well the groups separate in the space they were made in."""

import numpy as np

from analytics.clustering.agreement import with_labels
from analytics.clustering.dbcv import dbcv, noise_rows
from analytics.clustering.methods._common import quietly
from analytics.clustering.silhouette import interval, sample_rows, silhouettes, weighted_mean
from analytics.data.words import count
from analytics.progress import Progress, part, silent
from analytics.results import NOISE, Dataset, Score, ScoreCard
from analytics.shares import percent

DBCV_ROWS = 5_000
MOST_GROUPS = 2_000

_WORDS = {
    "silhouette": (
        "Silhouette",
        "higher",
        "How much nearer rows are to their own group than to the next: 1 is apart, 0 on the "
        "border, below 0 in the wrong group. Rousseeuw 1987. Favours round groups.",
    ),
    "calinski_harabasz": (
        "Calinski-Harabasz",
        "higher",
        "Spread between groups over spread within, per degree of freedom; no upper end, so "
        "compare it on the same data only. Calinski & Harabasz 1974.",
    ),
    "davies_bouldin": (
        "Davies-Bouldin",
        "lower",
        "Mean over groups of the worst ratio of widths to the distance of centres; 0 is best. "
        "Davies & Bouldin 1979.",
    ),
    "dbcv": (
        "DBCV",
        "higher",
        "Whether dense groups lie apart, whatever their shape: -1 to 1; noise rows lower it. "
        "Moulavi et al. 2014.",
    ),
}
_TOO_FEW = "Not defined: it takes at least two groups with rows to compare."
_TOO_MANY = f"Not computed for more than {MOST_GROUPS:,} groups."


def _score(name: str, value: float | None, low=None, high=None, why: str = "") -> Score:
    label, better, words = _WORDS[name]
    return Score(value, low, high, label, better, f"{why} {words}".strip() if why else words)


def scores(
    X: np.ndarray, labels: np.ndarray, dataset: Dataset, seed: int = 0, progress: Progress = silent
) -> ScoreCard:
    """Internal scores of labels (n,) on X (n, d), and agreement with known labels if there are.

    values : "silhouette", "calinski_harabasz", "davies_bouldin", "dbcv", and with known labels
    "ari", "ami", "v_measure", "homogeneity", "completeness", "macro_f1". points : "silhouette"
    (NaN for noise and rows outside the sample). groups : "silhouette", "dbcv", "size".
    tables : "contingency" (see ``agreement.with_labels``). Fewer than two groups give None.
    """
    n, k = len(labels), int(labels.max()) + 1
    inside = np.flatnonzero(labels != NOISE)
    notes = ["Distances between rows are Euclidean."]
    if len(inside) < n:
        notes.append(
            f"Noise ({n - len(inside):,} of {n:,} rows, {percent(1 - len(inside) / n, 1)}) is left "
            "out of silhouette, Calinski-Harabasz and Davies-Bouldin, which flatters them; "
            "DBCV counts it against the groups."
        )
    groups: dict[str, np.ndarray] = {"size": np.bincount(labels[inside], minlength=k).astype(float)}
    points: dict[str, np.ndarray] = {}
    values = _silhouette(X, labels, inside, groups, points, notes, seed, part(progress, 0, 0.6))
    progress(0.6, "Calinski-Harabasz and Davies-Bouldin")
    values |= _spread(X[inside], labels[inside], k)
    progress(0.7, "Density-based validity")
    values |= _density(X, labels, groups, notes, seed)
    tables = {}
    if dataset.labels is not None:
        progress(0.9, "Agreement with the labels")
        found, table, said = with_labels(labels, dataset.labels, len(dataset.label_names), seed)
        values |= found
        tables["contingency"] = table
        notes += said
    progress(1.0, "Scored")
    return ScoreCard(values=values, points=points, groups=groups, tables=tables, notes=tuple(notes))


def _silhouette(X, labels, inside, groups, points, notes, seed, progress) -> dict[str, Score]:
    """Overall, per group and per row; None unless 2 <= groups < rows."""
    n, k = len(labels), len(groups["size"])
    points["silhouette"] = np.full(n, np.nan, np.float32)
    groups["silhouette"] = np.full(k, np.nan)
    if not 2 <= k < len(inside) or k > MOST_GROUPS:
        why = _TOO_MANY if k > MOST_GROUPS else _TOO_FEW
        return {"silhouette": _score("silhouette", None, why=why)}
    own = labels[inside]
    rows = sample_rows(own, seed)
    if len(rows) < len(inside):
        notes.append(
            f"Silhouettes of {len(rows):,} of {len(inside):,} rows (seed {seed}, some of every "
            "group), each compared with all rows."
        )
    values = silhouettes(X[inside], [own], rows, progress)[0]
    points["silhouette"][inside[rows]] = values
    picked, sizes = own[rows], groups["size"]
    groups["silhouette"] = np.bincount(picked, values, k) / np.bincount(picked, minlength=k)
    low, high = interval(values, picked, sizes, seed)
    overall = weighted_mean(values, picked, sizes)
    return {"silhouette": _score("silhouette", overall, low, high)}


def _spread(X: np.ndarray, labels: np.ndarray, k: int) -> dict[str, Score]:
    """Calinski-Harabasz and Davies-Bouldin of all grouped rows."""
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    names = ("calinski_harabasz", "davies_bouldin")
    if not 2 <= k < len(labels) or k > MOST_GROUPS:
        why = _TOO_MANY if k > MOST_GROUPS else _TOO_FEW
        return {name: _score(name, None, why=why) for name in names}
    Y = X - X.mean(axis=0)
    Y = Y / max(np.abs(Y).max(), np.finfo(float).tiny)
    with quietly([]):
        centers = np.array([Y[labels == g].mean(axis=0) for g in range(k)])
        within = float(np.sum((Y - centers[labels]) ** 2))
        if within <= 1e-28 * len(Y):
            why = "Not defined: no group has any spread."
            return {name: _score(name, None, why=why) for name in names}
        found = (calinski_harabasz_score(Y, labels), davies_bouldin_score(Y, labels))
    return {
        name: _score(name, float(value))
        if np.isfinite(value)
        else _score(name, None, why="Not defined: two groups share one centre.")
        for name, value in zip(names, found, strict=True)
    }


def _density(X, labels, groups, notes, seed) -> dict[str, Score]:
    """DBCV, on a seeded sample of rows when there are many."""
    k = len(groups["size"])
    groups["dbcv"] = np.full(k, np.nan)
    if k > MOST_GROUPS:
        return {"dbcv": _score("dbcv", None, why=_TOO_MANY)}
    rows = np.arange(len(labels))
    if len(rows) > DBCV_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), DBCV_ROWS, replace=False))
        notes.append(f"DBCV uses {DBCV_ROWS:,} of {len(labels):,} rows (seed {seed}).")
    used = labels[rows]
    found = dbcv(X[rows], used)
    if found is None:
        why = "Not defined: it takes two groups of two or more rows."
        return {"dbcv": _score("dbcv", None, why=why)}
    value, per_group = found
    groups["dbcv"][: len(per_group)] = per_group
    single = noise_rows(used) - int(np.sum(used == NOISE))
    if single:
        notes.append(f"DBCV counts {count(single, 'group')} of a single row as noise.")
    return {"dbcv": _score("dbcv", value)}
