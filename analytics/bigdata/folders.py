"""A folder of files of one kind with the same columns, read as if it were one large file.

The files follow one another in the order of their names, and rows are numbered through them all.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from analytics.bigdata import records
from analytics.bigdata import source as sources
from analytics.bigdata.source import Source, Span, Told
from analytics.data import words
from analytics.data.naming import printable, shorten
from analytics.errors import BadInput
from analytics.progress import Progress, part

MOST = 10_000  # files of one folder
_WHAT = {"number": "numbers", "boolean": "truth values", "date": "dates", "text": "texts"}


def hidden(name: str, is_folder: bool = False) -> bool:
    """Whether a name is left out: of a system (.DS_Store), or of what wrote the files (_SUCCESS).
    Folders like _delta_log are not: they say which of the files beside them count."""
    return name.startswith(".") or (name.startswith("_") and not is_folder)


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Bytes and number of the files of a folder, and a number by which a change of one is noticed.
    Raises OSError."""
    seen, size, files = [], 0, 0
    with os.scandir(path) as entries:
        for entry in entries:
            if hidden(entry.name, entry.is_dir(follow_symlinks=False)):
                continue
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                size, files = size + found.st_size, files + 1
            times = [found.st_mtime_ns, found.st_ctime_ns]
            seen.append([entry.name, found.st_mode, found.st_size, *times, found.st_ino])
    mark = hashlib.sha256(json.dumps(sorted(seen)).encode()).hexdigest()
    return size, files, int(mark[:12], 16)


def files_of(path: Path, name: str = "") -> list[Path]:
    """The files of a folder in the order of their names. Raises BadInput for a folder that holds
    anything else, and OSError."""
    said, found = shorten(printable(name or path.name)), []
    with os.scandir(path) as entries:
        for entry in entries:
            folder = entry.is_dir(follow_symlinks=False)
            if hidden(entry.name, folder):
                continue
            one = shorten(printable(entry.name))
            if folder:
                raise BadInput(
                    f"'{one}' in '{said}' is a folder, but only files that lie side by side are "
                    "read as one: choose the folder they lie in."
                )
            if not entry.is_file(follow_symlinks=False):
                raise BadInput(
                    f"'{one}' in '{said}' is a link or no plain file: put the file itself there."
                )
            if entry.name != printable(entry.name):
                raise BadInput(f"The name of '{one}' in '{said}' cannot be shown: rename the file.")
            found.append(entry.name)
    if not found:
        raise BadInput(f"The folder '{said}' is empty: put Parquet or CSV files into it.")
    if len(found) > MOST:
        raise BadInput(
            f"The folder '{said}' holds {len(found):,} files, but at most {MOST:,} are read as "
            "one: join some of them."
        )
    return [path / one for one in sorted(found)]


def content_of(each: Sequence[tuple[str, str]]) -> str:
    """What a folder holds, by the names and SHA-256 of its files in order: the SHA-256 of their
    list as JSON."""
    return hashlib.sha256(json.dumps(list(map(list, each))).encode()).hexdigest()


def opened(path: Path, name: str, options: Mapping[str, Any]) -> Source:
    """The files of a folder as one source, opened once as long as they stay as they are. Raises
    BadInput and OSError."""
    return _opened(path, name, stamp_of(path), json.dumps(dict(options), sort_keys=True))


@lru_cache(maxsize=4)  # each part of a whole opens its file again, and a folder may hold thousands
def _opened(path: Path, name: str, stamp: tuple[int, ...], options: str) -> Source:
    given, files = json.loads(options), []
    for one in files_of(path, name):
        first = files[0] if files else None
        said = f"{name}/{one.name}"
        try:
            found = sources.opened_file(one, said, _as_in(first, given), first)
        except OSError as error:
            raise sources.unreadable(said, error) from None
        if first is not None:
            _check_kind(first, found)
        files.append(found)
    fullest = max(files, key=lambda f: len(f.kinds))
    kinds = _kinds(files, fullest)
    for one in files:
        _check_columns(fullest, one, kinds)
    parquet = files[0].format == "parquet"
    rows = sum(f.rows for f in files) if parquet else None
    if rows == 0:
        raise BadInput(f"'{shorten(name)}' holds no rows of data: choose another folder.")
    names = [shorten(f.path.name) for f in (files[0], files[-1])]
    order = f", read in the order of their names, '{names[0]}' to '{names[1]}'" * (len(files) > 1)
    notes = [f"{words.count(len(files), 'file')}{order}."]
    for one in files:
        notes += [n for n in one.notes if n not in notes and not set(one.empty) & set(kinds)][:5]
    return replace(
        files[0],
        path=path,
        name=name,
        kinds=kinds,
        stamp=stamp,
        rows=rows,
        notes=tuple(notes[:10]),
        files=tuple(files),
        groups=tuple(n for f in files for n in f.groups),
        empty=(),
    )


def _as_in(first: Source | None, given: dict[str, Any]) -> dict[str, Any]:
    """How a further CSV is read: laid out as the first one."""
    layout = first.layout if first is not None else None
    if layout is None:
        return given
    told = {"separator": layout.separator, "header": layout.header, "decimal": layout.decimal}
    return {**told, **given}


def _check_kind(first: Source, found: Source) -> None:
    if found.format != first.format:
        said = {"csv": "CSV", "parquet": "Parquet"}
        raise BadInput(
            f"'{shorten(first.name)}' is {said[first.format]}, but '{shorten(found.name)}' is "
            f"{said[found.format]}, and files that are read as one are of one kind: move the "
            "others elsewhere."
        )


def _kinds(files: Sequence[Source], fullest: Source) -> dict[str, str]:
    """The columns; a type is told by the first file that holds a value of the column."""
    kinds = {}
    for name, kind in fullest.kinds.items():
        holds = (f.kinds[name] for f in files if name in f.kinds and name not in f.empty)
        kinds[name] = next(holds, kind)
    return kinds


def _check_columns(fullest: Source, found: Source, kinds: Mapping[str, str]) -> None:
    """Raise BadInput when the file has not these columns, or a Parquet in other types; cells of a
    CSV that are of no such type count as missing, as they do far down in a single one."""
    gone = [c for c in kinds if c not in found.kinds and c not in found.empty]
    more = [c for c in found.kinds if c not in kinds]
    if gone or more:
        lacks, has = (found, fullest) if gone else (fullest, found)
        head = ", and a line with their names," if found.format == "csv" else ""
        raise BadInput(
            f"Files that are read as one need the same columns{head} but "
            f"{words.names(gone or more)} of '{shorten(has.name)}' is not in "
            f"'{shorten(lacks.name)}': write that file again, or move it elsewhere."
        )
    for name, kind in kinds.items() if found.format == "parquet" else ():
        mine = kind if name in found.empty else found.kinds[name]
        if mine != kind:
            raise BadInput(
                f"{words.name(name)} holds {_WHAT[mine]} in '{shorten(found.name)}', but "
                f"{_WHAT[kind]} in files before it: write the column in one type."
            )


def chunks(
    source: Source,
    columns: Sequence[str],
    as_text: bool,
    span: Span | None,
    progress: Progress,
    told: Told,
) -> Iterator[tuple[int, Any]]:
    """As ``source.chunks``, of all files; of Parquet in the pieces that one file would have."""
    sources.check_same(source)
    pieces = _each(source, columns, as_text, span, progress, told)
    if source.format == "parquet":
        pieces = _even(pieces, sources.piece_rows(columns))
    start = span.start if span and source.format == "parquet" else 0
    for table in pieces:
        yield start, table
        start += table.num_rows
    sources.check_same(source)


def _each(source, columns, as_text, span, progress, told) -> Iterator[Any]:
    """The pieces of the files, one after another."""
    rows, done, inside = 0, 0, list(_within(source, span))
    sizes = [mine.size if mine else max(1, one.size) for one, mine in inside]
    all_ = sum(sizes)
    for (one, mine), size in zip(inside, sizes, strict=True):
        here = part(progress, done / all_, (done + size) / all_)
        met, before = Told(), rows
        as_all = replace(one, kinds=source.kinds)
        for _, table in sources.read(as_all, columns, as_text, mine, here, met):
            yield table
            rows += table.num_rows
        told.add(met, before, one.name)
        done += size


def _within(source: Source, span: Span | None) -> Iterator[tuple[Source, Span | None]]:
    """Each file with what a span of all has of it; None for the whole of a CSV."""
    begin = 0
    for one in source.files:
        groups = one.groups if one.format == "parquet" else records.sizes_of(one.size)
        first = max(span.first, begin) - begin if span else 0
        last = min(span.last - begin, len(groups)) if span else len(groups)
        size, before = sum(groups[first:last]), sum(groups[:first])
        if size and first < last:
            if one.format == "parquet":
                yield one, Span(first, last, 0, size)
            elif span is None:
                yield one, None
            else:
                at = (span.tail, span.line) if first else (0, 0)
                yield one, Span(first, last, before, size, *at)
        begin += len(groups)


def _even(pieces: Iterator[Any], size: int) -> Iterator[Any]:
    """Tables of ``size`` rows but for the last, wherever a file ends."""
    import pyarrow as pa

    held, rows = [], 0
    for table in pieces:
        held.append(table)
        rows += table.num_rows
        while rows >= size:
            whole = pa.concat_tables(held)
            yield whole.slice(0, size).combine_chunks()
            rows -= size
            held = [whole.slice(size)] if rows else []
    if rows:
        yield pa.concat_tables(held).combine_chunks()
