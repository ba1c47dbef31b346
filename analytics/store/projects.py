"""Projects and their saved views: save, open, list, rename, duplicate, delete with undo, purge.

All functions take an engine of :func:`analytics.store.database.connect`. They raise BadInput for
what the person can change and StoreError for what the database refuses. A failed call changes
nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.accounts import holdings, sharing
from analytics.accounts.person import Person
from analytics.accounts.removal import remove
from analytics.accounts.tables import holdings as held
from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.store import schema as db
from analytics.store.database import now, reading, writing
from analytics.store.fields import check_name, check_state, copy_name, is_id, new_id, shortened
from analytics.store.rows import (
    add_project,
    add_view,
    live_names,
    live_project,
    live_view,
    of_project,
    touch,
)
from analytics.store.runs import kept_digests, record_run, runs  # noqa: F401  (one door)


class Conflict(BadInput):
    """Someone saved the view after it was opened; nothing was written.

    ``revision``, ``saved_at`` (UTC) and ``saved_by`` ("" when unknown) tell what is stored now.
    """

    def __init__(self, name: str, revision: int, saved_at: datetime, saved_by: str):
        self.revision, self.saved_at, self.saved_by = revision, saved_at, saved_by
        who = f"by {saved_by}" if saved_by else "in another tab or by someone else"
        super().__init__(
            f"'{name}' was saved {who} at {saved_at:%H:%M} UTC on {saved_at:%Y-%m-%d}, after you "
            "opened it: save as a new project to keep both, or open it again to see that version."
        )


@dataclass(frozen=True)
class Saved:
    """Where a view was saved. ``revision`` goes into the next save of it. ``reviews``: ids of those
    that an import brought along. ``left_out``: title and reason of those it did not take."""

    project: str
    view: str
    revision: int
    name: str
    reviews: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class View:
    """A saved view as opened. Times are UTC."""

    project: str
    project_name: str
    view: str
    name: str
    revision: int
    state: dict[str, Any]
    created: datetime
    updated: datetime
    saved_by: str


@dataclass(frozen=True)
class ViewRow:
    """One line of a list of views."""

    view: str
    name: str
    revision: int
    updated: datetime
    saved_by: str


@dataclass(frozen=True)
class ProjectRow:
    """One line of the list of projects: counts, the newest data set's name and the view saved
    last ("" when there is none). ``deleted_at`` is None unless it was deleted."""

    id: str
    name: str
    created: datetime
    updated: datetime
    views: int
    runs: int
    dataset: str
    last_view: str
    deleted_at: datetime | None


def save_view(
    engine: Engine,
    *,
    name: str,
    state: Mapping[str, Any],
    project: str | None = None,
    view: str | None = None,
    revision: int | None = None,
    by: str = "",
    owner: Person | None = None,
    files: Iterable[str] = (),
) -> Saved:
    """Save a view: over ``view`` at its ``revision``, else as a new one in ``project``, else in a
    new project of the same name.

    state : plain JSON of at most 1 MB. by : who saves, shown to others on a conflict. owner : whose
    a new project is. files : SHA-256 of the uploaded files that the project then holds.
    Raises Conflict when the view was saved since ``revision``, BadInput for a bad name or state
    or a view or project that is gone.
    """
    name, state, by = check_name(name), check_state(state), shortened(by)
    with writing(engine) as connection:
        if view is not None:
            values = {"name": name, "state": state, "saved_by": by}
            saved = _overwrite(connection, view, project, revision, values)
        else:
            if project is None:
                project = add_project(connection, name)
                sharing.put_owner(connection, project, owner)
            else:
                live_project(connection, project)
                touch(connection, project)
            saved = Saved(project, add_view(connection, project, name, state, by=by), 1, name)
        holdings.put(connection, saved.project, files)
        return saved


def _overwrite(connection: Connection, view, project, revision, values: dict) -> Saved:
    row = live_view(connection, view)
    if project not in (None, row.project_id):
        raise BadInput("The view belongs to another project: save it as a new view.")
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise BadInput("Saving over a view takes the revision it was opened at: reload the view.")
    live_project(connection, row.project_id)
    row = live_view(connection, view)  # Again, now that nobody else can change it.
    if row.revision != revision:
        raise Conflict(row.name, row.revision, row.updated, row.saved_by)
    connection.execute(
        sa.update(db.views)
        .where(db.views.c.id == view)
        .values(**values, updated=now(), revision=revision + 1)
    )
    touch(connection, row.project_id)
    return Saved(row.project_id, view, revision + 1, values["name"])


def open_view(engine: Engine, view: str) -> View:
    """A saved view. Raises BadInput when there is none or its project was deleted."""
    with reading(engine) as connection:
        row = live_view(connection, view)
    return View(
        row.project_id,
        row.project_name,
        row.id,
        row.name,
        row.revision,
        row.state,
        row.created,
        row.updated,
        row.saved_by,
    )


def list_views(engine: Engine, project: str) -> list[ViewRow]:
    """The views of a project, saved last first."""
    v = db.views.c
    query = sa.select(v.id, v.name, v.revision, v.updated, v.saved_by)
    query = query.where(v.project_id == project).order_by(v.updated.desc(), v.id)
    with reading(engine) as connection:
        live_project(connection, project, lock=False)
        return [ViewRow(*row) for row in connection.execute(query)]


def saved_maps(
    engine: Engine, most: int = 200, projects: Collection[str] | None = None
) -> list[str]:
    """The maps on screen in the saved views of some projects or (None) all, saved last first."""
    v, p = db.views.c, db.projects.c
    query = sa.select(v.state).join(db.projects, p.id == v.project_id)
    if projects is not None:
        query = query.where(p.id.in_(projects))
    query = query.where(p.deleted_at.is_(None)).order_by(v.updated.desc(), v.id).limit(most)
    with reading(engine) as connection:
        states = list(connection.scalars(query))
    found = (state["view"].get("projection") for state in states if "view" in state)
    return list(dict.fromkeys(digest for digest in found if is_digest(digest)))


def list_projects(engine: Engine, deleted: bool = False) -> list[ProjectRow]:
    """All projects, changed last first; with ``deleted`` those that can still be brought back."""
    p = db.projects.c

    def of(table: sa.Table, *columns) -> sa.Select:
        return sa.select(*columns).where(table.c.project_id == p.id)

    def count(table: sa.Table) -> sa.ScalarSelect:
        return of(table, sa.func.count()).scalar_subquery()

    def newest(table: sa.Table, column: sa.Column, time: sa.Column) -> sa.Function:
        found = of(table, column).order_by(time.desc(), column).limit(1).scalar_subquery()
        return sa.func.coalesce(found, "")

    query = sa.select(
        p.id,
        p.name,
        p.created,
        p.updated,
        count(db.views),
        count(db.runs),
        newest(db.datasets, db.datasets.c.name, db.datasets.c.created),
        newest(db.views, db.views.c.id, db.views.c.updated),
        p.deleted_at,
    )
    query = query.where(p.deleted_at.is_not(None) if deleted else p.deleted_at.is_(None))
    with reading(engine) as connection:
        found = connection.execute(query.order_by(p.updated.desc(), p.id))
        return [ProjectRow(*row) for row in found]


def rename(engine: Engine, project: str, name: str) -> str:
    """Rename a project; returns the tidy name."""
    name = check_name(name)
    with writing(engine) as connection:
        live_project(connection, project)
        connection.execute(
            sa.update(db.projects)
            .where(db.projects.c.id == project)
            .values(name=name, updated=now())
        )
    return name


def duplicate(engine: Engine, project: str, owner: Person | None = None) -> Saved:
    """Copy a project with its views, runs and data sets, which holds the same files; returns the
    copy, which is ``owner``'s, and its last view."""
    with writing(engine) as connection:
        row = live_project(connection, project)
        name = copy_name(row.name, live_names(connection, owner))
        copy = add_project(connection, name)
        sharing.put_owner(connection, copy, owner)
        files = sa.select(held.c.content).where(held.c.holder == project)
        holdings.put(connection, copy, connection.scalars(files).all())
        for table in (db.datasets, db.runs):
            columns = [c for c in table.c if c.name != "project_id"]
            source = sa.select(sa.literal(copy), *columns).where(table.c.project_id == project)
            connection.execute(sa.insert(table).from_select(["project_id", *columns], source))
        last = ""
        for v in connection.execute(of_project(db.views, project)).all():
            last = add_view(connection, copy, v.name, v.state, by=v.saved_by, moment=v.updated)
    return Saved(copy, last, 1, name)


def delete(engine: Engine, project: str) -> str:
    """Put a project out of sight; returns the token that brings it back until it is purged."""
    token = new_id("u")
    with writing(engine) as connection:
        live_project(connection, project)
        connection.execute(
            sa.update(db.projects)
            .where(db.projects.c.id == project)
            .values(deleted_at=now(), undo_token=token)
        )
    return token


def undo_delete(engine: Engine, token: str) -> str:
    """Bring a deleted project back; returns its id. Raises BadInput when it is too late."""
    with writing(engine) as connection:
        project = None
        if is_id(token):
            query = sa.select(db.projects.c.id).where(db.projects.c.undo_token == token)
            project = connection.scalar(query.with_for_update())
        if project is None:
            raise BadInput("The deleted project cannot be brought back: it is already gone.")
        connection.execute(
            sa.update(db.projects)
            .where(db.projects.c.id == project)
            .values(deleted_at=None, undo_token=None)
        )
    return project


def purge(engine: Engine, older_than: timedelta = timedelta(days=30)) -> int:
    """Remove for good what was deleted longer ago than ``older_than``; returns the count.

    Their results go when the cache is trimmed next.
    """
    with writing(engine) as connection:
        return remove(connection, db.projects, db.projects.c.deleted_at <= now() - older_than)
