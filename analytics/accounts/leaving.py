"""Deleting what belongs to one person, or handing it to another; for the operator.

What is theirs: projects, studies and reviews that they own, their place in those of others, their
entry in the list of people, the uploaded files that they hold, what was computed from files that
nobody else holds, and what they used in a day.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics import allowance
from analytics.accounts import holdings as held
from analytics.accounts import person as naming
from analytics.accounts.removal import remove
from analytics.accounts.sharing import OWNER, put
from analytics.accounts.tables import holdings, people, shares
from analytics.data.uploads import path_of
from analytics.errors import BadInput
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import reading, writing
from analytics.store.runs import digests_kept, uploads_kept

UNKNOWN = "results of unknown files"
_TABLES = {"projects": db.projects, "studies": db.studies, "reviews": db.reviews}


@dataclass(frozen=True)
class Known:
    """One line of the list of people."""

    id: str
    name: str
    email: str
    login: str

    @property
    def keys(self) -> tuple[str, ...]:
        """All names by which something can be theirs."""
        return naming.Person(self.id, self.name, self.email, self.login).keys


def everybody(engine: Engine) -> list[Known]:
    """Who has signed in, by name."""
    p = people.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(p.id, p.name, p.email, p.login)).all()
    return sorted((Known(*row) for row in rows), key=lambda k: (k.name.casefold(), k.id))


def find(connection: Connection, entry: str) -> Known:
    """The one who has signed in and is named by an id, an address or a user name. Raises
    BadInput."""
    kind, _, value = naming.key_of(entry).partition(":")
    p = people.c
    column = {"id": p.id, "email": p.email, "login": p.login}[kind]
    query = sa.select(p.id, p.name, p.email, p.login).where(column == value)
    found = connection.execute(query).all()
    if len(found) != 1:
        many = "several people have" if found else "nobody has"
        raise BadInput(
            f"Of those who have signed in {many} the name {entry.strip()[:60]!r}: 'people list' "
            "shows the id of each."
        )
    return Known(*found[0])


def claim(engine: Engine, entry: str) -> tuple[Known, dict[str, int]]:
    """Give what nobody owns to a person who has signed in once; how many things of each kind."""
    taken = sa.select(shares.c.thing).where(shares.c.role == OWNER)
    with writing(engine) as connection:
        person = find(connection, entry)
        if connection.dialect.name == "postgresql":  # else two at once would both get it
            connection.execute(sa.text("LOCK TABLE shares IN SHARE ROW EXCLUSIVE MODE"))
        counts = {}
        for name, table in _TABLES.items():
            free = connection.scalars(sa.select(table.c.id).where(table.c.id.not_in(taken))).all()
            counts[name] = len(free)
            for thing in free:
                put(connection, thing, f"id:{person.id}", OWNER)
    return person, counts


def forget(
    engine: Engine, artifacts: Artifacts, home: Path, entry: str, to: str = "", do: bool = False
) -> tuple[Known, dict[str, int]]:
    """Delete for good what belongs to a person, or with ``to`` hand it to another; how many of each
    kind. Without ``do`` everything is counted and nothing changed. Raises BadInput, StoreError.

    What can be repeated after a stop: the things and places go at once or not at all, then the
    files, and the person's entry in the list and what tells which files were theirs last.
    """
    counts: dict[str, int] = {}
    with writing(engine) as connection:
        person, heir = find(connection, entry), find(connection, to) if to else None
        if heir == person:
            raise BadInput("These are the same person: name another one to hand things to.")
        known = connection.scalars(sa.select(shares.c.thing).where(_of(person))).all()
        for name, table in _TABLES.items():
            counts[name] = _pass_on(connection, person, heir, table)
        counts["their name at saved views"] = _unsign(connection, person, known)
        mine = sa.delete(shares).where(_of(person))
        counts["places in things of others"] = connection.execute(mine).rowcount
        files = set(connection.scalars(_files(holdings.c.holder == person.id)))
        if heir is not None:
            held.put(connection, heir.id, files)
        others = connection.scalars(_files(holdings.c.holder != person.id))
        files -= set(others) | uploads_kept(connection)
        saved = digests_kept(connection) if files else set()
        if not do:
            connection.get_transaction().rollback()
    resting, unknown = _resting(artifacts, files, saved) if files else ([], [])
    counts |= {"uploaded files": len(files), "results": len(resting), UNKNOWN: len(unknown)}
    counts["days of use"] = allowance.forget(person.id, home, do)
    if do:
        _remove_files(artifacts, home, files, [*resting, *unknown])
        with writing(engine) as connection:
            connection.execute(sa.delete(holdings).where(holdings.c.holder == person.id))
            connection.execute(sa.delete(people).where(people.c.id == person.id))
    return person, counts


def _of(person: Known):
    return shares.c.who.in_(person.keys)


def _pass_on(connection: Connection, person: Known, heir: Known | None, table: sa.Table) -> int:
    """What the person alone owns in one table goes, or changes its owner."""
    owned = sa.select(shares.c.thing).where(shares.c.role == OWNER)
    mine, others = owned.where(_of(person)), owned.where(sa.not_(_of(person)))
    query = sa.select(table.c.id).where(table.c.id.in_(mine), table.c.id.not_in(others))
    things = connection.scalars(query).all()
    if heir is None:
        remove(connection, table, table.c.id.in_(things))
    else:
        for thing in things:
            put(connection, thing, f"id:{heir.id}", OWNER)
    return len(things)


def _unsign(connection: Connection, person: Known, projects: Sequence[str]) -> int:
    """Take the person's name from the saved views of projects that they could change."""
    v = db.views.c
    signed = sa.update(db.views).where(v.saved_by == person.name, v.project_id.in_(projects))
    return connection.execute(signed.values(saved_by="")).rowcount


def _files(where):
    return sa.select(holdings.c.content).where(where)


def _resting(artifacts: Artifacts, files: set[str], saved: set[str]) -> tuple[list[str], list[str]]:
    """The stored results that were made from any of the files, and those that may have been.

    What a result was made from may have gone, by its age or because it was damaged. Then nobody
    who signs in may read the result, but it may be of the person's data: it goes too, unless
    something saved names it.
    """
    resting, unknown = [], []
    for digest in artifacts.digests():
        used = held.files_of(digest, artifacts.recipe)
        if used is None and digest not in saved:
            unknown.append(digest)
        elif used and used & files:
            resting.append(digest)
    return resting, unknown


def _remove_files(
    artifacts: Artifacts, home: Path, files: Iterable[str], results: Iterable[str]
) -> None:
    """A result goes before what it was made from, and its JSON last: as long as anything of it is
    there, it can be told from which files it was made."""
    wanted = set(results)
    for digest in reversed(artifacts.lineage(wanted)):
        if digest in wanted:
            (home / "applied" / f"{digest}.parquet").unlink(missing_ok=True)
            for path in artifacts.files(digest):
                path.unlink(missing_ok=True)
            artifacts.remove(digest)
    for content in files:
        with suppress(BadInput):  # trimmed before
            path_of(content, home).unlink(missing_ok=True)
