"""Reading and inserting single rows inside a transaction that the caller opened."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analytics.accounts import sharing
from analytics.accounts.person import Person
from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.store import schema as db
from analytics.store.database import now
from analytics.store.fields import MAX_RUN_BYTES, check_json, is_id, new_id, shortened

NO_VIEW = (
    "There is no view at this link, or its project was deleted: "
    "check the link, or choose a project from the list."
)
_CONTENT = re.compile(r"[0-9a-f]{64}")


def live_project(connection: Connection, project: Any, lock: bool = True) -> sa.Row:
    """The row of a project that is not deleted; with ``lock`` it stays so until the transaction
    ends. Raises BadInput when there is none."""
    row = None
    if is_id(project):
        table = db.projects
        query = sa.select(table).where(table.c.id == project, table.c.deleted_at.is_(None))
        row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise BadInput("There is no such project, or it was deleted: choose one from the list.")
    return row


def live_names(connection: Connection, person: Person | None = None) -> list[str]:
    """The names of the projects that are not deleted; of a person who signed in, only of those that
    they may open."""
    table = db.projects
    query = sa.select(table.c.id, table.c.name).where(table.c.deleted_at.is_(None))
    rows = connection.execute(query).all()
    if person is not None and person.known:
        seen = sharing.roles_in(connection, person, [row.id for row in rows])
        rows = [row for row in rows if row.id in seen]
    return [row.name for row in rows]


def live_view(connection: Connection, view: Any) -> sa.Row:
    """The row of a view in a live project, with the project's name as ``project_name``.

    Raises BadInput when there is none.
    """
    row = None
    if is_id(view):
        row = connection.execute(
            sa.select(db.views, db.projects.c.name.label("project_name"))
            .join(db.projects)
            .where(db.views.c.id == view, db.projects.c.deleted_at.is_(None))
        ).first()
    if row is None:
        raise BadInput(NO_VIEW)
    return row


def of_project(table: sa.Table, project: str) -> sa.Select:
    """The rows a project has in one of its tables, oldest first."""
    columns = [c for c in table.c if c.name != "project_id"]
    time = table.c.updated if "updated" in table.c else table.c.created
    return sa.select(*columns).where(table.c.project_id == project).order_by(time, columns[0])


def add_project(connection: Connection, name: str) -> str:
    """Insert an empty project with a checked name; returns its id."""
    project, moment = new_id("p"), now()
    connection.execute(
        sa.insert(db.projects).values(id=project, name=name, created=moment, updated=moment)
    )
    return project


def touch(connection: Connection, project: str) -> None:
    """Note that a project changed now."""
    table = db.projects
    connection.execute(sa.update(table).where(table.c.id == project).values(updated=now()))


def add_view(
    connection: Connection,
    project: str,
    name: str,
    state: Mapping[str, Any],
    *,
    by: str = "",
    moment: datetime | None = None,
) -> str:
    """Insert a checked view as its first revision; returns its id."""
    view, moment = new_id("v"), moment or now()
    connection.execute(
        sa.insert(db.views).values(
            id=view,
            project_id=project,
            name=name,
            state=state,
            created=moment,
            updated=moment,
            revision=1,
            saved_by=by,
        )
    )
    return view


def check_run(*, digest, kind, method, params, seed, parents, about) -> dict[str, Any]:
    """A run's columns in their canonical form. Raises BadInput."""
    if not is_digest(digest) or not all(is_digest(p) for p in parents):
        raise BadInput("A run names a result by a text that is not a digest: reload the page.")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise BadInput("A run has a seed that is not a whole number from 0 to 4294967295.")
    if not isinstance(params, Mapping) or not isinstance(about, Mapping):
        raise BadInput("A run has parameters that are not a table of names and values.")
    return {
        "digest": digest,
        "kind": shortened(kind, 40),
        "method": shortened(method, 80),
        "params": check_json(dict(params), "A run", MAX_RUN_BYTES),
        "seed": seed,
        "parents": list(parents),
        "about": check_json(dict(about), "A run", MAX_RUN_BYTES),
    }


def add_run(
    connection: Connection, project: str, row: Mapping[str, Any], moment: datetime | None = None
) -> None:
    """Insert a checked run, unless the project has it; one of kind "table" enters the project's
    data sets too, named after params "name" or "sample"."""
    moment = moment or now()
    _insert_once(connection, db.runs, {**row, "project_id": project, "created": moment})
    if row["kind"] == "table":
        dataset = {"digest": row["digest"], **_source(row["params"])}
        _insert_once(connection, db.datasets, {**dataset, "project_id": project, "created": moment})


def _source(params: Mapping[str, Any]) -> dict[str, str]:
    """What a table was read from: a name for people, and its upload."""
    name = shortened(params.get("name") or params.get("sample") or "") or "Data"
    return {"name": name, "content": upload_of(params)}


def upload_of(params: Mapping[str, Any]) -> str:
    """The SHA-256 of the uploaded file a table was read from, "" for a sample."""
    content = params.get("content")
    return content if isinstance(content, str) and _CONTENT.fullmatch(content) else ""


def uploads_of(params: Any) -> set[str]:
    """The SHA-256 of every uploaded file that parameters name, however deep."""
    found, waiting = set(), [params]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            found.add(upload_of(item))
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
    return found - {""}


def _insert_once(connection: Connection, table: sa.Table, values: dict[str, Any]) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    connection.execute(insert(table).values(**values).on_conflict_do_nothing())
