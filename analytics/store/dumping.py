"""Every row of the database as plain JSON, and back: the same form for SQLite and PostgreSQL."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analytics.accounts import tables as _accounts  # noqa: F401  (so that they are known here)
from analytics.store import schema as db

BATCH = 500


def tables() -> list[sa.Table]:
    """All tables with people's data, those that others refer to first."""
    return [t for t in db.metadata.sorted_tables if t is not db.schema_version]


def rows(connection: Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as plain JSON, in the order of its key; a row that another row of the
    table refers to comes before it."""
    query = sa.select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=BATCH).execute(query).mappings()
    plain = ({c.name: _plain(c, row[c.name]) for c in table.columns} for row in found)
    above = _above(table)
    yield from plain if above is None else _parents_first(list(plain), *above)


def insert(connection: Connection, table: sa.Table, made: list[dict[str, Any]]) -> None:
    """Put rows of :func:`rows` in; columns that a row does not have keep their default."""
    if made:
        kinds = {c.name: c for c in table.columns}
        values = [{k: _typed(kinds[k], v) for k, v in row.items() if k in kinds} for row in made]
        connection.execute(sa.insert(table), values)


def line(row: dict[str, Any]) -> bytes:
    """One row as one line."""
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _is(column: sa.Column, *kinds: type) -> bool:
    return isinstance(column.type, kinds)


def _plain(column: sa.Column, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _typed(column: sa.Column, value: Any) -> Any:
    if value is None:
        # In a column of JSON None would be stored as the JSON word, and not as "nothing".
        return sa.null() if _is(column, sa.JSON) and column.nullable else None
    if _is(column, sa.DateTime, db.UtcTime):
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if _is(column, sa.LargeBinary) else value


def _above(table: sa.Table) -> tuple[str, str] | None:
    """(key, column that refers to another row of the same table), or None."""
    for column in table.columns:
        for reference in column.foreign_keys:
            if reference.column.table is table:
                return reference.column.name, column.name
    return None


def _parents_first(found: list[dict], key: str, above: str) -> Iterator[dict]:
    placed: set = {None}
    while found:
        ready = [row for row in found if row[above] in placed]
        if not ready:  # the database itself keeps this from happening
            raise ValueError(f"rows that refer to each other by {above}")
        placed.update(row[key] for row in ready)
        found = [row for row in found if row[key] not in placed]
        yield from ready
