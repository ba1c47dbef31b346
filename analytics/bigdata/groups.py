"""Counts, means and ranges by group in one pass."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput

MOST = 100_000  # groups
MISSING = "(missing)"
_NUMBERS = ("n", "mean", "m2", "min", "max")


class Groups(NamedTuple):
    """by, of: column names. rows: rows per group, by the tuple of its values. of_column: column ->
    a frame with n (finite numbers), mean, m2 (squared distances from it), min and max per group."""

    by: tuple[str, ...]
    rows: pd.Series
    of_column: dict[str, pd.DataFrame]


def of_chunk(table, by: Sequence[str], of: Sequence[str] = ()) -> Groups:
    """Of a piece, a pyarrow table with these columns; those of ``of`` hold numbers."""
    keys = [_texts(table.column(name)) for name in by]
    index = pd.MultiIndex.from_arrays(keys, names=list(by))
    held = pd.Series(np.ones(len(index), np.int64), index).groupby(level=list(range(len(by))))
    measured = {}
    for name in of:
        values = table.column(name).to_pandas().astype("float64").to_numpy()
        values = pd.Series(np.where(np.isfinite(values), values, np.nan), index)
        grouped = values.groupby(level=list(range(len(by))))
        n = grouped.count()
        frame = pd.DataFrame({"n": n, "mean": grouped.mean(), "m2": grouped.var(ddof=0) * n})
        measured[name] = frame.assign(min=grouped.min(), max=grouped.max())
    return _checked(Groups(tuple(by), held.sum(), measured))


def _texts(column) -> np.ndarray:
    """The values of a column as texts, missing and blank ones as one value of their own."""
    values = column.to_pandas()
    texts = values.astype(str).str.strip()
    return texts.mask(values.isna() | (texts == ""), MISSING).to_numpy(object)


def merge(a: Groups, b: Groups) -> Groups:
    """Of the rows of both. Raises BadInput for too many groups."""
    rows = a.rows.add(b.rows, fill_value=0).astype(np.int64)
    return _checked(
        Groups(
            a.by,
            rows,
            {c: _joined(a.of_column[c], b.of_column[c], rows.index) for c in a.of_column},
        )
    )


def _checked(found: Groups) -> Groups:
    if len(found.rows) > MOST:
        raise BadInput(
            f"{words.names(found.by)} make more than {MOST:,} groups: choose columns with fewer "
            "different values."
        )
    return found


def _joined(a: pd.DataFrame, b: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    a, b = a.reindex(index), b.reindex(index)
    n, m = a["n"].fillna(0), b["n"].fillna(0)
    total = (n + m).clip(lower=1)
    apart = (b["mean"] - a["mean"]).fillna(0)
    mean = a["mean"].fillna(0) * (n / total) + b["mean"].fillna(0) * (m / total)
    return pd.DataFrame(
        {
            "n": n + m,
            "mean": mean.where(n + m > 0),
            "m2": a["m2"].fillna(0) + b["m2"].fillna(0) + apart**2 * n * (m / total),
            "min": np.fmin(a["min"], b["min"]),
            "max": np.fmax(a["max"], b["max"]),
        }
    )


def table(found: Groups) -> pd.DataFrame:
    """One row per group, the largest first: its values, ``rows``, ``share``, and of each column
    its mean, standard deviation, least and largest."""
    frame = pd.DataFrame({"rows": found.rows, "share": found.rows / max(1, found.rows.sum())})
    for name, held in found.of_column.items():
        frame[f"{name}: mean"] = held["mean"]
        frame[f"{name}: std"] = np.sqrt(held["m2"] / held["n"].where(held["n"] > 0))
        frame[f"{name}: min"], frame[f"{name}: max"] = held["min"], held["max"]
    return frame.sort_values("rows", ascending=False, kind="stable").reset_index()
