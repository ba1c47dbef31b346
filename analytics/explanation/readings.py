"""The columns of a table as what rules speak of: numbers, values, and whether one is given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.data.naming import shorten
from analytics.data.words import count

MOST_FEATURES = 1_000
MOST_VALUES = 20  # of a category, the most frequent


@dataclass(frozen=True, eq=False)
class Feature:
    """column : position in the table. name : unique and readable. kind : "number", "value" (1
    where the column is ``value``, 0 where not) or "gap" (1 where missing, 0 where given).
    values : float64 (n,), NaN where missing."""

    column: int
    name: str
    kind: str
    value: str | None
    values: np.ndarray


def column(series: pd.Series) -> tuple[str, np.ndarray]:
    """("number", float64 with NaN), ("text", objects: str or None), or ("other", empty) for what
    rules cannot speak of (dates, complex numbers). Infinite is missing."""
    kind = getattr(series.dtype, "kind", "O")
    if kind in "iuf":
        values = np.array(series.to_numpy(np.float64, na_value=np.nan)) + 0.0  # no minus zero
        values[np.isinf(values)] = np.nan
        return "number", values
    if kind in "Mmc" or isinstance(series.dtype, pd.PeriodDtype | pd.IntervalDtype):
        return "other", np.zeros(0)
    missing = series.isna().to_numpy(bool)
    values = np.array([None if m else str(v) for v, m in zip(series, missing, strict=True)], object)
    return "text", values


def features(frame: pd.DataFrame, rows: np.ndarray) -> tuple[list[Feature], list[str]]:
    """What can be said of the rows, at most MOST_FEATURES, and notes about what was left out."""
    names, found, other, notes = unique_names(frame.columns), [], 0, []
    for i in range(frame.shape[1]):
        if len(found) >= MOST_FEATURES:
            notes.append(f"Only the first {i:,} of {frame.shape[1]:,} columns are described.")
            break
        kind, values = column(frame.iloc[rows, i])
        if kind == "other":
            other += 1
            continue
        missing = np.isnan(values) if kind == "number" else pd.isna(values)
        if kind == "number":
            parts = [("number", None, values)]
        else:
            parts = [("value", v, _is(values, v, missing)) for v in _frequent(values[~missing])]
        parts.append(("gap", None, missing.astype(float)))
        found += [
            Feature(i, names[i], part, value, numbers)
            for part, value, numbers in parts
            if len(np.unique(numbers[~np.isnan(numbers)])) > 1
        ]
    if other:
        notes.append(f"Dates and times are not described: {count(other, 'column')} left out.")
    return found[:MOST_FEATURES], notes


def _frequent(values: np.ndarray) -> list[str]:
    """The values that occur more than once, the most frequent first, ties by name."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    order = np.lexsort((names, -counts))[:MOST_VALUES]
    return [str(names[i]) for i in order if counts[i] > 1]


def _is(values: np.ndarray, value: str, missing: np.ndarray) -> np.ndarray:
    return np.where(missing, np.nan, (values == value).astype(float))


def ranks(values: np.ndarray) -> np.ndarray:
    """Dense ranks float32 (n,), NaN where missing; exact for the rows a tree is made from."""
    there = ~np.isnan(values)
    out = np.full(len(values), np.nan, np.float32)
    out[there] = np.unique(values[there], return_inverse=True)[1]
    return out


def unique_names(columns: pd.Index) -> list[str]:
    """Readable names on one line; a name met before gets a number: "x", "x (2)"."""
    taken: set[str] = set()
    names = []
    for raw in columns:
        base = shorten(raw) or "unnamed column"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base} ({number})"
        taken.add(name)
        names.append(name)
    return names


def rounder(value: float) -> Iterator[float]:
    """Numbers near a finite one, the fewest digits first: the nearest, the one below, above."""
    if value == 0:
        yield 0.0
        return
    size = int(np.floor(np.log10(abs(value))))
    for digits in range(1, 17):
        half = 0.5 * 10.0 ** (size - digits + 1)
        for near in (value, value - half, value + half):
            limit = float(f"{near:.{digits}g}")
            if np.isfinite(limit):
                yield limit


def written(value: float) -> str:
    """A number in all its digits, without an exponent where that is readable."""
    if value == 0 or 1e-4 <= abs(value) < 1e15:
        return np.format_float_positional(value, trim="-")
    return repr(float(value))
