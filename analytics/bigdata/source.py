"""A large file as pieces of its rows: what it is, its columns, and one door to read them.

Only one piece is in memory at a time. Numbers arrive as float64, truth values as bool, dates as
timestamp[us] and everything else as text, each column in one type from the first row to the last.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from analytics.data.naming import printable, shorten
from analytics.errors import BadInput, Cancelled
from analytics.progress import Progress, silent

ROWS = 1 << 18  # most rows of a piece of Parquet
CELLS = 4_000_000  # most cells of one
SPAN = 1_000_000  # least rows of a span of Parquet, but for the last
STRETCH = 64 * 2**20  # least bytes of one of a CSV
FORMATS = ("csv", "tsv", "tab", "txt", "parquet", "pq")  # endings that are offered


@dataclass(frozen=True)
class Source:
    """A file that can be read piece by piece.

    format : "parquet" or "csv". kinds : column -> "number", "boolean", "date" or "text", in the
    order of the file. stamp : size and times by which a change is noticed. rows : when the file
    says so. layout : of a CSV (see ``heading.Head``), encoding : its encoding. groups : rows of
    the row groups of Parquet, or bytes of the blocks of a CSV whose cuts are known. empty :
    columns without a value as far as was looked. files : those of a folder, in order (see
    ``folders``). cuts : where reading may begin after each block (see ``cutting``).
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
    groups: tuple[int, ...] = ()
    empty: tuple[str, ...] = ()
    files: tuple["Source", ...] = ()
    cuts: tuple[Any, ...] = ()

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
    """Neighbouring row groups of Parquet, numbered through all files: first, and after the last
    one; the number of the first row, and how many there are. Of a CSV, blocks, and their bytes;
    tail and line: where the first record begins (see ``records.Cut``)."""

    first: int
    last: int
    start: int
    size: int
    tail: int = 0
    line: int = 0


@dataclass
class Told:
    """What was met while reading, by row (from 1) or line. bad : column -> [cells that are no
    number, the row of the first, the first]. short, long : [rows, line of the first]."""

    bad: dict[str, list] = field(default_factory=dict)
    short: list[int] = field(default_factory=lambda: [0, 0])
    long: list[int] = field(default_factory=lambda: [0, 0])
    replaced: list[int] = field(default_factory=lambda: [0, 0])
    files: dict[str, str] = field(default_factory=dict)  # that the first of "short" and so on is of

    def add(self, more: "Told", rows: int, file: str = "") -> None:
        """What was met in a further file of a folder, or span, before which there are ``rows``."""
        for key in ("short", "long", "replaced"):
            count, line = getattr(more, key)
            mine = getattr(self, key)
            if count and not mine[0]:
                mine[1], of = line, more.files.get(key, file)
                self.files.update({key: of} if of else {})
            mine[0] += count
        for column, (count, row, cell) in more.bad.items():
            self.bad.setdefault(column, [0, rows + row, cell])[0] += count

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, from which ``Told(**…)`` is the same."""
        return asdict(self)

    def notes(self) -> list[str]:
        """Sentences on all of it."""
        said = []
        for key, words in (
            ("short", "Rows with fewer values than columns were filled with missing values"),
            ("long", "Rows with more values than columns were left out"),
            ("replaced", "Pieces of text not valid in the encoding of the file were mended"),
        ):
            count, line = getattr(self, key)
            if count:
                of = f" of '{shorten(self.files[key])}'" if key in self.files else ""
                said.append(f"{words}: {count:,}, the first in line {line:,}{of}.")
        for column, (count, row, cell) in self.bad.items():
            said.append(
                f"'{shorten(column)}' is read as numbers: {count:,} cells are none and count as "
                f"missing, the first is '{shorten(cell)}' in row {row:,}."
            )
        return said


def opened(path: Path, name: str = "", options: Mapping[str, Any] | None = None) -> Source:
    """What a file is and which columns it has, told from its beginning (or its footer). A folder
    is its files (see ``folders``).

    options : ``encoding``, ``separator``, ``header``, ``decimal`` of a CSV, as for
    ``readers.read_file``. Raises BadInput for everything that cannot be read in pieces.
    """
    from analytics.data import readers

    options = readers.check_options(options)
    name = printable(name or path.name) or "file"
    try:
        if path.is_dir():
            from analytics.bigdata import folders

            return folders.opened(path, name, options)
        found = opened_file(path, name, options)
    except OSError as error:
        raise unreadable(name, error) from None
    if found.rows == 0:
        raise BadInput(f"'{shorten(name)}' holds no rows of data: choose another file.")
    return found


def opened_file(
    path: Path, name: str, options: Mapping[str, Any], like: Source | None = None
) -> Source:
    """As :func:`opened`, of one file, which may hold no rows. like : the first file of a folder,
    whose types a CSV takes. Raises OSError too."""
    from analytics.data import readers

    try:
        stamp = stamp_of(path)
        if not stamp[0]:
            raise BadInput(f"The file '{shorten(name)}' is empty: choose a file with rows of data.")
        kind = readers.kind_of(path)
        if kind == "parquet":
            from analytics.bigdata import parquet

            return parquet.opened(path, name, stamp)
        if kind == "text":
            from analytics.bigdata import texts

            return texts.opened(path, name, stamp, options, like)
    except OSError:
        raise
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
    """The row groups of Parquet in spans of at least ``SPAN`` rows, in order: what one job of many
    reads. It hangs on the files alone. Of a CSV its blocks in spans of at least ``STRETCH`` bytes;
    none before its cuts are known (see ``cutting.parted``)."""
    found, first, start, held, at = [], 0, 0, 0, (0, 0)
    least = SPAN if source.format == "parquet" else STRETCH
    for i, more in enumerate(source.groups):
        held += more
        may = not source.cuts or source.cuts[i] is not None
        if (held >= least and may) or (i == len(source.groups) - 1 and held):
            found.append(Span(first, i + 1, start, held, *at))
            first, start, held = i + 1, start + held, 0
            at = source.cuts[i] if source.cuts else at
    return tuple(found)


def piece_rows(columns: Sequence[str]) -> int:
    """Rows of a piece of so many columns."""
    return max(1, min(ROWS, CELLS // max(1, len(columns))))


def unreadable(name: str, error: OSError) -> BadInput:
    """The sentence for a file that the system does not give."""
    return BadInput(
        f"The file '{shorten(name)}' cannot be read ({error.strerror or 'damaged content'}): "
        "check that it is there and whole, and try again."
    )


def stamp_of(path: Path) -> tuple[int, ...]:
    """Size, times and place on the disk, by which a change of a file is noticed; of a folder see
    ``folders.stamp_of``."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        from analytics.bigdata import folders

        return folders.stamp_of(path)
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
    only these rows, of a CSV numbered from its first one. told : takes what was met. Raises
    BadInput for damaged content, and when the file changes meanwhile.
    """
    told = told or Told()
    columns = source.columns if columns is None else list(columns)
    pieces, what, met = read, "file", False
    if source.files:
        from analytics.bigdata import folders

        pieces, what = folders.chunks, "folder"
    for start, table in pieces(source, columns, as_text, span, progress, told):
        yield start, table
        met = True
    if met:
        return
    if span is None or source.format == "parquet":
        raise BadInput(f"'{shorten(source.name)}' holds no rows of data: choose another {what}.")
    from analytics.bigdata import texts

    yield 0, texts.nothing(source, columns, as_text)  # blank lines, or rows that are left out


def read(
    source: Source,
    columns: list[str],
    as_text: bool,
    span: Span | None,
    progress: Progress,
    told: Told,
) -> Iterator[tuple[int, Any]]:
    """As :func:`chunks`, of one file, which may hold no rows."""
    check_same(source)
    if source.format == "parquet":
        from analytics.bigdata import parquet

        pieces = parquet.pieces(source, columns, span)
    else:
        from analytics.bigdata import texts

        pieces = texts.pieces(source, columns, as_text, told, span)
    start = span.start if span and source.format == "parquet" else 0
    try:
        for share, table in pieces:
            if table.num_rows:
                yield start, table
                start += table.num_rows
            at = f"Row {start:,}"
            if span and source.format == "csv":
                at = f"{(span.start + share * span.size) / 2**20:,.0f} MB"
            progress(min(1.0, share), f"{at} of {shorten(source.name)}")
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


def _damaged(source: Source, row: int, error: Exception) -> BadInput:
    why = (str(error).splitlines() or [""])[0][:100]
    return BadInput(
        f"'{shorten(source.name)}' is damaged after row {row:,} ({printable(why)}): write the "
        "file again."
    )
