"""Seconds a person waits: the first picture, an upload, a lasso; in a real browser.

``python -m bench.first_picture``. Starts the app twice on one data folder (the second start is the
one that counts), uploads a CSV of 10,000 × 20 and one of 100,000 × 20, and draws a lasso.
The ratio is against a warm reload of the first picture in the same run.
"""

import re
import tempfile
import time
from pathlib import Path

from tests.browser.conftest import ARGS, CHROMIUM, Server
from tests.browser.test_paths import PLOT, blobs, csv, drag_lasso, goto, settled


def main() -> None:
    """Print one line per wait."""
    from playwright.sync_api import sync_playwright

    waits: dict[str, float] = {}
    folder = Path(tempfile.mkdtemp()) / "home"
    server = Server(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)

        def visit():
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            page.goto(server.url)
            page.wait_for_selector(PLOT)
            page.get_by_text("Ambiguity of the picture (CLAMS)").wait_for()
            return page

        try:
            settled(visit())
            server.stop()
            started = time.perf_counter()
            server.start()
            page = visit()
            waits["second start to first scored picture"] = time.perf_counter() - started
            settled(page)
            started = time.perf_counter()
            visit()
            waits["warm reload in a new browser"] = time.perf_counter() - started
            for n in (10_000, 100_000):
                file = folder.parent / f"n{n}.csv"
                file.write_bytes(csv(blobs(n=n, d=20, seed=n)))
                goto(page, "Data")
                settled(page)
                page.locator("input[type=file]").first.wait_for(state="attached")
                started = time.perf_counter()
                page.locator("input[type=file]").first.set_input_files(file)
                page.get_by_text(f"{n:,} rows").first.wait_for()
                page.locator(".trail").get_by_text("PCA").wait_for()
                page.wait_for_selector(PLOT)
                waits[f"upload of {n:,} × 20 to PCA map"] = time.perf_counter() - started
                settled(page)
                drag_lasso(page)
                started = time.perf_counter()
                page.get_by_text(re.compile(r"^[\d,]+ rows selected")).wait_for()
                waits[f"lasso round {n:,} points to its count"] = time.perf_counter() - started
                settled(page)
        finally:
            browser.close()
            server.stop()
    base = waits["warm reload in a new browser"]
    for name, seconds in waits.items():
        print(f"{name:<45}{seconds:8.2f} s {seconds / base:6.2f}x")


if __name__ == "__main__":
    main()
