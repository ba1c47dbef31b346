"""How large a table becomes whose file stores one text once and refers to it from many rows.

A dictionary of Parquet and Arrow, a view of Arrow and a shared string of XLSX cost a few bytes per
row in the file and the whole text per row in the table: 1 MB said 200,000 times is a file of a
kilobyte and a table of 200 GB. What is here counts before anything is laid out.
"""

import re
import zipfile

import numpy as np

from analytics.data.limits import MAX_UNPACKED_BYTES, MIB
from analytics.errors import BadInput

_ITEM = re.compile(rb"<(?:[^\s<>/:]++:)?+si(?=[\s>/])")
_SHARED_CELL = re.compile(rb"\st\s*+=\s*+[\"']s[\"']")
_PLACED = re.compile(
    rb"\st\s*+=\s*+[\"']s[\"'][^<>]*+>\s*+<(?:[^\s<>/:]++:)?+v(?:\s[^<>]*+)?+>\s*+(\d{1,9})\s*+<"
)
_OVERLAP = 4096  # bytes of a block that are looked at again, so that no cell is cut in two


def shared_words(facts) -> list[str]:
    """The text columns of a Parquet file whose dictionary could make them larger than is read.

    They are to be read as dictionaries, which :func:`size` counts. facts : the file's metadata; of
    its chunks nothing is asked, because pyarrow ends the process over damaged ones.
    """
    groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
    # No entry is longer than its whole group, and lists may hold any number of entries.
    large = any(g.num_rows * g.total_byte_size > MAX_UNPACKED_BYTES for g in groups)
    columns = [facts.schema.column(i) for i in range(facts.num_columns)]
    return [
        c.path
        for c in columns
        if c.physical_type == "BYTE_ARRAY" and (large or c.max_repetition_level)
    ]


def size(column) -> int:
    """Bytes of a pyarrow column once every row holds its own value."""
    return sum(_size(chunk) for chunk in column.chunks)


def _size(array) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, t = array.type, pa.types
    if t.is_dictionary(kind):
        words = array.dictionary
        if not (t.is_string(words.type) or t.is_large_string(words.type)):
            return max(array.nbytes, len(array) * -(-_size(words) // max(1, len(words))))
        lengths = pc.fill_null(pc.binary_length(words), 0).cast(pa.int64())
        return pc.sum(lengths.take(array.indices)).as_py() or 0
    if _is_view(kind):
        return _view_bytes(array)
    return sum(map(_size, _parts(array))) or array.nbytes


def values(column) -> int:
    """How many values a pyarrow column holds in all its rows, lists counted by their entries."""
    return sum(_values(chunk) for chunk in column.chunks)


def _values(array) -> int:
    return max([len(array), *(_values(part) for part in _parts(array))])


def _parts(array) -> list:
    """The entries of a list, or the fields of a struct."""
    import pyarrow as pa

    kind, t = array.type, pa.types
    if t.is_struct(kind):
        return array.flatten()
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return [array.flatten()]
    return [array.keys, array.items] if t.is_map(kind) else []


def views(batch) -> int:
    """Bytes that the views of an Arrow batch stand for, before it was validated."""
    return sum(_view_bytes(column) for column in batch.columns if _is_view(column.type))


def _is_view(kind) -> bool:
    import pyarrow as pa

    return pa.types.is_string_view(kind) or pa.types.is_binary_view(kind)


def _view_bytes(array) -> int:
    """The sum of the lengths, each the first 4 of 16 bytes; negative ones, which no honest file
    has, do not take off."""
    buffer = array.buffers()[1]
    held = np.frombuffer(buffer, np.int32, buffer.size // 16 * 4) if buffer else np.zeros(0)
    lengths = held.reshape(-1, 4)[array.offset : array.offset + len(array), 0]
    return int(np.abs(lengths.astype(np.int64)).sum())


def check_views(schema) -> None:
    """Raise BadInput for views inside of lists or structs, which are not counted."""

    def inside(kind) -> bool:
        parts = [kind.field(i).type for i in range(kind.num_fields)]
        return any(_is_view(part) or inside(part) for part in parts)

    if any(inside(field.type) for field in schema):
        raise BadInput(
            "The file holds texts of the type 'view' inside of lists or structs: write it with "
            "plain texts."
        )


def sheet_words(archive: zipfile.ZipFile) -> int:
    """Most bytes of the texts of one sheet of a workbook once every cell holds its own copy."""
    names = [n for n in archive.namelist() if n.lower().endswith(".xml")]
    lengths = np.concatenate([_items(archive, n) for n in names]) if names else np.zeros(0)
    if not len(lengths):
        return 0
    longest, most = int(lengths.max()), 0
    for name in names:
        if "sharedstrings" in name.lower():
            continue
        cells = _count(archive, name)
        if cells * longest > MAX_UNPACKED_BYTES:
            most = max(most, _words_of(archive, name, lengths, cells))
    return most


def _blocks(archive: zipfile.ZipFile, name: str):
    """A part of a workbook in blocks that end behind a tag."""
    rest = b""
    with archive.open(name) as file:
        while chunk := file.read(MIB):
            block = rest + chunk
            cut = max(0, block.rfind(b"<", 0, len(block) - _OVERLAP))
            yield block[:cut]
            rest = block[cut:]
    yield rest


def _items(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Bytes of each shared string in a part, with its tags: never fewer than those of its text."""
    starts, at = [], 0
    for block in _blocks(archive, name):
        starts += [at + m.start() for m in _ITEM.finditer(block)]
        at += len(block)
    return np.diff(np.array([*starts, at], np.int64)) if starts else np.zeros(0, np.int64)


def _count(archive: zipfile.ZipFile, name: str) -> int:
    return sum(len(_SHARED_CELL.findall(block)) for block in _blocks(archive, name))


def _words_of(archive: zipfile.ZipFile, name: str, lengths: np.ndarray, cells: int) -> int:
    """Bytes of the texts that the cells of a sheet name; a cell that does not say which counts as
    the longest."""
    total, told = 0, 0
    for block in _blocks(archive, name):
        numbers = np.array([int(n) for n in _PLACED.findall(block)], np.int64)
        told += len(numbers)
        total += int(lengths[numbers[numbers < len(lengths)]].sum())
    return total + max(0, cells - told) * int(lengths.max())
