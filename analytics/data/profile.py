"""The profile of a table: what is in it, and what will trouble a run, before any run.

Plain JSON. Row numbers in ``rows`` count from 0, like ``Dataset.rows``; at most ten per problem.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import facts, words

SHOWN_COLUMNS = 20
SHOWN_ROWS = 10
HUGE_CATEGORY = 50
EXTREME = 1e30
_SAMPLE = 5_000
_SEVERITY = {"error": 0, "warning": 1, "info": 2}

Problem = dict[str, Any]

# code -> (severity, advice)
CODES = {
    "one_row": ("error", "Give at least 2 rows; groups need something to compare."),
    "one_column": ("info", "Texts work as one column; numbers are better with a second one."),
    "more_columns_than_rows": (
        "warning",
        "Distances say little here: choose fewer features or cluster in a PCA space.",
    ),
    "all_missing": ("error", "Check the separator and the sheet, then load the file again."),
    "empty_columns": ("warning", "They are left out."),
    "missing": ("warning", "Choose whether such rows are left out or the values filled in."),
    "all_constant": ("error", "Load a table whose rows differ."),
    "constant": ("warning", "They are left out; they cannot tell rows apart."),
    "infinite": ("warning", "They are treated as missing values."),
    "extreme": ("warning", "Scale the columns, take logarithms, or mend the cells."),
    "duplicate_columns": ("warning", "Keep one of each; a copy counts twice in every distance."),
    "duplicate_rows": ("info", "They are kept; in a map they lie on top of each other."),
    "mixed_types": ("warning", "Mend the cells, or set the type of the column."),
    "huge_category": (
        "warning",
        f"As a feature, the {HUGE_CATEGORY} most frequent are kept and the rest is 'other'.",
    ),
    "dates": ("info", "Not used as features unless chosen; then they count days."),
    "identifiers": ("info", "Not used as features unless chosen."),
    "vector": ("info", "They are chosen, and left unscaled, together."),
}


def profile(
    frame: pd.DataFrame, kinds: dict[str, str], vectors: dict[str, list[str]]
) -> dict[str, Any]:
    """Facts and problems of a table.

    Returns ``rows``, ``columns``, ``memory_bytes``, ``missing_cells``, ``by_column`` (see
    :func:`analytics.data.facts.by_column`) and ``problems``, worst first: each with ``code``,
    ``severity`` ("error", "warning", "info"), ``columns``, ``count``, ``rows``, ``words`` and
    ``advice``.
    """
    by_column = facts.by_column(frame, kinds)
    problems = [problem for check in _CHECKS for problem in check(frame, kinds, vectors, by_column)]
    problems.sort(key=lambda p: _SEVERITY[p["severity"]])
    return {
        "rows": len(frame),
        "columns": frame.shape[1],
        "memory_bytes": int(frame.memory_usage(index=False).sum()),
        "missing_cells": sum(one["missing"] for one in by_column.values()),
        "problems": problems,
        "by_column": by_column,
    }


def problem(code: str, columns: list[str], count: int, text: str, rows=()) -> Problem:
    severity, advice = CODES[code]
    return {
        "code": code,
        "severity": severity,
        "columns": list(columns[:SHOWN_COLUMNS]),
        "count": int(count),
        "rows": [int(r) for r in rows[:SHOWN_ROWS]],
        "words": text,
        "advice": advice,
    }


def _size(frame, kinds, vectors, by_column) -> list[Problem]:
    """Too little to group, or more columns than rows."""
    n, d = frame.shape
    found = []
    if n < 2:
        found.append(problem("one_row", [], n, f"The table has {words.count(n, 'row')}."))
    if d == 1:
        found.append(problem("one_column", list(frame.columns), 1, "The table has one column."))
    wide = [c for c, k in kinds.items() if k in ("number", "boolean")]
    if n >= 2 and len(wide) > n:
        found.append(
            problem(
                "more_columns_than_rows",
                wide,
                len(wide),
                f"There are more numeric columns ({len(wide):,}) than rows ({n:,}).",
            )
        )
    return found


def _missing(frame, kinds, vectors, by_column) -> list[Problem]:
    """Cells without a value, and columns and tables without any."""
    empty = [c for c, k in kinds.items() if k == "empty"]
    if empty and len(empty) == frame.shape[1]:
        return [problem("all_missing", empty, len(empty), "Every cell of the table is empty.")]
    found = []
    if empty:
        found.append(
            problem(
                "empty_columns",
                empty,
                len(empty),
                f"{words.count(len(empty), 'column')} without any value: {words.names(empty)}.",
            )
        )
    columns = [c for c, one in by_column.items() if one["missing"] and kinds[c] != "empty"]
    if columns:
        count = sum(by_column[c]["missing"] for c in columns)
        rows = np.flatnonzero(frame[columns].isna().any(axis=1).to_numpy())
        found.append(
            problem(
                "missing",
                columns,
                count,
                f"{words.count(count, 'missing value')} in {words.count(len(rows), 'row')}: "
                f"{words.names(columns)}.",
                rows,
            )
        )
    return found


def _constant(frame, kinds, vectors, by_column) -> list[Problem]:
    """Columns with one single value."""
    if len(frame) < 2:
        return []
    same = [c for c, one in by_column.items() if one["distinct"] == 1 and not one["missing"]]
    filled = [c for c, k in kinds.items() if k != "empty"]
    if not same:
        return []
    if len(same) == len(filled):
        return [
            problem(
                "all_constant",
                same,
                len(same),
                "Every column holds one single value, so all rows are equal.",
            )
        ]
    return [
        problem(
            "constant",
            same,
            len(same),
            f"{words.count(len(same), 'column')} with one single value: {words.names(same)}.",
        )
    ]


def _numbers(frame, kinds, vectors, by_column) -> list[Problem]:
    """Infinite and extreme numbers."""
    found = []
    columns = [c for c, one in by_column.items() if one["infinite"]]
    if columns:
        count = sum(by_column[c]["infinite"] for c in columns)
        rows = np.flatnonzero(np.isinf(frame[columns].to_numpy(np.float64)).any(axis=1))
        found.append(
            problem(
                "infinite",
                columns,
                count,
                f"{words.count(count, 'infinite value')} in {words.names(columns)}.",
                rows,
            )
        )
    extreme = [c for c, one in by_column.items() if kinds[c] == "number" and _is_extreme(one)]
    if extreme:
        values = np.abs(frame[extreme].to_numpy(np.float64))
        high = (values > EXTREME) & np.isfinite(values)
        found.append(
            problem(
                "extreme",
                extreme,
                int(high.any(axis=1).sum()),
                "Values too large, or too close together for their size, in "
                f"{words.names(extreme)}.",
                np.flatnonzero(high.any(axis=1)),
            )
        )
    return found


def _is_extreme(one: dict[str, Any]) -> bool:
    """Beyond 1e30, or a spread that the 7 digits of float32 cannot show."""
    if one["min"] is None:
        return False
    largest = max(abs(one["min"]), abs(one["max"]))
    return largest > EXTREME or (one["distinct"] > 1 and one["std"] < 1e-6 * largest)


def _duplicates(frame, kinds, vectors, by_column) -> list[Problem]:
    """Equal columns and equal rows, both found by 64-bit hashes of the cells."""
    n = len(frame)
    if n < 2:
        return []
    first: dict[bytes, str] = {}
    copies: list[tuple[str, str]] = []
    row_hashes = np.zeros(n, np.uint64)
    for column, values in frame.items():
        if kinds[column] == "empty":
            continue
        hashes = _cell_hashes(values)
        key = hashlib.blake2b(hashes.tobytes(), digest_size=16).digest()
        if key in first and by_column[column]["distinct"] > 1:
            copies.append((column, first[key]))
        first.setdefault(key, column)
        if kinds[column] != "identifier":
            row_hashes = (row_hashes ^ hashes) * np.uint64(0x9E3779B97F4A7C15)
            row_hashes ^= row_hashes >> np.uint64(29)
    found = []
    if copies:
        text = (
            f"{words.count(len(copies), 'column')} with the same values as another: "
            f"{words.name(copies[0][0])} equals {words.name(copies[0][1])}."
        )
        found.append(problem("duplicate_columns", [c for c, _ in copies], len(copies), text))
    rows = np.flatnonzero(pd.Series(row_hashes).duplicated())
    if len(rows) and any(k not in ("empty", "identifier") for k in kinds.values()):
        text = f"{words.count(len(rows), 'row')} equal to an earlier row (identifiers apart)."
        found.append(problem("duplicate_rows", [], len(rows), text, rows))
    return found


def _cell_hashes(values: pd.Series) -> np.ndarray:
    """A uint64 per cell that depends on the value only, not on the dtype of numbers."""
    if values.dtype.kind in "iufb" and not isinstance(values.dtype, pd.StringDtype):
        numbers = values.to_numpy()
        exact = numbers.dtype.kind not in "iu" or np.abs(numbers.astype(float)).max() < 2**53
        if exact:
            numbers = numbers.astype(np.float64) + 0.0  # -0.0 becomes 0.0
            numbers[np.isnan(numbers)] = np.nan
        return pd.util.hash_array(numbers)
    return pd.util.hash_array(values.array, categorize=True)


def _mixed(frame, kinds, vectors, by_column) -> list[Problem]:
    """Text columns in which some cells are numbers."""
    columns, count, rows = [], 0, []
    for column, kind in kinds.items():
        if kind not in ("category", "text", "identifier"):
            continue
        if not isinstance(frame[column].dtype, pd.StringDtype):
            continue
        filled = frame[column].dropna()
        sample = filled.iloc[:: max(1, len(filled) // _SAMPLE)]
        share = pd.to_numeric(sample, errors="coerce").notna().mean()
        if 0.02 <= share < 1:
            numeric = pd.to_numeric(filled, errors="coerce").notna()
            minority = numeric if share <= 0.5 else ~numeric
            columns.append(column)
            count += int(minority.sum())
            rows.extend(filled.index[minority][:SHOWN_ROWS])
    if not columns:
        return []
    return [
        problem(
            "mixed_types",
            columns,
            count,
            f"{words.names(columns)} mixes numbers and words "
            f"({words.count(count, 'cell')} of the rarer sort).",
            sorted(set(rows)),
        )
    ]


def _not_features(frame, kinds, vectors, by_column) -> list[Problem]:
    """Columns that are read but not used unless chosen: huge categories, dates, identifiers."""
    huge = [
        c for c, k in kinds.items() if k == "category" and by_column[c]["distinct"] > HUGE_CATEGORY
    ]
    dated = [c for c, k in kinds.items() if k == "date"]
    ids = [c for c, k in kinds.items() if k == "identifier"]
    found = []
    if huge:
        found.append(
            problem(
                "huge_category",
                huge,
                by_column[huge[0]]["distinct"],
                f"{words.names(huge)} has more than {HUGE_CATEGORY} different values "
                f"({by_column[huge[0]]['distinct']:,} in {words.name(huge[0])}).",
            )
        )
    if dated:
        found.append(
            problem(
                "dates",
                dated,
                len(dated),
                f"{words.count(len(dated), 'date column')}: {words.names(dated)}.",
            )
        )
    if ids:
        found.append(
            problem(
                "identifiers",
                ids,
                len(ids),
                f"{words.names(ids)} names each row and says nothing else about it.",
            )
        )
    return found


def _vectors(frame, kinds, vectors, by_column) -> list[Problem]:
    """Blocks of columns that are one vector."""
    return [
        problem(
            "vector",
            columns,
            len(columns),
            f"{len(columns):,} columns, {words.name(columns[0])} to "
            f"{words.name(columns[-1])}, are one vector {words.name(name)}.",
        )
        for name, columns in vectors.items()
    ]


_CHECKS = (
    _size,
    _missing,
    _constant,
    _numbers,
    _duplicates,
    _mixed,
    _not_features,
    _vectors,
)
