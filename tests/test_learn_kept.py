"""What a tab keeps of the lessons: it comes back as it was, and whatever else comes is left out."""

import json

import numpy as np
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some

from analytics import selection
from analytics.lessons import reading
from pages.ui import learning_guesses, learning_kept
from pages.ui.learning_place import progress

SHAPE = {"type": "lasso", "x": [0.0, 1.0, 0.5], "y": [0.0, 0.0, 1.0]}


@pytest.fixture
def state(monkeypatch):
    """A session of its own for each step of a test."""
    held: dict = {}
    monkeypatch.setattr(st, "session_state", held)
    return held


def told(state, said):
    """A new session, to which the browser says this."""
    state.clear()
    state["lessons-keeper"] = {"found": said}
    learning_kept._found()


def test_what_was_done_comes_back(state):
    kmeans, elbow = reading.get("kmeans"), reading.get("elbow")
    xy = np.random.default_rng(0).random((25, 2)).round(4)
    assert learning_guesses.painted_again(kmeans, kmeans.guess("fool"), xy.tolist()) == 25
    progress(kmeans).guesses.update(core=selection.check([SHAPE]), wide=1, fool=25)
    progress(kmeans).furthest, progress(elbow).furthest = 7, 2
    progress(elbow).guesses["bend"] = 3.0
    progress(elbow).checked[next(s.title for s in elbow.steps if s.kind == "check")] = True
    wanted, text = (progress(kmeans), progress(elbow)), learning_kept._written()
    told(state, text)
    assert (progress(kmeans), progress(elbow)) == wanted
    assert (learning_guesses.points(kmeans, kmeans.guess("fool")) == xy).all()
    assert learning_kept._written() == text


def test_what_this_session_did_stays(state):
    elbow = reading.get("elbow")
    told(state, "{}")
    progress(elbow).guesses["bend"], progress(elbow).furthest = 4.0, 5
    state["lessons-keeper"] = {"found": '{"elbow": {"furthest": 3, "guesses": {"bend": 2}}}'}
    learning_kept._found()
    assert progress(elbow).guesses == {"bend": 4.0} and progress(elbow).furthest == 5


@pytest.mark.parametrize(
    "guesses",
    [
        {"bend": 1e9},
        {"bend": float("nan")},
        {"bend": True},
        {"bend": "3"},
        {"agree": 99},
        {"agree": -1},
        {"agree": 1.0},
        {"nobody": 1},
        [],
        None,
    ],
)
def test_what_is_no_guess_is_left_out(state, guesses):
    told(state, json.dumps({"elbow": {"furthest": 10**9, "guesses": guesses, "checked": {"x": 1}}}))
    done = progress(reading.get("elbow"))
    assert (done.furthest, done.guesses, done.checked) == (0, {}, {})


json_like = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner),
    max_leaves=6,
)


@given(json_like, json_like, json_like)
def test_whatever_comes_is_no_fault(core, fool, other):
    st.session_state.clear()
    guesses = {"core": core, "fool": fool, "wide": other}
    for said in (
        other,
        json.dumps(other),
        json.dumps({"kmeans": other}),
        json.dumps({"kmeans": {"guesses": guesses, "checked": other, "furthest": core}}),
    ):
        st.session_state["lessons-keeper"] = {"found": said}
        learning_kept._found()
    st.session_state.clear()


@pytest.mark.parametrize("said", ["[" * 100_000, "x" * 300_000, "{", None, 3])
def test_texts_that_are_none(state, said):
    told(state, said)
    assert learning_kept._written() == "{}"
