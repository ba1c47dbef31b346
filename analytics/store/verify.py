"""Whether a result that came from elsewhere is one of ours, checked before it is loaded.

A result in a stranger's file may claim any size. So shapes are compared with file sizes before
anything is allocated, and only the encodings that :mod:`analytics.store.artifacts` writes pass.
"""

import json
import zipfile
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.results import Record
from analytics.store.artifacts import Artifacts
from analytics.store.records import FORMAT, RECORDS

MAX_DOCUMENT_BYTES = 32_000_000
MAX_CELLS = 200_000_000
MAX_FRAME_BYTES = 4 * 2**30
_CODECS = ("SNAPPY", "UNCOMPRESSED")


class _Unusable(Exception):
    """Why a result is refused, in a few words."""


def check_result(staged: Artifacts, digest: str) -> Record:
    """Load a staged result after checking each of its files. Raises BadInput naming the result."""
    try:
        document = _document(staged, digest)
        found = set(document["content"])
        for path in staged.files(digest):
            if path.suffix == ".npz":
                found |= _check_arrays(path)
            elif path.suffix == ".parquet":
                _check_frame(path)
                found.add("frame")
        wanted = {f.name for f in fields(RECORDS[document["record"]])}
        if found != wanted - {"about"}:
            raise _Unusable("it has a part missing or too many")
        record = staged.load(digest)
        if record is None or type(record).__name__ != document["record"]:
            raise _Unusable("its files do not fit together")
        _check_fields(record)
    except Exception as error:
        # Whatever else the file provoked, the answer is the same.
        why = str(error) if isinstance(error, _Unusable) else "it cannot be read"
        raise BadInput(
            f"The result {digest[:8]} in the project file is damaged or was changed ({why}): "
            "ask for the file to be exported again."
        ) from None
    return record


def _document(staged: Artifacts, digest: str) -> dict[str, Any]:
    """The JSON of a result whose names agree: its own, its files', its kind's."""
    paths = {p.suffix: p for p in staged.files(digest)}
    if ".json" not in paths or paths[".json"].stat().st_size > MAX_DOCUMENT_BYTES:
        raise _Unusable("its description is missing or too long")
    document = json.loads(paths.pop(".json").read_bytes())
    if document["format"] != FORMAT or document["record"] not in RECORDS:
        raise _Unusable("it is of a kind this Gestalt does not know")
    content = document["content"]
    if content["digest"] != digest or not all(map(is_digest, content["parents"])):
        raise _Unusable("it carries the name of another result")
    if set(document["files"]) != set(paths):
        raise _Unusable("one of its files is missing or too many")
    return document


def _check_arrays(path: Path) -> set[str]:
    """Arrays are stored uncompressed and fill their members exactly; nothing is a Python object.

    Returns the names of the record's fields they belong to.
    """
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise _Unusable("its arrays are packed in a way Gestalt does not write")
            with archive.open(info) as member:
                shape, dtype = _header(member)
                size = dtype.itemsize * int(np.prod(shape, dtype=object))
                if dtype.kind not in "biufUS" or member.tell() + size != info.file_size:
                    raise _Unusable("an array has another size or type than it claims")
        return {name.removesuffix(".npy").split("/", 1)[0] for name in archive.namelist()}


def _header(member) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise _Unusable("its arrays are packed in a way Gestalt does not write")
    read = np.lib.format.read_array_header_1_0
    if version == (2, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype


def _check_frame(path: Path) -> None:
    """A flat table that does not grow beyond bounds when its texts are spelt out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        facts, schema = file.metadata, file.schema_arrow
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        codecs = {g.column(i).compression for g in groups for i in range(g.num_columns)}
        flat = not any(
            pa.types.is_nested(f.type)
            or pa.types.is_binary(f.type)
            or isinstance(f.type, pa.BaseExtensionType)
            for f in schema
        )
    if not flat or not codecs <= set(_CODECS):
        raise _Unusable("its table is packed in a way Gestalt does not write")
    if facts.num_rows * max(1, facts.num_columns) > MAX_CELLS:
        raise _Unusable("its table claims too many cells")
    texts = [
        f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
    ]
    if _text_bytes(path, texts) > MAX_FRAME_BYTES:
        raise _Unusable("its texts would take too much memory")


def _text_bytes(path: Path, columns: list[str]) -> int:
    """Bytes of the texts of a table when each cell is spelt out, found without doing so."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    total = 0
    with pq.ParquetFile(path, read_dictionary=columns) as file:
        for batch in file.iter_batches(columns=columns):
            for column in batch.columns:
                lengths = pc.binary_length(column.dictionary).take(column.indices)
                total += pc.sum(lengths).as_py() or 0
    return total


def _check_fields(record: Any) -> None:
    """Every field holds what its declaration says, so that no page meets a surprise."""
    hints = get_type_hints(type(record))
    for f in fields(record):
        if not _fits(getattr(record, f.name), hints[f.name]):
            raise _Unusable(f"its part '{f.name}' is of another type than it should be")


def _fits(value: Any, hint: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if isinstance(hint, UnionType):
        return any(_fits(value, option) for option in args)
    if origin in (tuple, list):
        return isinstance(value, origin) and all(_fits(v, args[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(v, args[1]) for v in value.values())
    if hint in (int, float):
        numbers = (int,) if hint is int else (int, float, NoneType)
        return isinstance(value, numbers) and not isinstance(value, bool)
    if is_dataclass(hint) and isinstance(value, hint):
        _check_fields(value)
    return isinstance(value, hint)
