"""Seconds a person waits: the first picture, an upload, a lasso, a cancel; in a real browser.

``python -m bench.first_picture [RUNS]`` (5). Each wait is timed RUNS times on one data folder that
has been used before; median and largest are printed, and the ratio of the median to that of a warm
reload. The lasso is counted from the release of the mouse to the number of rows on the page, the
cancel from the click until the running step is gone from the page.
"""

import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.browser.conftest import ARGS, CHROMIUM, Server
from tests.browser.test_paths import PLOT, blobs, choose_umap, csv, drag_lasso, goto, settled

WARM = 9.0  # seconds after which the workers have loaded everything


class Bench:
    """One server, one browser, and the waits by name."""

    def __init__(self, browser, server: Server, folder: Path):
        self.browser, self.server, self.folder = browser, server, folder
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.seed = 0

    def page(self, context=None):
        """A page in a given context or a fresh one."""
        context = context or self.browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(120_000)
        return page

    def visit(self, page) -> None:
        """Open the app and wait for the scored picture."""
        page.goto(self.server.url)
        page.wait_for_selector(PLOT)
        page.get_by_text("Ambiguity of the picture (CLAMS)").first.wait_for()

    def first_picture(self, name: str, context=None) -> None:
        """From the start of the server to the first scored picture."""
        self.server.stop()
        page = self.page(context)
        started = time.perf_counter()
        self.server.start()
        self.visit(page)
        self.waits[name].append(time.perf_counter() - started)
        page.close()

    def upload(self, page, name: str, n: int) -> None:
        """A file never seen before, to its PCA map."""
        self.seed += 1
        rows = n + self.seed  # so that the number of rows names this file
        file = self.folder / f"{rows}.csv"
        file.write_bytes(csv(blobs(n=rows, d=20, seed=self.seed)))
        goto(page, "Data")
        settled(page)
        chooser = page.locator("input[type=file]").first
        chooser.wait_for(state="attached")
        started = time.perf_counter()
        chooser.set_input_files(file)
        page.locator(".trail").get_by_text(re.compile(f"{rows:,} rows.*Map PCA")).wait_for()
        page.wait_for_function(
            "() => !location.pathname.includes('data') &&"
            " !!document.querySelector('.js-plotly-plot .main-svg')"
        )
        self.waits[name].append(time.perf_counter() - started)

    def lasso(self, page, name: str) -> None:
        """From the release of the mouse to the number of rows."""
        settled(page)
        drag_lasso(page)
        started = time.perf_counter()
        page.get_by_text(re.compile(r"^[\d,]+ rows selected")).wait_for()
        self.waits[name].append(time.perf_counter() - started)

    def cancel(self, page, name: str) -> None:
        """From the click on Cancel in a running UMAP until its strip is gone."""
        settled(page)
        choose_umap(page)
        page.get_by_text("UMAP: ").first.wait_for()
        page.wait_for_timeout(1_500)
        button = page.get_by_role("button", name="Cancel").first
        button.wait_for()
        started = time.perf_counter()
        button.click()
        page.wait_for_selector("[data-testid=stProgress]", state="detached")
        self.waits[name].append(time.perf_counter() - started)


def main() -> None:
    """Time everything and print one line per wait."""
    from playwright.sync_api import sync_playwright

    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = Path(tempfile.mkdtemp())
    server = Server(folder / "home")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        bench = Bench(browser, server, folder)
        try:
            measure(bench, runs)
        finally:
            browser.close()
            server.stop()
    base = statistics.median(bench.waits["warm reload, fresh browser"])
    for name, seconds in bench.waits.items():
        middle = statistics.median(seconds)
        print(f"{name:<52}{middle:6.2f} s, at most {max(seconds):5.2f} {middle / base:6.2f}x")


def measure(bench: Bench, runs: int) -> None:
    """All waits, those of one kind together."""
    page = bench.page()
    known = page.context
    bench.visit(page)
    settled(page)
    for _ in range(runs):
        bench.first_picture("second start to first picture, fresh browser")
        bench.first_picture("second start to first picture, known browser", known)
    for _ in range(runs):
        bench.server.stop()
        bench.server.start()
        page = bench.page()
        bench.visit(page)
        bench.upload(page, "upload of 10,000 × 20, server just started", 10_000)
        page.context.close()
    page = bench.page()
    bench.visit(page)
    page.wait_for_timeout(1_000 * WARM)
    for _ in range(runs):
        started = time.perf_counter()
        other = bench.page()
        bench.visit(other)
        bench.waits["warm reload, fresh browser"].append(time.perf_counter() - started)
        other.context.close()
    for n in (10_000, 100_000):
        for _ in range(runs):
            bench.upload(page, f"upload of {n:,} × 20, workers warm", n)
            bench.lasso(page, f"lasso round {n:,} points")
    bench.upload(page, "upload before the cancel", 10_000)
    for _ in range(runs):
        bench.cancel(page, "cancel of a running UMAP of 10,000")


if __name__ == "__main__":
    main()
