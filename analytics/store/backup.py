"""Everything a server keeps in one file, taken while it runs, and put back whole or not at all.

The file is a zip: ``database/TABLE.jsonl`` (every row as JSON, the same for SQLite and PostgreSQL),
``results/…`` and ``uploads/…`` as in the data folder, and ``manifest.json`` with the size and
SHA-256 of each. Kept answers of language models and settings are not in it; neither are keys and
passwords, which are nowhere in the data folder.

The rows are those of one moment. Results and uploads never change once written, so those that the
rows name are there when they are copied, and what is written meanwhile does no harm.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analytics import __version__
from analytics.errors import BadInput, StoreError
from analytics.progress import Progress, silent
from analytics.store import database as db
from analytics.store import dumping, migrations
from analytics.store.files import PART, atomic_file, move

FORMAT = "gestalt-backup-1"
MANIFEST = "manifest.json"
MOST_MANIFEST = 2**28
FOLDERS = ("results", "uploads")
_CHUNK = 2**20
_NAME = re.compile(
    r"database/[a-z_]{1,40}\.jsonl|results/[0-9a-f]{2}/[\w.-]{1,80}|uploads/[\w.-]{1,90}"
)
_TEMPORARY = re.compile(r"(^|/)\.")


def backup(path: Path, engine: Engine, home: Path, progress: Progress = silent) -> dict[str, Any]:
    """Write everything to ``path``; returns the counts of its manifest.

    Raises BadInput when the file cannot be written there, StoreError for the database.
    """
    path = Path(path)
    try:
        with atomic_file(path) as file, zipfile.ZipFile(file, "w", allowZip64=True) as archive:
            members: dict[str, dict] = {}
            counts = _write_rows(archive, members, engine)
            files = [p for name in FOLDERS for p in sorted((home / name).rglob("*"))]
            for done, source in enumerate(files):
                name = source.relative_to(home).as_posix()
                if source.is_file() and not _TEMPORARY.search(name):
                    _copy(archive, members, name, source)
                progress(done / max(1, len(files)), f"File {done + 1:,} of {len(files):,}")
            manifest = {
                "format": FORMAT,
                "version": __version__,
                "schema": migrations.LATEST,
                "made": db.now().isoformat(),
                "rows": counts,
                "members": members,
            }
            archive.writestr(MANIFEST, json.dumps(manifest), zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise BadInput(
            f"The backup cannot be written to {path} ({error.strerror}): choose a folder that "
            "exists, can be written and has room."
        ) from None
    return _told(manifest)


def restore(
    path: Path, engine: Engine, home: Path, replace: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Put a backup back; returns the counts of its manifest.

    engine : a database of this program, brought up to date by ``connect``. replace : take the place
    of the projects, studies and reviews there. Every member is checked before anything is changed;
    rows come in one transaction. Raises BadInput for a file that is no whole backup, or a database
    that is not empty, and StoreError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            _check_target(engine, replace)
            home.mkdir(parents=True, exist_ok=True)
            _check_room(manifest, home)
            with tempfile.TemporaryDirectory(prefix=PART, dir=home) as staged:
                _unpack(archive, manifest, Path(staged), progress)
                rows = _upgraded(Path(staged), manifest["schema"])
                try:
                    _put_files(Path(staged), home)
                    _put_rows(engine, rows, replace)
                finally:
                    rows.dispose()
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}: give the path of a backup.") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zipfile.LargeZipFile):
        raise _damaged(path, "it is not a whole zip file") from None
    except OSError as error:
        raise StoreError(
            f"The data folder {home} cannot be written ({error.strerror}): nothing of the database "
            "was changed; make room or set GESTALT_HOME to another folder."
        ) from None
    return _told(manifest)


def _told(manifest: dict) -> dict[str, Any]:
    names = manifest["members"]
    return {
        "rows": manifest["rows"],
        "files": sum(not name.startswith("database/") for name in names),
        "bytes": sum(facts["bytes"] for facts in names.values()),
        "made": manifest["made"],
        "schema": manifest["schema"],
    }


# Writing.


def _write_rows(archive: zipfile.ZipFile, members: dict, engine: Engine) -> dict[str, int]:
    """All tables as of one moment."""
    counts = {}
    with db.reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            for table in dumping.tables():
                lines = (dumping.line(row) for row in dumping.rows(connection, table))
                name = f"database/{table.name}.jsonl"
                counts[table.name] = _write(archive, members, name, lines)
    return counts


def _copy(archive: zipfile.ZipFile, members: dict, name: str, source: Path) -> None:
    """A file of the data folder; one that was tidied away meanwhile was needed by nothing."""
    try:
        with open(source, "rb") as file:
            _write(archive, members, name, iter(lambda: file.read(_CHUNK), b""))
    except FileNotFoundError:
        return


def _write(archive: zipfile.ZipFile, members: dict, name: str, chunks) -> int:
    """One member, noted with its size and hash; returns how many pieces it was made of."""
    info = zipfile.ZipInfo(name, db.now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_STORED if name.endswith(".parquet") else zipfile.ZIP_DEFLATED
    hashed, size, pieces = hashlib.sha256(), 0, 0
    with archive.open(info, "w", force_zip64=True) as out:
        for chunk in chunks:
            out.write(chunk)
            hashed.update(chunk)
            size, pieces = size + len(chunk), pieces + 1
    members[name] = {"bytes": size, "sha256": hashed.hexdigest()}
    return pieces


# Reading.


def _damaged(path: Path, why: str) -> BadInput:
    return BadInput(f"{path} is no backup that can be put back ({why}): nothing was changed.")


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """The manifest, when it fits what is in the zip."""
    try:
        if archive.getinfo(MANIFEST).file_size > MOST_MANIFEST:
            raise _damaged(path, "its list of files is too long")
        found = json.loads(archive.read(MANIFEST))
        members, schema = found["members"], found["schema"]
        datetime.fromisoformat(found["made"])
        whole = found["format"] == FORMAT and isinstance(found["rows"], dict)
        sizes = {name: int(facts["bytes"]) for name, facts in members.items()}
        whole = whole and all(isinstance(f["sha256"], str) for f in members.values())
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise _damaged(path, "its list of files is missing or of another kind") from None
    if not whole or not isinstance(schema, int) or schema < 1:
        raise _damaged(path, "its list of files is of another kind")
    if schema > migrations.LATEST:
        raise BadInput(
            f"{path} was made by a newer Gestalt (schema {schema}, this one knows up to "
            f"{migrations.LATEST}): restore it with that one."
        )
    held = {i.filename: i.file_size for i in archive.infolist() if i.filename != MANIFEST}
    if held != sizes or len(archive.infolist()) != len(sizes) + 1:
        raise _damaged(path, "files in it are missing, too many or of another size")
    for name in sizes:
        if not _NAME.fullmatch(name) or ".." in name:
            raise _damaged(path, f"it holds a file named {name[:60]!r}")
    return found


def _check_target(engine: Engine, replace: bool) -> None:
    if replace:
        return
    with db.reading(engine) as connection:
        for table in dumping.tables():
            count = connection.scalar(sa.select(sa.func.count()).select_from(table))
            if count:
                raise BadInput(
                    f"{db.place(engine.url)} is not empty ({count:,} rows in {table.name}): "
                    "restore into an empty one, or say --replace to let the backup take its place."
                )


def _check_room(manifest: dict, home: Path) -> None:
    needed = 2 * sum(facts["bytes"] for facts in manifest["members"].values()) + 2**24
    free = shutil.disk_usage(home).free
    if needed > free:
        raise StoreError(
            f"The backup needs {needed / 2**20:,.0f} MB in {home}, where {free / 2**20:,.0f} MB "
            "are free: make room first. Nothing was changed."
        )


def _unpack(archive: zipfile.ZipFile, manifest: dict, staged: Path, progress: Progress) -> None:
    """All members to a folder, each checked against its size and hash."""
    members = manifest["members"]
    for done, (name, facts) in enumerate(members.items()):
        target = staged / name
        target.parent.mkdir(parents=True, exist_ok=True)
        hashed, left = hashlib.sha256(), facts["bytes"]
        with archive.open(name) as source, open(target, "wb") as out:
            while chunk := source.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                hashed.update(chunk)
                out.write(chunk)
        if left or hashed.hexdigest() != facts["sha256"]:
            raise _damaged(Path(archive.filename or ""), f"{name} is not what was backed up")
        progress(0.9 * done / len(members), f"File {done + 1:,} of {len(members):,}")


def _upgraded(staged: Path, schema: int) -> Engine:
    """The rows in a database of their own: of the backup's schema first, then up to date."""
    scratch = sa.create_engine(f"sqlite:///{staged / 'scratch.sqlite'}", hide_parameters=True)
    migrations.migrate(scratch, target=schema)
    reflected = sa.MetaData()
    try:
        with scratch.begin() as connection:
            reflected.reflect(connection)
            for table in reflected.sorted_tables:
                source = staged / "database" / f"{table.name}.jsonl"
                if table.name != db.schema_version.name and source.exists():
                    _insert_all(source, lambda rows, t=table: dumping.insert(connection, t, rows))
    except (ValueError, TypeError, KeyError, sa.exc.SQLAlchemyError):
        raise BadInput(
            "The rows in the backup do not fit its schema: nothing was changed."
        ) from None
    migrations.migrate(scratch)
    return scratch


def _insert_all(source: Path, put: Callable[[list[dict]], None]) -> None:
    batch: list[dict] = []
    with open(source, "rb") as lines:
        for text in lines:
            batch.append(dict(json.loads(text)))
            if len(batch) == dumping.BATCH:
                put(batch)
                batch = []
    put(batch)


def _put_files(staged: Path, home: Path) -> None:
    """The files of the backup, which were checked, take the place of those of the same names."""
    for folder in FOLDERS:
        # A result counts as stored once its JSON is there, so that comes last.
        files = sorted((staged / folder).rglob("*"), key=lambda p: (p.suffix == ".json", p))
        for source in files:
            target = home / source.relative_to(staged)
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                move(source, target)


def _put_rows(engine: Engine, rows: Engine, replace: bool) -> None:
    with rows.connect() as source, db.writing(engine) as target:
        if replace:
            for table in reversed(dumping.tables()):
                target.execute(sa.delete(table))
        for table in dumping.tables():
            batch = []
            for row in dumping.rows(source, table):
                batch.append(row)
                if len(batch) == dumping.BATCH:
                    dumping.insert(target, table, batch)
                    batch = []
            dumping.insert(target, table, batch)
