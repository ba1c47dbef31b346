"""Everything a server keeps in one file, taken while it runs; ``restoring`` puts it back.

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
import zipfile
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from analytics import __version__
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.store import database as db
from analytics.store import dumping, migrations
from analytics.store.files import atomic_file, sweep, sync_folder

FORMAT = "gestalt-backup-1"
MANIFEST = "manifest.json"
FOLDERS = ("results", "uploads")
CHUNK = 2**20
_UNFINISHED = ".gestalt-backup-"
_TEMPORARY = re.compile(r"(^|/)\.")


def backup(path: Path, engine: Engine, home: Path, progress: Progress = silent) -> dict[str, Any]:
    """Write everything to ``path``; returns the counts of its manifest.

    It takes its name when it is whole; what backups that were stopped left beside it more than an
    hour ago is removed. Raises BadInput when the file cannot be written there, StoreError for the
    database.
    """
    path = Path(path)
    try:
        sweep(path.parent.glob(_UNFINISHED + "*"))
        with (
            atomic_file(path, _UNFINISHED) as file,
            zipfile.ZipFile(file, "w", allowZip64=True) as archive,
        ):
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
        sync_folder(path.parent)
    except OSError as error:
        raise BadInput(
            f"The backup cannot be written to {path} ({error.strerror}): choose a folder that "
            "exists, can be written and has room."
        ) from None
    return told(manifest)


def told(manifest: dict) -> dict[str, Any]:
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
            _write(archive, members, name, iter(lambda: file.read(CHUNK), b""))
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
