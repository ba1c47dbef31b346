"""A project as one zip: its views, runs and results, and the uploads they were made from.

Members: ``manifest.json`` (format, versions, project name, SHA-256 and bytes of every other
member), ``views/<n>.json``, ``runs/<n>.json``, ``results/<digest>.json|.npz|.parquet``,
``uploads/<sha256>``; of reviews ``reviews/<n>.json`` the draft, ``reviews/<n>-v<m>.json`` the
versions, ``reviews/<n>-c<m>.json`` the comments. An import is all or nothing: everything is
unpacked beside the store and checked, then moved in within one database transaction.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import Engine

import analytics
from analytics.errors import StoreError
from analytics.progress import Progress, silent
from analytics.review import carrying
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import reading
from analytics.store.fields import digests_in
from analytics.store.files import atomic_file
from analytics.store.rows import live_project, of_project, uploads_of
from analytics.store.unbundle import import_project  # noqa: F401  (one door)
from analytics.store.unpacking import CHUNK, FORMAT
from analytics.store.verify import MAX_DOCUMENT_BYTES


@dataclass(frozen=True)
class Exported:
    """What went into a project file. ``missing``: digests whose results are no longer stored;
    they are computed again from the upload when asked for."""

    name: str
    results: int
    uploads: int
    missing: tuple[str, ...]


def export_project(
    engine: Engine,
    artifacts: Artifacts,
    project: str,
    target: Path | str | BinaryIO,
    home: Path,
    *,
    uploads: bool = True,
    reviews: Collection[str] | None = None,
    progress: Progress = silent,
) -> Exported:
    """Write a project to a file (whole or not at all) or to an open binary file.

    uploads : whether the original files go along. home : the data folder that holds them.
    reviews : ids of those of its reviews that go along, None for all.
    Raises BadInput when there is no such project, StoreError when a file cannot be written.
    """
    name, rows, told = _rows(engine, project, reviews)
    try:
        if hasattr(target, "write"):
            return _write(target, name, rows, told, artifacts, home if uploads else None, progress)
        with atomic_file(Path(target)) as file:
            return _write(file, name, rows, told, artifacts, home if uploads else None, progress)
    except OSError as error:
        raise StoreError(
            f"The project file could not be written ({error.strerror or error}): "
            "free some space or choose another folder."
        ) from None


def export_bytes(
    engine: Engine, artifacts: Artifacts, project: str, home: Path, **options: Any
) -> bytes:
    """The project file in memory, for a download; see :func:`export_project`."""
    file = io.BytesIO()
    export_project(engine, artifacts, project, file, home, **options)
    return file.getvalue()


def _rows(
    engine: Engine, project: str, reviews: Collection[str] | None
) -> tuple[str, dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The project's name, its views and runs as plain JSON, oldest first, and its reviews."""
    views = ("name", "state", "saved_by")
    runs = ("digest", "kind", "method", "params", "seed", "parents", "about")
    with reading(engine) as connection:
        name = live_project(connection, project, lock=False).name
        told = carrying.packed(connection, project, reviews)
        rows = {
            table.name: [
                {key: row[key] for key in keys}
                for row in connection.execute(of_project(table, project)).mappings()
            ]
            for table, keys in ((db.views, views), (db.runs, runs))
        }
    return name, rows, told


def _write(
    file: BinaryIO, name: str, rows: dict, told: dict, artifacts: Artifacts, home, progress
) -> Exported:
    named = [[v["state"] for v in rows["views"]], rows["runs"], carrying.results_of(told)]
    roots = sorted(set(digests_in(named)))
    wanted = artifacts.lineage(roots)
    ready = [d for d in wanted if _is_ready(artifacts, d)]
    originals = _originals(rows["runs"], home)
    members: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(file, "w") as archive:
        for kind, items in rows.items():
            for number, item in enumerate(items, 1):
                data = json.dumps(item).encode()
                _add_bytes(archive, members, f"{kind}/{number:05d}.json", data)
        for member, value in told.items():
            _add_bytes(archive, members, member, json.dumps(value).encode())
        for done, digest in enumerate(ready):
            progress(done / len(ready), f"Packing result {done + 1} of {len(ready)}")
            for path in artifacts.files(digest):
                _add_file(archive, members, f"results/{path.name}", path)
        for path in originals:
            progress(None, "Packing the original data")
            _add_file(archive, members, f"uploads/{path.name}", path)
        manifest = {
            "format": FORMAT if told else 1,  # an older Gestalt reads what has no reviews
            "made_by": f"gestalt {analytics.__version__}",
            "project": {"name": name},
            "missing": sorted(set(wanted) - set(ready)),
            "members": members,
        }
        _add_bytes(archive, {}, "manifest.json", json.dumps(manifest, indent=1).encode())
    return Exported(name, len(ready), len(originals), tuple(manifest["missing"]))


def _is_ready(artifacts: Artifacts, digest: str) -> bool:
    """Whether a result is stored whole and an import would take it."""
    if not artifacts.intact(digest):
        return False
    return artifacts.files(digest)[-1].stat().st_size <= MAX_DOCUMENT_BYTES


def _originals(runs: list[dict[str, Any]], home: Path | None) -> list[Path]:
    """The uploads that tables of the project were read from, as far as they are still there."""
    if home is None:
        return []
    tables = [run["params"] for run in runs if run["kind"] == "table"]
    contents = set().union(*map(uploads_of, tables))
    paths = [Path(home) / "uploads" / content for content in sorted(contents)]
    return [path for path in paths if path.is_file()]


def _add_bytes(archive: zipfile.ZipFile, members: dict, name: str, data: bytes) -> None:
    archive.writestr(_info(name), data)
    members[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _add_file(archive: zipfile.ZipFile, members: dict, name: str, path: Path) -> None:
    """Add a file, hashing what is really written."""
    info, found, written = _info(name), hashlib.sha256(), 0
    with open(path, "rb") as source:
        info.file_size = path.stat().st_size
        with archive.open(info, "w") as member:
            while chunk := source.read(CHUNK):
                member.write(chunk)
                found.update(chunk)
                written += len(chunk)
    members[name] = {"sha256": found.hexdigest(), "bytes": written}


def _info(name: str) -> zipfile.ZipInfo:
    """A member without a time, so that equal projects give equal files."""
    info = zipfile.ZipInfo(name)
    packed = name.endswith(".parquet")
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    return info
