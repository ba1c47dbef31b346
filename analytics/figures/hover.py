"""What a dot says when the mouse is over it: plain text, escaped, cut."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from analytics.figures import theme

MAX_COLUMNS = 8
MAX_CELL = 80


def hover_texts(
    rows: np.ndarray,
    groups: np.ndarray | None,
    names: dict[int, str],
    hover: pd.DataFrame | None,
) -> list[str] | None:
    """One text per shown row (m,), or None when there is nothing to say but its number.

    The group's name comes first, then at most 8 columns as "name: value", cells cut at 80
    characters. plotly reads a little HTML in these, so every name and cell is escaped.
    """
    lines: list[list[str]] = []
    if groups is not None:
        own = groups[rows]
        table = {
            int(label): f"<b>{theme.escape(theme.group_name(label, names), MAX_CELL)}</b>"
            for label in np.unique(own)
        }
        lines.append([table[label] for label in own.tolist()])
    if hover is not None:
        for at in range(min(hover.shape[1], MAX_COLUMNS)):
            title = theme.escape(hover.columns[at], 40)
            cells = _cells(hover.iloc[:, at].iloc[rows])
            lines.append([f"{title}: {cell}" for cell in cells])
    if not lines:
        return None
    return ["<br>".join(parts) for parts in zip(*lines, strict=True)]


def lines(
    row: int, groups: np.ndarray | None, names: dict[int, str], hover: pd.DataFrame | None
) -> list[str]:
    """What one row says, as plain lines: its group, then at most 8 columns as "name: value"."""
    found = []
    if groups is not None:
        found.append(theme.clean(theme.group_name(int(groups[row]), names), MAX_CELL))
    if hover is not None:
        for at in range(min(hover.shape[1], MAX_COLUMNS)):
            cell = hover.iloc[row, at]
            empty = not isinstance(cell, (list, tuple, dict, np.ndarray)) and pd.isna(cell)
            words = "–" if empty else theme.clean(_words(cell), MAX_CELL)
            found.append(f"{theme.clean(hover.columns[at], 40)}: {words}")
    return found or [f"Row {row}"]


def _cells(column: pd.Series) -> list[str]:
    """The cells of a column as escaped texts; each different value is written once."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _number_cells(column.to_numpy(dtype=float, na_value=np.nan))
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        # Lists and dicts in cells cannot be compared.
        return [theme.escape(_words(v), MAX_CELL) for v in column]
    texts = [theme.escape(_words(v), MAX_CELL) for v in values]
    return [texts[code] if code >= 0 else "–" for code in codes.tolist()]


def _number_cells(values: np.ndarray) -> list[str]:
    """Numbers (m,) with at most six significant digits; a column of integers stays whole."""
    known = np.isfinite(values)
    whole = bool(
        np.all((values[known] == np.round(values[known])) & (np.abs(values[known]) < 1e15))
    )
    if whole:
        texts = np.where(known, values, 0).astype(np.int64).astype(str)
    else:
        texts = np.char.mod("%.6g", values)
    endless = np.where(values > 0, "∞", "-∞")
    return np.where(np.isnan(values), "–", np.where(known, texts, endless)).tolist()


def _words(value: Any) -> str:
    """A cell in words: numbers with at most six significant digits, integers whole, dates without a
    time that is all zero."""
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if value == int(value) if np.isfinite(value) and abs(value) < 1e15 else False:
            return f"{int(value)}"
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return str(value).removesuffix(" 00:00:00")
    return str(value)
