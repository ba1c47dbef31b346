"""A server without login answers its own machine, and others only when its operator says so."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from analytics import settings
from analytics.errors import BadInput
from pages.ui import exposure

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    monkeypatch.delenv("GESTALT_OPEN", raising=False)


def visit(host, path="/"):
    async def hello(request):
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[Route("/", hello), Route("/healthz", hello)],
        middleware=[Middleware(exposure.Exposure)],
    )

    async def at_host(scope, receive, send):
        await app(scope | {"server": (host, 8501)} if scope["type"] == "http" else scope,
                  receive, send)  # fmt: skip

    return TestClient(at_host).get(path)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_leave(address):
    exposure.check(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.5", "example.org", ""])
def test_other_addresses_need_leave(address, monkeypatch):
    with pytest.raises(BadInput, match="GESTALT_OPEN=yes"):
        exposure.check(address)
    monkeypatch.setenv("GESTALT_OPEN", "yes")
    exposure.check(address)


@pytest.mark.parametrize("host", ["192.168.1.4", "::ffff:10.0.0.1", "fe80::1"])
def test_who_came_in_from_outside_is_refused(host, monkeypatch):
    answer = visit(host)
    assert answer.status_code == 403 and answer.text == exposure.REFUSED
    assert visit(host, "/healthz").status_code == 200
    monkeypatch.setenv("GESTALT_OPEN", "yes")
    assert visit(host).text == "hello"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "/run/gestalt.sock"])
def test_who_came_in_from_here_is_answered(host):
    assert visit(host).text == "hello"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GESTALT_ADDRESS", "0.0.0.0", "GESTALT_OPEN=yes"),
        ("GESTALT_LOGIN", "ldap", "GESTALT_LOGIN is 'ldap', but it takes oidc or proxy"),
        ("GESTALT_KEEP_DAYS", "a month", "'a month', but it takes a whole number of at least 1."),
        ("GESTALT_LOG", "xml", "GESTALT_LOG is 'xml', but it takes one of text, json."),
    ],
)
def test_the_server_itself_refuses_to_start(home, name, value, said):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        check=False,
        env={"GESTALT_HOME": str(home), "GESTALT_PORT": str(port), name: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", [s.name for s in settings.SETTINGS if s.whole])
def test_what_takes_a_whole_number_is_looked_at_before_the_start(name, monkeypatch):
    settings.check()
    for value in ("0", "-1", "1.5", "many"):
        monkeypatch.setenv(name, value)
        with pytest.raises(BadInput, match=f"{name} is '{value}', but it takes a whole number"):
            settings.check()
    monkeypatch.setenv("GESTALT_PORT", "70000")
    monkeypatch.setenv(name, "70000")
    with pytest.raises(BadInput, match="ports end at 65535"):
        settings.check()


def test_a_data_folder_that_is_made_is_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "made"))
    assert settings.home().stat().st_mode & 0o777 == 0o700
    (tmp_path / "shared").mkdir(mode=0o755)
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "shared"))
    assert settings.home().stat().st_mode & 0o777 == 0o755
