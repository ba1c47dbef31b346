"""Uploaded and pasted content on disk, named by its hash: stored once, whole or not at all."""

import hashlib
import io
import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from analytics import metrics, settings
from analytics.data.naming import printable
from analytics.errors import BadInput, StoreError
from analytics.store import files

_CHUNK = 2**20
_FOLDER = "uploads"
_LENGTH = 64
_NAME = 120
_LEFTOVER_SECONDS = 86_400


def stage(source: bytes | BinaryIO, name: str, home: Path) -> dict[str, Any]:
    """Store content under ``home``; returns {"content": its SHA-256, "name": a plain file name}.

    A cancelled or failed upload leaves nothing; one that is stored outlasts a loss of power, as
    nothing can make it again. Raises BadInput when it is empty or larger than
    GESTALT_UPLOAD_MB, StoreError when the folder cannot be written.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    folder = Path(home) / _FOLDER
    try:
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            files.sync_folder(folder.parent)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".part-")
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        with os.fdopen(handle, "wb") as target:
            content = _copy(stream, target, folder)
        size = os.path.getsize(temporary)
        os.replace(temporary, folder / content)
        _keep_name(folder)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    metrics.add("gestalt_uploads")
    metrics.add("gestalt_upload_bytes", size)
    return {"content": content, "name": safe_name(name)}


def _copy(stream: BinaryIO, target: BinaryIO, folder: Path) -> str:
    """Copy in chunks up to the limit and return the SHA-256 of what was copied."""
    limit = settings.number("GESTALT_UPLOAD_MB")
    digest, total = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
        if total > limit * 2**20:
            raise BadInput(
                f"The file is larger than {limit:,} MB, the most that is accepted here: take a "
                "sample of the rows, compress it, or raise GESTALT_UPLOAD_MB."
            )
        digest.update(chunk)
        try:
            target.write(chunk)
        except OSError as error:
            raise _unwritable(folder, error) from None
    if not total:
        raise BadInput("The file is empty: choose a file with rows of data.")
    try:
        target.flush()
        os.fsync(target.fileno())
    except OSError as error:
        raise _unwritable(folder, error) from None
    return digest.hexdigest()


def _keep_name(folder: Path) -> None:
    try:
        files.sync_folder(folder)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The file could not be saved in {folder} ({error.strerror or error}): "
        "free some space there or set GESTALT_HOME to a folder that can be written."
    )


def safe_name(name: str) -> str:
    """The last part of a path, printable, at most 120 characters, its ending kept."""
    base = printable(str(name).replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".") or "data"
    if len(base) > _NAME:
        stem, dot, ending = base.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 12 else ""
        base = base[: _NAME - len(ending)] + ending
    return base


def path_of(content: str, home: Path) -> Path:
    """Where staged content is. Raises BadInput for another text, or when it is gone."""
    if (
        not isinstance(content, str)
        or len(content) != _LENGTH
        or not set(content) <= set("0123456789abcdef")
    ):
        raise BadInput("The name of the stored file is not a SHA-256 hash: open the file again.")
    path = Path(home) / _FOLDER / content
    if not path.is_file():
        raise BadInput("The file is no longer stored: open it again.")
    with suppress(OSError):  # a folder that can only be read
        os.utime(path)
    return path


def trim(home: Path, max_bytes: int, keep: Collection[str] = (), since: float = 0.0) -> int:
    """Remove the longest unused staged files until at most ``max_bytes`` are left and none was
    last used before ``since`` (a time stamp).

    ``keep`` : the content of saved projects. Also removes what cancelled uploads left more than a
    day ago. Returns the bytes freed.
    """
    folder = Path(home) / _FOLDER
    files.sweep(folder.glob(f"{files.PART}*"), _LEFTOVER_SECONDS)
    whole = (path for path in folder.glob("*") if len(path.name) == _LENGTH)
    return files.trim(whole, max_bytes, lambda path: path.name in keep, since)
