"""The bytes of a large CSV or TSV as blocks of whole records, quotes and encodings respected.

A block of the file has ``BLOCK`` bytes, its records are those that end in it. Reading may begin at
a block, given how much of the text before it is the beginning of its first record (:class:`Cut`).
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from analytics.bigdata.source import Source, Span
from analytics.data.naming import shorten
from analytics.errors import BadInput

BLOCK = 16 * 2**20  # bytes of a piece
LONGEST = 64 * 2**20  # bytes of one record
# Of these a character may lie in two blocks, or what it is hangs on those before.
_SEVERAL = (
    "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "shift_jis", "euc_jp", "gb18030",
    "gbk", "big5", "euc_kr",
)  # fmt: skip


class Cut(NamedTuple):
    """Where the records of a block begin: so many bytes before it, in UTF-8 with ``\\n`` line ends;
    the line of the first."""

    tail: int
    line: int


def can_begin_inside(source: Source) -> bool:
    """Whether reading may begin at a block that is not the first."""
    return source.encoding not in _SEVERAL


def sizes_of(size: int) -> tuple[int, ...]:
    """Bytes of each block of a file of so many."""
    whole, last = divmod(size, BLOCK)
    return (*[BLOCK] * whole, *[last] * bool(last))


def blocks(
    source: Source, file: BinaryIO, span: Span | None = None
) -> Iterator[tuple[int, bytes, Cut | None]]:
    """(line of the first record, whole records in UTF-8, where those of the next block begin) of
    each block, or of those of a span, below the header. No cut: reading may not begin there."""
    line, rest, skip = 1, b"", source.layout.line - 1
    ends = span is None or span.last * BLOCK >= source.size
    left = -1 if ends else span.last - span.first
    each = _utf8(file, source.encoding)
    if span is not None and span.first:
        file.seek((span.first - 1) * BLOCK)
        before = next(each, b"")
        line, rest, skip = span.line, before[len(before) - span.tail :], 0
    while left and (block := next(each, None)) is not None:
        left -= 1
        rest += block
        while skip and b"\n" in rest:
            rest = rest[rest.find(b"\n") + 1 :]
            skip, line = skip - 1, line + 1
        if skip:
            yield line, b"", None
            continue
        cut, open_at = cut_of(rest, source.layout.separator)
        if not cut and len(rest) > LONGEST:
            raise _unclosed(source, line, rest, open_at)
        records, rest = rest[:cut], rest[cut:]
        after = line + records.count(b"\n")
        inside = len(rest) < len(block) - 1  # the first of a block may be held back from another
        yield line, records, Cut(len(rest), after) if inside else None
        line = after
    if ends and rest.strip() and not skip:
        _, open_at = cut_of(rest + b"\n", source.layout.separator)
        if open_at >= 0:
            raise _unclosed(source, line, rest, open_at)
        yield line, rest, None


def _utf8(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Each block from where the file is read, in UTF-8 with ``\\n`` line ends and no byte-order
    mark."""
    plain = encoding in ("utf-8", "ascii")
    decoder = None if plain else codecs.getincrementaldecoder(encoding)("replace")
    first, held = file.tell() == 0, b""
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


def cut_of(block: bytes, separator: str) -> tuple[int, int]:
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
