"""The rows of a delimited text as columns of texts: ragged rows, unbalanced quotes."""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from analytics.data import inference
from analytics.data.heading import QUOTES
from analytics.data.naming import Notes
from analytics.errors import BadInput

_BLOCK = 2**20
_BLOCK_MAX = 2**31 - 1
_SENTINEL = "\x1eend-of-text"


@dataclass(frozen=True)
class Body:
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


def columns_of(body: Body, notes: Notes) -> list:
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


def _arrow(body: Body, quoted: bool = True) -> tuple[Any, int]:
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


def _repair(body: Body, notes: Notes) -> Body:
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
            f"characters: {QUOTES}"
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


def _reader(body: Body):
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


def _unquoted(body: Body, line: int, notes: Notes) -> Body:
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
