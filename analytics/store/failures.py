"""What a database reports when it fails, in one sentence: which one, what is wrong, what to do."""

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

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
