"""Facts about single columns: ranges, middle, spread, distinct values, histograms.

Numeric columns are handled many at a time: one sort per column gives the range, the median, the
number of distinct values and the histogram, so 10,000 columns take about as long as one column of
as many cells.
"""

from typing import Any

import numpy as np
import pandas as pd

BINS = 20
DETAILED = 500  # columns beyond this many get no histogram and no most frequent values
TOP = 5
_CELLS_AT_ONCE = 4_000_000
_LONGEST = 60

Facts = dict[str, Any]


def by_column(frame: pd.DataFrame, kinds: dict[str, str]) -> dict[str, Facts]:
    """Facts per column, in the order of the table. All values are plain JSON, None when undefined.

    ``missing``, ``infinite`` and ``distinct`` are exact counts. ``min`` to ``std`` describe the
    finite values (dates: only min and max, as ISO text).
    """
    found: dict[str, Facts] = {}
    detailed = set(frame.columns[:DETAILED])
    by_dtype: dict[Any, list[str]] = {}
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
            by_dtype.setdefault(dtype, []).append(column)
        else:
            found[column] = _of_other(frame[column], column in detailed)
    for columns in by_dtype.values():
        step = max(1, _CELLS_AT_ONCE // max(1, len(frame)))
        for start in range(0, len(columns), step):
            chunk = columns[start : start + step]
            found.update(_of_numbers(frame[chunk], detailed))
    return {c: {"kind": kinds[c], **found[c]} for c in frame.columns}


def _empty() -> Facts:
    return {
        "missing": 0,
        "infinite": 0,
        "distinct": 0,
        "min": None,
        "max": None,
        "mean": None,
        "median": None,
        "std": None,
        "top": [],
        "histogram": {"edges": [], "counts": []},
    }


def _of_numbers(frame: pd.DataFrame, detailed: set[str]) -> dict[str, Facts]:
    """Facts of columns of one dtype."""
    values = np.array(frame.to_numpy().T, order="C")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    floats = values.dtype.kind == "f"
    infinite = np.isinf(values).sum(axis=1) if floats else np.zeros(len(values), int)
    missing = np.isnan(values).sum(axis=1) if floats else np.zeros(len(values), int)
    values.sort(axis=1)  # missing values go last, infinite ones to the ends
    found = {}
    for position, column in enumerate(frame.columns):
        known = values[position, : values.shape[1] - missing[position]]
        finite = known[np.isfinite(known)] if infinite[position] else known
        one = _of_sorted(finite, column in detailed)
        one["missing"], one["infinite"] = int(missing[position]), int(infinite[position])
        if infinite[position]:
            one["distinct"] += int(known[0] == -np.inf) + int(known[-1] == np.inf)
        found[column] = one
    return found


def _of_sorted(values: np.ndarray, detailed: bool) -> Facts:
    """Facts of finite values in rising order."""
    one = _empty()
    n = len(values)
    if n == 0:
        return one
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    numbers = values.astype(np.float64)
    low, high = numbers[0], numbers[-1]
    # Dividing by the largest value first keeps sums and squares of 1e300 finite.
    largest = max(abs(low), abs(high)) or 1.0
    shares = numbers / largest
    mean = float(shares.mean())
    one["distinct"] = len(starts)
    one["min"], one["max"] = _plain(values[0]), _plain(values[-1])
    one["mean"] = _plain(min(max(mean * largest, low), high))
    one["median"] = _plain(numbers[(n - 1) // 2] / 2 + numbers[n // 2] / 2)
    one["std"] = _plain(float(np.sqrt(np.mean((shares - mean) ** 2))) * largest)
    if detailed:
        lengths = np.diff(np.append(starts, n))
        order = np.argsort(-lengths, kind="stable")[:TOP]
        one["top"] = [[_plain(values[starts[i]]), int(lengths[i])] for i in order]
        one["histogram"] = _histogram(numbers)
    return one


def _histogram(values: np.ndarray) -> dict[str, list]:
    """Counts of sorted values in at most 20 equal bins; the last bin holds its upper edge."""
    low, high = values[0], values[-1]
    if low == high:
        return {"edges": [float(low), float(high)], "counts": [len(values)]}
    t = np.linspace(0, 1, BINS + 1)
    edges = low * (1 - t) + high * t  # high - low could overflow
    below = np.searchsorted(values, edges[1:-1], side="left")
    counts = np.diff(np.concatenate(([0], below, [len(values)])))
    return {"edges": [float(f"{e:.7g}") for e in edges], "counts": counts.tolist()}


def _of_other(values: pd.Series, detailed: bool) -> Facts:
    """Facts of a text or date column. Equally frequent values are listed in their own order."""
    one = _empty()
    one["missing"] = int(values.isna().sum())
    if one["missing"] == len(values):
        return one
    is_date = values.dtype.kind == "M"
    if is_date:
        one["min"], one["max"] = values.min().isoformat(), values.max().isoformat()
    counts = values.value_counts(sort=False)
    one["distinct"] = len(counts)
    if detailed:
        least = np.sort(counts.to_numpy())[-TOP:][0]
        frequent = counts[counts >= least]
        if len(frequent) > TOP:
            frequent = frequent.sort_index().sort_values(ascending=False, kind="stable")[:TOP]
        pairs = sorted((-int(c), v) for v, c in frequent.items())
        one["top"] = [[v.isoformat() if is_date else v[:_LONGEST], -c] for c, v in pairs]
    return one


def _plain(value: Any) -> int | float:
    """A number as int, or as a float of 12 digits."""
    if isinstance(value, np.integer):
        return int(value)
    return float(f"{float(value):.12g}")
