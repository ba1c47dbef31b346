"""Gzip and zip around a file, unpacked with a budget: nothing here trusts a declared size."""

import gzip
import lzma
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from analytics.data.limits import (
    MAX_DIRECTORY_BYTES,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    MIB,
    RATIO_FLOOR_BYTES,
)
from analytics.data.naming import shorten
from analytics.errors import BadInput
from analytics.progress import Progress

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}
_CHUNK = MIB
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error,
           NotImplementedError, RuntimeError, ValueError)  # fmt: skip


def budget(packed: int) -> int:
    """How many bytes something of ``packed`` bytes may unpack to."""
    return min(MAX_UNPACKED_BYTES, max(RATIO_FLOOR_BYTES, MAX_RATIO * packed))


def copy(source: BinaryIO, target: BinaryIO | None, allowed: int, progress: Progress) -> int:
    """Copy (or, without a target, only count) at most ``allowed`` bytes. Raises BadInput."""
    total = 0
    while chunk := source.read(_CHUNK):
        total += len(chunk)
        if total > allowed:
            raise BadInput(
                f"The archive unpacks to more than {allowed // MIB:,} MB, far more than a file of "
                "its size should hold: unpack it and open the file itself."
            )
        if target is not None:
            target.write(chunk)
        progress(None, f"Unpacking, {total // MIB:,} MB")
    return total


def gunzip(path: Path, target: Path, progress: Progress) -> None:
    """Unpack a gzip file. Raises BadInput when it is broken or too large."""
    try:
        with gzip.open(path) as packed, target.open("wb") as out:
            copy(packed, out, budget(path.stat().st_size), progress)
    except (OSError, EOFError, zlib.error):
        raise BadInput(
            "The gzip file is damaged or incomplete: compress it again and open that."
        ) from None


def open_zip(path: Path) -> zipfile.ZipFile:
    """The zip at ``path``, if its list of members is readable and short. Raises BadInput."""
    try:
        if _directory_bytes(path) > MAX_DIRECTORY_BYTES:
            raise BadInput("The zip holds too many files: put the one to open in a zip of its own.")
        return zipfile.ZipFile(path)
    except BROKEN as error:
        if isinstance(error, BadInput):
            raise
        raise _damaged() from None


def _damaged() -> BadInput:
    return BadInput(
        "The file is a damaged or incomplete zip, which XLSX and NPZ are too: save, zip or "
        "download it again and open that."
    )


def _directory_bytes(path: Path) -> int:
    """Size of a zip's list of members, from the record at its end (APPNOTE 4.3.14 and 4.3.16)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile
    (declared,) = struct.unpack_from("<I", tail, at + 12)
    wide = tail.rfind(_END64)
    if wide >= 0 and len(tail) >= wide + 56:
        declared = max(
            declared if declared < 2**32 - 1 else 0, struct.unpack_from("<Q", tail, wide + 40)[0]
        )
    return declared


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The usable members: no folders, no hidden files, nothing a Mac adds."""
    usable = []
    for info in archive.infolist():
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        # Python's own is_dir fails on an empty name, which only a damaged zip has.
        if not parts or info.is_dir() or "__MACOSX" in parts or parts[-1].startswith("."):
            continue
        usable.append(info)
    return usable


def check_member(info: zipfile.ZipInfo) -> None:
    """Refuse an encrypted member, a link, and a path out of the archive. Raises BadInput."""
    name = info.filename.replace("\\", "/")
    if info.flag_bits & 0x1:
        raise BadInput("The zip is protected by a password: unpack it and open the file itself.")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        raise BadInput(
            f"The zip holds the path '{shorten(name)}', which points outside of it: "
            "zip the file again without its folders."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadInput(
            f"The zip holds a link ('{shorten(name)}') instead of a file: zip the file itself."
        )


def single_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file in a zip. Raises BadInput when there is none or there are several."""
    usable = members(archive)
    if not usable:
        raise BadInput("The zip holds no file: put one file of data into it.")
    if len(usable) > 1:
        if all(PurePosixPath(info.filename).suffix.lower() in PICTURES for info in usable):
            raise BadInput(
                f"The zip holds {len(usable):,} pictures, which are not read one by one: save them "
                "as one NPY array of pictures × height × width and open that."
            )
        names = ", ".join(f"'{shorten(info.filename)}'" for info in usable[:3])
        more = f" and {len(usable) - 3:,} more" if len(usable) > 3 else ""
        raise BadInput(
            f"The zip holds {len(usable):,} files ({names}{more}), but only one can be opened: "
            "zip that one alone."
        )
    check_member(usable[0])
    return usable[0]


def unzip(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path | None, progress: Progress
) -> int:
    """Unpack one member to ``target`` (None: only count), return its bytes. Raises BadInput."""
    check_member(info)
    allowed = budget(info.compress_size)
    try:
        with archive.open(info) as packed:
            if target is None:
                return copy(packed, None, allowed, progress)
            with target.open("wb") as out:
                return copy(packed, out, allowed, progress)
    except BROKEN as error:
        if isinstance(error, BadInput):
            raise
        raise _damaged() from None
