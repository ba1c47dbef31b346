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
    programs = _programs()
    if programs is None:
        return "", "no PostgreSQL (initdb, postgres) on PATH or in /usr/lib/postgresql"
    user = _user()
    if user == "":
        return "", "PostgreSQL does not run as root and there is no user 'postgres' or 'nobody'"
    return _start(programs, user)


def _programs() -> Path | None:
    """The folder that holds initdb and postgres, the newest version first."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda p: int(p.parent.name) if p.parent.name.isdecimal() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    for folder in found:
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
    folder = Path(tempfile.mkdtemp(prefix="gestalt-pg-", dir="/tmp"))
    if user is not None:
        shutil.chown(folder, user)
    as_user = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if user is not None:
        account = pwd.getpwnam(user)
        as_user.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
    data = folder / "data"
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", data, "-U", "gestalt", "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        **as_user,
    )
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        return "", f"initdb failed: {made.stdout.strip().splitlines()[-1:]}"
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [
                *(programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F"),
                *("-c", "max_connections=50", "-c", "shared_buffers=16MB"),
            ],
            stdout=log,
            **as_user,
        )
    atexit.register(_stop, process, folder)
    url = f"postgresql://gestalt@/postgres?host={folder}"
    problem = _wait(url, process, folder / "log")
    return ("", problem) if problem else (url, "")


def _wait(url: str, process: subprocess.Popen, log: Path) -> str:
    """ "" once the server answers, else what went wrong."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            engine.connect().close()
            engine.dispose()
            return ""
        except sa.exc.OperationalError:
            time.sleep(0.05)
    return f"PostgreSQL did not start: {log.read_text().strip().splitlines()[-1:]}"


def _stop(process: subprocess.Popen, folder: Path) -> None:
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
