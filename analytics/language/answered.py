"""Every request and answer, kept on disk: no paid answer is asked for twice, and all can be seen.

SQLite with a write-ahead log, so several processes share it and a killed one loses nothing that
had arrived. It holds texts as they were sent and never a key.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from analytics import digest, settings
from analytics.errors import StoreError

FILE_NAME = "language.sqlite"
CLAIMS = ".claims"  # the ending of the file beside it: see analytics.language.claims
LIMIT = "GESTALT_ANSWERS_MB"
BUSY_SECONDS = 30.0
_AT_ONCE = 500  # variables of one statement
_SCHEMA = """
CREATE TABLE IF NOT EXISTS exchanges (
    id INTEGER PRIMARY KEY, asked TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
    messages TEXT NOT NULL, answer TEXT NOT NULL, outcome TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS judgements (
    key TEXT PRIMARY KEY, chance REAL NOT NULL, exchange INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proposals (
    key TEXT PRIMARY KEY, descriptions TEXT NOT NULL, exchange INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS judged_in ON judgements (exchange);
"""


@dataclass(frozen=True)
class Exchange:
    """One request and what came back.

    outcome : "used", or why the answer could not be used. tokens : as the endpoint counted them,
    else as estimated.
    """

    model: str
    kind: str
    messages: list[dict[str, str]]
    answer: str
    outcome: str
    tokens_in: int
    tokens_out: int
    at: str


def pair(model: str, kind: str, goal: str, text: str, description: str) -> str:
    """The key of one judgement. kind : the version of the prompt. text : as it is sent."""
    parts = (model, kind, goal, text, description)
    return digest.of_bytes("\n".join(_digest(part) for part in parts).encode())


@lru_cache(maxsize=200_000)
def _digest(text: str) -> str:
    return digest.of_json(text)


def asked(model: str, kind: str, messages: Sequence[dict[str, str]]) -> str:
    """The key of a whole request."""
    return digest.of_json([model, kind, list(messages)])


class Answers:
    """The answers of one data folder, safe from any thread and process."""

    def __init__(self, path: Path | None = None, megabytes: int | None = None):
        self._path = path or settings.home() / FILE_NAME
        self.claims = self._path.with_suffix(CLAIMS)
        self._lock = threading.Lock()
        self._most = (megabytes or settings.number(LIMIT)) * 2**20
        try:
            self._file = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            self._path.chmod(0o600)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self.trim()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def judged(self, keys: Sequence[str]) -> dict[str, float]:
        """The known chances among the keys."""
        found: dict[str, float] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, chance FROM judgements WHERE key IN ({marks})"  # noqa: S608
            found.update(self._rows(query, some))
        return found

    def proposed(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """The descriptions that requests brought, of those among the keys that were made."""
        query = "SELECT descriptions FROM proposals WHERE key = ?"
        rows = {key: self._rows(query, (key,)) for key in keys}
        return {key: json.loads(found[0][0]) for key, found in rows.items() if found}

    def keep(
        self,
        exchange: Exchange,
        judgements: Iterable[tuple[str, float]] = (),
        proposal: tuple[str, list[str]] | None = None,
    ) -> None:
        """Write an exchange and what it settled, all or nothing."""
        told = (
            asked(exchange.model, exchange.kind, exchange.messages),
            exchange.model,
            exchange.kind,
            _text(exchange.messages),
            exchange.answer,
            exchange.outcome,
            exchange.tokens_in,
            exchange.tokens_out,
            exchange.at,
        )
        with self._lock:
            try:
                self._file.execute("BEGIN IMMEDIATE")
                marks = ",".join("?" * len(told))
                into = "INSERT INTO exchanges (asked,model,kind,messages,answer,outcome,tokens_in,"
                row = self._file.execute(f"{into}tokens_out,at) VALUES ({marks})", told).lastrowid
                self._file.executemany(
                    "INSERT OR REPLACE INTO judgements VALUES (?,?,?)",
                    [(key, chance, row) for key, chance in judgements],
                )
                if proposal:
                    self._file.execute(
                        "INSERT OR REPLACE INTO proposals VALUES (?,?,?)",
                        (proposal[0], _text(proposal[1]), row),
                    )
                self._file.execute("COMMIT")
            except sqlite3.Error as error:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise self._failed(error) from None

    def of_pair(self, key: str) -> Exchange | None:
        """What the model saw and answered when it judged a pair, for the audit view."""
        return self._behind("judgements", key)

    def of_request(self, key: str) -> Exchange | None:
        """What the model saw and answered when it wrote what is kept under a request's key."""
        return self._behind("proposals", key)

    def _behind(self, table: str, key: str) -> Exchange | None:
        """The exchange that an entry of a table came from."""
        wanted = "model,kind,messages,answer,outcome,tokens_in,tokens_out,at"
        rows = self._rows(
            f"SELECT {wanted} FROM exchanges WHERE id = "  # noqa: S608
            f"(SELECT exchange FROM {table} WHERE key = ?)",
            (key,),
        )
        return _exchange(rows[0]) if rows else None

    def latest(self, most: int = 100) -> list[Exchange]:
        """The newest exchanges, newest first, failed ones too."""
        wanted = "model,kind,messages,answer,outcome,tokens_in,tokens_out,at"
        query = f"SELECT {wanted} FROM exchanges ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [_exchange(row) for row in self._rows(query, (most,))]

    def size(self) -> int:
        """Bytes in use."""
        pages, free, each = (
            self._rows(f"PRAGMA {name}", ())[0][0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * each

    def trim(self) -> int:
        """Remove the oldest tenth until the limit is kept; returns how many exchanges went."""
        gone = 0
        while self.size() > self._most:
            first, last = self._rows("SELECT min(id), max(id) FROM exchanges", ())[0]
            if first is None:
                break
            until = first + max(1, (last - first + 1) // 10)
            self._remove(until)
            gone += until - first
        return gone

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self._remove(None)
        self._rows("VACUUM", ())
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def _remove(self, until: int | None) -> None:
        end = 2**62 if until is None else until
        for table, column in (("judgements", "exchange"), ("proposals", "exchange")):
            self._rows(f"DELETE FROM {table} WHERE {column} < ?", (end,))  # noqa: S608
        self._rows("DELETE FROM exchanges WHERE id < ?", (end,))

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple]:
        with self._lock:
            try:
                return self._file.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error) from None

    def _failed(self, error: Exception) -> StoreError:
        return StoreError(
            f"The answers of language models in {self._path.name} of the data folder cannot be "
            f"read or written ({error}): check the folder, or remove the file."
        )


def now() -> str:
    """This moment in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _exchange(row: tuple) -> Exchange:
    model, kind, messages, *rest = row
    return Exchange(model, kind, json.loads(messages), *rest)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
