"""Where a large CSV may be read from, so that its spans can be read side by side.

Where a record begins hangs on all the quotation marks before it, so it is not guessed: the bytes of
the file are looked through once, with no cell parsed, by the same code that reads it. So each span
begins with a whole record, whatever line breaks are within quotation marks, and the blocks of all
spans are those of the whole. What was found is kept beside the file's hash.
"""

import json
from dataclasses import replace
from typing import Any

from analytics import settings
from analytics.bigdata import records, where
from analytics.bigdata import source as sources
from analytics.bigdata.records import Cut
from analytics.bigdata.source import Source
from analytics.data.naming import shorten
from analytics.digest import of_json
from analytics.progress import Progress, part, silent


def parted(source: Source, progress: Progress = silent) -> Source:
    """A source whose ``spans`` are known: Parquet as it is, a CSV of more than ``STRETCH`` bytes
    with its blocks and cuts. Only files of more than that are looked through, and cut inside; in
    an encoding that does not allow it a file is one piece. Raises BadInput."""
    if source.format != "csv" or source.cuts or source.size <= sources.STRETCH:
        return source
    groups: list[int] = []
    cuts: list[Cut | None] = []
    for one in source.files or (source,):
        sizes, inside = records.sizes_of(one.size), ()
        if one.size > sources.STRETCH and records.can_begin_inside(one):
            begin, end = sum(groups), sum(groups) + one.size
            inside = _inside(one, part(progress, begin / source.size, end / source.size))
        groups += sizes
        none = [None] * (len(sizes) - 1 - len(inside))
        cuts += [*inside, *none, Cut(0, 0)]
    return replace(source, groups=tuple(groups), cuts=tuple(cuts))


def _inside(source: Source, progress: Progress) -> tuple[Cut | None, ...]:
    """The cut after each block of a file but the last, looked for once as long as it stays as it
    is."""
    layout = source.layout
    how = [records.BLOCK, source.encoding, layout.separator, layout.line]
    key = of_json(["cuts", str(source.path.resolve()), list(source.stamp), how])
    kept, wanted = settings.home() / "hashes" / key, len(records.sizes_of(source.size)) - 1
    try:
        found = json.loads(kept.read_text("utf-8"))["cuts"]
        if len(found) == wanted:
            return tuple(one and Cut(*map(int, one)) for one in found)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: made again
    found = _looked(source, progress)[:wanted]
    where.remember(kept, {"cuts": found})
    return tuple(found)


def _looked(source: Source, progress: Progress) -> list[Any]:
    sources.check_same(source)
    found, done = [], 0
    try:
        with source.path.open("rb") as file:
            for _, _, cut in records.blocks(source, file):
                found.append(cut)
                done = min(source.size, done + records.BLOCK)
                progress(done / source.size, f"Finding where rows begin in {shorten(source.name)}")
    except OSError as error:
        raise sources.unreadable(source.name, error) from None
    sources.check_same(source)
    return found
