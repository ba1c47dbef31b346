"""JSON and JSON lines to columns: records, columns, rows or plain values, nested or not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analytics.data import columns as cols
from analytics.data import sniff
from analytics.data.limits import MAX_JSON_BYTES, MIB, check_size
from analytics.data.naming import Notes, numbered, shorten, tidy_names
from analytics.errors import BadInput
from analytics.progress import Progress

_DEPTH = 4  # objects nested deeper than this stay JSON text
_ROW_KEYS = ("data", "records", "rows", "items", "results")


def parse(text: bytes, lines: bool) -> Any:
    """The value of a JSON text, or the list of values of JSON lines. Raises BadInput."""
    if len(text) > MAX_JSON_BYTES:
        raise BadInput(
            f"The JSON is {len(text) // MIB:,} MB, but at most {MAX_JSON_BYTES // MIB:,} MB can be "
            "read: save the data as CSV or Parquet."
        )
    if not lines:
        return _load(text, "")
    values = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            values.append(_load(line, f" in line {number:,}"))
    return values


def _load(text: bytes, where: str) -> Any:
    """orjson is fast and strict; the standard parser also knows NaN and says where it stopped."""
    import orjson

    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = where or f" in line {error.lineno:,}, column {error.colno:,}"
        raise BadInput(f"The JSON is not valid{place}: correct it there.") from None
    except ValueError:
        raise BadInput(f"The JSON holds a number too long to read{where}: shorten it.") from None
    except RecursionError:
        raise BadInput(f"The JSON is nested too deeply{where}: flatten it.") from None


def is_lines(text: bytes) -> bool:
    """Whether a text that starts with { or [ holds one JSON value per line."""
    first, _, rest = text.lstrip().partition(b"\n")
    if rest.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        _load(first, "")
    except BadInput:
        return False
    return True


def columns(
    value: Any, header: bool | None, notes: Notes, progress: Progress
) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """The (name, column) pairs of a parsed JSON value, and what was found. Raises BadInput."""
    if isinstance(value, Mapping):
        value = _unwrapped(value, notes)
    if isinstance(value, Mapping):
        named = _columns_of(value)
    elif isinstance(value, list) and value:
        if all(isinstance(v, dict) for v in value):
            named = _records(value)
        elif all(isinstance(v, list) for v in value):
            return of_rows(value, header, notes)
        elif not any(isinstance(v, (dict, list)) for v in value):
            text = any(isinstance(v, str) for v in value)
            named = {"text" if text else "value": value}
        else:
            raise BadInput(
                "The JSON list mixes objects, lists and plain values: "
                "make every entry an object with the same keys."
            )
    else:
        raise BadInput("The JSON holds no rows: give a list of objects, one per row.")
    return _typed(named, notes, progress), {"header": None}


def _unwrapped(value: Mapping[str, Any], notes: Notes) -> Any:
    """The table inside an object that only wraps it."""
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        rows = value["data"]
        if all(isinstance(row, list) for row in rows):  # as pandas writes with orient="split"
            names = [json.dumps(c) if isinstance(c, (list, dict)) else c for c in value["columns"]]
            return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    for key in _ROW_KEYS:
        rows = value.get(key)
        if isinstance(rows, list) and rows and all(isinstance(row, (dict, list)) for row in rows):
            others = [v for k, v in value.items() if k != key]
            if not any(isinstance(v, list) for v in others):
                notes.say(f"The rows were taken from '{key}' in the JSON object.")
                return rows
    return value


def _columns_of(value: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """An object of columns: lists of one length, or objects keyed by row; else one record."""
    cells = list(value.values())
    if cells and all(isinstance(c, list) for c in cells):
        lengths = {len(c) for c in cells}
        if len(lengths) > 1:
            longest = max(value, key=lambda k: len(value[k]))
            shortest = min(value, key=lambda k: len(value[k]))
            raise BadInput(
                f"The JSON columns differ in length ('{shorten(longest)}' has "
                f"{len(value[longest]):,} values, '{shorten(shortest)}' {len(value[shortest]):,}): "
                "give every column the same number."
            )
        if lengths == {0}:
            raise BadInput("The JSON columns hold no rows: add rows of data.")
        return dict(value)
    if cells and all(isinstance(c, dict) and c for c in cells):
        keys = dict.fromkeys(k for c in cells for k in c)
        if all(k in c for k in keys for c in cells):  # as pandas writes by default
            return {name: [c[k] for k in keys] for name, c in value.items()}
    if not cells:
        raise BadInput("The JSON holds no rows: give a list of objects, one per row.")
    return _records([value])


def _records(records: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Columns of a list of objects; nested objects become dotted names."""
    records = list(records)
    if any(isinstance(v, dict) for record in records for v in record.values()):
        records = [_flat(record) for record in records]
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    check_size(len(records), len(names))
    if not names:
        raise BadInput("The JSON objects are empty: give every object the same keys.")
    return {name: [record.get(name) for record in records] for name in names}


def _flat(record: Mapping[str, Any], prefix: str = "", depth: int = 1) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and depth < _DEPTH:
            out.update(_flat(value, f"{prefix}{key}.", depth + 1))
        else:
            out[f"{prefix}{key}"] = value
    return out


def of_rows(
    rows: list[list[Any]], header: bool | None, notes: Notes
) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """The columns of a list of rows (from JSON or a sheet), and whether it has a header."""
    width = max(map(len, rows), default=0)
    check_size(len(rows), width)
    if not width:
        raise BadInput("The rows are empty: add values.")
    short = [number for number, row in enumerate(rows, start=1) if len(row) < width]
    if short:
        notes.say(
            f"Rows with fewer than {width} values were filled with missing values: "
            f"{len(short):,}, the first is row {short[0]:,}."
        )
    if header is None:
        shown = [["" if c is None else str(c) for c in row] for row in rows[:200]]
        header = sniff.has_header(shown)
    body = rows[1:] if header else rows
    if not body:
        raise BadInput("The table has column names but no rows: add rows of data.")
    padded = [*rows[0], *[""] * (width - len(rows[0]))]
    names = tidy_names(padded, notes) if header else numbered(width)
    typed: list[tuple[str, Any]] = []
    for j, name in enumerate(names):
        cells = [row[j] if j < len(row) else None for row in body]
        typed.extend(cols.from_values(cells, name, notes).items())
    return typed, {"header": header}


def _typed(named: Mapping[str, Any], notes: Notes, progress: Progress) -> list[tuple[str, Any]]:
    typed: list[tuple[str, Any]] = []
    names = tidy_names(named, notes)
    for i, (name, values) in enumerate(zip(names, named.values(), strict=True)):
        typed.extend(cols.from_values(values, name, notes).items())
        progress(0.4 + 0.5 * i / len(names), "Finding the types of the columns")
    return typed
