"""A project file out of its zip, which may come from anyone: names must be ours, sizes stay within
a budget, and every member has the SHA-256 that the manifest gives.
"""

import hashlib
import json
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from analytics.errors import BadInput, StoreError
from analytics.progress import Progress, part
from analytics.store.fields import shortened

FORMAT = 2  # 1: without reviews
CHUNK = 2**20
MAX_BYTES = 4 * 2**30
MAX_MEMBERS = 50_000
MAX_ROW_BYTES = {"views": 2_000_000, "runs": 20_000_000, "reviews": 20_000_000}
MAX_MANIFEST_BYTES = 16_000_000
_READ_AT_ONCE = 32_000_000
_NAME = re.compile(
    r"(views|runs)/[0-9]{5}\.json|reviews/[0-9]{5}(?:-[vc][0-9]{5})?\.json|"
    r"results/([0-9a-f]{32})\.(json|npz|parquet)|uploads/[0-9a-f]{64}"
)
AGAIN = "ask for the project to be exported again"


class _InSmallReads:
    """A file that refuses to read much at once: a zip's table of contents is read in one go, and
    a hostile file may claim any length for it."""

    def __init__(self, file: BinaryIO):
        self.seek, self.tell, self.seekable = file.seek, file.tell, lambda: True
        self._read = file.read

    def read(self, size: int = -1) -> bytes:
        """At most the bound; asking for more is the mark of a damaged file."""
        if size > _READ_AT_ONCE:
            raise zipfile.BadZipFile("too much at once")
        return self._read(size if size >= 0 else _READ_AT_ONCE)


# What reading a broken zip can raise. RuntimeError: encrypted.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
)


@contextmanager
def opened(source: Path | str | BinaryIO) -> Iterator[zipfile.ZipFile]:
    """The zip of a project file. Raises BadInput."""
    file = source
    if not hasattr(source, "read"):
        try:
            file = open(source, "rb")  # noqa: SIM115  (closed below, unless it is the caller's)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or "not a file name"
            raise BadInput(
                f"The project file cannot be opened ({words}): choose another."
            ) from None
    try:
        try:
            archive = zipfile.ZipFile(_InSmallReads(file))
        except _BROKEN:
            raise BadInput(
                "This is not a Gestalt project (it is no whole zip file): "
                "choose a file made by exporting a project."
            ) from None
        with archive:
            yield archive
    finally:
        if file is not source:
            file.close()


def members(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """The members by name: all named as ours are, once, plainly packed, within the budget."""
    infos = archive.infolist()
    named = {info.filename: info for info in infos}
    if "manifest.json" not in named:
        raise BadInput(
            "This zip file is not a Gestalt project (it has no manifest.json): "
            "choose a file made by exporting a project."
        )
    if len(named) != len(infos) or len(infos) > MAX_MEMBERS:
        raise BadInput(f"The project file lists a part twice or too many parts: {AGAIN}.")
    for name, info in named.items():
        if name != "manifest.json" and not _NAME.fullmatch(name):
            raise BadInput(
                f"The project file holds '{shortened(name, 60)}', which no project has: {AGAIN}."
            )
        plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if info.flag_bits & 1 or not plain:
            raise BadInput(
                f"'{name}' in the project file is encrypted or packed in an unknown way: {AGAIN}."
            )
    total = sum(info.file_size for info in infos)
    if total > max_bytes:
        raise BadInput(
            f"The project file unpacks to {total / 1e6:,.0f} MB, but at most "
            f"{max_bytes / 1e6:,.0f} MB are taken: export it with less in it."
        )
    return named


def results_among(names: Iterable[str]) -> list[str]:
    """The digests of the results among the names of members."""
    return sorted({_NAME.fullmatch(n)[2] for n in names if n.startswith("results/")})


def manifest(archive: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    """The list of contents, which must name all members and no other. Raises BadInput."""
    damaged = BadInput(f"The list of contents in the project file is damaged: {AGAIN}.")
    info = infos.pop("manifest.json")
    if info.file_size > MAX_MANIFEST_BYTES:
        raise damaged
    try:
        manifest = json.loads(b"".join(_chunks(archive, info)))
        number, members = manifest["format"], manifest["members"]
        if isinstance(number, int) and number > FORMAT:
            raise BadInput(
                f"The project file was made by a newer Gestalt (format {number}, this one reads "
                f"up to {FORMAT}): update Gestalt, or export it from an older one."
            )
        hashes = [m["sha256"] for m in members.values()]
        fine = number in (1, FORMAT) and all(isinstance(h, str) for h in hashes)
        fine = fine and isinstance(manifest["project"]["name"], str)
    except (KeyError, TypeError, AttributeError, RecursionError, ValueError) as error:
        raise error if isinstance(error, BadInput) else damaged from None
    if not fine:
        raise damaged
    for name in members:
        if name not in infos:
            part_name = shortened(name, 80)
            raise BadInput(f"'{part_name}' is missing from the project file: {AGAIN}.")
    for name in infos:
        if name not in members:
            raise BadInput(f"'{name}' is not in the project file's list of contents: {AGAIN}.")
    return manifest


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member. Raises BadInput when they cannot be unpacked."""
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    except _BROKEN:
        raise BadInput(f"'{info.filename}' in the project file is damaged: {AGAIN}.") from None


def check_room(home: Path, infos: dict[str, zipfile.ZipInfo]) -> None:
    """Raise StoreError when the disk has no room for the members."""
    needed, free = sum(i.file_size for i in infos.values()), shutil.disk_usage(home).free
    if needed > free:
        raise StoreError(
            f"The project needs {needed / 1e6:,.0f} MB in {home}, but {free / 1e6:,.0f} MB are "
            "free: free some space there or set GESTALT_HOME to another folder."
        )


def unpack(archive, infos, members, staging: Path, progress: Progress) -> list[str]:
    """Write every member to the staging folder, checking size and SHA-256 on the way. Returns the
    names of the parts of reviews that failed; any other part that fails raises BadInput."""
    total, done, spoilt = sum(i.file_size for i in infos.values()) or 1, 0, []
    for name, info in infos.items():
        path = staging / name
        if name.startswith("results/"):
            path = staging / "results" / path.name[:2] / path.name
        steps = part(progress, done / total, min(1.0, (done + info.file_size) / total))
        try:
            _unpack_one(archive, info, members[name]["sha256"], path, steps)
        except OSError as error:
            raise no_room(staging.parent, error) from None
        except BadInput:
            if not name.startswith("reviews/"):
                raise
            path.unlink(missing_ok=True)
            spoilt.append(path.name)
        done += info.file_size
    return spoilt


def _unpack_one(archive, info, expected: str, path: Path, progress: Progress) -> None:
    name, found, done = info.filename, hashlib.sha256(), 0
    if info.file_size > MAX_ROW_BYTES.get(name.split("/")[0], info.file_size):
        raise BadInput(f"'{name}' in the project file is too long: {AGAIN}.")
    path.parent.mkdir(exist_ok=True)
    with open(path, "wb") as file:
        for chunk in _chunks(archive, info):
            file.write(chunk)
            found.update(chunk)
            done += len(chunk)
            progress(min(1.0, done / (info.file_size or 1)), "Unpacking the project")
    if name.startswith("uploads/") and path.name != found.hexdigest():
        expected = ""
    if found.hexdigest() != expected:
        raise BadInput(f"'{name}' in the project file was changed or is damaged: {AGAIN}.")


def no_room(home: Path, error: OSError) -> StoreError:
    """The disk does not take the project."""
    return StoreError(
        f"The project could not be stored in {home} ({error.strerror or error}): "
        "free some space there or set GESTALT_HOME to a folder that can be written."
    )
