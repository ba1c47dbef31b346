"""Cells of CSV files: no spreadsheet runs one, and every text can be had back."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.report.tables import FORMULA, NUMBER, guarded, text_of, to_csv

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("cell", ["-5", "+1.2e3", "-1,5", "-.5", "+7%", "-1.234,56"])
def test_numbers_written_as_text_stay_numbers(cell):
    assert to_csv(pd.DataFrame({"a": [cell]})).decode().splitlines()[1].strip('"') == cell


@given(st.text("'=+-@\t\r\n＝1a,.e% ", max_size=6))
def test_every_cell_is_harmless_and_gives_its_text_back(text):
    cell = guarded(text)
    assert text_of(cell) == text
    assert not cell.startswith(("=", "@", "\t", "\r", "\n", "＝"))
    if cell.startswith(("+", "-")):
        assert set(cell[1:]) <= set("0123456789.,eE+-%")


def test_tables_leave_by_one_function():
    """The page on disk guards its cells by the same two patterns."""
    writes = re.compile(r"\.to_csv\(|csv\.writer|DictWriter|csv\.write_csv\(")
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("analytics", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if writes.search(path.read_text())
    ]
    # The readers write what they read next, in a file of their own; names are an option of them.
    reading = {
        "analytics/data/naming.py",
        "analytics/data/splitting.py",
        "analytics/bigdata/texts.py",
    }
    assert [f for f in found if f not in reading] == ["analytics/report/tables.py"]
    page = (ROOT / "assets/linked/data.js").read_text()
    assert f"/{FORMULA}/" in page and f"/{NUMBER}/" in page
