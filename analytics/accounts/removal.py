"""Removing things for good, together with who may use them and which files they hold."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analytics.accounts.tables import holdings, shares


def remove(connection: Connection, table: sa.Table, where: Any) -> int:
    """Remove the rows of projects, studies or reviews for which ``where`` holds; returns how many.

    The database says what was deleted: a thing brought back meanwhile keeps its shares.
    """
    gone = connection.scalars(sa.delete(table).where(where).returning(table.c.id)).all()
    if gone:
        which = [{"gone": thing} for thing in gone]
        for column in (shares.c.thing, holdings.c.holder):
            connection.execute(sa.delete(column.table).where(column == sa.bindparam("gone")), which)
    return len(gone)
