"""The database: how it is opened, read and written. Its tables are in ``schema``.

SQLite (write-ahead log) in the data folder by default, PostgreSQL by URL. :func:`connect` gives an
SQLAlchemy engine whose schema is current; all access goes through :func:`reading` and
:func:`writing`, which turn every database failure into one StoreError sentence.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from analytics import settings
from analytics.errors import StoreError
from analytics.store.failures import explain

FILE_NAME = "gestalt.sqlite"
BUSY_SECONDS = 10.0  # How long a save waits for another one before it says "locked".
_WRITE = "gestalt_write"


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def connect(url: str | None = None, home: Path | None = None) -> Engine:
    """An engine on a database whose schema is current.

    url : "postgresql://user:password@host:port/name", "sqlite:///path", or None for the setting
        GESTALT_DATABASE_URL. When that is empty, SQLite in the folder ``home`` (None: the setting
        GESTALT_HOME).
    Raises StoreError when the database cannot be reached, or its schema is newer than this program.
    """
    from analytics.store import migrations

    text = settings.text("GESTALT_DATABASE_URL") if url is None else url
    engine = _postgres(_parsed(text)) if text and not _is_sqlite(text) else _sqlite(text, home)
    try:
        migrations.migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _is_sqlite(text: str) -> bool:
    return text.startswith("sqlite:")


def _parsed(text: str) -> URL:
    try:
        return sa.make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(
            "GESTALT_DATABASE_URL cannot be read: write it as "
            "postgresql://user:password@host:port/name, with special characters percent-encoded."
        ) from None


def _encode(value: object) -> str:
    """JSON that both databases take as it is: escapes for all but ASCII, no NaN."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


# Parameters stay out of error texts: they hold what people saved.
_COMMON = {"json_serializer": _encode, "hide_parameters": True, "pool_timeout": BUSY_SECONDS}


def _sqlite(text: str, home: Path | None) -> Engine:
    if text:
        url = _parsed(text)
        if not url.database:
            raise StoreError("The SQLite URL names no file: write it as sqlite:////folder/file.")
    else:
        folder = home if home is not None else settings.text("GESTALT_HOME")
        path = Path(folder).expanduser() / FILE_NAME
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The data folder {path.parent} cannot be made ({error.strerror}): "
                "set GESTALT_HOME to a folder that can be written."
            ) from None
        url = URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **_COMMON)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection, _record) -> None:
    # The driver's own transactions start late and skip schema changes; ours are explicit.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    _use_wal(connection)


def _use_wal(connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait for a lock here, so we do."""
    import sqlite3

    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith("SQLITE_READONLY"):
                return
            if time.monotonic() > deadline or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
        time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: waiting for it later, after a read, can only fail.
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: URL) -> Engine:
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise StoreError(
            f"GESTALT_DATABASE_URL starts with '{url.drivername}', but Gestalt takes "
            "postgresql://user:password@host:port/name, or nothing for SQLite."
        )
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreError(
            "GESTALT_DATABASE_URL names a PostgreSQL database, but its driver is missing: "
            'install it with pip install "psycopg[binary]".'
        ) from None
    milliseconds = int(BUSY_SECONDS * 1000)
    given = url.query.get("options", "")
    given = given if isinstance(given, str) else " ".join(given)
    options = f"-c timezone=UTC -c lock_timeout={milliseconds} {given}".strip()
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": int(BUSY_SECONDS)}
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        connect_args={"options": options, **timeout},
        pool_pre_ping=True,
        **_COMMON,
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database. Raises StoreError."""
    with _explained(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction: all of it is kept, or nothing. Raises StoreError."""
    with _explained(engine), engine.connect() as connection:
        connection.execution_options(**{_WRITE: True})
        with connection.begin():
            yield connection


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(explain(engine.url, error)) from None
