"""Points that a reader paints: what comes from the browser is hostile, what was painted is kept."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.stepping import board
from pages.ui import painting
from tests.apptest import page_of


def test_points_are_read_as_they_are():
    xy = board.check([[0, 1], [0.25, 0.5]])
    assert xy.tolist() == [[0.0, 1.0], [0.25, 0.5]]
    assert not xy.flags.writeable
    assert board.check([]).shape == (0, 2)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "points",
        {"0": [0, 0]},
        5,
        [1, 2],
        [[0.5]],
        [[0.5, 0.5, 0.5]],
        [["0.5", "0.5"]],
        [[True, False]],
        [[None, 0.5]],
        [[[0.5], [0.5]]],
        [[math.nan, 0.5]],
        [[math.inf, 0.5]],
        [[10**400, 0.5]],
        [[-0.001, 0.5]],
        [[0.5, 1.001]],
        [[0.5, 0.5]] * 1_001,
        np.zeros((3, 3)),
    ],
    ids=lambda v: str(v)[:30],
)
def test_hostile_points_get_one_sentence(said):
    with pytest.raises(BadInput, match=r"paint again\.|erase some\."):
        board.check(said)


@given(st.recursive(st.none() | st.floats() | st.text(max_size=3), st.lists, max_leaves=12))
def test_whatever_comes_is_points_or_a_sentence(said):
    try:
        xy = board.check(said)
    except BadInput:
        return
    assert xy.shape[1] == 2 and ((xy >= 0) & (xy <= 1)).all()


@pytest.mark.parametrize("name", board.SETS)
def test_starting_sets_lie_on_the_board_and_follow_the_seed(name):
    xy = board.start(name, 3)
    assert xy.tolist() == board.start(name, 3).tolist()
    assert len(xy) == 0 if name == "Empty" else 100 < len(xy) < 200
    assert name == "Empty" or xy.tolist() != board.start(name, 4).tolist()


def test_an_unknown_starting_set_is_refused():
    with pytest.raises(BadInput, match="Two moons"):
        board.start("Spiral")


def test_the_page_keeps_what_it_hears_and_only_that():
    kept = painting._Kept(np.zeros((0, 2)))
    painting._hear(kept, {"load": 0, "points": [[0.1, 0.2]]}, 1_000)
    assert kept.points.tolist() == [[0.1, 0.2]] and not kept.fresh and not kept.wrong
    painting._hear(kept, {"load": 0, "points": [[0.1, 7]]}, 1_000)
    assert kept.points.tolist() == [[0.1, 0.2]] and "outside the board" in kept.wrong
    painting._hear(kept, {"load": 7, "points": []}, 1_000)
    assert len(kept.points) == 1
    painting._hear(kept, "nonsense", 1_000)
    assert len(kept.points) == 1 and "cannot be read" in kept.wrong
    painting._hear(kept, {"load": 0, "points": [[0.1, 0.2]] * 3}, 2)
    assert len(kept.points) == 1 and "at most 2 fit" in kept.wrong
    painting._hear(kept, {"load": 0, "points": []}, 1_000)
    assert len(kept.points) == 0 and not kept.wrong


def board_page():
    import streamlit as st

    from pages.ui import painting

    painting.starts("mine")
    st.text(len(painting.show("mine", start="Two moons")))


def test_a_board_starts_as_asked_and_a_set_replaces_it():
    at = page_of(board_page).run()
    assert not at.exception
    assert at.text[0].value == "140"
    first = at.session_state["mine-painted"].points
    at.get_by_key("mine-start").set_value("Three blobs").run()
    assert at.text[0].value == "150"
    second = at.session_state["mine-painted"].points
    at.get_by_key("mine-start").set_value("Three blobs").run()
    third = at.session_state["mine-painted"].points
    assert len(first) == 140 and second.tolist() != third.tolist()
