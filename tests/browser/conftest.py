"""A real server, a real Chromium, and the rule that neither may complain.

Every browser test fails on a console error, a failed request, a request to another host, or a
traceback in the server's log. What the log tells is told once, at the test it happened in.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180  # seconds to wait for anything, also on a machine that is busy with other things
# On a deep link Streamlit's own script asks below the page's name first for these two, to learn
# where the server's root is; Chromium reports the answer 404 as an error.
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")
# Chromium's own words about drawing in software, not ours.
HARMLESS = ("GPU stall due to ReadPixels", "GL Driver Message", "Automatic fallback to software")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


def free_port() -> int:
    """A port that nobody listens on, from below those that are given to connections: one of these
    may be taken before the server is there, or while it is started again."""
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        first = 32_768
    for _ in range(100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.randrange(10_000, max(first, 10_100))))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise RuntimeError("no free port was found")


class Server:
    """The app in its own process with its own data folder."""

    def __init__(self, home: Path, port: int = 0, **settings: str):
        self.home, self.log, self.settings = home, home.parent / "server.log", settings
        self.port, self._told = port or free_port(), 0
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        environment = {**os.environ, "GESTALT_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        environment |= {"GESTALT_PORT": str(self.port), **self.settings}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the server did not start:\n" + self.log.read_text()[-3000:])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)

    def complaints(self) -> str:
        """Tracebacks that came into the log since the last time it was asked for them."""
        log = self.log.read_bytes()
        text, self._told = log[self._told :].decode(errors="replace"), len(log)
        at = text.find("Traceback (most recent call last)")
        return "" if at < 0 else text[max(at - 300, 0) : at + 3000]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("browser") / "home")
    yield running
    running.stop()
    assert not running.complaints()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        usual = browser.new_context

        def patient(**options):
            context = usual(**options)
            context.set_default_timeout(1000 * PATIENCE)
            return context

        browser.new_context = patient
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def sound(request):
    """What the common server complains of fails the test it happened in and no other, and a server
    that is gone is started again for the next."""
    server = request.getfixturevalue("server") if "server" in request.fixturenames else None
    yield
    if server is None:
        return
    gone = server.process.poll() is not None
    if gone:
        server.start()
    said = server.complaints()
    assert not said and not gone, said or "the server has ended"


@pytest.fixture
def open_page(sound, chromium, server):
    """``open_page(path, width=1440, height=900, dark=False)`` -> a page in a fresh context."""
    contexts, errors = [], []

    def open_(path="/", width=1440, height=900, dark=False):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("request", lambda r: errors.append(r.url) if outside(r.url) else None)
        page.goto(server.url + path)
        return page

    def heard(message):
        if message.type == "error" and not PROBES.search(message.location["url"]):
            errors.append(f"{message.text} {message.location['url']}")

    def outside(url):
        return url.startswith(("http:", "https:")) and not url.startswith(server.url)

    yield open_
    for context in contexts:
        context.close()
    real = [e for e in errors if not any(h in e for h in HARMLESS)]
    assert not real, real
