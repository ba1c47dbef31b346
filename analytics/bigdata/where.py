"""Where large files lie: in the folder of ``GESTALT_DATA``, or where this process was told.

A result names a file by its name and the SHA-256 of its content, never by a path. A whole
hash and not one of size, time and some parts: a file written again with one other cell must not
pass for the same, and reading 1 GB takes about a second. It is kept beside size, times and place on
the disk, so it is computed once per file, not once per step.
"""

import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analytics import settings
from analytics.bigdata.folders import content_of, files_of, hidden
from analytics.bigdata.source import FORMATS, stamp_of, unreadable
from analytics.data.naming import printable, shorten
from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.progress import Progress, part, silent
from analytics.store.files import write_atomic

MOST = 1_000  # files offered
_BLOCK = 2**22
_told: dict[str, Path] = {}


@dataclass(frozen=True)
class Place:
    """A file, or a folder of files, by what is seen without reading it."""

    name: str
    stamp: tuple[int, ...]

    @property
    def files(self) -> int:
        """How many a folder holds, 0 for a file (see ``folders.stamp_of``)."""
        return self.stamp[1] if len(self.stamp) == 3 else 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for a request."""
        return {**asdict(self), "stamp": list(self.stamp)}


def folder() -> Path | None:
    """The folder whose files are offered, or None. Raises BadInput when there is no such one."""
    given = settings.text("GESTALT_DATA")
    if not given:
        return None
    path = Path(given).expanduser()
    if not path.is_dir():
        raise BadInput("GESTALT_DATA does not name a folder: correct the setting of the server.")
    return path


def listed() -> list[Place]:
    """The files of the folder that can be read, and its folders of such files, by name. Links are
    left out."""
    found, path = [], folder()
    if path is None:
        return []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                ending = entry.name.rpartition(".")[2].lower()
                plain = ending in FORMATS and not entry.name.startswith(".")
                if entry.is_dir(follow_symlinks=False):
                    plain = not hidden(entry.name) and _offers(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    continue
                if plain and _printable(entry.name):
                    found.append(Place(entry.name, stamp_of(Path(entry.path))))
    except OSError as error:
        raise unreadable(path.name, error) from None
    return sorted(found, key=lambda p: p.name.lower())[:MOST]


def _offers(path: str) -> bool:
    """Whether a folder may be meant as one file: something in it is such a file by its name."""
    try:
        with os.scandir(path) as entries:
            return any(e.name.rpartition(".")[2].lower() in FORMATS for e in entries)
    except OSError:  # not for this user
        return False


def _printable(name: str) -> bool:
    return name == printable(name) and len(name) <= 200


def in_folder(name: str) -> Path:
    """The path of a file, or folder of files, of the folder by its bare name. Raises BadInput for
    anything else."""
    base = folder()
    bare = isinstance(name, str) and name == os.path.basename(name) and name not in ("", ".", "..")
    if base is None or not bare or "\0" in name or "\\" in name:
        raise _gone(name)
    path = base / name
    try:
        facts = os.lstat(path)
    except OSError:
        raise _gone(name) from None
    inside = stat.S_ISDIR(facts.st_mode) and not hidden(name)
    if not stat.S_ISREG(facts.st_mode) and not inside:  # a link could lead out of the folder
        raise _gone(name)
    return path


def named(path: str | Path) -> Path:
    """A path that has a name: a folder may be given as "." or ".."."""
    path = Path(path)
    try:
        return path.resolve() if path.is_dir() else path
    except (OSError, ValueError):
        return path


def is_shared(path: Path) -> bool:
    """Whether a file is the one of this name in the folder that workers on other machines read."""
    try:
        return in_folder(path.name).samefile(path)
    except (BadInput, OSError):
        return False


def tell(path: Path, name: str = "") -> Place:
    """Let this process read a file from anywhere; for the command line and Python."""
    try:
        place = Place(printable(name or path.name) or "file", stamp_of(path))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            raise unreadable(path.name, error) from None
        raise BadInput(f"There is no file {path.name!r}: check its path.") from None
    _told[of_json(place.to_json())] = path
    return place


def path_of(place: Place, content: str = "") -> Path:
    """Where a file is that is as it was seen, or, where its ``content`` is told, a copy with this
    SHA-256. Raises BadInput when it is gone or changed."""
    path = _told.get(of_json(place.to_json())) or in_folder(place.name)
    try:
        stamp = stamp_of(path)
    except OSError:
        raise _gone(place.name) from None
    same = stamp == tuple(place.stamp)
    if not same and content and stamp[0] == place.stamp[0]:
        same = identify(path) == content
    if not same:
        raise BadInput(
            f"'{shorten(place.name)}' was changed since it was looked at: open it again."
        )
    return path


def find(content: str, name: str, progress: Progress = silent) -> Path:
    """The path of the file with this name and content. Raises BadInput when there is none."""
    paths = [path for path in _told.values() if path.name == name]
    try:
        paths.append(in_folder(name))
    except BadInput:
        if not paths:
            raise
    for path in paths:
        if path.exists() and identify(path, progress) == content:
            return path
    raise BadInput(
        f"'{shorten(name)}' is no longer the file that this was made from: open it again."
    )


def identify(path: Path, progress: Progress = silent) -> str:
    """The SHA-256 of a file, read once as long as it stays as it is; of a folder that of the names
    and SHA-256 of its files."""
    if path.is_dir():
        return _identify_all(path, progress)
    stamp = stamp_of(path)
    kept = settings.home() / "hashes" / of_json([str(path.resolve()), list(stamp)])
    try:
        found = json.loads(kept.read_text("utf-8"))["content"]
        if len(found) == 64:
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: made again
    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                progress(min(1.0, done / max(1, stamp[0])), "Reading its content once")
        if stamp_of(path) != stamp:
            raise BadInput(
                f"'{shorten(path.name)}' was changed while it was read: wait until it is written "
                "completely and start again."
            )
    except OSError as error:
        raise unreadable(path.name, error) from None
    remember(kept, {"content": digest.hexdigest()})
    return digest.hexdigest()


def remember(path: Path, facts: dict[str, Any]) -> None:
    """Keep what was found out about a file. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(facts).encode())
    except OSError as error:
        raise StoreError(
            f"The data folder cannot be written ({error.strerror}): free some space there or set "
            "GESTALT_HOME to a folder that can be written."
        ) from None


def _identify_all(folder: Path, progress: Progress) -> str:
    try:
        files = files_of(folder)
        sizes = [max(1, one.stat().st_size) for one in files]
    except OSError as error:
        raise unreadable(folder.name, error) from None
    each, done = [], 0
    for one, size in zip(files, sizes, strict=True):
        here = part(progress, done / sum(sizes), (done + size) / sum(sizes))
        each.append((one.name, identify(one, here)))
        done += size
    return content_of(each)


def _gone(name: Any) -> BadInput:
    return BadInput(
        f"There is no file '{shorten(str(name))}' in the folder of the server: have it put back "
        "or choose another one."
    )
