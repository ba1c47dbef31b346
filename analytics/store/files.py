"""Writing files so that a reader, or a crash, sees either the old one or the whole new one."""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part-"
STALE_SECONDS = 3600


@contextmanager
def atomic_file(path: Path, prefix: str = PART) -> Iterator[BinaryIO]:
    """A file open for writing and reading that takes its name only when all went well.

    prefix : of its name until then.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write a whole file at once."""
    with atomic_file(path) as file:
        file.write(data)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder would outlast a loss of power, where the system can say so.
    Raises OSError when the disk is full or fails."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # a system that opens no folders
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise
    finally:
        os.close(handle)


def sha256(file: BinaryIO) -> str:
    """SHA-256 of a whole open file as 64 hexadecimal digits; leaves it at its start."""
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return found


def move(source: Path, target: Path) -> None:
    """Rename a file, across disks too, so that ``target`` is whole or absent."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(source, "rb") as original, atomic_file(target) as copy:
            shutil.copyfileobj(original, copy)
        source.unlink()


def trim(
    paths: Iterable[Path], max_bytes: int, keep: Callable[[Path], bool], since: float = 0.0
) -> int:
    """Remove the oldest of some files, but for those to ``keep``, until together they have at most
    ``max_bytes`` and none is from before ``since`` (a time stamp). Returns the bytes freed."""
    found = []
    for path in paths:
        with suppress(FileNotFoundError):  # gone meanwhile
            found.append((path.stat().st_mtime, path.stat().st_size, path))
    over, freed = sum(size for _, size, _ in found) - max_bytes, 0
    for touched, size, path in sorted(found):
        if freed >= over and touched >= since:
            break
        if not keep(path):
            path.unlink(missing_ok=True)
            freed += size
    return freed


def sweep(paths: Iterable[Path], older_than: float = STALE_SECONDS) -> int:
    """Remove what interrupted writers left: those files and folders not touched for
    ``older_than`` seconds. Returns the bytes freed in files."""
    freed = 0
    for path in paths:
        try:
            facts = path.stat()
            if time.time() - facts.st_mtime < older_than:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
                freed += facts.st_size
        except OSError:
            continue  # Gone meanwhile, or not ours to remove: the next sweep sees.
    return freed
