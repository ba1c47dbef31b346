"""Vector features: many columns, or lists inside one column, that are one thing.

An embedding or an image arrives either as columns that share a name and count up (``emb_0`` to
``emb_383``, ``pixel1`` to ``pixel784``, ``1x1`` to ``28x28``, ``0`` to ``783``) or as one text
column of bracketed lists. Lists are expanded into columns here, when the table is read, so that
all later steps meet only columns; the text they came from is not kept.
"""

import io
import re

import pandas as pd

from analytics.data import words

LEAST_COLUMNS = 16
MOST_COLUMNS = 20_000
_INDEXED = re.compile(r"^(.*?)[ _\-.:\[(]*(\d{1,6})[\])]?$", re.DOTALL)
_GRID = re.compile(r"^(.*?)[ _\-.:\[(]*(\d{1,4})[x_,](\d{1,4})[\])]?$", re.DOTALL)
_LIST = r"\s*[\[(][\s,;0-9.eE+\-naNifINF]*[\])]\s*"
_SAMPLE = 50
UNNAMED = "vector"


def blocks(numeric: list[str]) -> dict[str, list[str]]:
    """Blocks among the names of the numeric columns: block name -> columns in index order.

    A block has at least 16 columns and an index that runs without a gap from 0 or 1, or two
    indices that fill a grid.
    """
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for pattern, complete in ((_GRID, _is_grid), (_INDEXED, _is_running)):
        groups: dict[str, list[tuple[tuple[int, ...], str]]] = {}
        for column in numeric:
            match = None if column in taken else pattern.match(column)
            if match:
                prefix, *index = match.groups()
                groups.setdefault(prefix, []).append((tuple(map(int, index)), column))
        for prefix, members in groups.items():
            members.sort()
            if len(members) >= LEAST_COLUMNS and complete([index for index, _ in members]):
                columns = [column for _, column in members]
                found[_free_name(prefix.strip(" _-.") or UNNAMED, found)] = columns
                taken.update(columns)
    return found


def _is_running(indices: list[tuple[int, ...]]) -> bool:
    values = [index[0] for index in indices]
    return values[0] in (0, 1) and values == list(range(values[0], values[0] + len(values)))


def _is_grid(indices: list[tuple[int, ...]]) -> bool:
    rows, columns = (sorted({index[axis] for index in indices}) for axis in (0, 1))
    full = [(r, c) for r in rows for c in columns]
    starts = rows[0] in (0, 1) and columns[0] in (0, 1)
    return starts and len(rows) > 1 and len(columns) > 1 and indices == full


def grid_shape(columns: list[str]) -> tuple[int, int] | None:
    """(width, height) when the names of a block carry two indices (row, column), else None."""
    matches = [_GRID.match(column) for column in columns]
    if not all(matches):
        return None
    rows, across = ({match.group(g) for match in matches} for g in (2, 3))
    fits = len(rows) > 1 and len(across) > 1 and len(rows) * len(across) == len(columns)
    return (len(across), len(rows)) if fits else None


def expand(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]], list[str]]:
    """Turn text columns of equally long number lists into columns.

    Returns the frame, the blocks made (column name -> new columns, float64) and notes. A column
    whose lists differ in length stays text, and a note says so.
    """
    parts: list[pd.DataFrame] = []
    made: dict[str, list[str]] = {}
    notes: list[str] = []
    for column, dtype in frame.dtypes.items():
        if not isinstance(dtype, pd.StringDtype) or not _looks_like_lists(frame[column]):
            continue
        values = frame[column]
        matrix, problem = _parse_lists(values)
        if matrix is None:
            notes.append(f"{words.name(column)} holds lists of numbers {problem}; kept as text.")
            continue
        matrix.columns = [_free_name(f"{column}[{j}]", frame.columns) for j in matrix.columns]
        made[column] = list(matrix.columns)
        parts.append(matrix)
        notes.append(
            f"{words.name(column)} holds lists of {len(matrix.columns):,} numbers: "
            f"read as {words.count(len(matrix.columns), 'column')} of one vector."
        )
    if parts:
        frame = pd.concat([frame.drop(columns=list(made)), *parts], axis=1)
    return frame, made, notes


def _looks_like_lists(values: pd.Series) -> bool:
    first = values.dropna().head(_SAMPLE)
    return len(first) > 0 and bool(first.str.fullmatch(_LIST).all())


def _parse_lists(values: pd.Series) -> tuple[pd.DataFrame | None, str]:
    """The (n, d) numbers of list cells, missing cells as missing rows; or None and why not."""
    filled = values.dropna()
    text = filled.str.strip().str.slice(1, -1).str.strip(" ,;\n\r\t")
    text = text.str.replace(", ", ",", regex=False)
    if text.str.contains(r"[\s;]", regex=True).any():
        text = text.str.replace(r"\s*[,;\s]\s*", ",", regex=True)
    commas = text.str.len() - text.str.replace(",", "", regex=False).str.len()
    width = int(commas.iloc[0]) + 1
    if (commas != width - 1).any():
        return None, "of different lengths"
    if width < 2:
        return None, "with one entry"
    if width > MOST_COLUMNS:
        return None, f"longer than {MOST_COLUMNS:,} entries"
    try:
        # One pass of the C reader over all cells is far quicker than one JSON text per cell.
        matrix = pd.read_csv(
            io.StringIO("\n".join(text)), header=None, names=range(width), dtype="float64"
        )
    except (ValueError, pd.errors.ParserError):
        return None, "mixed with other text"
    if len(matrix) != len(filled):
        return None, "mixed with empty lists"
    matrix.index = filled.index
    return matrix.reindex(values.index), ""


def _free_name(wanted: str, taken) -> str:
    """``wanted``, or ``wanted (2)`` and so on when it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name
