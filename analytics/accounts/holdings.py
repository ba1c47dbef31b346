"""Who may read a result: whoever has, or was given, every file it was made from.

A result is named by a hash of how it was made, and so its name can be in any address. What it rests
on is known: the uploaded files (by SHA-256) of its own and its parents' parameters. A person holds
the files they uploaded; a project holds those of what was saved in it, checked when it was saved.
What rests on no file (a sample, a drawing, a file of the server's own folder) is open to all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.accounts.tables import holdings
from analytics.store.database import reading, writing
from analytics.store.rows import uploads_of

# (params, parents) of a digest, or None when nothing is known of it.
Recipe = Callable[[str], tuple[Mapping[str, Any], Iterable[str]] | None]


def files_of(digest: str, recipe: Recipe) -> frozenset[str] | None:
    """All uploaded files that a result rests on; None when part of its making is not known."""
    found: set[str] = set()
    seen, waiting = {digest}, [digest]
    while waiting:
        made = recipe(waiting.pop())
        if made is None:
            return None
        params, parents = made
        found |= uploads_of(params)
        new = set(parents) - seen
        seen |= new
        waiting.extend(new)
    return frozenset(found)


def hold(engine: Engine, holder: str, contents: Iterable[str]) -> None:
    """Note that a person or a project holds files; a second note changes nothing."""
    wanted = set(contents)
    if wanted - held(engine, [holder]):
        with writing(engine) as connection:
            put(connection, holder, wanted)


def put(connection: Connection, holder: str, contents: Iterable[str]) -> None:
    """:func:`hold` within a transaction."""
    query = sa.select(holdings.c.content).where(holdings.c.holder == holder)
    new = set(contents) - set(connection.scalars(query))
    if new:
        rows = [{"holder": holder, "content": content} for content in sorted(new)]
        connection.execute(sa.insert(holdings), rows)


def held(engine: Engine, holders: Iterable[str]) -> set[str]:
    """The files that people and projects hold together."""
    query = sa.select(holdings.c.content).where(holdings.c.holder.in_(list(holders)))
    with reading(engine) as connection:
        return set(connection.scalars(query))
