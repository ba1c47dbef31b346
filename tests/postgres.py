"""A private PostgreSQL server for the tests, or a clear reason why there is none.

GESTALT_TEST_POSTGRES_URL names a server to use instead; the tests make and drop schemas in it.
A test module takes the fixtures by ``pytest_plugins = ["tests.postgres"]``.
"""

import atexit
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest
import sqlalchemy as sa


@lru_cache(maxsize=1)
def server() -> tuple[str, str]:
    """(URL, "") of a running server, or ("", why there is none). Started once per process."""
    given = os.environ.get("GESTALT_TEST_POSTGRES_URL", "")
    if given:
        return given, ""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "", "the PostgreSQL driver psycopg is not installed"
    programs, user, problem = found()
    return ("", problem) if problem else _start(programs, user)


def found() -> tuple[Path, str | None, str]:
    """The folder of the programs, who runs them, and "" or what is missing."""
    programs, user, problem = _programs(), _user(), ""
    if programs is None:
        problem = "no PostgreSQL (initdb, postgres) on PATH or in /usr/lib/postgresql"
    elif user == "":
        problem = "PostgreSQL does not run as root and there is no user 'postgres' or 'nobody'"
    return programs or Path(), user, problem


def _programs() -> Path | None:
    """The folder that holds initdb and postgres, the newest version first."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda p: int(p.parent.name) if p.parent.name.isdecimal() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _user() -> str | None:
    """Who runs the server: None for ourselves, "" when nobody can."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return ""


def _start(programs: Path, user: str | None) -> tuple[str, str]:
    folder, problem = made(programs, user)
    if problem:
        return "", problem
    process = launched(programs, user, folder, "-F")
    atexit.register(stop, process, folder)
    problem = wait(url_of(folder), process, folder / "log")
    return ("", problem) if problem else (url_of(folder), "")


def url_of(folder: Path) -> str:
    """The URL of the server in a folder."""
    return f"postgresql://gestalt@/postgres?host={folder}"


def _as(user: str | None, folder: Path) -> dict:
    """How a program of the server is started."""
    how = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if user is not None:
        account = pwd.getpwnam(user)
        how.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
    return how


def made(programs: Path, user: str | None) -> tuple[Path, str]:
    """A folder with an empty server that does not run yet, and "" or why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="gestalt-pg-", dir="/tmp"))
    if user is not None:
        shutil.chown(folder, user)
    done = subprocess.run(
        [
            *(programs / "initdb", "-D", folder / "data", "-U", "gestalt", "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        **_as(user, folder),
    )
    if done.returncode == 0:
        return folder, ""
    shutil.rmtree(folder, ignore_errors=True)
    return folder, f"initdb failed: {done.stdout.strip().splitlines()[-1:]}"


def launched(programs: Path, user: str | None, folder: Path, *more: str) -> subprocess.Popen:
    """The server of a folder, just started. more : "-F" for one that does not wait for the disk."""
    with open(folder / "log", "a") as log:
        return subprocess.Popen(
            [
                *(programs / "postgres", "-D", folder / "data", "-k", folder, "-h", "", *more),
                *("-c", "max_connections=50", "-c", "shared_buffers=16MB"),
            ],
            stdout=log,
            **_as(user, folder),
        )


def wait(url: str, process: subprocess.Popen, log: Path) -> str:
    """ "" once the server answers, else what went wrong."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            engine.connect().close()
            engine.dispose()
            return ""
        except sa.exc.OperationalError:
            time.sleep(0.05)
    return f"PostgreSQL did not start: {log.read_text().strip().splitlines()[-1:]}"


def stop(process: subprocess.Popen, folder: Path) -> None:
    """End the server and remove its folder."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # "Fast shutdown": end the sessions, then stop.
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database() -> Iterator[str]:
    """The URL of an empty schema on the server, dropped afterwards; skips when there is none."""
    url, reason = server()
    if not url:
        pytest.skip(f"PostgreSQL tests: {reason}")
    base = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    name = f"test_{secrets.token_hex(6)}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    try:
        private = base.update_query_dict({"options": f"-c search_path={name}"})
        yield private.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
        engine.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database of the test's own."""
    with empty_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gestalt.sqlite'}"
    else:
        with empty_database() as url:
            yield url


@pytest.fixture
def engine(database_url):
    """An engine on an empty database of each kind, its schema current."""
    from analytics.store.database import connect

    made = connect(database_url)
    yield made
    made.dispose()
