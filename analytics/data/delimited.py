"""Delimited text and plain lines to columns: parsing, ragged rows, unbalanced quotes."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analytics.data import inference, sniff
from analytics.data.limits import check_size
from analytics.data.naming import Notes, numbered, shorten, tidy_names
from analytics.errors import BadInput
from analytics.progress import Progress

# Words for separators, for people and for the command line.
SEPARATORS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ", "none": "",
}  # fmt: skip
_SAMPLE = 256 * 1024
_SAMPLE_MAX = 32 * 2**20
_BLOCK = 2**20
_BLOCK_MAX = 2**31 - 1
_ANY = re.compile(rb"\S")
_SENTINEL = "\x1eend-of-text"


@dataclass(frozen=True)
class _Body:
    """The rows below the header: ``text`` from byte ``start``, which is in line ``line`` (from 1).
    ``spaced``: a blank follows the separators and is no part of the values."""

    text: bytes
    start: int
    line: int
    separator: str
    width: int
    spaced: bool
    longest: int
    reals: tuple[int, ...] = ()  # columns that look like numbers with a decimal point


def read(
    text: bytes, extension: str, options: Mapping[str, Any], notes: Notes, progress: Progress
) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """The (name, column) pairs of a UTF-8 text, and what was detected. Raises BadInput."""
    progress(0.3, "Finding the columns")
    start, line, header, names, width, found, sample = _head(text, extension, options, notes)
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
    body = _Body(text, start, line, found.separator, width, spaced, longest, reals)
    progress(0.4, "Reading the values")
    columns = _parse(body, notes)
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


@dataclass(frozen=True)
class Head:
    """How a text is laid out, told from its beginning. start, line: the byte and the line (from 1)
    where its rows begin. separator: "" when each line is one cell."""

    start: int
    line: int
    header: bool
    names: tuple[str, ...]
    separator: str
    decimal: str
    spaced: bool


def head(text: bytes, extension: str, options: Mapping[str, Any], notes: Notes) -> Head:
    """The layout of a text by its first part, whole lines of UTF-8. Raises BadInput."""
    start, line, header, names, _, found, sample = _head(text, extension, options, notes)
    decimal = options.get("decimal") or sniff.decimal_sign(found.rows, found.separator)
    spaced = sniff.spaced(sample, found.separator)
    tidy = tuple(tidy_names(names, notes))
    return Head(start, line, header, tidy, found.separator, decimal, spaced)


def _head(text: bytes, extension: str, options: Mapping[str, Any], notes: Notes):
    """(first byte and line of the rows, whether names stand above them, the names, cells per row,
    the layout, the sample it was told from)."""
    start, line, declared, comment = _preamble(text, notes)
    named_csv = extension in ("csv", "tsv", "tab")
    separator = separator_of(options.get("separator"), declared)
    sample, whole = _sample(text, start)
    found = sniff.layout(sample, whole, separator, named_csv)
    if not found.rows:
        raise BadInput(f"No row can be told from the text that starts in line {line:,}: {_QUOTES}")
    if found.skipped:
        notes.say(
            f"The text above the table was left out: '{shorten(found.skipped[0])}' "
            f"({len(found.skipped)} of the first lines)."
        )
        start, line = _after(text, start, line, found.skipped)
    header = options.get("header")
    if header is None:
        header = sniff.has_header(found.rows, named_csv)
    names, width = _names(found, header, comment, notes)
    if header:
        start, line = _after(text, start, line, ["".join(found.rows[0])])
    return start, line, header, names, width, found, sample


_QUOTES = "check the quotation marks there."


def _format(separator: str) -> str:
    return {"\t": "tsv", "": "text", " ": "text"}.get(separator, "csv")


def separator_of(option: str | None, declared: str | None) -> str | None:
    """The chosen separator as one character ("" for none), or None to detect it."""
    if option is None:
        return declared
    chosen = SEPARATORS.get(option.strip().lower(), option)
    if chosen != "" and (
        len(chosen) != 1
        or chosen.isalnum()
        or chosen in "\"'.+-_"
        or (chosen < " " and chosen != "\t")
    ):
        raise BadInput(
            f"The separator {shorten(option)!r} cannot be used: "
            "give comma, semicolon, tab, pipe, space, none or one other sign."
        )
    return chosen


def _preamble(text: bytes, notes: Notes) -> tuple[int, int, str | None, str]:
    """(where the table starts, its line number, separator of a "sep=" line, last comment)."""
    start, line, separator, comments = 0, 1, None, []
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        raw = text[start : min(end, start + 100_000)].strip()
        if raw.startswith(b"#"):
            comments.append(raw.decode("utf-8", "replace").lstrip("# "))
        elif raw.lower().startswith(b"sep=") and len(raw) == 5:
            separator = chr(raw[4])
        elif raw:
            break
        start, line = min(end + 1, len(text)), line + 1
    if comments:
        notes.say(
            f"Comment lines above the table were left out ({len(comments)}): "
            f"'{shorten(comments[0])}'."
        )
    if start >= len(text):
        what = "only comment lines" if comments else "no text"
        raise BadInput(f"The file is empty (it holds {what}): choose a file with rows of data.")
    return start, line, separator, comments[-1] if comments else ""


def _sample(text: bytes, start: int) -> tuple[str, bool]:
    """The start of the table, at least a few lines of it, and whether that is all."""
    size = _SAMPLE
    while size < _SAMPLE_MAX and start + size < len(text):
        if text.count(b"\n", start, start + size) >= 8:
            break
        size *= 4
    whole = start + size >= len(text)
    return text[start : start + size].decode("utf-8", "ignore"), whole


def _after(text: bytes, start: int, line: int, records: Sequence[str]) -> tuple[int, int]:
    """The position and line number behind some records (which may hold line ends)."""
    for record in records:
        skip = record.count("\n") + 1
        while start < len(text) and skip:
            end = text.find(b"\n", start)
            end = len(text) if end < 0 else end
            if text[start:end].strip() or skip <= record.count("\n"):
                skip -= 1
            start, line = min(end + 1, len(text)), line + 1
    return start, line


def _names(found: sniff.Layout, header: bool, comment: str, notes: Notes) -> tuple[list[str], int]:
    """Column names as written, and the number of cells a row must have."""
    width = found.width
    if not header:
        if width == 1 and not found.separator and sniff.kind(found.rows[0][0]) == "word":
            return ["text"], 1
        words = next(sniff.split(comment, found.separator), []) if comment else []
        if width > 1 and len(words) == width and all(sniff.kind(w) == "word" for w in words):
            notes.say("The column names were taken from the comment above the table.")
            return words, width
        return numbered(width), width
    names = list(found.rows[0])
    while len(names) > width and not names[-1].strip():
        names.pop()
    if len(names) == width - 1:
        # As R writes tables: row names without a name; or every row ends with a separator.
        ended = all(not row[-1].strip() for row in found.rows[1:] if len(row) == width)
        names = [*names, ""] if ended else ["row", *names]
    width = max(width, len(names))
    check_size(0, width)
    return names + [""] * (width - len(names)), width


# --- parsing --------------------------------------------------------------------------------------


def _parse(body: _Body, notes: Notes) -> list:
    """The columns as pyarrow strings, missing cells null."""
    import pyarrow as pa

    if not body.separator:
        lines = body.text[body.start :].decode("utf-8", "replace").split("\n")
        lines = [line for line in lines if line.strip()]
        return [inference.without_markers(pa.chunked_array([pa.array(lines, pa.string())]))]
    quotes = body.text.count(b'"', body.start)
    plain = body.separator != " " and body.separator.isascii() and quotes % 2 == 0
    if plain and not (quotes and body.spaced):
        table, ragged = _arrow(body)
        if not ragged:
            return table.columns
    return _arrow(_repair(body, notes))[0].columns


def _arrow(body: _Body, quoted: bool = True) -> tuple[Any, int]:
    """The table of strings, and the number of rows of another width (which are left out)."""
    import pyarrow as pa
    from pyarrow import csv as pacsv

    ragged: list[int] = []

    def count(row) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    names = [str(i) for i in range(body.width)]
    parse = pacsv.ParseOptions(
        delimiter=body.separator,
        quote_char='"' if quoted else False,
        newlines_in_values=quoted and body.text.find(b'"', body.start) >= 0,
        invalid_row_handler=count,
    )
    kinds = dict.fromkeys(names, pa.string())
    kinds.update({names[i]: pa.float64() for i in body.reals})
    block = min(_BLOCK_MAX, max(_BLOCK, 8 * body.longest))
    while True:
        ragged.clear()
        reading = pacsv.ReadOptions(column_names=names, block_size=block)
        convert = pacsv.ConvertOptions(
            column_types=kinds,
            null_values=list(inference.MISSING),
            strings_can_be_null=True,
            check_utf8=False,
        )
        try:
            source = pa.BufferReader(pa.py_buffer(body.text).slice(body.start))
            return pacsv.read_csv(source, reading, parse, convert), len(ragged)
        except pa.ArrowInvalid as error:
            if body.reals and "conversion error" in str(error):
                return _arrow(replace(body, reals=()), quoted)
            # One record may be longer than a block.
            if "straddl" not in str(error) or block >= min(_BLOCK_MAX, len(body.text)):
                raise
            block = min(_BLOCK_MAX, block * 32)


def _repair(body: _Body, notes: Notes) -> _Body:
    """The body with rows of one width: short ones filled, long ones left out, both noted."""
    out = io.StringIO(newline="\n")
    writer = csv.writer(out, lineterminator="\n")
    short, long, kept = [], [], 0
    last: list[str] = []
    line = at = body.line
    reader = _reader(body)
    try:
        for row in reader:
            at, line = line, body.line + reader.line_num
            last = row
            if not row or row[0] == _SENTINEL:
                continue
            while len(row) > body.width and not row[-1].strip():
                row.pop()
            if len(row) > body.width:
                long.append(at)
                continue
            if len(row) < body.width:
                short.append(at)
                row.extend([""] * (body.width - len(row)))
            writer.writerow(row)
            kept += 1
    except csv.Error:
        raise BadInput(
            f"A value that starts in line {line:,} is longer than {csv.field_size_limit():,} "
            f"characters: {_QUOTES}"
        ) from None
    if last[:1] != [_SENTINEL]:
        return _unquoted(body, at, notes)
    if not kept:
        raise BadInput(
            f"Every row has more values than the {body.width} columns, the first in "
            f"line {long[0]:,}: check the separator."
        )
    _say_ragged(short, long, body.width, notes)
    return replace(body, text=out.getvalue().encode("utf-8", "replace"), start=0, separator=",")


def _reader(body: _Body):
    """A csv reader over the body that ends with the sentinel, if all quotes are closed."""
    data = io.BytesIO(body.text)
    data.seek(body.start)
    text = io.TextIOWrapper(data, "utf-8", "replace", newline="\n")
    lines: Iterator[str] = (line if line.endswith("\n") else line + "\n" for line in text)
    if body.separator == " ":
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    return csv.reader(
        itertools.chain(lines, [_SENTINEL + "\n"]),
        delimiter=body.separator,
        skipinitialspace=body.spaced or body.separator == " ",
    )


def _unquoted(body: _Body, line: int, notes: Notes) -> _Body:
    """The body with quotes as ordinary characters, if that gives regular rows. Else BadInput."""
    message = f"A quotation mark opened in line {line:,} is never closed"
    if body.separator != " " and body.separator.isascii():
        table, ragged = _arrow(body, quoted=False)
        if not ragged:
            notes.say(f"{message}, so quotation marks were read as ordinary characters.")
            out = io.BytesIO()
            from pyarrow import csv as pacsv

            pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False))
            return replace(body, text=out.getvalue(), start=0, separator=",")
    raise BadInput(f"{message}: close it or remove it.")


def _say_ragged(short: list[int], long: list[int], width: int, notes: Notes) -> None:
    if short:
        notes.say(
            f"Rows with fewer than {width} values were filled with missing values: "
            f"{len(short):,}, the first in line {short[0]:,}."
        )
    if long:
        notes.say(
            f"Rows with more than {width} values were left out: "
            f"{len(long):,}, the first in line {long[0]:,}."
        )


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
