"""Taking a project file in. The file may come from anyone; see ``analytics.store.bundle``.

Nothing of it is believed: names must be ours, sizes stay within a budget, every member has the
SHA-256 the manifest gives, and every result is checked by ``analytics.store.verify``.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import Connection, Engine

from analytics.accounts import holdings, sharing
from analytics.accounts.person import Person
from analytics.errors import BadInput
from analytics.progress import Progress, part, silent
from analytics.review import carrying
from analytics.store import database as db
from analytics.store import unpacking
from analytics.store.artifacts import Artifacts
from analytics.store.fields import check_name, check_state, copy_name, shortened
from analytics.store.files import move, sweep, write_atomic
from analytics.store.projects import Saved
from analytics.store.rows import add_project, add_run, add_view, check_run, live_names
from analytics.store.verify import check_result

_STAGING = ".import-"


def import_project(
    engine: Engine,
    artifacts: Artifacts,
    source: Path | str | BinaryIO,
    home: Path,
    *,
    progress: Progress = silent,
    max_bytes: int = unpacking.MAX_BYTES,
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
        with unpacking.opened(source) as archive:
            infos = unpacking.members(archive, max_bytes)
            manifest = unpacking.manifest(archive, infos)
            unpacking.check_room(home, infos)
            steps = part(progress, 0, 0.6)
            spoilt = unpacking.unpack(archive, infos, manifest["members"], staging, steps)
        content = _content(staging, manifest["project"], spoilt)
        content["files"] = [path.name for path in (staging / "uploads").iterdir()]
        results = Artifacts(staging / "results", remembered=1)
        digests = unpacking.results_among(infos)
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
        raise unpacking.no_room(home, error) from None
    with staging:
        yield Path(staging.name)


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
        words = f"A view or run in the project file is damaged: {unpacking.AGAIN}."
        raise BadInput(words) from None
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
            raise unpacking.no_room(home, error) from None
        raise
    return saved


def _insert(connection: Connection, content: dict[str, Any], owner: Person | None) -> Saved:
    name, taken = content["name"], live_names(connection, owner)
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
