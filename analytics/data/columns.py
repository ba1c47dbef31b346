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

from analytics.data.limits import check_size
from analytics.data.naming import Notes, tidy_names
from analytics.errors import BadInput

# Cell texts that mean "no value". "?" is one too, but only in a column of numbers.
MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN",
    "null", "NULL", "Null", "None", "NaT",
)  # fmt: skip
_MISSING = frozenset(MISSING)
_BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
_EXACT = 2**53  # beyond this a float64 no longer holds every whole number


# --- text to types ------------------------------------------------------------------------------


def infer(text, name: str, notes: Notes, decimal: str = ".", mention: bool = False):  # noqa: PLR0911
    """The type of a column of strings, and the column in it.

    text : pyarrow ChunkedArray of strings, missing cells already null. ``decimal``: "." or ",".
    ``mention`` notes when text became numbers (for files in which text is marked as text).
    Returns an array of int64, uint64, float64, bool, timestamp[us] or string.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if text.null_count == len(text):
        return pa.chunked_array([pa.nulls(len(text), pa.float64())])
    first = text[0].as_py()
    if first is None:
        first = text[pc.index(pc.is_valid(text), True).as_py()].as_py()
    first = first.strip()
    if first in _BOOLEANS:
        known = pc.is_in(text, pa.array(_BOOLEANS))
        if pc.all(pc.or_(known, pc.is_null(text))).as_py() and not text.null_count:
            return _cast(pc.utf8_lower(text), pa.bool_())
        return text
    if not (any(c.isdigit() for c in first) or first == "?" or first[:1] in tuple("+-iI")):
        return text
    found = None
    if decimal == "." and not first.lstrip("+-").isdecimal():
        found = _cast(text, pa.float64())  # the usual case, tried first
    if found is None:
        found = _number(text, name, notes, decimal)
    if found is None:
        found = _date(text, name, notes)
    if found is None:
        trimmed = without_markers(pc.utf8_trim_whitespace(text))
        if trimmed.equals(text) or trimmed.null_count == len(trimmed):
            return text
        found = infer(trimmed, name, notes, decimal)
        return text if pa.types.is_string(found.type) else found
    if mention and not pa.types.is_string(found.type):
        notes.column("Numbers or dates written as text were converted: {columns}.", name)
    return found


def without_markers(text):
    """A column of strings with the MISSING texts made null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    gone = pc.is_in(text, pa.array(MISSING))
    return pc.if_else(gone, pa.scalar(None, pa.string()), text)


def _cast(array, kind):
    """The array in another type, or None when a value does not fit."""
    import pyarrow as pa

    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _number(text, name: str, notes: Notes, decimal: str):  # noqa: PLR0911
    """Whole or real numbers; the text itself when they must stay text; None when they are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = _cast(text, pa.int64())
    if whole is not None:
        if _zero_padded(text):
            notes.column("Numbers with leading zeros are kept as text: {columns}.", name)
            return text
        return _exact(whole, text, name, notes)
    known = pc.if_else(pc.equal(text, "?"), pa.scalar(None, pa.string()), text)
    if known.null_count > text.null_count:
        if known.null_count == len(known):
            return None
        found = _number(known, name, notes, decimal)
        if found is not None and not pa.types.is_string(found.type):
            notes.column("'?' was read as a missing value: {columns}.", name)
            return found
        return None
    if decimal == ",":
        commas = _comma_number(text)
        return _cast(text, pa.float64()) if commas is None else commas
    real = _cast(text, pa.float64())
    if real is None:
        return _grouped(text, name, notes)
    if _all_whole(text):
        bare = pc.replace_substring_regex(text, r"^\+", "")
        for kind in (pa.int64(), pa.uint64()):
            whole = _cast(bare, kind)
            if whole is not None:
                return _exact(whole, text, name, notes)
        notes.column(
            "Whole numbers too long for exact arithmetic are kept as text: {columns}.", name
        )
        return text
    return real


def _exact(whole, text, name: str, notes: Notes):
    """int64; but text when missing cells would force a float that cannot hold the numbers."""
    import pyarrow.compute as pc

    if whole.null_count:
        ends = pc.min_max(whole).as_py()
        if max(-ends["min"], ends["max"]) > _EXACT:
            notes.column(
                "Whole numbers too long for exact arithmetic are kept as text: {columns}.", name
            )
            return text
    return whole


def _zero_padded(text) -> bool:
    """Whether whole numbers are written like 007: codes rather than quantities."""
    import pyarrow.compute as pc

    padded = pc.and_(pc.starts_with(text, "0"), pc.greater(pc.binary_length(text), 1))
    return bool(pc.any(padded).as_py())


def _all_whole(text) -> bool:
    """Whether every cell is digits only. The first cells decide for most columns, cheaply."""
    import pyarrow.compute as pc

    pattern = r"^[+-]?[0-9]+$"
    head = text.slice(0, 200)
    return all(
        pc.all(pc.match_substring_regex(part, pattern), skip_nulls=True).as_py()
        for part in (head, text)
    )


def _comma_number(text):
    """Numbers with a decimal comma, perhaps with points between thousands; or None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = r"^\s*[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]*)(,[0-9]*)?([eE][+-]?[0-9]+)?\s*$"
    special = pc.match_substring_regex(text, r"^\s*[+-]?(?i:inf|infinity)\s*$")
    if not pc.all(pc.or_(pc.match_substring_regex(text, pattern), special)).as_py():
        return None
    plain = pc.replace_substring(pc.replace_substring(text, ".", ""), ",", ".")
    return _cast(plain, pa.float64())


def _grouped(text, name: str, notes: Notes):
    """Numbers with commas between thousands, such as 1,234.5; or None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = r"^\s*[+-]?[0-9]{1,3}((,[0-9]{3})+|[0-9]*)(\.[0-9]*)?\s*$"
    if not all(
        pc.all(pc.match_substring_regex(part, pattern)).as_py() for part in (text[:200], text)
    ):
        return None
    plain = pc.replace_substring(text, ",", "")
    found = _cast(plain, pa.int64())
    found = _cast(plain, pa.float64()) if found is None else found
    if found is not None:
        notes.column("Commas between thousands were removed: {columns}.", name)
    return found


def _date(text, name: str, notes: Notes):
    """ISO 8601 dates and times as timestamp[us], or None."""
    import pyarrow as pa

    found = _cast(text, pa.timestamp("us"))
    if found is not None:
        return found
    zoned = _cast(text, pa.timestamp("us", "UTC"))
    return None if zoned is None else _without_zone(zoned, name, notes)


def _without_zone(array, name: str, notes: Notes):
    import pyarrow as pa

    notes.column("Times with a time zone are shown in UTC: {columns}.", name)
    return array.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


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
                return _exact(whole, text, name, notes)
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
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
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
        return {
            name: _exact(wide, wide.cast(pa.string()), name, notes) if wide.null_count else wide
        }
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
        return _without_zone(
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
