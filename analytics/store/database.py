"""The database: how it is opened, what its tables are, and its failures in words.

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
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from analytics import settings
from analytics.errors import StoreError

FILE_NAME = "gestalt.sqlite"
BUSY_SECONDS = 10.0  # How long a save waits for another one before it says "locked".
_WRITE = "gestalt_write"


class UtcTime(sa.TypeDecorator):
    """A moment, always in UTC. SQLite forgets the zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        """To UTC, so that text order in SQLite is time order."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData()


def _of_project(**options) -> sa.Column:
    key = sa.ForeignKey("projects.id", ondelete="CASCADE")
    return sa.Column("project_id", sa.String(32), key, nullable=False, **options)


# The newest schema. Migrations build it step by step; a test holds the two together.
schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("applied", UtcTime, nullable=False),
)
projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
    sa.Column("undo_token", sa.String(32)),
)
datasets = sa.Table(
    "datasets",
    metadata,
    _of_project(primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),  # SHA-256 of the upload, "" for a sample
    sa.Column("created", UtcTime, nullable=False),
)
runs = sa.Table(
    "runs",
    metadata,
    _of_project(primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("method", sa.String(80), nullable=False),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("parents", sa.JSON, nullable=False),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
)
views = sa.Table(
    "views",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_project(index=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("saved_by", sa.String(120), nullable=False, server_default=""),
)


# Studies stand on their own: they hold the plots as shown, so that no later work changes them.
studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
)


def _of_study(**options) -> sa.Column:
    key = sa.ForeignKey("studies.id", ondelete="CASCADE")
    return sa.Column("study_id", sa.String(32), key, nullable=False, **options)


study_plots = sa.Table(
    "study_plots",
    metadata,
    _of_study(primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("projection", sa.String(32), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),  # centre x, centre y, span
    sa.Column("points", sa.LargeBinary, nullable=False),  # float32 little-endian, x and y in turn
    sa.Column("rows", sa.LargeBinary, nullable=False),  # int32 little-endian
)
study_people = sa.Table(
    "study_people",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_study(index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("token", sa.String(64), nullable=False),  # SHA-256 of what the browser keeps
    sa.Column("joined", UtcTime, nullable=False),
    sa.UniqueConstraint("study_id", "number"),
)
study_answers = sa.Table(
    "study_answers",
    metadata,
    sa.Column(
        "person_id",
        sa.String(32),
        sa.ForeignKey("study_people.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.Integer, nullable=False),  # an answer overtaken on its way is not kept
    sa.Column("strokes", sa.JSON, nullable=False),
    sa.Column("labels", sa.LargeBinary, nullable=False),  # int16 little-endian
    sa.Column("rating", sa.Integer),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
)


# Reviews stand on their own too: a published version holds its texts and numbers, and names results
# that never change. A purged project leaves the reviews made from it.
reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("token", sa.String(32), nullable=False, unique=True),  # what readers' links hold
    sa.Column("project_id", sa.String(32), sa.ForeignKey("projects.id", ondelete="SET NULL")),
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("view", sa.JSON, nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),  # section -> what its owner wrote
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
)


def _of_review(**options) -> sa.Column:
    key = sa.ForeignKey("reviews.id", ondelete="CASCADE")
    return sa.Column("review_id", sa.String(32), key, nullable=False, **options)


review_versions = sa.Table(
    "review_versions",
    metadata,
    _of_review(primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(32), nullable=False),  # of the document
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("published", UtcTime, nullable=False),
)
review_comments = sa.Table(
    "review_comments",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_review(index=True),
    sa.Column("number", sa.Integer, nullable=False),  # the version that was read
    sa.Column("parent", sa.String(32), sa.ForeignKey("review_comments.id", ondelete="CASCADE")),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),  # SHA-256 of what its writer's page keeps
    sa.Column("resolved_by", sa.String(120), nullable=False),  # "" while it is open
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("edited_at", UtcTime),  # when its words were last written anew
    sa.Column("deleted_at", UtcTime),
)


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


# What a driver reports (the start of SQLite's error name, or of PostgreSQL's SQLSTATE) and what
# we say. The first match counts.
_WORDS = (
    ("SQLITE_READONLY", "is read-only: allow writing to it, or set GESTALT_HOME to another folder"),
    ("SQLITE_FULL", "cannot grow because the disk is full: free some space there and save again"),
    ("SQLITE_BUSY", "is locked by another program: close that one, or try again in a moment"),
    ("SQLITE_LOCKED", "is locked by another program: close that one, or try again in a moment"),
    (
        "SQLITE_CANTOPEN",
        "cannot be opened: check that the folder exists and can be written, or set GESTALT_HOME",
    ),
    ("SQLITE_AUTH", "may not be opened: allow reading and writing it, or set GESTALT_HOME"),
    ("SQLITE_PERM", "may not be opened: allow reading and writing it, or set GESTALT_HOME"),
    ("SQLITE_NOTADB", "is not a database or is damaged: move it away or restore a backup"),
    ("SQLITE_CORRUPT", "is damaged: move it away or restore a backup"),
    ("SQLITE_IOERR", "cannot be read or written: check the disk it is on"),
    ("25006", "is read-only: point GESTALT_DATABASE_URL at one that can be written"),
    ("42501", "refuses this user: grant it the rights to create and change tables"),
    ("53100", "cannot grow because its disk is full: free some space there and save again"),
    ("53300", "has no free connection: try again in a moment, or allow more connections"),
    ("55P03", "is locked by another program: try again in a moment"),
    ("40", "was changed by someone else at the same time: save again"),
    ("57", "is stopping or restarting: try again in a moment"),
    ("28", "refuses the user or password of GESTALT_DATABASE_URL: check both"),
    ("3D000", "does not exist: create it, or name another one in GESTALT_DATABASE_URL"),
    ("42P07", "already holds other tables of these names: give Gestalt a database of its own"),
    ("08", "cannot be reached: check that it runs and that GESTALT_DATABASE_URL is right"),
)


def explain(url: URL, error: BaseException) -> str:
    """One sentence for a failed access: which database, what is wrong, what to do.

    Never repeats the driver's own text, which may hold a password or people's data.
    """
    where = place(url)
    if isinstance(error, PoolTimeout):
        return f"{where} is busy with other requests: try again in a moment."
    code = _code(error)
    for prefix, words in _WORDS:
        if code.startswith(prefix):
            return f"{where} {words}."
    if isinstance(error, DBAPIError) and "already exists" in str(error.orig):
        return f"{where} {dict(_WORDS)['42P07']}."
    if url.drivername.startswith("postgres") and not code:
        return f"{where} {_connection_words(error)}."
    detail = f" ({code})" if code else ""
    return f"{where} could not be used{detail}: try again, and restart Gestalt if it stays so."


def _code(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or ""


def _connection_words(error: BaseException) -> str:
    """For a failed connection PostgreSQL's driver gives a text only, in the server's words."""
    text = str(getattr(error, "orig", error))
    if "authentication failed" in text or "no password supplied" in text:
        return dict(_WORDS)["28"]
    if "database" in text and "does not exist" in text:
        return dict(_WORDS)["3D000"]
    return dict(_WORDS)["08"]


def place(url: URL) -> str:
    """The database in words, without user and password."""
    if url.drivername.startswith("sqlite"):
        return f"The database {url.database}"
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"The database '{url.database or ''}' on {host}{port}"
