"""A PostgreSQL server that is killed and started again, with a database for each data folder.

A folder whose programs use it names its database in the file ``NAMED``; else it has SQLite.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from analytics.store.database import connect
from tests import postgres

NAMED = "database-url"


def opened(home: Path) -> sa.Engine:
    """The database of a data folder, as a program opens it when it starts."""
    named = home / NAMED
    return connect(named.read_text()) if named.exists() else connect(home=home)


class Server:
    """A running server that waits for the disk, as an operator's does."""

    def __init__(self, folder: Path, start):
        self.folder, self._start = folder, start
        self.process: subprocess.Popen = start()
        self._ready()

    def _ready(self) -> None:
        problem = postgres.wait(postgres.url_of(self.folder), self.process, self.folder / "log")
        if problem:
            raise RuntimeError(problem)

    def database(self, name: str, home: Path) -> None:
        """Make an empty database for a data folder."""
        url = sa.make_url(postgres.url_of(self.folder)).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
        (home / NAMED).write_text(postgres.url_of(self.folder).replace("/postgres?", f"/{name}?"))

    def kill(self) -> None:
        """Kill the server and what it started, without warning."""
        family = [self.process.pid, *children(self.process.pid)]
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def start(self) -> None:
        """Start it again on what it left."""
        self.process = self._start()
        self._ready()


@contextmanager
def server() -> Iterator[Server]:
    """A server of its own, ended and removed afterwards. Raises RuntimeError without one."""
    programs, user, problem = postgres.found()
    folder, problem = (Path(), problem) if problem else postgres.made(programs, user)
    if problem:
        raise RuntimeError(problem)
    running = Server(folder, lambda: postgres.launched(programs, user, folder))
    try:
        yield running
    finally:
        postgres.stop(running.process, folder)


def children(pid: int) -> list[int]:
    """The processes that a process has started, by any of its threads."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(p) for task in tasks for p in (task / "children").read_text().split()]
    except OSError:
        return []
