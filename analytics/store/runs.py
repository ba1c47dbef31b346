"""What was computed in each project, and which stored results must therefore stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.store import schema as db
from analytics.store.database import reading, writing
from analytics.store.fields import digests_in
from analytics.store.rows import add_run, check_run, live_project, of_project, uploads_of


@dataclass(frozen=True)
class Run:
    """One recorded result: what made it (enough to make it again) and from what."""

    digest: str
    kind: str
    method: str
    params: dict[str, Any]
    seed: int
    parents: tuple[str, ...]
    about: dict[str, Any]
    created: datetime


def record_run(
    engine: Engine,
    project: str,
    *,
    digest: str,
    kind: str,
    method: str = "",
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    parents: tuple[str, ...] = (),
    about: Mapping[str, Any] | None = None,
) -> None:
    """Note in a project that a result was computed; a second note of it changes nothing.

    A run of kind "table" also enters the project's data sets, named after params "name" or
    "sample". Raises BadInput for a project that is gone or a digest that is none.
    """
    row = check_run(
        digest=digest,
        kind=kind,
        method=method,
        params=params or {},
        seed=seed,
        parents=parents,
        about=about or {},
    )
    with writing(engine) as connection:
        live_project(connection, project)
        add_run(connection, project, row)


def runs(engine: Engine, project: str) -> list[Run]:
    """The runs of a project in the order they were recorded."""
    with reading(engine) as connection:
        live_project(connection, project, lock=False)
        found = connection.execute(of_project(db.runs, project)).mappings()
        return [Run(**{**row, "parents": tuple(row["parents"])}) for row in found]


def kept_digests(engine: Engine) -> set[str]:
    """Every digest that a project or a review (deleted but not purged included) needs: those in
    its views, runs, data sets and versions, and their parents as far as runs name them.

    ``Artifacts.trim`` adds the parents that only the stored results name.
    """
    with reading(engine) as connection:
        return digests_kept(connection)


def digests_kept(connection: Connection) -> set[str]:
    """:func:`kept_digests` within a transaction."""
    kept: set[str] = set()
    for state in connection.scalars(sa.select(db.views.c.state)):
        kept.update(digests_in(state))
    for digest, parents in connection.execute(sa.select(db.runs.c.digest, db.runs.c.parents)):
        kept.update((digest, *parents))
    kept.update(connection.scalars(sa.select(db.datasets.c.digest)))
    for held in (db.reviews.c.view, db.review_versions.c.document):
        for state in connection.scalars(sa.select(held)):
            kept.update(digests_in(state))
    return kept


def kept_uploads(engine: Engine) -> set[str]:
    """The SHA-256 of every uploaded file that a project (not purged) was made from."""
    with reading(engine) as connection:
        return uploads_kept(connection)


def uploads_kept(connection: Connection) -> set[str]:
    """:func:`kept_uploads` within a transaction."""
    query = sa.select(db.datasets.c.content).where(db.datasets.c.content != "")
    tables = sa.select(db.runs.c.params).where(db.runs.c.kind == "table")
    kept = set(connection.scalars(query))
    return kept.union(*(uploads_of(params) for params in connection.scalars(tables)))
