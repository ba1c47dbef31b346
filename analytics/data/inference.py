"""A column of strings to the type that its cells are written in."""

from analytics.data.naming import Notes

# Cell texts that mean "no value". "?" is one too, but only in a column of numbers.
MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN",
    "null", "NULL", "Null", "None", "NaT",
)  # fmt: skip
BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
EXACT = 2**53  # beyond this a float64 no longer holds every whole number


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
    if first in BOOLEANS:
        known = pc.is_in(text, pa.array(BOOLEANS))
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
        return exact(whole, text, name, notes)
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
                return exact(whole, text, name, notes)
        notes.column(
            "Whole numbers too long for exact arithmetic are kept as text: {columns}.", name
        )
        return text
    return real


def exact(whole, text, name: str, notes: Notes):
    """int64; but text when missing cells would force a float that cannot hold the numbers."""
    import pyarrow.compute as pc

    if whole.null_count:
        ends = pc.min_max(whole).as_py()
        if max(-ends["min"], ends["max"]) > EXACT:
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
    return None if zoned is None else without_zone(zoned, name, notes)


def without_zone(array, name: str, notes: Notes):
    import pyarrow as pa

    notes.column("Times with a time zone are shown in UTC: {columns}.", name)
    return array.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
