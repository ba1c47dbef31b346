"""A real server, a real Chromium, and the rule that neither may complain.

Every browser test fails on a console error, a failed request, a request to another host, or a
traceback in the server's log.
"""

import os
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


class Server:
    """The app in its own process with its own data folder."""

    def __init__(self, home: Path, port: int = 0, **settings: str):
        self.home, self.log, self.settings = home, home.parent / "server.log", settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        environment = {**os.environ, "GESTALT_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        environment |= {"GESTALT_PORT": str(self.port), **self.settings}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
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
        """Tracebacks in the log."""
        text = self.log.read_text(errors="replace")
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
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server):
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
        page.set_default_timeout(60_000)
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
    assert not server.complaints(), server.complaints()
