"""Results on disk, by digest: arrays as ``.npz`` without pickle, frames as Parquet, rest as JSON.

Layout: ``<folder>/ab/<digest>.json`` with ``.npz`` and ``.parquet`` beside it. Every file is
written under a temporary name and renamed, the JSON last: a result is whole or absent. Equal
requests give equal ``.npz`` bytes; what may differ between runs is kept in the JSON's "about".
A damaged result is a miss: it is logged, removed and computed again.
"""

import io
import json
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import results
from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.results import Record, Score

log = logging.getLogger(__name__)

FORMAT = 1
RECORDS = {
    c.__name__: c
    for c in (
        results.Table,
        results.Dataset,
        results.Projection,
        results.Clustering,
        results.ScoreCard,
        results.Ambiguity,
    )
}
_SUFFIXES = (".json", ".npz", ".parquet")


def pack(record: Record) -> tuple[dict[str, Any], dict[str, np.ndarray], pd.DataFrame | None]:
    """A record as (JSON document, arrays by "field" or "field/key", frame)."""
    content: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    frame = None
    for f in fields(record):
        value = getattr(record, f.name)
        if isinstance(value, np.ndarray):
            arrays[f.name] = value
        elif isinstance(value, pd.DataFrame):
            frame = value
        elif isinstance(value, dict) and any(isinstance(v, np.ndarray) for v in value.values()):
            arrays.update({f"{f.name}/{key}": array for key, array in value.items()})
        elif isinstance(value, dict) and any(isinstance(v, Score) for v in value.values()):
            content[f.name] = {key: {"score": asdict(score)} for key, score in value.items()}
        elif f.name != "about":
            content[f.name] = value
    document = {
        "format": FORMAT,
        "record": type(record).__name__,
        "content": content,
        "about": record.about,
    }
    return document, arrays, frame


def unpack(document: dict[str, Any], arrays: dict[str, np.ndarray], frame) -> Record:
    """The record of what :func:`pack` gave."""
    cls = RECORDS[document["record"]]
    values: dict[str, Any] = {"about": document["about"]}
    content = document["content"]
    for f in fields(cls):
        nested = {k.split("/", 1)[1]: a for k, a in arrays.items() if k.startswith(f.name + "/")}
        if f.name in arrays:
            values[f.name] = arrays[f.name]
        elif nested:
            values[f.name] = nested
        elif f.name in content:
            value = content[f.name]
            if isinstance(value, list):
                value = tuple(value)
            elif isinstance(value, dict) and f.name == "values":
                value = {key: Score(**entry["score"]) for key, entry in value.items()}
            values[f.name] = value
        elif f.name == "frame" and frame is not None:
            values[f.name] = frame
    return cls(**values)


class Artifacts:
    """The results in one folder, with a small memory of the last ones used (thread-safe)."""

    def __init__(self, folder: Path, remembered: int = 24):
        self.folder = Path(folder)
        self._remembered = remembered
        self._memory: OrderedDict[str, Record] = OrderedDict()
        self._lock = threading.Lock()

    def _path(self, digest: str, suffix: str) -> Path:
        if not is_digest(digest):
            raise BadInput("A result is named by a text that is not a digest; reload the page.")
        return self.folder / digest[:2] / (digest + suffix)

    def has(self, digest: str) -> bool:
        """Whether a result is stored."""
        return is_digest(digest) and self._path(digest, ".json").exists()

    def save(self, record: Record) -> None:
        """Store a record under its digest. Raises StoreError on a full or read-only folder."""
        document, arrays, frame = pack(record)
        document["about"] = {
            **document["about"],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        digest = record.digest
        try:
            self._path(digest, "").parent.mkdir(parents=True, exist_ok=True)
            if arrays:
                buffer = io.BytesIO()
                np.savez(buffer, **arrays)
                write_atomic(self._path(digest, ".npz"), buffer.getvalue())
            if frame is not None:
                buffer = io.BytesIO()
                frame.to_parquet(buffer, index=False)
                write_atomic(self._path(digest, ".parquet"), buffer.getvalue())
            text = json.dumps(document, ensure_ascii=True, allow_nan=True)
            write_atomic(self._path(digest, ".json"), text.encode())
        except OSError as error:
            raise StoreError(
                f"The result could not be saved in {self.folder} ({error.strerror or error}): "
                "free some space there or set GESTALT_HOME to a folder that can be written."
            ) from None
        self._remember(record)

    def load(self, digest: str) -> Record | None:
        """The stored record, or None when there is none (or it is damaged)."""
        with self._lock:
            if digest in self._memory:
                self._memory.move_to_end(digest)
                return self._memory[digest]
        if not self.has(digest):
            return None
        try:
            document = json.loads(self._path(digest, ".json").read_text())
            if document["format"] != FORMAT:
                return None
            arrays = {}
            if self._path(digest, ".npz").exists():
                with np.load(self._path(digest, ".npz"), allow_pickle=False) as stored:
                    arrays = {key: stored[key] for key in stored.files}
            frame = None
            if self._path(digest, ".parquet").exists():
                frame = pd.read_parquet(self._path(digest, ".parquet"))
            record = unpack(document, arrays, frame)
            os.utime(self._path(digest, ".json"))
        except Exception:
            # Whatever is wrong with the files, the answer is the same: compute it again.
            log.warning("stored result %s is damaged and will be computed again", digest)
            self.remove(digest)
            return None
        self._remember(record)
        return record

    def require(self, digest: str) -> Record:
        """The stored record. Raises BadInput when it is gone."""
        record = self.load(digest)
        if record is None:
            raise BadInput(
                f"The result {digest[:8]} is no longer stored: open the data again to rebuild it."
            )
        return record

    def remove(self, digest: str) -> None:
        """Forget a result. The JSON goes first, so a half-removed result reads as absent."""
        with self._lock:
            self._memory.pop(digest, None)
        for suffix in _SUFFIXES:
            self._path(digest, suffix).unlink(missing_ok=True)

    def digests(self) -> list[str]:
        """Every stored digest, least recently used first."""
        found = []
        for path in self.folder.glob("??/*.json"):
            try:
                found.append((path.stat().st_mtime, path.stem))
            except FileNotFoundError:
                continue
        return [digest for _, digest in sorted(found)]

    def files(self, digest: str) -> list[Path]:
        """The files of one result, the JSON last."""
        paths = [self._path(digest, s) for s in reversed(_SUFFIXES)]
        return [p for p in paths if p.exists()]

    def trim(self, max_bytes: int, keep: Iterable[str] = ()) -> int:
        """Remove the least recently used results until at most ``max_bytes`` are left.

        ``keep`` are digests that saved projects point at. Returns the bytes freed.
        """
        kept = set(keep)
        sizes = {d: sum(p.stat().st_size for p in self.files(d)) for d in self.digests()}
        over = sum(sizes.values()) - max_bytes
        freed = 0
        for digest, size in sizes.items():
            if freed >= over:
                break
            if digest not in kept:
                self.remove(digest)
                freed += size
        return freed

    def _remember(self, record: Record) -> None:
        with self._lock:
            self._memory[record.digest] = record
            self._memory.move_to_end(record.digest)
            while len(self._memory) > self._remembered:
                self._memory.popitem(last=False)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees either the old or the whole new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
