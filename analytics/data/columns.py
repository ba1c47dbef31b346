"""From whatever a file holds to clean columns: unique names and few, exact types.

Every reader ends here. The frame that leaves has unique, non-empty string names and only int64,
uint64, float64, float32, bool, str or datetime64[us] columns, so it survives Parquet.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.data.inference import EXACT, MISSING, exact, infer, without_zone
from analytics.data.limits import check_size
from analytics.data.naming import Notes, tidy_names
from analytics.errors import BadInput

_MISSING = frozenset(MISSING)


# --- Python values to types ---------------------------------------------------------------------


def from_values(values: Sequence[Any], name: str, notes: Notes) -> dict[str, Any]:  # noqa: PLR0911
    """One column of Python values as pyarrow columns by name.

    Usually one; a column of number lists of one length (an embedding) becomes one per position.
    """
    import pyarrow as pa

    values = [None if isinstance(v, str) and v in _MISSING else v for v in values]
    types = set(map(type, values)) - {type(None)}
    if not types:
        return {name: pa.chunked_array([pa.nulls(len(values), pa.float64())])}
    if types == {list}:
        block = _vectors(values)
        if block is not None:
            check_size(*block.shape)
            return {f"{name}_{j}": block[:, j] for j in range(block.shape[1])}
    if types <= {int, float}:
        return {name: _numbers(values, types, name, notes)}
    if types == {bool} and None not in values:
        return {name: pa.chunked_array([pa.array(values, pa.bool_())])}
    if types <= {dt.datetime, dt.date, pd.Timestamp}:
        found = _dates(values)
        if found is not None:
            return {name: found}
    text = pa.chunked_array([pa.array([_as_text(v) for v in values], pa.string())])
    if types == {str}:
        return {name: infer(text, name, notes, mention=True)}
    if len(types) > 1:
        notes.column("Values of several types in one column are kept as text: {columns}.", name)
    return {name: text}


def _vectors(values: list) -> np.ndarray | None:
    """Equal-length lists of numbers as float64 (n, k), or None. Missing lists become NaN."""
    lengths = {len(v) for v in values if v is not None}
    if len(lengths) != 1 or 0 in lengths:
        return None
    width = lengths.pop()
    for row in values:
        if row is not None and not all(type(x) in (int, float) for x in row):
            return None
    try:
        rows = [[np.nan] * width if v is None else v for v in values]
        return np.array(rows, np.float64)
    except OverflowError:
        return None


def _numbers(values: list, types: set, name: str, notes: Notes):
    import pyarrow as pa

    if types == {int}:
        for kind in (pa.int64(), pa.uint64()):
            try:
                whole = pa.chunked_array([pa.array(values, kind)])
                text = whole.cast(pa.string())
                return exact(whole, text, name, notes)
            except (OverflowError, pa.ArrowInvalid):
                continue
        notes.column("Whole numbers beyond 64 bits are kept as text: {columns}.", name)
        return pa.chunked_array([pa.array([_as_text(v) for v in values], pa.string())])
    try:
        reals = [np.nan if v is None else float(v) for v in values]
    except OverflowError:
        reals = [np.nan if v is None else _float(v) for v in values]
        notes.column("Numbers beyond 1.8e308 became infinite: {columns}.", name)
    return pa.chunked_array([pa.array(reals, pa.float64())])


def _float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _dates(values: list):
    import pyarrow as pa

    whole = [
        dt.datetime(v.year, v.month, v.day)
        if v is not None and not isinstance(v, dt.datetime)
        else v
        for v in values
    ]
    try:
        return pa.chunked_array([pa.array(whole, pa.timestamp("us"))])
    except (pa.ArrowInvalid, OverflowError, TypeError):
        return None


def _as_text(value: Any) -> str | None:  # noqa: PLR0911
    """A cell as text: JSON for lists and objects, 3 rather than 3.0 for whole floats."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, int):
        try:
            return str(value)
        except ValueError:  # Python refuses to write out numbers of over 4,300 digits
            return hex(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=True)
    return str(value)


# --- typed tables to a frame ----------------------------------------------------------------------


def to_frame(columns: Iterable[tuple[str, Any]], notes: Notes) -> pd.DataFrame:
    """A frame of (name, pyarrow or numpy array) pairs of one length. Raises BadInput."""
    import pyarrow as pa

    ready: list[tuple[str, Any]] = []
    for name, given in columns:
        is_arrow = isinstance(given, pa.ChunkedArray)
        column = given if is_arrow else pa.chunked_array([pa.array(given)])
        ready.extend(plain(column, name, notes).items())
        check_size(len(column), len(ready))
    if not ready:
        raise BadInput("No column of the file can be used: save it as CSV and open that.")
    names = tidy_names([name for name, _ in ready], notes)
    table = pa.table([column for _, column in ready], names=names)
    return table.to_pandas(ignore_metadata=True)


def plain(column, name: str, notes: Notes) -> dict[str, Any]:  # noqa: PLR0911, PLR0912
    """A pyarrow column in the allowed types, as one or more columns by name; {} if left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    t = pa.types
    if t.is_dictionary(kind):
        return plain(column.cast(kind.value_type), name, notes)
    if isinstance(kind, pa.BaseExtensionType):
        return plain(
            pa.chunked_array([c.storage for c in column.chunks], kind.storage_type), name, notes
        )
    if t.is_null(kind):
        return {name: pa.chunked_array([pa.nulls(len(column), pa.float64())])}
    if t.is_boolean(kind):
        return {name: column.cast(pa.string()) if column.null_count else column}
    if t.is_integer(kind):
        wide = column if t.is_uint64(kind) else column.cast(pa.int64())
        return {name: exact(wide, wide.cast(pa.string()), name, notes) if wide.null_count else wide}
    if t.is_float16(kind):
        return {name: column.cast(pa.float32())}
    if t.is_floating(kind):
        return {name: column}
    if t.is_decimal(kind):
        return {name: column.cast(pa.float64())}
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return {name: column}
    if t.is_timestamp(kind):
        return {name: _timestamp(column, name, notes)}
    if t.is_date(kind):
        return {name: column.cast(pa.timestamp("s")).cast(pa.timestamp("us"))}
    if t.is_time(kind):
        return {name: column.cast(pa.string())}
    if t.is_duration(kind):
        notes.column("Durations are shown in seconds: {columns}.", name)
        seconds = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
        return {name: seconds}
    return _nested(column, name, notes)


def _timestamp(column, name: str, notes: Notes):
    import pyarrow as pa

    if column.type.tz is not None:
        return without_zone(
            column.cast(pa.timestamp("us", column.type.tz), safe=False), name, notes
        )
    return column.cast(pa.timestamp("us"), safe=False)


def _nested(column, name: str, notes: Notes) -> dict[str, Any]:
    """Structs as dotted columns, number lists of one length as one column each, else JSON."""
    import pyarrow as pa

    t = pa.types
    if t.is_struct(column.type):
        parts: dict[str, Any] = {}
        for field, child in zip(column.type, column.flatten(), strict=True):
            parts.update(plain(child, f"{name}.{field.name}", notes))
        return parts
    if t.is_list(column.type) or t.is_large_list(column.type) or t.is_fixed_size_list(column.type):
        return from_values(column.to_pylist(), name, notes)
    if t.is_map(column.type):
        return from_values(
            [None if v is None else list(map(list, v)) for v in column.to_pylist()], name, notes
        )
    notes.column(
        f"Columns of type {column.type} cannot be used and were left out: {{columns}}.", name
    )
    return {}
