"""A large CSV or TSV as pieces: blocks of whole records, quotes and encodings respected."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from analytics.bigdata.source import Source, Told
from analytics.data import decoding, delimited, inference
from analytics.data.naming import Notes, shorten
from analytics.errors import BadInput

BLOCK = 16 * 2**20  # bytes of a piece
HEAD = 2**20  # bytes by which the layout and the types are told
LONGEST = 64 * 2**20  # bytes of one record
_ONE_CELL = "\x1f"  # a separator that does not occur, where each line is one cell


def opened(
    path: Path,
    name: str,
    stamp: tuple[int, ...],
    options: Mapping[str, Any],
    like: Source | None = None,
) -> Source:
    """What the beginning of a text file says of it. like : a file of the same columns that says
    their types. Raises BadInput."""
    from analytics.data import readers

    notes = Notes()
    with path.open("rb") as file:
        raw = file.read(HEAD)
        whole = len(raw) < HEAD
    head, encoding = decoding.to_utf8(raw, options.get("encoding"), notes)
    if not whole and b"\n" in head:
        head = head[: head.rfind(b"\n") + 1]
    if not whole and head.lstrip()[:1] in (b"{", b"["):
        raise BadInput(
            f"'{shorten(name)}' looks like JSON, but only Parquet and CSV or TSV are read piece by "
            "piece: save it as one of them."
        )
    layout = delimited.head(head, readers.extension(name), options, notes)
    if layout.separator == " ":
        raise BadInput(
            f"The columns of '{shorten(name)}' are separated by runs of blanks, which is not read "
            "piece by piece: save it as CSV."
        )
    source = Source(path, name, "csv", dict.fromkeys(layout.names, "text"), stamp,
                    layout=layout, encoding=encoding, notes=tuple(notes.all()))  # fmt: skip
    if like is not None and not like.empty:
        return replace(source, kinds={c: like.kinds.get(c, "text") for c in layout.names})
    body = head[layout.start :]
    cut = len(body) if whole else _cut(body, layout.separator)[0]
    table = _parsed(body[: cut or len(body)], source, layout.names, True, Told(), 0, layout.line)
    kinds, empty = _kinds(table, source)
    if like is not None:
        kinds.update({c: k for c, k in like.kinds.items() if c in kinds and c not in like.empty})
    return replace(source, kinds=kinds, empty=empty)


def _kinds(table: Any, source: Source) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the columns of the first rows look like, in the types they are read in; and those
    without a value."""
    import pyarrow as pa

    kinds, empty = {}, []
    for name, column in zip(table.schema.names, table.columns, strict=True):
        filled = inference.without_markers(_trimmed(column))
        found = inference.infer(filled, name, Notes(), source.layout.decimal)
        kind = found.type
        plain = kind != pa.string() and found.null_count < len(found)
        if plain and pa.types.is_boolean(kind):
            kinds[name] = "boolean"
        elif plain and pa.types.is_timestamp(kind):
            kinds[name] = "date" if _cast(filled, pa.timestamp("us")) is not None else "text"
        else:
            number = plain and _numbers(filled, source.layout.decimal) is not None
            kinds[name] = "number" if number else "text"
        if found.null_count == len(found):
            empty.append(name)
    return kinds, tuple(empty)


def pieces(
    source: Source, columns: list[str], as_text: bool, told: Told
) -> Iterator[tuple[float, Any]]:
    """(share of the file read, table) of each block of records."""
    rows = 0
    with source.path.open("rb") as file:
        for line, block in _records(source, file, told):
            table = _parsed(block, source, columns, as_text, told, rows, line)
            rows += table.num_rows
            yield file.tell() / source.size, table


# --- bytes to records -----------------------------------------------------------------------------


def _records(source: Source, file: BinaryIO, told: Told) -> Iterator[tuple[int, bytes]]:
    """(line of the first record, UTF-8 of whole records) of each block below the header."""
    layout, line, rest = source.layout, 1, b""
    skip = layout.line - 1
    for block in _utf8(file, source.encoding):
        rest += block
        while skip and b"\n" in rest:
            rest = rest[rest.find(b"\n") + 1 :]
            skip, line = skip - 1, line + 1
        if skip:
            continue
        cut, open_at = _cut(rest, layout.separator)
        if not cut and len(rest) > LONGEST:
            raise _unclosed(source, line, rest, open_at)
        if cut:
            yield line, _valid(rest[:cut], line, told)
            line += rest.count(b"\n", 0, cut)
            rest = rest[cut:]
    if rest.strip() and not skip:
        _, open_at = _cut(rest + b"\n", layout.separator)
        if open_at >= 0:
            raise _unclosed(source, line, rest, open_at)
        yield line, _valid(rest, line, told)


def _utf8(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The text in UTF-8 with ``\\n`` line ends and no byte-order mark."""
    plain = encoding in ("utf-8", "ascii")
    decoder = None if plain else codecs.getincrementaldecoder(encoding)("replace")
    first, held = True, b""
    while block := file.read(BLOCK):
        if decoder is not None:
            block = decoder.decode(block).encode("utf-8", "replace")
        if first:
            block = block.removeprefix(codecs.BOM_UTF8)
            first = False
        block = held + block
        held = block[-1:] if block.endswith(b"\r") else b""  # its \n may follow
        block = block[: len(block) - len(held)]
        yield block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block
    if held:
        yield b"\n"


def _cut(block: bytes, separator: str) -> tuple[int, int]:
    """(where the last whole record of a block ends, 0 for nowhere; where a quotation mark opens
    that is not closed, -1 for nowhere)."""
    end = block.rfind(b"\n")
    if end < 0 or not separator or block.count(b'"', 0, end) % 2 == 0:
        return end + 1, -1
    # A quotation mark is one only where a cell begins.
    mark = re.escape(separator.encode())
    cell = re.compile(rb"(?:\A|(?<=\n)|(?<=" + mark + rb'))"(?:[^"]++|"")*+("|\Z)')
    for found in cell.finditer(block):
        closed = found.group(1) != b""
        if not closed or found.start() < end < found.end():
            return block.rfind(b"\n", 0, found.start()) + 1, -1 if closed else found.start()
    return end + 1, -1


def _unclosed(source: Source, line: int, rest: bytes, at: int) -> BadInput:
    line += rest.count(b"\n", 0, max(at, 0))
    return BadInput(
        f"A quotation mark opened in line {line:,} of "
        f"'{shorten(source.name)}' is not closed within {LONGEST >> 20} MB or until the end: close "
        "it or remove it."
    )


def _valid(block: bytes, line: int, told: Told) -> bytes:
    """The block as valid UTF-8."""
    if block.isascii():
        return block
    try:
        block.decode()
        return block
    except UnicodeDecodeError as error:
        text = block.decode("utf-8", "replace")
        if not told.replaced[0]:
            told.replaced[1] = line + block.count(b"\n", 0, error.start)
        told.replaced[0] += text.count("\ufffd")
        return text.encode()


# --- records to columns ---------------------------------------------------------------------------


def _parsed(
    block: bytes,
    source: Source,
    columns: Any,
    as_text: bool,
    told: Told,
    rows: int,
    line: int,
) -> Any:
    """The table of a block. rows : those before it; line : that of its first record."""
    import pyarrow as pa

    types = {"number": pa.float64(), "boolean": pa.bool_(), "date": pa.timestamp("us")}
    wanted = {c: types.get(source.kinds[c], pa.string()) for c in columns}
    if as_text:
        wanted = dict.fromkeys(columns, pa.string())
    if not block.strip():
        return pa.table({c: pa.array([], kind) for c, kind in wanted.items()})
    ragged: list[int] = []
    try:
        table = _arrow(block, source, wanted, as_text, ragged)
    except pa.ArrowInvalid as error:
        if as_text or "conversion error" not in str(error):
            raise
        texts = dict.fromkeys(columns, pa.string())
        table = _arrow(block, source, texts, False, ragged)
    if ragged:
        block = _repaired(block, source, told, line)
        return _parsed(block, source, columns, as_text, told, rows, line)
    typed = [
        _typed(table.column(c), c, kind, source, told, rows) if not as_text else table.column(c)
        for c, kind in wanted.items()
    ]
    return pa.table(typed, names=list(columns))


def _arrow(block: bytes, source: Source, wanted: dict, as_text: bool, ragged: list[int]) -> Any:
    import pyarrow as pa
    from pyarrow import csv as pacsv

    layout = source.layout

    def count(row) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    quoted = bool(layout.separator) and b'"' in block
    parse = pacsv.ParseOptions(
        delimiter=layout.separator or _ONE_CELL,
        quote_char='"' if layout.separator else False,
        newlines_in_values=quoted,
        invalid_row_handler=count,
    )
    convert = pacsv.ConvertOptions(
        column_types=wanted,
        include_columns=list(wanted),
        null_values=[] if as_text else list(inference.MISSING),
        strings_can_be_null=not as_text,
        true_values=["true", "True", "TRUE"],
        false_values=["false", "False", "FALSE"],
        decimal_point=layout.decimal,
        check_utf8=False,
    )
    reading = pacsv.ReadOptions(column_names=list(layout.names), block_size=len(block) + 1)
    return pacsv.read_csv(pa.BufferReader(block), reading, parse, convert)


def _repaired(block: bytes, source: Source, told: Told, line: int) -> bytes:
    """The records with as many cells as there are columns: short ones filled, long ones left out,
    both counted with the line of the first."""
    layout, out = source.layout, io.StringIO(newline="\n")
    width = len(layout.names)
    writer = csv.writer(out, delimiter=layout.separator or _ONE_CELL, lineterminator="\n")
    reader = csv.reader(io.StringIO(block.decode("utf-8", "replace"), newline="\n"),
                        delimiter=layout.separator or _ONE_CELL)  # fmt: skip
    before = 0
    try:
        for row in reader:
            at, before = line + before, reader.line_num
            if not row:
                continue
            while len(row) > width and not row[-1].strip():
                row.pop()
            if len(row) != width:
                kind = told.long if len(row) > width else told.short
                kind[0] += 1
                kind[1] = kind[1] or at
                if len(row) > width:
                    continue
                row.extend([""] * (width - len(row)))
            writer.writerow(row)
    except csv.Error:
        raise BadInput(
            f"A value of '{shorten(source.name)}' that starts in line {line + before:,} is longer "
            f"than {csv.field_size_limit():,} characters: check the quotation marks there."
        ) from None
    return out.getvalue().encode()


def _typed(column: Any, name: str, kind: Any, source: Source, told: Told, rows: int) -> Any:
    """A column in its type; cells that do not fit become missing and are counted."""
    import pyarrow as pa

    if column.type != pa.string():
        return column
    if kind == pa.string():
        return _trimmed(column) if source.layout.spaced else column
    filled = inference.without_markers(_trimmed(column))
    found = _numbers(filled, source.layout.decimal) if kind == pa.float64() else _cast(filled, kind)
    return found if found is not None else _coerced(filled, name, kind, source, told, rows)


def _coerced(filled: Any, name: str, kind: Any, source: Source, told: Told, rows: int) -> Any:
    import pandas as pd
    import pyarrow as pa

    texts = filled.to_pandas()
    if kind == pa.timestamp("us"):
        found = pd.to_datetime(texts, errors="coerce", format="ISO8601")
    elif kind == pa.bool_():
        found = texts.str.lower().map({"true": True, "false": False}).astype("boolean")
    else:
        plain = texts.str.replace(",", ".") if source.layout.decimal == "," else texts
        found = pd.to_numeric(plain, errors="coerce").astype("float64")
        texts = texts.mask(texts == "?")
    lost = (texts.notna() & found.isna()).to_numpy().nonzero()[0]
    if len(lost):
        first = int(lost[0])
        seen = told.bad.setdefault(name, [0, rows + first + 1, str(texts.iloc[first])])
        seen[0] += len(lost)
    return pa.chunked_array([pa.Array.from_pandas(found).cast(kind)])


def _numbers(filled: Any, decimal: str) -> Any:
    """Texts as float64, or None when one is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal == ",":
        filled = pc.replace_substring(filled, ",", ".")
    return _cast(filled, pa.float64())


def _cast(values: Any, kind: Any) -> Any:
    import pyarrow as pa

    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _trimmed(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(column)
