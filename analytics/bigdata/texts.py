"""A large CSV or TSV as pieces: its layout, and the columns of each block of records."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analytics.bigdata import records
from analytics.bigdata.source import Source, Span, Told
from analytics.data import decoding, heading, inference
from analytics.data.naming import Notes, shorten
from analytics.errors import BadInput

HEAD = 2**20  # bytes by which the layout and the types are told
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
    layout = heading.head(head, readers.extension(name), options, notes)
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
    cut = len(body) if whole else records.cut_of(body, layout.separator)[0]
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
    source: Source, columns: list[str], as_text: bool, told: Told, span: Span | None = None
) -> Iterator[tuple[float, Any]]:
    """(share read, table) of each block of records, of the file or of a span of it."""
    rows, done, size = 0, 0, span.size if span else source.size
    with source.path.open("rb") as file:
        for line, block, _ in records.blocks(source, file, span):
            done = min(done + records.BLOCK, size)
            if block:
                valid = _valid(block, line, told)
                table = _parsed(valid, source, columns, as_text, told, rows, line)
                rows += table.num_rows
                yield done / size, table


def nothing(source: Source, columns: list[str], as_text: bool) -> Any:
    """The table of no rows."""
    return _parsed(b"", source, columns, as_text, Told(), 0, 1)


# --- records to columns ---------------------------------------------------------------------------


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
