"""Results on disk, by digest: arrays as ``.npz`` without pickle, frames as Parquet, rest as JSON.

Layout: ``<folder>/ab/<digest>.json`` with ``.npz`` and ``.parquet`` beside it. Every file is
written under a temporary name and renamed, the JSON last: a result is whole or absent. The JSON
holds the SHA-256 of the other files. Equal requests give equal ``.npz`` bytes; what may differ
between runs is kept in the JSON's "about". A damaged result is a miss: it is logged, removed and
computed again. A folder that cannot be read or written is a StoreError, and nothing is removed.
"""

import errno
import json
import logging
import os
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.results import Record
from analytics.store import arrays as reading
from analytics.store.files import PART, atomic_file, move, sha256, sweep, write_atomic
from analytics.store.memory import Memory
from analytics.store.records import FORMAT, pack, plain, unpack

log = logging.getLogger(__name__)

AT_ONCE = 16_000_000  # bytes of a result from which on its files are read at the same time
_SUFFIXES = (".json", ".npz", ".parquet")


class Artifacts:
    """The results in one folder, with a small memory of the last ones used (thread-safe).

    remembered, remembered_bytes : of :class:`analytics.store.memory.Memory`.
    """

    def __init__(self, folder: Path, remembered: int = 24, remembered_bytes: int = 512_000_000):
        self.folder = Path(folder)
        self._memory = Memory(remembered, remembered_bytes)

    def holding(self) -> AbstractContextManager[None]:
        """What this thread loads inside stays in memory until its end."""
        return self._memory.holding()

    def forget(self) -> None:
        """Hold no result any more; the next one asked for is read again."""
        self._memory.forget()

    def _path(self, digest: str, suffix: str) -> Path:
        if not is_digest(digest):
            raise BadInput("A result is named by a text that is not a digest; reload the page.")
        return self.folder / digest[:2] / (digest + suffix)

    def has(self, digest: str) -> bool:
        """Whether a result is stored."""
        try:
            return is_digest(digest) and self._path(digest, ".json").exists()
        except OSError as error:
            raise self._unreadable(error) from None

    def save(self, record: Record) -> None:
        """Store a record under its digest. Raises StoreError on a full or read-only folder."""
        document, arrays, frame = pack(record)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        document["about"] = {**document["about"], "created": created}
        digest, hashes = record.digest, {}
        try:
            self._path(digest, "").parent.mkdir(parents=True, exist_ok=True)
            if arrays:
                with atomic_file(self._path(digest, ".npz")) as file:
                    np.savez(file, allow_pickle=False, **arrays)
                    hashes[".npz"] = sha256(file)
            if frame is not None:
                frame = frame.reset_index(drop=True)
                with atomic_file(self._path(digest, ".parquet")) as file:
                    frame.to_parquet(file, index=False)
                    hashes[".parquet"] = sha256(file)
            text = json.dumps({**document, "files": hashes}, default=plain)
            write_atomic(self._path(digest, ".json"), text.encode())
        except OSError as error:
            raise self._unwritable(error) from None
        # What is remembered is what loading would give, tuples as lists and all.
        self._memory.put(unpack(json.loads(text), arrays, frame))

    def load(self, digest: str) -> Record | None:
        """The stored record, or None when there is none (or it is damaged).

        Raises StoreError when the folder cannot be read.
        """
        record = self._memory.get(digest)
        if record is None and self.has(digest):
            record = self._read(digest)
            if record is not None:
                self._memory.put(record)
        if record is not None:
            self._touch(digest)
            self._memory.hold(record)
        return record

    def outline(self, digest: str) -> Record | None:
        """The stored record without its arrays and its frame, which are empty here: its words and
        numbers, at once. None when there is none. Raises StoreError as :meth:`load` does.

        What is left out is checked when it is loaded; that its files are there is seen here.
        """
        record = self._memory.get(digest)
        if record is None and self.has(digest):
            record = self._read(digest, whole=False)
        if record is not None:
            self._touch(digest)
        return record

    def _read(self, digest: str, whole: bool = True) -> Record | None:
        try:
            document = json.loads(self._path(digest, ".json").read_bytes())
            if document["format"] != FORMAT:
                return None
            if not whole:
                for suffix in document["files"]:
                    self._path(digest, suffix).stat()
                return unpack(document, {}, None)
            return unpack(document, *self._contents(digest, document["files"]))
        except MemoryError:
            raise
        except Exception as error:
            # A reader of ours reports a broken file as an OSError too, but without a number.
            if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT):
                raise self._unreadable(error) from None
            log.warning("stored result %s is damaged and will be computed again", digest)
        try:
            self.remove(digest)
        except OSError:
            log.warning("the damaged result %s could not be removed", digest)
        return None

    def _contents(self, digest: str, hashes: dict[str, str]) -> tuple[dict[str, np.ndarray], Any]:
        """The arrays and the frame of a result. Raises ValueError when a file was changed."""

        def content(suffix: str):
            with open(self._path(digest, suffix), "rb") as file:
                if suffix == ".npz":
                    return reading.read(file, hashes[suffix])
                if sha256(file) != hashes[suffix]:
                    raise ValueError(f"{suffix} was changed")
                return pd.read_parquet(file)

        if len(hashes) > 1 and self._size(digest) > AT_ONCE:
            with ThreadPoolExecutor(len(hashes)) as readers:
                found = dict(zip(hashes, readers.map(content, hashes), strict=True))
        else:
            found = {suffix: content(suffix) for suffix in hashes}
        return found.get(".npz", {}), found.get(".parquet")

    def shape(self, digest: str, array: str) -> tuple[int, ...] | None:
        """The shape of an array of a result, read without the array; None when there is none."""
        try:
            path = self._path(digest, ".npz")
            with zipfile.ZipFile(path) as stored, stored.open(f"{array}.npy") as file:
                np.lib.format.read_magic(file)
                return np.lib.format.read_array_header_1_0(file)[0]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def intact(self, digest: str) -> bool:
        """Whether a result is stored and none of its files was changed; loads nothing."""
        try:
            document = json.loads(self._path(digest, ".json").read_bytes())
            for suffix, expected in document["files"].items():
                with open(self._path(digest, suffix), "rb") as file:
                    if sha256(file) != expected:
                        return False
            return document["format"] == FORMAT
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The results in {self.folder} cannot be read ({error.strerror or error}): "
            "allow reading them or set GESTALT_HOME to another folder."
        )

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The results in {self.folder} cannot be written ({error.strerror or error}): "
            "free some space there or set GESTALT_HOME to a folder that can be written."
        )

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
        self._memory.remove(digest)
        for suffix in _SUFFIXES:
            self._path(digest, suffix).unlink(missing_ok=True)

    def digests(self) -> list[str]:
        """Every stored digest, least recently used first."""
        found = []
        for path in self.folder.glob("??/*.json"):
            try:
                if is_digest(path.stem):
                    found.append((path.stat().st_mtime_ns, path.stem))
            except FileNotFoundError:
                continue
        return [digest for _, digest in sorted(found)]

    def files(self, digest: str) -> list[Path]:
        """The files of one result, the JSON last."""
        paths = [self._path(digest, s) for s in reversed(_SUFFIXES)]
        return [p for p in paths if p.exists()]

    def lineage(self, digests: Iterable[str]) -> list[str]:
        """The digests and all they were made from, as far as stored results tell; parents first.

        Includes digests that are not stored.
        """
        order: dict[str, None] = {}
        for root in digests:
            waiting = [(root, False)]
            while waiting:
                digest, parents_done = waiting.pop()
                if parents_done:
                    order[digest] = None
                elif digest not in order and (digest, True) not in waiting:
                    waiting.append((digest, True))
                    parents = (self.recipe(digest) or ({}, []))[1]
                    waiting.extend((parent, False) for parent in parents)
        return list(order)

    def recipe(self, digest: str) -> tuple[dict[str, Any], list[str]] | None:
        """How a stored result was made: its parameters and parents; None when it is not stored."""
        try:
            document = json.loads(self._path(digest, ".json").read_bytes())
            content = document["content"]
            return content["params"], [p for p in content["parents"] if is_digest(p)]
        except (BadInput, OSError, ValueError, KeyError, TypeError):
            return None

    def adopt(self, other: "Artifacts", digest: str) -> None:
        """Move a result here from another folder, the JSON last. Raises OSError."""
        self._path(digest, "").parent.mkdir(parents=True, exist_ok=True)
        for path in other.files(digest):
            move(path, self._path(digest, path.suffix))

    def trim(self, max_bytes: int, keep: Iterable[str] = (), since: float = 0.0) -> int:
        """Remove the least recently used results until at most ``max_bytes`` are left and none was
        last used before ``since`` (a time stamp). A result goes before what it was made from:
        without that nobody can tell whose it is.

        ``keep`` are digests that saved projects point at; what they were made from is kept too.
        Also removes what interrupted writers left. Returns the bytes freed. Raises StoreError.
        """
        freed = sweep(self._leftovers())
        sizes = {digest: self._size(digest) for digest in self.digests()}
        over = sum(sizes.values()) - max_bytes
        fresh = {d for d in sizes if since and self._used(d) >= since}
        kept = set(self.lineage(keep)) if over > 0 or since else set()
        made_from = set(self.lineage(fresh))
        order = self.lineage(reversed(sizes)) if over > 0 or since else []
        for digest in (d for d in reversed(order) if d in sizes):
            if over <= 0 and (not since or digest in made_from):
                continue
            if digest not in kept:
                try:
                    self.remove(digest)
                except OSError as error:
                    raise self._unwritable(error) from None
                freed += sizes[digest]
                over -= sizes[digest]
        return freed

    def _used(self, digest: str) -> float:
        """When a result was last used; never for one that has gone meanwhile."""
        try:
            return self._path(digest, ".json").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _size(self, digest: str) -> int:
        total = 0
        for path in self.files(digest):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _leftovers(self) -> list[Path]:
        """Temporary files, and arrays and frames without their JSON."""
        found = list(self.folder.glob(f"??/{PART}*"))
        for suffix in _SUFFIXES[1:]:
            paths = self.folder.glob(f"??/*{suffix}")
            found.extend(p for p in paths if not p.with_suffix(".json").exists())
        return found

    def _touch(self, digest: str) -> None:
        """Note that a result was used now; in a read-only folder that is not possible."""
        try:
            os.utime(self._path(digest, ".json"))
        except OSError:
            log.debug("the time of use of %s could not be noted", digest)
