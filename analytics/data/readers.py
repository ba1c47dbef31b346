"""One door for every file: what it is (by content first, by name second), and its columns."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.data import (
    archives,
    arrays,
    columns,
    decoding,
    delimited,
    events,
    heading,
    records,
    tables,
)
from analytics.data.limits import MAX_FILE_BYTES, MIB
from analytics.data.naming import Notes, printable, shorten
from analytics.errors import BadInput, Cancelled
from analytics.progress import Progress, part, silent

log = logging.getLogger(__name__)

# Accepted name endings, and what each holds.
FORMATS = {
    "csv": "CSV", "tsv": "TSV", "tab": "TSV", "txt": "text", "json": "JSON", "jsonl": "JSON lines",
    "ndjson": "JSON lines", "parquet": "Parquet", "pq": "Parquet", "feather": "Feather",
    "arrow": "Feather", "xlsx": "XLSX", "xlsm": "XLSX", "npy": "NPY", "npz": "NPZ", "gz": "gzip",
    "zip": "zip",
}  # fmt: skip
LABELS = {
    "csv": "CSV", "tsv": "TSV", "text": "text", "json": "JSON", "jsonl": "JSON lines",
    "parquet": "Parquet", "feather": "Feather", "xlsx": "XLSX", "npy": "NPY", "npz": "NPZ",
}  # fmt: skip
OPTIONS = (
    "encoding", "separator", "header", "sheet", "array", "decimal", "rows", *events.ROLES, "value",
)  # fmt: skip
ROWS = ("items", "links", "events", "readings")  # what a row of the file is
_TEXTS = ("CSV", "TSV", "text")
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "feather"),
    (b"FEA1", "feather"),
    (b"\xff\xff\xff\xff", "feather"),
    (b"\x93NUMPY", "npy"),
    (archives.GZIP, "gzip"),
    (archives.ZIP[0], "zip"),
    (archives.ZIP[1], "zip"),
)
# Contents that are recognised only to say what to do instead.
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file", "XLSX without a password"),
    (b"%PDF", "a PDF", "CSV"),
    (b"SQLite format 3", "an SQLite database", "CSV"),
    (b"\x89HDF", "an HDF5 file", "Parquet or NPZ"),
    (b"\x89PNG", "a picture", "NPY"),
    (b"\xff\xd8\xff", "a picture", "NPY"),
    (b"GIF8", "a picture", "NPY"),
    (b"\x80\x04\x95", "a Python pickle, which is not read because it can run code", "Parquet"),
    (b"\x80\x05\x95", "a Python pickle, which is not read because it can run code", "Parquet"),
    (b"BZh", "compressed with bzip2", "a gzip or zip file"),
    (b"\xfd7zXZ", "compressed with xz", "a gzip or zip file"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "a gzip or zip file"),
    (b"7z\xbc\xaf", "a 7z archive", "a zip file"),
    (b"Rar!", "a RAR archive", "a zip file"),
    (b"PARE", "an encrypted Parquet file", "Parquet without encryption"),
)


def read_file(
    path: Path,
    name: str,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    aside: dict[str, Any] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any], tuple[str, ...]]:
    """The table in a file, what was detected, and notes on what was changed.

    path : where the bytes are. name : what the person calls the file; its ending is a hint.
    options : any of OPTIONS; a missing or None one is detected. ``header`` is a bool.
    aside : takes what an NPZ holds beside the table, the links of a graph.
    Returns a frame with one row per row of the file, plain JSON facts ("format", "bytes",
    "encoding", "separator", "header", "sheet", "sheets", "arrays", "compression", ...), and the
    notes. Raises BadInput with one sentence for whatever cannot be read.
    """
    options = check_options(options)
    name = printable(name) or "file"
    path, notes = Path(path), Notes()
    progress(0.0, f"Opening {shorten(name)}")
    try:
        with tempfile.TemporaryDirectory(prefix="gestalt-") as folder:
            source: dict[str, Any] = {"bytes": _size(path)}
            inner, inner_name, packing = _unpacked(path, name, Path(folder), progress)
            inside = part(progress, 0.2, 1.0)
            pairs, found = _read(inner, inner_name, options, notes, inside, aside)
            source.update(packing)
            source.update(found)
            if "array" in found or found["format"] == "npy":
                frame = pairs
            else:
                progress(0.9, "Building the table")
                frame = columns.to_frame(pairs, notes)
    except (BadInput, Cancelled):
        raise
    except MemoryError:
        raise BadInput(
            f"There is not enough memory to read '{shorten(name)}': "
            "take a sample of the rows or fewer columns."
        ) from None
    except OSError as error:
        raise BadInput(
            f"The file '{shorten(name)}' cannot be read ({error.strerror or 'damaged content'}): "
            "check that it is whole and try again."
        ) from None
    except Exception:
        # Whatever a parser makes of hostile content, the person gets one sentence; the log has it.
        log.warning("reading a file failed", exc_info=True)
        raise BadInput(
            f"The file '{shorten(name)}' is damaged or uses a feature that cannot be read: "
            "save it again, or as CSV."
        ) from None
    progress(1.0, "Read")
    return frame, source, tuple(notes.all())


def check_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The given options with their types checked, None ones dropped. Raises BadInput."""
    given = {k: v for k, v in (options or {}).items() if v is not None}
    for key, value in given.items():
        if key not in OPTIONS:
            raise BadInput(
                f"Unknown reading option '{shorten(str(key))}': use {', '.join(OPTIONS)}."
            )
        if key == "header":
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if str(value).lower() not in words:
                raise BadInput(f"The option header is {value!r:.40}, but it takes true or false.")
            given[key] = words[str(value).lower()]
        elif not isinstance(value, str):
            raise BadInput(f"The option {key} is {value!r:.40}, but it takes a text.")
    if "encoding" in given:
        given["encoding"] = decoding.check(given["encoding"])
    if given.get("decimal", ".") not in (".", ","):
        raise BadInput("The decimal sign must be a point or a comma.")
    if given.get("rows", ROWS[0]) not in ROWS:
        raise BadInput(f"The rows of a file are one of {', '.join(ROWS)}: choose one of them.")
    if "separator" in given:
        given["separator"] = heading.separator_of(given["separator"], None)
    return given


def _size(path: Path) -> int:
    size = path.stat().st_size
    if size == 0:
        raise BadInput("The file is empty: choose a file with rows of data.")
    if size > MAX_FILE_BYTES:
        raise BadInput(
            f"The file is {size // MIB:,} MB, but at most {MAX_FILE_BYTES // MIB:,} MB can be "
            "read: take a sample of the rows."
        )
    return size


def extension(name: str) -> str:
    """The lower-case ending of a file name without the dot, or ""."""
    stem, dot, ending = name.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    return ending.lower() if dot and stem else ""


def kind_of(path: Path) -> str:
    """The format by its first bytes, "gzip", "zip" or "text". Raises BadInput for foreign ones."""
    with path.open("rb") as file:
        head = file.read(32)
    for magic, what, instead in _FOREIGN:
        if head.startswith(magic):
            raise BadInput(f"The file is {what}: save the data as {instead} and open that.")
    if _is_page(path, head):
        raise BadInput("The file is a web page: save the data as CSV and open that.")
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "text")
    return _kind_of_zip(path) if kind == "zip" else kind


def _is_page(path: Path, head: bytes) -> bool:
    """Whether a file is one page of HTML, which sites send in place of a file, or call .xls; lines
    that each hold a page are texts."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start.startswith((b"<!doctype html", b"<html")):
        return False
    with path.open("rb") as file:
        return file.read(MIB).lower().count(b"</html") <= 1


def _kind_of_zip(path: Path) -> str:
    """A zip may be a workbook or a set of arrays."""
    with archives.open_zip(path) as archive:
        names = [info.filename for info in archives.members(archive)]
    lower = [n.lower() for n in names]
    if any(n.startswith("xl/") and n.endswith((".xml", ".bin")) for n in lower):
        if "xl/workbook.bin" in lower:
            raise BadInput("The file is a binary workbook (XLSB): save it as XLSX and open that.")
        return "xlsx"
    if "[content_types].xml" in lower or "mimetype" in lower:
        raise BadInput(
            "The file is an Office document but no XLSX workbook: save its table as XLSX or CSV."
        )
    # One bare .npy in a zip may be either; as an NPZ it reads the same.
    return "npz" if names and all(n.endswith(".npy") for n in lower) else "zip"


def _unpacked(
    path: Path, name: str, folder: Path, progress: Progress
) -> tuple[Path, str, dict[str, Any]]:
    """The file inside a gzip or zip (or the file itself), its name, and facts on the packing."""
    kind = kind_of(path)
    if kind not in ("gzip", "zip"):
        return path, name, {}
    inner = folder / "content"
    facts: dict[str, Any] = {"compression": kind}
    if kind == "gzip":
        archives.gunzip(path, inner, progress)
        name = name[:-3] if name.lower().endswith(".gz") else name
    else:
        with archives.open_zip(path) as archive:
            info = archives.single_member(archive)
            archives.unzip(archive, info, inner, progress)
        name = info.filename.replace("\\", "/").rsplit("/", 1)[-1]
        facts["member"] = printable(name)
    if inner.stat().st_size == 0:
        raise BadInput("The file in the archive is empty: choose a file with rows of data.")
    if kind_of(inner) in ("gzip", "zip"):
        raise BadInput("The archive holds another archive: unpack it and open the file itself.")
    return inner, name, facts


def _read(
    path: Path,
    name: str,
    options: Mapping[str, Any],
    notes: Notes,
    progress: Progress,
    aside: dict[str, Any] | None,
) -> tuple[Any, dict[str, Any]]:
    """Pairs of columns (a frame for arrays) and facts, of a file that is no archive."""
    kind = kind_of(path)
    header = options.get("header")
    found: dict[str, Any] = {}
    if kind == "text":
        return _read_text(path, name, options, notes, progress)
    _check_name(name, kind, notes)
    progress(0.1, f"Reading {LABELS[kind]}")
    if kind == "parquet":
        data = tables.read_parquet(path, notes)
    elif kind == "feather":
        data = tables.read_feather(path, notes)
    elif kind == "xlsx":
        data, found = tables.read_xlsx(path, options.get("sheet"), header, notes, progress)
    elif kind == "npy":
        data, found = arrays.read_npy(path, notes)
    else:
        data, found = arrays.read_npz(path, options.get("array"), notes, progress, aside)
    return data, {"format": kind, **found}


def _read_text(
    path: Path, name: str, options: Mapping[str, Any], notes: Notes, progress: Progress
) -> tuple[Any, dict[str, Any]]:
    progress(0.0, "Reading the text")
    text, encoding = decoding.to_utf8(path.read_bytes(), options.get("encoding"), notes)
    ending = extension(name)
    value, kind = _json(text, ending)
    if kind is not None:
        pairs, found = records.columns(value, options.get("header"), notes, progress)
        found = {"format": kind, **found}
    else:
        pairs, found = delimited.read(text, ending, options, notes, progress)
        if found["format"] == "text" and found["separator"] is None:
            _refuse_prose(name)
    _check_name(name, found["format"], notes)
    return pairs, {**found, "encoding": encoding}


def _json(text: bytes, ending: str) -> tuple[Any, str | None]:
    """The JSON value and "json" or "jsonl"; (None, None) when the text is something else."""
    start = text[:10_000].lstrip()[:1]
    named = ending in ("json", "jsonl", "ndjson")
    if start not in (b"{", b"[") and not (named and ending != "json"):
        return None, None
    lines = records.is_lines(text) if start in (b"{", b"[") else True
    try:
        return records.parse(text, lines), "jsonl" if lines or ending in (
            "jsonl",
            "ndjson",
        ) else "json"
    except BadInput:
        # A text may begin with a bracket without being JSON; a name that says JSON is believed.
        if named and start in (b"{", b"["):
            raise
        return None, None


def _refuse_prose(name: str) -> None:
    """Lines of text under a name that promises a table in bytes are no data: a page that says the
    download failed, a pointer to where the content is, a note. A table is read by its content."""
    ending = extension(name)
    promised = FORMATS.get(ending)
    if promised in LABELS.values() and promised not in (*_TEXTS, "JSON", "JSON lines"):
        raise BadInput(
            f"The name '{shorten(name)}' says {promised}, but the file holds lines of text and no "
            f"table: save or fetch it again, or call it .txt to read each line as a text."
        )


def _check_name(name: str, kind: str, notes: Notes) -> None:
    """Note a name ending that promises another format than the content has."""
    promised = FORMATS.get(extension(name))
    label = LABELS[kind]
    if promised is None or promised == label or (promised in _TEXTS and label in _TEXTS):
        return
    notes.say(f"The name says .{extension(name)}, the content is {label}; read as {label}.")
