"""What one person may use in a day: requests, tokens and money of language models, and uploads.

Counted in a small SQLite file of the data folder, so that server and workers share it and a new
start forgets nothing. What a request can cost at most is booked before it leaves and put right when
it has come back, so requests under way cannot go over together, and a process killed in between
leaves too much counted, never too little. A day ends at midnight UTC. Without a limit nothing is
counted; command line and API have none.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics import settings
from analytics.errors import BadInput, StoreError

FILE_NAME = "allowance.sqlite"
BUSY_SECONDS = 30.0
DAYS = 31  # kept
CALLS, TOKENS, MONEY, UPLOADS = "calls", "tokens", "micro-dollars", "bytes"
# Setting, what it counts in, and what it is called.
LIMITS = {
    CALLS: ("GESTALT_USER_LLM_CALLS", 1, "{:,} requests to language models"),
    TOKENS: ("GESTALT_USER_LLM_TOKENS", 1, "{:,} tokens of language models"),
    MONEY: ("GESTALT_USER_LLM_DOLLARS", 10**6, "{:,} US dollars for language models"),
    UPLOADS: ("GESTALT_USER_UPLOADS_MB", 2**20, "{:,} MB of files"),
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS used (
    person TEXT NOT NULL, day TEXT NOT NULL, what TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (person, day, what)) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO used VALUES (?, ?, ?, ?)
ON CONFLICT (person, day, what) DO UPDATE SET amount = MAX(0, amount + excluded.amount)
"""
_person: list[str] = []  # whose job runs in this process, which runs one at a time


class Spent(BadInput):
    """An allowance of the day is used up. The message says which."""


@contextmanager
def of(person: str) -> Iterator[None]:
    """Let what language models cost count for a person until the block ends; for a worker."""
    _person[:] = [person] if person else []
    try:
        yield
    finally:
        _person.clear()


def counted() -> str:
    """Whom a request to a language model counts for; "" when it is not counted."""
    return _person[0] if _person and any(limit(w) for w in (CALLS, TOKENS, MONEY)) else ""


def limit(what: str) -> int | None:
    """The most of something in a day, in its smallest unit; None without a limit."""
    name, unit, _ = LIMITS[what]
    most = settings.optional(name)
    return None if most is None else most * unit


def book(person: str, amounts: Mapping[str, int], home: Path | None = None) -> str:
    """Count amounts for today, all or none. Returns the day, for :func:`correct`. Raises Spent when
    one would go over its limit, StoreError."""
    today = datetime.now(UTC).date()
    limited = {what: limit(what) for what in amounts}
    limited = {what: most for what, most in limited.items() if most is not None}
    if not limited:
        return ""
    with _writing(home) as file:
        for what, most in limited.items():
            if _amount(file, person, str(today), what) + amounts[what] > most:
                raise Spent(_over(what))
        file.executemany(_ADD, [(person, str(today), w, amounts[w]) for w in limited])
        file.execute("DELETE FROM used WHERE day < ?", (str(today - timedelta(DAYS)),))
    return str(today)


def correct(person: str, day: str, changes: Mapping[str, int], home: Path | None = None) -> None:
    """Add to what was booked on a day, or take from it."""
    rows = [(person, day, w, n) for w, n in changes.items() if n and limit(w) is not None]
    if day and rows:
        with _writing(home) as file:
            file.executemany(_ADD, rows)


def used(person: str, what: str, home: Path | None = None) -> int:
    """What a person has used today."""
    with _writing(home) as file:
        return _amount(file, person, str(datetime.now(UTC).date()), what)


def forget(person: str, home: Path | None = None, do: bool = True) -> int:
    """Drop what was counted for a person; returns on how many days something was. Without ``do``
    nothing is dropped."""
    if not (Path(home or settings.home()) / FILE_NAME).exists():
        return 0
    with _writing(home) as file:
        query = "SELECT COUNT(DISTINCT day) FROM used WHERE person = ?"
        days = file.execute(query, (person,)).fetchone()[0]
        if do:
            file.execute("DELETE FROM used WHERE person = ?", (person,))
        return days


def _amount(file: sqlite3.Connection, person: str, day: str, what: str) -> int:
    query = "SELECT amount FROM used WHERE person = ? AND day = ? AND what = ?"
    row = file.execute(query, (person, day, what)).fetchone()
    return row[0] if row else 0


def _over(what: str) -> str:
    name, _, words = LIMITS[what]
    most = words.format(settings.optional(name))
    return (
        f"One person may use {most} in a day, and this would be more: go on after midnight UTC, or "
        f"ask who runs this server to raise {name}."
    )


@contextmanager
def _writing(home: Path | None) -> Iterator[sqlite3.Connection]:
    """The file in a transaction. Raises StoreError."""
    path = Path(home or settings.home()) / FILE_NAME
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as file:
            file.executescript(_SCHEMA)
            path.chmod(0o600)
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
            except BaseException:
                file.execute("ROLLBACK")
                raise
            file.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"What was used today cannot be counted in {path} ({error}): free some space there, or "
            "allow writing to it."
        ) from None
