"""How the schema came to be, step by step: each function turns version n - 1 into version n.

A step is never edited once released; it spells its tables out itself, because
``analytics.store.schema`` describes only the newest version.
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.schema import CreateColumn

from analytics.errors import StoreError
from analytics.store.database import now, reading, writing
from analytics.store.failures import place
from analytics.store.rows import uploads_of
from analytics.store.schema import UtcTime, schema_version

_LOCK = 0x6765_7374  # Any fixed number: the name of our advisory lock in PostgreSQL.


def _base(connection: Connection) -> None:
    """Version 1: projects with their data sets, runs and views."""
    tables = sa.MetaData()

    def of_project(**options) -> sa.Column:
        key = sa.ForeignKey("projects.id", ondelete="CASCADE")
        return sa.Column("project_id", sa.String(32), key, nullable=False, **options)

    def filled(name: str, kind, **options) -> sa.Column:
        return sa.Column(name, kind, nullable=False, **options)

    sa.Table(
        "projects",
        tables,
        sa.Column("id", sa.String(32), primary_key=True),
        filled("name", sa.String(120)),
        filled("created", UtcTime),
        filled("updated", UtcTime),
    )
    sa.Table(
        "datasets",
        tables,
        of_project(primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        filled("name", sa.String(120)),
        filled("content", sa.String(64)),
        filled("created", UtcTime),
    )
    sa.Table(
        "runs",
        tables,
        of_project(primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        filled("kind", sa.String(40)),
        filled("method", sa.String(80)),
        filled("params", sa.JSON),
        filled("seed", sa.BigInteger),
        filled("parents", sa.JSON),
        filled("about", sa.JSON),
        filled("created", UtcTime),
    )
    sa.Table(
        "views",
        tables,
        sa.Column("id", sa.String(32), primary_key=True),
        of_project(index=True),
        filled("name", sa.String(120)),
        filled("state", sa.JSON),
        filled("created", UtcTime),
        filled("updated", UtcTime),
    )
    tables.create_all(connection, checkfirst=False)


def _undo_and_revisions(connection: Connection) -> None:
    """Version 2: deleting can be undone, and two tabs saving one view notice each other."""
    _add(connection, "projects", sa.Column("deleted_at", UtcTime))
    _add(connection, "projects", sa.Column("undo_token", sa.String(32)))
    _add(connection, "views", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    _add(
        connection,
        "views",
        sa.Column("saved_by", sa.String(120), nullable=False, server_default=""),
    )


def _studies(connection: Connection) -> None:
    """Version 3: studies, their plots, the people who take part and what they answer."""
    tables = sa.MetaData()

    def of(table: str, name: str, **options) -> sa.Column:
        key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
        return sa.Column(name, sa.String(32), key, nullable=False, **options)

    def filled(name: str, kind, **options) -> sa.Column:
        return sa.Column(name, kind, nullable=False, **options)

    sa.Table(
        "studies",
        tables,
        sa.Column("id", sa.String(32), primary_key=True),
        filled("title", sa.String(120)),
        filled("consent", sa.Text),
        filled("open", sa.Boolean),
        filled("created", UtcTime),
        sa.Column("deleted_at", UtcTime),
    )
    sa.Table(
        "study_plots",
        tables,
        of("studies", "study_id", primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        filled("name", sa.String(120)),
        filled("projection", sa.String(32)),
        filled("total", sa.Integer),
        filled("place", sa.JSON),
        filled("points", sa.LargeBinary),
        filled("rows", sa.LargeBinary),
    )
    sa.Table(
        "study_people",
        tables,
        sa.Column("id", sa.String(32), primary_key=True),
        of("studies", "study_id", index=True),
        filled("number", sa.Integer),
        filled("token", sa.String(64)),
        filled("joined", UtcTime),
        sa.UniqueConstraint("study_id", "number"),
    )
    sa.Table(
        "study_answers",
        tables,
        of("study_people", "person_id", primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        filled("step", sa.Integer),
        filled("strokes", sa.JSON),
        filled("labels", sa.LargeBinary),
        sa.Column("rating", sa.Integer),
        filled("finished", sa.Boolean),
        filled("updated", UtcTime),
    )
    tables.create_all(connection, checkfirst=False)


def _reviews(connection: Connection) -> None:
    """Version 4: reviews, their published versions and the comments on them."""
    tables = sa.MetaData()
    sa.Table("projects", tables, sa.Column("id", sa.String(32), primary_key=True))

    def filled(name: str, kind, **options) -> sa.Column:
        return sa.Column(name, kind, nullable=False, **options)

    def of_review(**options) -> sa.Column:
        key = sa.ForeignKey("reviews.id", ondelete="CASCADE")
        return sa.Column("review_id", sa.String(32), key, nullable=False, **options)

    made = [
        sa.Table(
            "reviews",
            tables,
            sa.Column("id", sa.String(32), primary_key=True),
            filled("token", sa.String(32), unique=True),
            sa.Column(
                "project_id", sa.String(32), sa.ForeignKey("projects.id", ondelete="SET NULL")
            ),
            filled("title", sa.String(120)),
            filled("view", sa.JSON),
            filled("texts", sa.JSON),
            filled("revision", sa.Integer),
            filled("created", UtcTime),
            filled("updated", UtcTime),
            sa.Column("deleted_at", UtcTime),
        ),
        sa.Table(
            "review_versions",
            tables,
            of_review(primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            filled("digest", sa.String(32)),
            filled("document", sa.JSON),
            filled("published", UtcTime),
        ),
        sa.Table(
            "review_comments",
            tables,
            sa.Column("id", sa.String(32), primary_key=True),
            of_review(index=True),
            filled("number", sa.Integer),
            sa.Column(
                "parent", sa.String(32), sa.ForeignKey("review_comments.id", ondelete="CASCADE")
            ),
            filled("about", sa.JSON),
            filled("name", sa.String(120)),
            filled("text", sa.Text),
            filled("secret", sa.String(64)),
            filled("resolved_by", sa.String(120)),
            filled("revision", sa.Integer),
            filled("created", UtcTime),
            filled("updated", UtcTime),
            sa.Column("edited_at", UtcTime),
            sa.Column("deleted_at", UtcTime),
        ),
    ]
    tables.create_all(connection, tables=made, checkfirst=False)


def _accounts(connection: Connection) -> None:
    """Version 5: people, what they share, and who holds which uploaded file. Projects hold the
    files of the tables that were recorded in them."""
    tables = sa.MetaData()

    def filled(name: str, kind, **options) -> sa.Column:
        return sa.Column(name, kind, nullable=False, **options)

    sa.Table(
        "people",
        tables,
        sa.Column("id", sa.String(32), primary_key=True),
        filled("name", sa.String(120)),
        filled("email", sa.String(254)),
        filled("login", sa.String(254)),
        filled("seen", UtcTime),
    )
    sa.Table(
        "shares",
        tables,
        sa.Column("thing", sa.String(32), primary_key=True),
        sa.Column("who", sa.String(300), primary_key=True),
        filled("role", sa.String(16)),
        filled("created", UtcTime),
    )
    holdings = sa.Table(
        "holdings",
        tables,
        sa.Column("holder", sa.String(32), primary_key=True),
        sa.Column("content", sa.String(64), primary_key=True),
    )
    tables.create_all(connection, checkfirst=False)
    runs = sa.table(
        "runs", sa.column("project_id"), sa.column("kind"), sa.column("params", sa.JSON)
    )
    query = sa.select(runs.c.project_id, runs.c.params).where(runs.c.kind == "table")
    held = {(p, c) for p, params in connection.execute(query).all() for c in uploads_of(params)}
    if held:
        rows = [{"holder": project, "content": content} for project, content in sorted(held)]
        connection.execute(sa.insert(holdings), rows)


def _add(connection: Connection, table: str, column: sa.Column) -> None:
    sa.Table(table, sa.MetaData(), column)
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {definition}")


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _base,
    _undo_and_revisions,
    _studies,
    _reviews,
    _accounts,
)
LATEST = len(MIGRATIONS)


def version(engine: Engine) -> int:
    """The version of the schema in the database, 0 when it is empty. Raises StoreError."""
    with reading(engine) as connection:
        return _version(connection)


def _version(connection: Connection) -> int:
    if not sa.inspect(connection).has_table(schema_version.name):
        return 0
    return connection.scalar(sa.select(sa.func.max(schema_version.c.version))) or 0


def migrate(engine: Engine, target: int = LATEST) -> int:
    """Bring the schema up to ``target`` in one transaction; returns the version it had before.

    Programs that start together take turns. A current schema is only read, so that a read-only
    database can still be looked at. Raises StoreError for a newer schema than this program knows.
    """
    before = version(engine)
    if before < target:
        with writing(engine) as connection:
            _take_turn(connection)
            before = _version(connection)
            _apply(connection, before, target)
    if before > LATEST:
        raise StoreError(
            f"{place(engine.url)} was made by a newer Gestalt (schema {before}, this one knows "
            f"up to {LATEST}): start the newer Gestalt, or use another data folder or database."
        )
    return before


def _take_turn(connection: Connection) -> None:
    """Wait for other programs that migrate. In SQLite the transaction itself is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _apply(connection: Connection, before: int, target: int) -> None:
    if before == 0:
        schema_version.create(connection)
    for number in range(before + 1, target + 1):
        MIGRATIONS[number - 1](connection)
        connection.execute(sa.insert(schema_version).values(version=number, applied=now()))
