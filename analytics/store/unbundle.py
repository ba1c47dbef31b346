"""Taking a project file in. The file may come from anyone; see ``analytics.store.bundle``.

Nothing of it is believed: names must be ours, sizes stay within a budget, every member has the
SHA-256 the manifest gives, and every result is checked by ``analytics.store.verify``.
"""

import hashlib
import json
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import Connection, Engine

from analytics.accounts import holdings, sharing
from analytics.accounts.person import Person
from analytics.errors import BadInput, StoreError
from analytics.progress import Progress, part, silent
from analytics.review import carrying
from analytics.store import database as db
from analytics.store.artifacts import Artifacts
from analytics.store.fields import check_name, check_state, copy_name, shortened
from analytics.store.files import move, sweep, write_atomic
from analytics.store.projects import Saved
from analytics.store.rows import add_project, add_run, add_view, check_run, live_names
from analytics.store.verify import check_result

FORMAT = 2  # 1: without reviews
CHUNK = 2**20
MAX_BYTES = 4 * 2**30
MAX_MEMBERS = 50_000
MAX_ROW_BYTES = {"views": 2_000_000, "runs": 20_000_000, "reviews": 20_000_000}
MAX_MANIFEST_BYTES = 16_000_000
_READ_AT_ONCE = 32_000_000
_STAGING = ".import-"
_NAME = re.compile(
    r"(views|runs)/[0-9]{5}\.json|reviews/[0-9]{5}(?:-[vc][0-9]{5})?\.json|"
    r"results/([0-9a-f]{32})\.(json|npz|parquet)|uploads/[0-9a-f]{64}"
)
_AGAIN = "ask for the project to be exported again"


def import_project(
    engine: Engine,
    artifacts: Artifacts,
    source: Path | str | BinaryIO,
    home: Path,
    *,
    progress: Progress = silent,
    max_bytes: int = MAX_BYTES,
    owner: Person | None = None,
) -> Saved:
    """Take a project file in as a new project; returns it with the view saved last ("" if none).

    source : a path or an open binary file that can seek. max_bytes : most bytes unpacked.
    owner : whose the project is, and who like it holds the files that came along; the reviews are
    nobody's yet.
    Results that are stored here already stay as they are. Raises BadInput for a file that is no
    project, is damaged or unpacks to too much; StoreError when the store cannot take it. In both
    cases nothing has changed. A damaged review alone is left out, which ``left_out`` tells.
    """
    home = Path(home)
    with _folder(home) as staging:
        with _opened(source) as archive:
            infos = _members(archive, max_bytes)
            manifest = _manifest(archive, infos)
            _check_room(home, infos)
            steps = part(progress, 0, 0.6)
            spoilt = _unpack(archive, infos, manifest["members"], staging, steps)
        content = _content(staging, manifest["project"], spoilt)
        content["files"] = [path.name for path in (staging / "uploads").iterdir()]
        results = Artifacts(staging / "results", remembered=1)
        digests = sorted({_NAME.fullmatch(n)[2] for n in infos if n.startswith("results/")})
        for done, digest in enumerate(digests):
            progress(0.6 + 0.4 * done / len(digests), "Checking the results")
            check_result(results, digest)
            _mark(results, digest)
        return _keep(engine, content, owner, (results, digests, artifacts), staging, home)


@contextmanager
def _folder(home: Path) -> Iterator[Path]:
    """A folder beside the store that vanishes afterwards; so do those of killed imports."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        sweep(home.glob(_STAGING + "*"), older_than=86_400)
        staging = tempfile.TemporaryDirectory(prefix=_STAGING, dir=home, ignore_cleanup_errors=True)
        for name in ("views", "runs", "reviews", "results", "uploads"):
            (Path(staging.name) / name).mkdir()
    except OSError as error:
        raise _no_room(home, error) from None
    with staging:
        yield Path(staging.name)


def _no_room(home: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The project could not be stored in {home} ({error.strerror or error}): "
        "free some space there or set GESTALT_HOME to a folder that can be written."
    )


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
def _opened(source: Path | str | BinaryIO) -> Iterator[zipfile.ZipFile]:
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


def _members(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """The members by name: all named as ours are, once, plainly packed, within the budget."""
    infos = archive.infolist()
    named = {info.filename: info for info in infos}
    if "manifest.json" not in named:
        raise BadInput(
            "This zip file is not a Gestalt project (it has no manifest.json): "
            "choose a file made by exporting a project."
        )
    if len(named) != len(infos) or len(infos) > MAX_MEMBERS:
        raise BadInput(f"The project file lists a part twice or too many parts: {_AGAIN}.")
    for name, info in named.items():
        if name != "manifest.json" and not _NAME.fullmatch(name):
            raise BadInput(
                f"The project file holds '{shortened(name, 60)}', which no project has: {_AGAIN}."
            )
        plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if info.flag_bits & 1 or not plain:
            raise BadInput(
                f"'{name}' in the project file is encrypted or packed in an unknown way: {_AGAIN}."
            )
    total = sum(info.file_size for info in infos)
    if total > max_bytes:
        raise BadInput(
            f"The project file unpacks to {total / 1e6:,.0f} MB, but at most "
            f"{max_bytes / 1e6:,.0f} MB are taken: export it with less in it."
        )
    return named


def _manifest(archive: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    damaged = BadInput(f"The list of contents in the project file is damaged: {_AGAIN}.")
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
            raise BadInput(f"'{part_name}' is missing from the project file: {_AGAIN}.")
    for name in infos:
        if name not in members:
            raise BadInput(f"'{name}' is not in the project file's list of contents: {_AGAIN}.")
    return manifest


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member. Raises BadInput when they cannot be unpacked."""
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    except _BROKEN:
        raise BadInput(f"'{info.filename}' in the project file is damaged: {_AGAIN}.") from None


def _check_room(home: Path, infos: dict[str, zipfile.ZipInfo]) -> None:
    needed, free = sum(i.file_size for i in infos.values()), shutil.disk_usage(home).free
    if needed > free:
        raise StoreError(
            f"The project needs {needed / 1e6:,.0f} MB in {home}, but {free / 1e6:,.0f} MB are "
            "free: free some space there or set GESTALT_HOME to another folder."
        )


def _unpack(archive, infos, members, staging: Path, progress: Progress) -> list[str]:
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
            raise _no_room(staging.parent, error) from None
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
        raise BadInput(f"'{name}' in the project file is too long: {_AGAIN}.")
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
        raise BadInput(f"'{name}' in the project file was changed or is damaged: {_AGAIN}.")


def _content(staging: Path, project: dict[str, Any], spoilt: list[str]) -> dict[str, Any]:
    """Name, views, runs and reviews, checked like those a person saves. spoilt : parts of reviews
    that could not be read."""
    keys = ("digest", "kind", "method", "params", "seed", "parents", "about")
    views, runs = [], []
    try:
        for path in sorted((staging / "views").iterdir()):
            row = json.loads(path.read_bytes())
            name, state = check_name(row["name"]), check_state(row["state"])
            views.append((name, state, shortened(row["saved_by"])))
        for path in sorted((staging / "runs").iterdir()):
            row = json.loads(path.read_bytes())
            runs.append(check_run(**{key: row[key] for key in keys}))
    except (KeyError, TypeError, RecursionError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"A view or run in the project file is damaged: {_AGAIN}.") from None
    members = {path.name: path.read_bytes() for path in (staging / "reviews").iterdir()}
    reviews, left_out = carrying.checked(members, spoilt)
    return {
        "name": check_name(project["name"]),
        "views": views,
        "runs": runs,
        "reviews": reviews,
        "left_out": tuple(left_out),
    }


def _mark(results: Artifacts, digest: str) -> None:
    """Note in a result that it was brought along and not computed here."""
    path = results.files(digest)[-1]
    document = json.loads(path.read_bytes())
    document["about"]["imported"] = db.now().isoformat(timespec="seconds")
    write_atomic(path, json.dumps(document).encode())


def _keep(engine: Engine, content, owner: Person | None, moves, staging: Path, home: Path) -> Saved:
    """Insert the rows and move the files in; on any failure take back what was moved."""
    results, digests, artifacts = moves
    added: list[Path] = []
    new = [digest for digest in digests if not artifacts.intact(digest)]
    try:
        with db.writing(engine) as connection:
            saved = _insert(connection, content, owner)
            for digest in new:
                artifacts.adopt(results, digest)
                added.extend(artifacts.files(digest))
            (home / "uploads").mkdir(exist_ok=True)
            for path in (staging / "uploads").iterdir():
                target = home / "uploads" / path.name
                if not target.exists():
                    move(path, target)
                    added.append(target)
    except BaseException as error:
        for path in reversed(added):  # The JSON of a result first.
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _no_room(home, error) from None
        raise
    return saved


def _insert(connection: Connection, content: dict[str, Any], owner: Person | None) -> Saved:
    name, taken = content["name"], live_names(connection)
    if name in taken:
        name = copy_name(name, taken)
    project, view, moment = add_project(connection, name), "", db.now()
    sharing.put_owner(connection, project, owner)
    for holder in [project, *([owner.id] if owner is not None and owner.known else [])]:
        holdings.put(connection, holder, content["files"])
    for number, (title, state, by) in enumerate(content["views"]):
        later = moment + timedelta(microseconds=number)  # Keeps their order.
        view = add_view(connection, project, title, state, by=by, moment=later)
    for number, run in enumerate(content["runs"]):
        add_run(connection, project, run, moment + timedelta(microseconds=number))
    made = tuple(carrying.add(connection, project, review) for review in content["reviews"])
    return Saved(project, view, 1, name, made, content["left_out"])
