"""Selecting on the map without drawing."""

import numpy as np
import pytest

from pages.ui import services, session
from tests.apptest import page_of, settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture
def at():
    """The map of the first sample with the fold for numbers open."""
    running = settle(start())
    assert not any("rows in it" in m.value for m in running.markdown)  # closed, nothing is counted
    running.session_state["box-fold"] = True
    return running.run()


def test_a_box_of_numbers_selects_its_rows(at):
    projection = session.load(view(at).projection)
    across, up = (at.get_by_key(f"box-{axis}-{projection.digest}") for axis in (0, 1))
    assert any("178 of 178 rows in it" in m.value for m in at.markdown)
    low, high = across.value
    assert low < projection.xy[:, 0].min() and high > projection.xy[:, 0].max()
    middle = float(np.median(projection.xy[:, 0]))
    across.set_value((low, middle)).run()
    at.get_by_key("box-select").click().run()
    assert not at.exception
    (box,) = view(at).selection
    assert box["type"] == "box" and box["y"] == list(up.value)
    inside = int((projection.xy[:, 0] <= box["x"][1]).sum())
    assert 80 <= inside <= 98
    assert any(f"{inside} rows selected" in m.value for m in at.markdown)


def test_a_box_without_rows_cannot_be_selected(at):
    projection = session.load(view(at).projection)
    across = at.get_by_key(f"box-0-{projection.digest}")
    low = across.value[0]
    across.set_value((low, low)).run()
    assert at.get_by_key("box-select").disabled


def dates_and_numbers(first: str, last: str, key: str):
    """A page that chooses among dates between two."""
    import numpy as np
    import streamlit as st

    from pages.ui import boxing

    when = np.array([first, last], "datetime64[D]").astype(np.int64).astype(np.float32)
    low, high = boxing._dates(st, "until", when, key)
    assert low <= when.min() and high >= when.max()


@pytest.mark.parametrize("last", ["2021-05-06", "2254-01-01", "9999-12-31", "12000-01-01"])
@pytest.mark.parametrize("first", ["2020-01-01", "1066-10-14", "-0044-03-15"])
def test_a_box_among_dates_of_any_year(first, last):

    at = page_of(dates_and_numbers, first, last, "box").run()
    assert not at.exception
    near = first == "2020-01-01" and last[0] == "2" and len(last) == 10
    said = at.slider(key="box").label
    assert said == ("until" if near else r"until, days since 1970\-01\-01")


def test_a_second_box_adds_when_asked(at):
    at.get_by_key("box-select").click().run()
    at.get_by_key("add-to-selection").set_value(True).run()
    at.get_by_key("box-select").click().run()
    assert len(view(at).selection) == 2
