"""Sign-ins that somebody has ended: their cookie opens nothing any more, wherever a copy of it is,
and their open tabs are cut off.

Streamlit's cookie is a signed statement that holds by itself for 30 days; signing out only asks the
browser to drop it. So what was ended is kept here by a hash, in a small SQLite file of the data
folder, and in memory for the question at each request. Servers that share a data folder hear of
each other's by the file's time; their tabs are cut off where they signed out.
"""

import asyncio
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

from starlette.types import Message, Receive

from analytics import settings
from analytics.errors import StoreError

FILE_NAME = "signed-out.sqlite"
KEPT_SECONDS = 31 * 86_400  # longer than the cookie holds
SURE_NS = 2 * 10**9  # nanoseconds after which a file's time tells whether it was written since
GONE = {"type": "websocket.disconnect", "code": 1008}
_SCHEMA = "CREATE TABLE IF NOT EXISTS ended (session TEXT PRIMARY KEY, at REAL NOT NULL)"
_lock = threading.Lock()
_known: dict[Path, set[str]] = {}
_read_at: dict[Path, int] = {}  # when the file that was read was written, nanoseconds
_open: dict[str, set[asyncio.Event]] = {}  # used by the server's loop alone


def has(session: str) -> bool:
    """Whether a sign-in was ended."""
    return bool(session) and session in _ended()


def end(session: str) -> None:
    """Note that a sign-in was ended, for good. Raises StoreError."""
    if not session or has(session):
        return
    now, path = time.time(), settings.home() / FILE_NAME
    try:
        with closing(_opened(path)) as file, file:
            file.execute("INSERT OR IGNORE INTO ended VALUES (?, ?)", (session, now))
            file.execute("DELETE FROM ended WHERE at < ?", (now - KEPT_SECONDS,))
    except sqlite3.Error as error:
        raise StoreError(
            f"Signing out could not be noted in {path} ({error}): make room there."
        ) from None
    finally:
        _known[path].add(session)


def _ended() -> set[str]:
    path = settings.home() / FILE_NAME
    with _lock:
        written = path.stat().st_mtime_ns if path.exists() else 0
        # Two writes within some milliseconds have one time.
        fresh = abs(time.time_ns() - written) < SURE_NS
        if path not in _known or _read_at[path] != written or fresh:
            found = []
            if written:
                with closing(_opened(path)) as file:
                    found = file.execute("SELECT session FROM ended").fetchall()
            _known.setdefault(path, set()).update(row[0] for row in found)
            _read_at[path] = written
        return _known[path]


def _opened(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=10)
    path.chmod(0o600)
    file.execute(_SCHEMA)
    return file


def cut_off(session: str) -> None:
    """Let the open tabs of a sign-in hear nothing more; for the server's loop."""
    for told in _open.get(session, ()):
        told.set()


@contextmanager
def listening(session: str, receive: Receive):
    """A ``receive`` for a websocket that ends when its sign-in is ended."""
    told = asyncio.Event()
    _open.setdefault(session, set()).add(told)

    async def receiving() -> Message:
        asked = asyncio.ensure_future(receive())
        ending = asyncio.ensure_future(told.wait())
        try:
            await asyncio.wait({asked, ending}, return_when=asyncio.FIRST_COMPLETED)
            return GONE if told.is_set() else asked.result()
        finally:
            ending.cancel()
            if not asked.done():
                asked.cancel()

    try:
        yield receiving
    finally:
        _open[session].discard(told)
        if not _open[session]:
            del _open[session]
