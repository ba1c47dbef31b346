"""A large file as pieces of its rows: what it is, its columns, and one door to read them.

Only one piece is in memory at a time. Numbers arrive as float64, truth values as bool, dates as
timestamp[us] and everything else as text, each column in one type from the first row to the last.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analytics.data.naming import Notes, printable, shorten, tidy_names
from analytics.errors import BadInput, Cancelled
from analytics.progress import Progress, silent

ROWS = 1 << 18  # most rows of a piece of Parquet
CELLS = 4_000_000  # most cells of one
SPAN = 1_000_000  # least rows of a span, but for the last
FORMATS = ("csv", "tsv", "tab", "txt", "parquet", "pq")  # endings that are offered


@dataclass(frozen=True)
class Source:
    """A file that can be read piece by piece.

    format : "parquet" or "csv". kinds : column -> "number", "boolean", "date" or "text", in the
    order of the file. stamp : size and times by which a change is noticed. rows : when the file
    says so. layout : of a CSV (see ``delimited.Head``), encoding : its encoding.
    """

    path: Path
    name: str
    format: str
    kinds: dict[str, str]
    stamp: tuple[int, ...]
    rows: int | None = None
    layout: Any = None
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stamp[0]

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.kinds)


@dataclass(frozen=True)
class Span:
    """Neighbouring row groups of a Parquet file: first, and after the last one; the number of the
    first row, and how many there are."""

    first: int
    last: int
    start: int
    rows: int


@dataclass
class Told:
    """What was met while reading, by row (from 1) or line. bad : column -> [cells that are no
    number, the row of the first, the first]. short, long : [rows, line of the first]."""

    bad: dict[str, list] = field(default_factory=dict)
    short: list[int] = field(default_factory=lambda: [0, 0])
    long: list[int] = field(default_factory=lambda: [0, 0])
    replaced: list[int] = field(default_factory=lambda: [0, 0])

    def notes(self) -> list[str]:
        """Sentences on all of it."""
        said = []
        for (count, line), words in (
            (self.short, "with fewer values than columns were filled with missing values"),
            (self.long, "with more values than columns were left out"),
            (self.replaced, "are not valid in the encoding of the file and were mended"),
        ):
            if count:
                what = "Pieces of text that" if words.startswith("are") else "Rows"
                said.append(f"{what} {words}: {count:,}, the first in line {line:,}.")
        for column, (count, row, cell) in self.bad.items():
            said.append(
                f"'{shorten(column)}' is read as numbers: {count:,} cells are none and count as "
                f"missing, the first is '{shorten(cell)}' in row {row:,}."
            )
        return said


def opened(path: Path, name: str = "", options: Mapping[str, Any] | None = None) -> Source:
    """What a file is and which columns it has, told from its beginning (or its footer).

    options : ``encoding``, ``separator``, ``header``, ``decimal`` of a CSV, as for
    ``readers.read_file``. Raises BadInput for everything that cannot be read in pieces.
    """
    from analytics.data import readers

    options = readers.check_options(options)
    name = printable(name or path.name) or "file"
    try:
        stamp = stamp_of(path)
        if not stamp[0]:
            raise BadInput(f"The file '{shorten(name)}' is empty: choose a file with rows of data.")
        kind = readers.kind_of(path)
        if kind == "parquet":
            return _parquet(path, name, stamp)
        if kind == "text":
            from analytics.bigdata import texts

            return texts.opened(path, name, stamp, options)
    except OSError as error:
        raise unreadable(name, error) from None
    except Exception as error:
        if type(error).__module__.split(".")[0] != "pyarrow":
            raise
        raise BadInput(
            f"The first rows of '{shorten(name)}' cannot be read as a table: check the separator "
            "and the quotation marks."
        ) from None
    raise BadInput(
        f"'{shorten(name)}' is {kind.upper()}, but only Parquet and plain CSV or TSV are read "
        "piece by piece: save or unpack it as one of them."
    )


def spans(source: Source) -> tuple[Span, ...]:
    """The row groups of a Parquet file in spans of at least ``SPAN`` rows, in order: what one job
    of many reads. It hangs on the file alone. None for a CSV, whose rows are found by reading."""
    if source.format != "parquet":
        return ()
    with _opened(source) as file:
        rows = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    found, first, start, held = [], 0, 0, 0
    for i, more in enumerate(rows):
        held += more
        if held >= SPAN or (i == len(rows) - 1 and held):
            found.append(Span(first, i + 1, start, held))
            first, start, held = i + 1, start + held, 0
    return tuple(found)


def unreadable(name: str, error: OSError) -> BadInput:
    """The sentence for a file that the system does not give."""
    return BadInput(
        f"The file '{shorten(name)}' cannot be read ({error.strerror or 'damaged content'}): "
        "check that it is there and whole, and try again."
    )


def stamp_of(path: Path) -> tuple[int, ...]:
    """Size, times and place on the disk, by which a change of a file is noticed."""
    found = os.stat(path)
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def check_same(source: Source) -> None:
    """Raise BadInput when the file was changed since it was opened."""
    try:
        same = stamp_of(source.path) == source.stamp
    except OSError:
        same = False
    if not same:
        raise BadInput(
            f"The file '{shorten(source.name)}' was changed while it was read: wait until it is "
            "written completely and start again."
        )


def chunks(
    source: Source,
    columns: Sequence[str] | None = None,
    *,
    as_text: bool = False,
    span: Span | None = None,
    progress: Progress = silent,
    told: Told | None = None,
) -> Iterator[tuple[int, Any]]:
    """(number of its first row, pyarrow table) of each piece, in the order of the file.

    columns : only these, None for all. as_text : the cells of a CSV as they are written. span :
    only these rows. told : takes what was met. Raises BadInput for damaged content, and when the
    file changes meanwhile.
    """
    check_same(source)
    told = told or Told()
    columns = source.columns if columns is None else list(columns)
    if source.format == "parquet":
        pieces = _batches(source, columns, span)
    else:
        from analytics.bigdata import texts

        pieces = texts.pieces(source, columns, as_text, told)
    start = span.start if span else 0
    try:
        for share, table in pieces:
            if table.num_rows:
                yield start, table
                start += table.num_rows
            progress(min(1.0, share), f"Row {start:,} of {shorten(source.name)}")
    except (BadInput, Cancelled, GeneratorExit):
        check_same(source)
        raise
    except OSError as error:
        check_same(source)
        raise _damaged(source, start, error) from None
    except Exception as error:
        if type(error).__module__.split(".")[0] != "pyarrow":
            raise
        check_same(source)
        raise _damaged(source, start, error) from None
    check_same(source)
    if not start:
        raise BadInput(f"'{shorten(source.name)}' holds no rows of data: choose another file.")


def _damaged(source: Source, row: int, error: Exception) -> BadInput:
    why = (str(error).splitlines() or [""])[0][:100]
    return BadInput(
        f"'{shorten(source.name)}' is damaged after row {row:,} ({printable(why)}): write the "
        "file again."
    )


# --- Parquet --------------------------------------------------------------------------------------


def _parquet(path: Path, name: str, stamp: tuple[int, ...]) -> Source:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the last for a name of a column
        raise BadInput(
            f"'{shorten(name)}' is cut off or damaged: the list of its columns at the end of the "
            "Parquet file cannot be read. Write or copy the file again."
        ) from None
    if not rows:
        raise BadInput(f"'{shorten(name)}' holds no rows of data: choose another file.")
    notes, kinds, left_out = Notes(), {}, []
    names = tidy_names(schema.names, notes)
    if names != list(schema.names):
        raise BadInput(
            f"Columns of '{shorten(name)}' have no name, one of over 200 characters, or one that "
            "another column has: rename them in the file."
        )
    for column in schema:
        kind = _kind(column.type)
        if kind:
            kinds[column.name] = kind
        else:
            left_out.append(column.name)
    if not kinds:
        raise BadInput(f"No column of '{shorten(name)}' holds numbers, texts or dates.")
    said = list(notes.all())
    if left_out:
        some = ", ".join(f"'{shorten(c)}'" for c in left_out[:3])
        said.append(f"Columns of lists and other nested values are left out: {some}.")
    return Source(path, name, "parquet", kinds, stamp, rows, notes=tuple(said))


def _kind(kind: Any) -> str:
    """What a column of this Arrow type is read as, "" for none."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "date"
    return "text" if types.is_string(kind) or types.is_large_string(kind) else ""


def _opened(source: Source) -> Any:
    import pyarrow.parquet as pq

    # Nothing is read ahead: row groups may be larger than the memory there is.
    return pq.ParquetFile(source.path, pre_buffer=False, buffer_size=1 << 20)


def _batches(source: Source, columns: list[str], span: Span | None) -> Iterator[tuple[float, Any]]:
    import pyarrow as pa

    arrow = {"number": pa.float64(), "boolean": pa.bool_(), "date": pa.timestamp("us")}
    kinds = [arrow.get(source.kinds[c], pa.string()) for c in columns]
    done, announced = 0, span.rows if span else source.rows
    groups = list(range(span.first, span.last)) if span else None
    with _opened(source) as file:
        rows = max(1, min(ROWS, CELLS // max(1, len(columns))))
        for batch in file.iter_batches(rows, row_groups=groups, columns=columns):
            cells = [_cast(batch.column(c), k) for c, k in zip(columns, kinds, strict=True)]
            done += batch.num_rows
            yield done / announced, pa.table(cells, names=columns)
    if done != announced:
        raise BadInput(
            f"'{shorten(source.name)}' is damaged: {done:,} rows were read of the {announced:,} "
            "that it announces. Write the file again."
        )


def _cast(values: Any, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values if values.type == kind else values.cast(kind, safe=False)
