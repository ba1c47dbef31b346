"""How far two groupings of the same rows agree."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.results import NOISE, UNLABELLED, Score

_MOST_CELLS = 5_000_000  # of a contingency table: 40 MB

_WORDS = {
    "ari": (
        "Adjusted Rand index",
        "Share of row pairs on which both agree, corrected for chance: 1 is equal, 0 is chance. "
        "Hubert & Arabie 1985.",
    ),
    "ami": (
        "Adjusted mutual information",
        "Information shared by both, corrected for chance: 1 is equal, 0 is chance. "
        "Vinh, Epps & Bailey 2010.",
    ),
    "homogeneity": (
        "Homogeneity",
        "1 when every group holds rows of one label only. Rosenberg & Hirschberg 2007.",
    ),
    "completeness": (
        "Completeness",
        "1 when all rows of a label lie in one group. Rosenberg & Hirschberg 2007.",
    ),
    "v_measure": (
        "V-measure",
        "Harmonic mean of homogeneity and completeness; not corrected for chance. "
        "Rosenberg & Hirschberg 2007.",
    ),
    "macro_f1": (
        "Matched macro-F1",
        "Each label is matched with at most one group so that most rows agree (Kuhn 1955); "
        "then the mean F1 over labels, 0 for a label without a group.",
    ),
}


def contingency(a: np.ndarray, b: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Counts (rows, columns) of codes a (n,) in 0 .. rows - 1 against b in 0 .. columns - 1."""
    return np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)


def match(labels_a: np.ndarray, labels_b: np.ndarray) -> dict[int, int]:
    """The one-to-one pairing of groups with the most rows in common (Kuhn 1955).

    labels : whole numbers (n,), -1 for noise, which is never matched. Returns group of b -> group
    of a; a group without a partner, or sharing no row with it, is absent.
    """
    labels_a, labels_b = np.asarray(labels_a), np.asarray(labels_b)
    both = (labels_a != NOISE) & (labels_b != NOISE)
    names_a, a = np.unique(labels_a[both], return_inverse=True)
    names_b, b = np.unique(labels_b[both], return_inverse=True)
    if not len(names_a):
        return {}
    table = contingency(a, b, len(names_a), len(names_b))
    return {int(names_b[j]): int(names_a[i]) for i, j in _pairs(table)}


def _pairs(table: np.ndarray) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment

    i, j = linear_sum_assignment(table, maximize=True)
    return [(int(r), int(c)) for r, c in zip(i, j, strict=True) if table[r, c] > 0]


def compare(labels_a: Any, labels_b: Any) -> dict[str, Any]:
    """Agreement of two groupings as plain JSON values.

    labels : (n,) whole numbers (-1 is noise, -2 no label) or any names; empty cells are no label.
    Rows without a label on either side are left out ("left_out"). Noise counts as one more group,
    except in macro-F1, where it matches nothing. Raises BadInput.
    """
    (a, noise_a, names_a), (b, noise_b, names_b) = _codes(labels_a), _codes(labels_b)
    if len(a) != len(b):
        raise BadInput(
            f"The two groupings have {len(a):,} and {len(b):,} rows: "
            "compare groupings of the same rows."
        )
    known = (a >= 0) & (b >= 0)
    if not known.any():
        raise BadInput("No row has a label in both groupings: there is nothing to compare.")
    if len(names_a) * len(names_b) > _MOST_CELLS:
        raise BadInput(
            f"The two groupings have {len(names_a):,} and {len(names_b):,} different labels, too "
            "many to compare: check that neither is a column of row names."
        )
    table = contingency(a[known], b[known], len(names_a), len(names_b))
    values = table_scores(table, noise_a, noise_b)
    matched = _drop(_drop(table, noise_a, 0), noise_b, 1)
    rows = [name for i, name in enumerate(names_a) if i != noise_a]
    columns = [name for j, name in enumerate(names_b) if j != noise_b]
    return {
        "n": int(known.sum()),
        "left_out": int((~known).sum()),
        "n_clusters_a": int(np.sum(matched.sum(axis=1) > 0)),
        "n_clusters_b": int(np.sum(matched.sum(axis=0) > 0)),
        "noise_share_a": _share(table, noise_a, 0),
        "noise_share_b": _share(table, noise_b, 1),
        **values,
        "matching": [[rows[i], columns[j], int(matched[i, j])] for i, j in _pairs(matched)],
    }


def _codes(labels: Any) -> tuple[np.ndarray, int | None, list[Any]]:
    """Codes (n,), -1 for no label; the code of noise or None; the names by code."""
    series = pd.Series(np.asarray(labels).ravel())
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        series = series.where(series != UNLABELLED)
    else:
        # Names of mixed types cannot be sorted as they are.
        series = series.astype(str).where(series.notna())
    codes, names = pd.factorize(series, sort=True)
    plain = [name.item() if hasattr(name, "item") else name for name in names]
    plain = [int(p) if isinstance(p, float) and p == int(p) else p for p in plain]
    noise = next((i for i, p in enumerate(plain) if p == NOISE and not isinstance(p, bool)), None)
    return codes.astype(np.int64), noise, plain


def _drop(table: np.ndarray, index: int | None, axis: int) -> np.ndarray:
    return table if index is None else np.delete(table, index, axis=axis)


def _share(table: np.ndarray, index: int | None, axis: int) -> float:
    return 0.0 if index is None else float(np.take(table, index, axis).sum() / table.sum())


def table_scores(
    table: np.ndarray, noise_row: int | None = None, noise_column: int | None = None
) -> dict[str, float]:
    """All agreement scores of a contingency table with at least one count."""
    values = {name: float(v[0]) for name, v in _from_tables(table[None]).items()}
    # Without noise, since a noise row belongs to no group, but it still counts as missed.
    f1 = _macro_f1(table, noise_row, noise_column)
    return {"ari": values["ari"], "ami": table_ami(table), **values, "macro_f1": f1}


def table_ari(table: np.ndarray) -> float:
    """Adjusted Rand index of a contingency table."""
    return float(_from_tables(table[None])["ari"][0])


def table_ami(table: np.ndarray) -> float:
    """Adjusted mutual information of a contingency table, normalised by the mean entropy.

    Vinh, Epps & Bailey 2010.
    """
    return ami_of_counts(table[table > 0], table.sum(axis=1), table.sum(axis=0))


def ami_of_counts(joint: np.ndarray, sizes_a: np.ndarray, sizes_b: np.ndarray) -> float:
    """Adjusted mutual information of two groupings with these group sizes, whose non-empty
    overlaps hold ``joint`` rows: quick for thousands of small groups too."""
    sizes_a, sizes_b = sizes_a[sizes_a > 0], sizes_b[sizes_b > 0]
    if min(len(sizes_a), len(sizes_b)) == 1:
        return float(len(sizes_a) == len(sizes_b))
    n = int(sizes_a.sum())
    counts = [np.asarray(c, float)[None] for c in (sizes_a, sizes_b, joint)]
    h_a, h_b, h_ab = (float(_entropy(c, np.array([n]))[0]) for c in counts)
    chance = expected_information(sizes_a, sizes_b)
    # All alone on both sides: nothing is left beyond chance, and both are equal.
    most = (h_a + h_b) / 2 - chance
    return float((h_a + h_b - h_ab - chance) / most) if abs(most) > 1e-12 else 1.0


def expected_information(sizes_a: np.ndarray, sizes_b: np.ndarray) -> float:
    """Mutual information, in nats, that two groupings with these sizes share by chance.

    Vinh, Epps & Bailey 2010, equation 24a: the overlap of two groups is hypergeometric. Groups of
    one size have the same sum, so it is made once per pair of sizes.
    """
    from scipy.special import gammaln

    n = int(np.sum(sizes_a))
    log_factorial = gammaln(np.arange(n + 1) + 1.0)
    total = 0.0
    for a, times_a in zip(*np.unique(sizes_a, return_counts=True), strict=True):
        for b, times_b in zip(*np.unique(sizes_b, return_counts=True), strict=True):
            overlap = np.arange(max(1, a + b - n), min(a, b) + 1)
            chance = (
                log_factorial[a] + log_factorial[b] + log_factorial[n - a] + log_factorial[n - b]
                - log_factorial[n] - log_factorial[overlap] - log_factorial[a - overlap]
                - log_factorial[b - overlap] - log_factorial[n - a - b + overlap]
            )  # fmt: skip
            part = overlap / n * np.log(n * overlap / (float(a) * float(b))) * np.exp(chance)
            total += float(times_a) * float(times_b) * part.sum()
    return float(total)


def _from_tables(tables: np.ndarray) -> dict[str, np.ndarray]:
    """ARI and the three entropy scores of several tables (r, i, j) at once: (r,) each."""
    n = tables.sum(axis=(1, 2)).astype(float)
    rows, columns = tables.sum(axis=2).astype(float), tables.sum(axis=1).astype(float)
    pairs = (tables.astype(float) ** 2).sum(axis=(1, 2)) - n
    pairs_a, pairs_b = (rows**2).sum(axis=1) - n, (columns**2).sum(axis=1) - n
    expected = pairs_a * pairs_b / np.maximum(n * (n - 1), 1)
    most = (pairs_a + pairs_b) / 2
    # Two groupings without pairs to disagree on are equal.
    ari = np.divide(pairs - expected, most - expected, where=most > expected, out=np.ones(len(n)))
    h_a, h_b = _entropy(rows, n), _entropy(columns, n)
    shared = h_a + h_b - _entropy(tables.reshape(len(n), -1), n)
    ones = np.ones(len(n))
    homogeneity = np.clip(np.divide(shared, h_a, where=h_a > 1e-15, out=ones.copy()), 0, 1)
    completeness = np.clip(np.divide(shared, h_b, where=h_b > 1e-15, out=ones.copy()), 0, 1)
    both = homogeneity + completeness
    v = np.divide(2 * homogeneity * completeness, both, where=both > 0, out=np.zeros(len(n)))
    return {
        "ari": ari,
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": v,
    }


def _entropy(counts: np.ndarray, n: np.ndarray) -> np.ndarray:
    share = counts / n[:, None]
    return -np.sum(share * np.log(share, where=share > 0, out=np.zeros_like(share)), axis=1)


def _macro_f1(table: np.ndarray, noise_row: int | None, noise_column: int | None) -> float:
    sizes_a, sizes_b = table.sum(axis=1), table.sum(axis=0)
    inner = table.copy()
    if noise_row is not None:
        inner[noise_row] = 0
    if noise_column is not None:
        inner[:, noise_column] = 0
    present = np.flatnonzero(sizes_a > 0)
    present = present[present != noise_row] if noise_row is not None else present
    if not len(present):
        return 0.0
    f1 = {i: 2 * inner[i, j] / (sizes_a[i] + sizes_b[j]) for i, j in _pairs(inner)}
    return float(sum(f1.get(int(i), 0.0) for i in present) / len(present))


def with_labels(
    labels: np.ndarray, truth: np.ndarray, classes: int, seed: int
) -> tuple[dict[str, Score], np.ndarray, list[str]]:
    """Scores of a clustering against known labels, the contingency table, and notes.

    labels : int (n,), -1 noise. truth : int (n,), -2 where unlabelled. The table's rows are the
    label names in order; its columns the groups in order, then noise when there is any.
    """
    known = truth != UNLABELLED
    if not known.any():
        return {}, np.zeros((classes, 0), np.int64), ["No row has a label to compare with."]
    k = int(labels.max()) + 1
    noise = k if np.any(labels[known] == NOISE) else None
    columns = k + (noise is not None)
    if classes * columns > _MOST_CELLS:
        words = f"The {classes:,} different labels are too many to compare with {k:,} groups."
        return {}, np.zeros((0, 0), np.int64), [words]
    codes = np.where(labels == NOISE, k, labels)[known].astype(np.int64)
    table = contingency(truth[known].astype(np.int64), codes, classes, columns)
    values = table_scores(table, None, noise)
    limits = _intervals(table, noise, seed)
    scores = {
        name: Score(values[name], *limits.get(name, (None, None)), label=label, help=text)
        for name, (label, text) in _WORDS.items()
    }
    notes = []
    if not known.all():
        notes.append(
            f"Agreement uses the {known.sum():,} rows with a label; "
            f"{(~known).sum():,} without one are left out."
        )
    if noise is not None:
        notes.append("In the agreement scores noise counts as one more group, in F1 as missed.")
    return scores, table, notes


def _intervals(
    table: np.ndarray, noise: int | None, seed: int, draws: int = 200
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals over rows: the counts are drawn again from a multinomial.

    Only for tables of at most 10,000 cells; AMI has none, since each draw would take as long as
    all the rest.
    """
    if table.size > 10_000:
        return {}
    rng = np.random.default_rng(seed)
    n = int(table.sum())
    tables = rng.multinomial(n, table.ravel() / n, draws).reshape(draws, *table.shape)
    drawn = _from_tables(tables)
    drawn["macro_f1"] = np.array([_macro_f1(t, None, noise) for t in tables])
    centre = {name: v[0] for name, v in _from_tables(table[None]).items()}
    centre["macro_f1"] = _macro_f1(table, None, noise)
    limits = {}
    for name, values in drawn.items():
        low, high = np.percentile(values, [2.5, 97.5])
        # Percentiles of a biased score can miss it; an interval that excludes its own value helps
        # nobody.
        limits[name] = (float(min(low, centre[name])), float(max(high, centre[name])))
    return limits
