"""Putting a backup back: the old state or the new one, also when it is stopped on the way.

Every member is checked in a folder of its own before anything is changed. Files come first: they
are named by their content or by how they were made, so that what the old rows name is still there.
Then the rows, in one transaction. What a stopped restore leaves says so, and the next one removes
it.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analytics.errors import BadInput, StoreError
from analytics.progress import Progress, silent
from analytics.store import dumping, migrations
from analytics.store import schema as db
from analytics.store.backup import CHUNK, FOLDERS, FORMAT, MANIFEST, told
from analytics.store.database import reading, writing
from analytics.store.failures import place
from analytics.store.files import move, sweep, sync_folder

log = logging.getLogger(__name__)

MOST_MANIFEST = 2**28
_NAME = re.compile(
    r"database/[a-z_]{1,40}\.jsonl|results/[0-9a-f]{2}/[\w.-]{1,80}|uploads/[\w.-]{1,90}"
)
_STAGED = ".restoring-"
_KEPT_SECONDS = 86_400
AGAIN = "The database already held what is in this backup: its rows were left as they were."


def restore(
    path: Path, engine: Engine, home: Path, replace: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Put a backup back; returns the counts of its manifest.

    engine : a database of this program, brought up to date by ``connect``. replace : take the place
    of the projects, studies and reviews there. Every member is checked before anything is changed;
    rows come in one transaction. A restore that was stopped is repeated by the same call: "note"
    then says so when the rows had already come. Raises BadInput for a file that is no whole backup,
    or a database that holds something else, and StoreError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            again = _holds_as_many(engine, manifest, replace)
            home.mkdir(parents=True, exist_ok=True)
            sweep(home.glob(_STAGED + "*"), older_than=0)
            _check_room(manifest, home)
            with tempfile.TemporaryDirectory(prefix=_STAGED, dir=home) as staged:
                _unpack(archive, manifest, Path(staged), progress)
                rows = _upgraded(Path(staged), manifest["schema"])
                try:
                    if again and not _same_rows(engine, rows):
                        raise _in_use(engine)
                    _put_files(Path(staged), home)
                    if not again:
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
    return told(manifest) | ({"note": AGAIN} if again else {})


def look_for_stopped(home: Path) -> None:
    """Say in the log that a restore was stopped, and drop what it left a day ago."""
    if left := list(home.glob(_STAGED + "*")):
        log.warning(
            "a restore into this data folder was stopped, or is under way while the server runs: "
            "stop the server and run it again, which completes it or says that it was complete"
        )
        sweep(left, _KEPT_SECONDS)


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


def _holds_as_many(engine: Engine, manifest: dict, replace: bool) -> bool:
    """Whether the database has as many rows as the backup, and so perhaps the same; False when it
    is empty or its rows may go. Raises BadInput when it holds something else."""
    if replace:
        return False
    counts = _counts(engine)
    if any(counts.values()) and any(n != manifest["rows"].get(t, 0) for t, n in counts.items()):
        raise _in_use(engine)
    return any(counts.values())


def _counts(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in dumping.tables()
        }


def _in_use(engine: Engine) -> BadInput:
    name, count = next((name, n) for name, n in _counts(engine).items() if n)
    return BadInput(
        f"{place(engine.url)} is not empty ({count:,} rows in {name}): "
        "restore into an empty one, or say --replace to let the backup take its place."
    )


def _same_rows(engine: Engine, rows: Engine) -> bool:
    with rows.connect() as ours, reading(engine) as theirs:
        return all(
            one == other
            for table in dumping.tables()
            for one, other in zip_longest(dumping.rows(ours, table), dumping.rows(theirs, table))
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
            while chunk := source.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                hashed.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
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
    """The files of the backup, which were checked, take the place of those of the same names, for
    good before any row names them."""
    touched = {home}
    for folder in FOLDERS:
        # A result counts as stored once its JSON is there, so that comes last.
        files = sorted((staged / folder).rglob("*"), key=lambda p: (p.suffix == ".json", p))
        for source in files:
            target = home / source.relative_to(staged)
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                move(source, target)
                touched |= {target.parent, target.parent.parent}
    for folder in touched:
        sync_folder(folder)


def _put_rows(engine: Engine, rows: Engine, replace: bool) -> None:
    with rows.connect() as source, writing(engine) as target:
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
