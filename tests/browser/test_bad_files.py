"""Files that go wrong, opened as a stranger would: one sentence, and the app stays whole."""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from tests.browser.test_paths import PLOT, csv, goto, settled, upload

READING, PREPARING = "Reading the data", "Preparing the data"
IMAGE = "<img src=x onerror=alert(1)>"
BEACON = "![x](http://127.0.0.1:9/x.png)"


def nested_zip() -> bytes:
    """A zip in a zip."""
    content = b"a,b\n1,2\n3,4\n"
    for name in ("inner.csv", "inner.zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, content)
        content = buffer.getvalue()
    return content


def objects() -> bytes:
    """An array of Python objects, which only a pickle can hold."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    return buffer.getvalue()


UNREADABLE = (
    ("empty.csv", b"", "The file is empty"),
    ("header.csv", b"a,b,c\n", "column names but no rows"),
    ("junk.csv", bytes(range(256)) * 20, "neither text nor one of the formats"),
    ("nested.zip", nested_zip(), "holds another archive"),
    ("objects.npy", objects(), "Python objects"),
    ("paper.pdf", b"%PDF-1.7 not a table", "The file is a PDF: save the data as CSV"),
)
UNUSABLE = (
    ("one.csv", b"a,b,c\n1,2,3\n", "needs at least 2 rows"),
    ("flat.csv", b"a,b\n" + b"1,2\n" * 40, "No column tells the rows apart"),
)


def message(page, step, words):
    """Wait for the one sentence of a step that failed."""
    page.get_by_text(re.compile(f"^{step}: .*{words}")).wait_for()
    settled(page)
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text(re.compile(f"^{step}: ")).count() == 1


def test_unreadable_files_leave_the_picture_as_it_was(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    settled(page)
    trail = page.locator(".trail b").first.inner_text()
    for name, content, words in UNREADABLE:
        upload(page, name, content)
        message(page, READING, words)
        assert page.locator(".trail b").first.inner_text() == trail
    goto(page, "Map")
    page.wait_for_selector(PLOT)


@pytest.mark.parametrize(("name", "content", "words"), UNUSABLE, ids=lambda v: str(v)[:9])
def test_a_table_that_cannot_be_used_blocks_no_page(open_page, name, content, words):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    settled(page)
    trail = page.locator(".trail b").first.inner_text()
    upload(page, name, content)
    message(page, PREPARING, words)
    goto(page, "Data")
    page.get_by_text("What to know before a run").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".trail b").first.get_by_text(trail).wait_for()
    goto(page, "Map")
    page.wait_for_selector(PLOT)


def test_markup_in_names_and_cells_is_only_text(open_page):
    """Neither a dialog nor a request: ``open_page`` fails on a request to another host."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=[IMAGE, BEACON, "m"])
    frame["kind"] = [BEACON, "<script>alert(2)</script>", "[a](javascript:alert(3)) :red[z]"] * 20
    frame["note"] = [f"row {i} {BEACON} <b>bold</b>" for i in range(60)]
    page = open_page("/")
    dialogs = []
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    page.wait_for_selector(PLOT)
    upload(page, "markup.csv", csv(frame))
    page.locator(".trail b").first.get_by_text("markup.csv").wait_for()
    for name in ("Map", "Clusters", "Perception", "Report", "Data"):
        goto(page, name)
        settled(page)
    assert page.locator("img[src='x'], img[src*=':9/']").count() == 0
    assert dialogs == []


def test_two_rows_reach_every_page(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    upload(page, "two.csv", b"a,b,c\n1,2,3\n4,5,7\n")
    page.locator(".trail b").first.get_by_text("two.csv").wait_for()
    settled(page)
    for name, shown in (
        ("Clusters", "2 groups"),
        ("Perception", "Only 2 points"),
        ("Report", "What was done"),
        ("Data", "There are more numeric columns"),
    ):
        goto(page, name)
        page.get_by_text(re.compile(shown)).first.wait_for()
    assert page.get_by_test_id("stException").count() == 0
