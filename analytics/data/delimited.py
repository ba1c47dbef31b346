"""Delimited text and plain lines to columns of their types."""

import re
from collections.abc import Mapping
from typing import Any

from analytics.data import heading, inference, sniff, splitting
from analytics.data.limits import check_size
from analytics.data.naming import Notes, tidy_names
from analytics.errors import BadInput
from analytics.progress import Progress

_ANY = re.compile(rb"\S")


def read(
    text: bytes, extension: str, options: Mapping[str, Any], notes: Notes, progress: Progress
) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """The (name, column) pairs of a UTF-8 text, and what was detected. Raises BadInput."""
    progress(0.3, "Finding the columns")
    start, line, header, names, width, found, sample = heading.look(text, extension, options, notes)
    if _ANY.search(text, start) is None:
        raise BadInput(
            "The file has column names but no rows: add rows of data"
            + (", or say that the first row is not a header." if len(names) > 1 else ".")
        )
    if not found.separator and text.count(b'"', start) % 2:
        at = line + text.count(b"\n", start, text.find(b'"', start))
        notes.say(
            f"The quotation marks do not pair up, the first one in line {at:,}: each line is taken "
            "as one text. Close the mark in the file, or choose the separator."
        )
    longest = max(map(len, sample.split("\n")))
    spaced = sniff.spaced(sample, found.separator)
    check_size(text.count(b"\n", start), width)
    decimal = options.get("decimal") or sniff.decimal_sign(found.rows, found.separator)
    reals = sniff.real_columns(found.rows[int(header) :], width) if decimal == "." else ()
    body = splitting.Body(text, start, line, found.separator, width, spaced, longest, reals)
    progress(0.4, "Reading the values")
    columns = splitting.columns_of(body, notes)
    progress(0.8, "Finding the types of the columns")
    if len(names) > 1 and not names[-1].strip() and columns[-1].null_count == len(columns[-1]):
        names.pop()  # every row ends with a separator
    typed = _typed(tidy_names(names, notes), columns, decimal, spaced, notes)
    source = {
        "format": _format(found.separator),
        "separator": found.separator or None,
        "header": header,
        "decimal": decimal,
    }
    return typed, source


def _format(separator: str) -> str:
    return {"\t": "tsv", "": "text", " ": "text"}.get(separator, "csv")


def _typed(
    names: list[str], columns: list, decimal: str, spaced: bool, notes: Notes
) -> list[tuple[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    typed = []
    for i, name in enumerate(names):
        text, columns[i] = columns[i], None
        if not pa.types.is_string(text.type):
            typed.append((name, text))
            continue
        if spaced:
            text = inference.without_markers(pc.utf8_trim_whitespace(text))
        typed.append((name, inference.infer(text, name, notes, decimal)))
    return typed
