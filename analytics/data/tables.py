"""Parquet, Feather and XLSX to columns."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analytics.data import archives, expanding, records
from analytics.data.limits import MAX_SHEET_CELLS, MAX_UNPACKED_BYTES, MIB, check_size
from analytics.data.naming import Notes, shorten, some
from analytics.errors import BadInput
from analytics.progress import Progress

Pairs = list[tuple[str, Any]]
_INDEX = re.compile(r"__index_level_\d+__")
# Cells with content, by how they say where they are. Possessive, so that no text takes long.
_TAG = rb"<(?:[^\s<>/:]++:)?+c"
_CELL = re.compile(
    _TAG + rb"(?=\s)(?:(?!\sr=)[^<>])*+\sr=[\"']([A-Za-z]{1,3})(\d{1,8})[\"'][^<>]*+(?<!/)>"
)
_PLACED = re.compile(_TAG + rb"\s(?=[^<>]*+(?<!/)>)(?:[^<>]*[\s\"'])?r\s*+=")
_ANY_CELL = re.compile(_TAG + rb"(?:\s[^<>]*+)?+(?<!/)>")
_ROW = re.compile(rb"<(?:[^\s<>/:]++:)?+row(?=\s)(?:(?!\sr=)[^<>])*+\sr=[\"'](\d{1,8})[\"']")
_ROW_START = re.compile(rb"<(?:[^\s<>/:]++:)?+row\b")
_MAX_TAG = 16 * MIB


def read_parquet(path: Path, notes: Notes) -> Pairs:
    """The columns of a Parquet file. Raises BadInput."""
    import pyarrow.parquet as pq

    with _whole_file("Parquet"):
        with pq.ParquetFile(path) as file:
            facts = file.metadata
            check_size(facts.num_rows, facts.num_columns)
            size = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
            _check_bytes(size)
            shared = expanding.shared_words(facts)
        with pq.ParquetFile(path, read_dictionary=shared) as file:
            table = file.read()
        return _pairs(table, notes)


def read_feather(path: Path, notes: Notes) -> Pairs:
    """The columns of a Feather or Arrow file or stream. Raises BadInput."""
    with _whole_file("Feather or Arrow"):
        return _pairs(_feather(path), notes)


def _feather(path: Path):
    """The table in a file or stream, each part checked before the next is read."""
    import pyarrow as pa
    from pyarrow import feather

    with path.open("rb") as file:
        magic = file.read(6)
    if magic[:4] == b"FEA1":
        return feather.read_table(path, memory_map=False)
    batches, rows, size = [], 0, 0
    with pa.OSFile(str(path)) as source:
        opened = pa.ipc.open_file(source) if magic == b"ARROW1" else pa.ipc.open_stream(source)
        is_file = magic == b"ARROW1"
        stream = map(opened.get_batch, range(opened.num_record_batches)) if is_file else opened
        expanding.check_views(opened.schema)
        for batch in stream:
            # Before the texts are looked at, which takes as long as they are.
            _check_bytes(expanding.views(batch))
            batch.validate(full=True)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            check_size(rows, batch.num_columns)
            _check_bytes(size)
            batches.append(batch)
    return pa.Table.from_batches(batches, schema=opened.schema)


@contextmanager
def _whole_file(what: str) -> Iterator[None]:
    """Say in one sentence what pyarrow says of a damaged file. Raises BadInput."""
    import pyarrow as pa

    try:
        yield
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, OverflowError):
        raise BadInput(
            f"The {what} file is damaged, incomplete, or uses a feature that cannot be read: "
            "download or write it again, or save it as CSV."
        ) from None


def _check_bytes(size: int) -> None:
    if size > MAX_UNPACKED_BYTES:
        raise BadInput(
            f"The file unpacks to {size // MIB:,} MB, but at most {MAX_UNPACKED_BYTES // MIB:,} MB "
            "can be read: take a sample of the rows or fewer columns."
        )


def _pairs(table, notes: Notes) -> Pairs:
    if not table.num_rows or not table.num_columns:
        raise BadInput("The file has no rows of data: add rows.")
    _check_bytes(sum(expanding.size(column) for column in table.columns))
    check_size(max(expanding.values(column) for column in table.columns), 1)
    names = table.column_names
    kept = [i for i, name in enumerate(names) if not _INDEX.fullmatch(name)]
    if kept and len(kept) < len(names):
        notes.say("Row labels without a name, as pandas stores them, were left out.")
    return [(names[i], table.column(i)) for i in (kept or range(len(names)))]


# --- XLSX -----------------------------------------------------------------------------------------


_SHORT = 2  # rows, names of columns among them, that are too few to compare anything


def read_xlsx(
    path: Path, sheet: str | None, header: bool | None, notes: Notes, progress: Progress
) -> tuple[Pairs, dict[str, Any]]:
    """The columns of one sheet (``sheet``, or the first that is more than a title page).

    Raises BadInput.
    """
    _check_workbook(path, progress)
    progress(0.4, "Reading the sheet")
    names, chosen, rows = _sheet(path, sheet)
    if chosen != sheet and len(names) > 1:
        notes.say(
            f"Read the sheet '{shorten(chosen)}'; the file also has others ({len(names)} in all)."
        )
    full = [row for row in rows if any(cell not in ("", None) for cell in row)]
    if len(full) < len(rows):
        notes.say(f"Empty rows were left out: {len(rows) - len(full):,}.")
    full = _without_titles(full, notes)
    pairs, found = records.of_rows([[_whole(c) for c in row] for row in full], header, notes)
    return pairs, {**found, "sheet": chosen, "sheets": names}


def _sheet(path: Path, wanted: str | None) -> tuple[list[str], str, list[list[Any]]]:
    """(names of the sheets, the chosen one, its rows). Raises BadInput."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        names = list(book.sheet_names)
        if wanted is not None and wanted not in names:
            raise BadInput(
                f"There is no sheet '{shorten(wanted)}' in the file: it has {some(names, 8)}."
            )
        short: tuple[str, list[list[Any]]] | None = None
        for name in [wanted] if wanted is not None else names:
            rows = book.get_sheet_by_name(name).to_python()
            if len(rows) > _SHORT or (rows and wanted is not None):
                return names, name, rows
            short = short or ((name, rows) if rows else None)
        if short is not None:
            return names, *short
    except BadInput:
        raise
    except BaseException as error:
        # A panic of the Rust reader arrives as a BaseException of its own.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _damaged() from None
        raise
    raise BadInput("The sheet is empty: choose another sheet or add rows of data.")


def _check_workbook(path: Path, progress: Progress) -> None:
    """Unpack every part once, counting: its bytes, and the area that the cells span.

    The reader lays a sheet out as a full rectangle, so one far cell in a small file could ask for
    terabytes. Raises BadInput.
    """
    total = 0
    with archives.open_zip(path) as archive:
        for info in archive.infolist():
            if info.filename.lower().endswith(".xml"):
                total += _check_part(archive, info)
            elif not info.is_dir():
                total += archives.unzip(archive, info, None, progress)
            if total > archives.budget(path.stat().st_size):
                raise _too_large()
            progress(0.2, "Checking the workbook")
        if expanding.sheet_words(archive) > MAX_UNPACKED_BYTES:
            raise _too_large()


def _too_large() -> BadInput:
    return BadInput(
        "The XLSX file unpacks to far more than a file of its size should hold: "
        "save the data as CSV and open that."
    )


def _damaged() -> BadInput:
    return BadInput(
        "The XLSX file is damaged or uses a feature that cannot be read: save it again, or as CSV."
    )


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """The bytes of one XML part, which any sheet may be, with its area checked. Raises BadInput."""
    archives.check_member(info)
    span, total, rest = _Span(), 0, b""
    allowed = archives.budget(info.compress_size)
    try:
        with archive.open(info) as file:
            while chunk := file.read(MIB):
                total += len(chunk)
                if total > allowed:
                    raise _too_large()
                block = rest + chunk
                cut = max(0, block.rfind(b"<"))  # no tag is cut in two
                span.add(block[:cut])
                rest = block[cut:]
                if len(rest) > _MAX_TAG:
                    raise _damaged()
        span.add(rest)
    except archives.BROKEN as error:
        if isinstance(error, BadInput):
            raise
        raise _damaged() from None
    return total


class _Span:
    """The rows and columns that cells with content reach. ``unplaced``: the cells of the current
    row that do not say where they are, and so stand side by side."""

    def __init__(self):
        self.rows = self.columns = self.started = self.unplaced = 0

    def add(self, xml: bytes) -> None:
        """Take in whole tags of a sheet. Raises BadInput when the area is too large."""
        cells = _CELL.findall(xml)
        if b"\0" in xml or len(_PLACED.findall(xml)) != len(cells):
            raise _damaged()
        numbers = {number for _, number in cells} | set(_ROW.findall(xml))
        self.rows = max([self.rows, *map(int, numbers)])
        self.columns = max([self.columns, *(_column_number(c) for c in {c for c, _ in cells})])
        if len(_ANY_CELL.findall(xml)) > len(cells):
            self._add_unplaced(xml)
        check_size(self.rows, self.columns, MAX_SHEET_CELLS)

    def _add_unplaced(self, xml: bytes) -> None:
        for i, row in enumerate(_ROW_START.split(xml)):
            if i:
                self.started, self.unplaced = self.started + 1, 0
            self.unplaced += len(_ANY_CELL.findall(row))
            self.columns = max(self.columns, self.unplaced)
        self.rows = max(self.rows, self.started)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _without_titles(rows: list[list[Any]], notes: Notes) -> list[list[Any]]:
    """The rows without the title lines above them: leading rows with one filled cell."""
    filled = [sum(cell not in ("", None) for cell in row) for row in rows[:24]]
    if not filled or max(filled) < 2:
        return rows
    start = next(i for i, count in enumerate(filled) if count > 1)
    if start and start < len(rows) - 1:
        notes.say(f"Title rows above the table were left out: {start}.")
        return rows[start:]
    return rows


def _whole(cell: Any) -> Any:
    """Sheets store every number as a float; whole ones are read as whole numbers."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell
