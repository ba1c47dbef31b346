"""How far every two of several groupings agree."""

from collections.abc import Sequence

import numpy as np

from analytics.clustering.agreement import contingency, table_ami, table_ari
from analytics.progress import Progress, silent
from analytics.results import UNLABELLED, Score, ScoreCard

# Cells of a contingency table up to which the expected mutual information is computed: it takes
# about 1 s for this many with 100,000 rows.
MOST_CELLS = 40_000


def agreements(labelings: Sequence[np.ndarray], progress: Progress = silent) -> ScoreCard:
    """Adjusted Rand index and adjusted mutual information of every two groupings.

    labelings : r arrays (n,), -1 for noise (one more group), UNLABELLED where a row was not
    grouped (left out of the pairs that lack it). tables : "ari", "ami" (r, r), NaN where two have
    no row in common or too many groups for AMI; "rows" (r, r), rows in both. groups : "ari", "ami"
    (r,), the mean agreement of each with the others. values : their means over all pairs.
    """
    r = len(labelings)
    ari, ami = np.eye(r), np.eye(r)
    rows = np.zeros((r, r))
    # Numbered once: with 24 groupings each takes part in 23 pairs.
    codes = [np.unique(a, return_inverse=True)[1] for a in labelings]
    held = [np.asarray(a) != UNLABELLED for a in labelings]
    for i in range(r):
        progress(i / max(r, 1), f"comparing result {i + 1} of {r}")
        for j in range(i, r):
            known = held[i] & held[j]
            rows[i, j] = rows[j, i] = known.sum()
            if j > i:
                whole = rows[i, j] == len(known)
                both = (codes[i], codes[j]) if whole else (codes[i][known], codes[j][known])
                found = _pair(*both)
                ari[i, j] = ari[j, i] = found[0]
                ami[i, j] = ami[j, i] = found[1]
    off = ~np.eye(r, dtype=bool)
    groups = {name: _means(m, off) for name, m in (("ari", ari), ("ami", ami))}
    labels = {"ari": "Adjusted Rand index", "ami": "Adjusted mutual information"}
    values = {
        name: Score(float(np.nanmean(m[off])), label=labels[name])
        for name, m in (("ari", ari), ("ami", ami))
        if r > 1 and np.isfinite(m[off]).any()
    }
    progress(1.0, "compared")
    return ScoreCard(values=values, groups=groups, tables={"ari": ari, "ami": ami, "rows": rows})


def _means(matrix: np.ndarray, off: np.ndarray) -> np.ndarray:
    """The mean of each row's other entries, NaN when there is none."""
    held = np.where(off & np.isfinite(matrix), matrix, 0).sum(axis=1)
    count = (off & np.isfinite(matrix)).sum(axis=1)
    return np.divide(held, count, where=count > 0, out=np.full(len(matrix), np.nan))


def _pair(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """ARI and AMI of two groupings of the same rows, numbered from 0; NaN without rows."""
    if not len(a):
        return float("nan"), float("nan")
    table = contingency(a, b, int(a.max()) + 1, int(b.max()) + 1)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    return table_ari(table), ami_of(table)


def ami_of(table: np.ndarray) -> float:
    """Adjusted mutual information of a contingency table; NaN when it has too many cells."""
    return table_ami(table) if table.size <= MOST_CELLS else float("nan")
