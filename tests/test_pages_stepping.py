"""Watching an algorithm a step at a time, on the page."""

import json

import numpy as np
import pytest

from analytics.figures import theme
from analytics.figures.stepping import groups_of, step_picture, tree_picture
from analytics.results import NOISE
from analytics.stepping import algorithms, board
from pages.ui import services, stepping
from tests.apptest import page_of, start


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def page():
    from pages.ui import stepping

    stepping.show("steps")


@pytest.fixture
def at(monkeypatch):
    monkeypatch.setattr(stepping, "TWICE", 0.0)  # tests press faster than people
    return page_of(page).run()


def step(at) -> int:
    return at.get_by_key("steps-step").value


def said(at) -> str:
    return next(h.proto.body for h in at.get("html") if "step-words" in h.proto.body)


def click(at, name):
    at.get_by_key(f"steps-{name}").click().run()
    assert not at.exception
    return at


def test_forwards_and_backwards(at):
    assert not at.exception
    assert step(at) == 1 and "140 points and 3 centres" in said(at)
    assert at.get_by_key("steps-Back").disabled and at.get_by_key("steps-First").disabled
    click(at, "Next")
    assert step(at) == 2 and "Centre 1 is a point" in said(at)
    click(at, "Last")
    last = step(at)
    assert "settled" in said(at) and at.get_by_key("steps-Next").disabled
    click(at, "Back")
    assert step(at) == last - 1 and "each centre moves" in said(at)
    at.get_by_key("steps-step").set_value(5).run()
    assert "Round 1: every point joins" in said(at)
    click(at, "First")
    assert step(at) == 1


@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_each_algorithm_is_shown_to_its_end(at, algorithm):
    at.get_by_key("steps-algorithm").set_value(algorithm).run()
    click(at, "Last")
    run = algorithms.run(board.start("Two moons"), algorithm)
    assert step(at) == len(run.steps)
    tables = [t.value for t in at.dataframe]
    assert tables[0]["what happened"].tolist() == [s.words for s in run.steps]
    charts = len(at.get("plotly_chart"))
    assert charts == (3 if algorithm == "agglomeration" else 2)


def test_another_setting_or_board_starts_at_the_first_step(at):
    click(at, "Last")
    at.get_by_key("steps-kmeans-k").set_value(5).run()
    assert step(at) == 1 and "5 centres" in said(at)
    click(at, "Next")
    at.get_by_key("steps-start").set_value("Three blobs").run()
    assert step(at) == 1 and "150 points" in said(at)
    assert at.get_by_key("steps-seed").value == 0  # the algorithm's start is another matter
    click(at, "Next")
    at.get_by_key("steps-seed").set_value(3).run()
    assert step(at) == 1


def test_playing_moves_on_by_itself_and_stops_at_the_end(at):
    click(at, "play")
    assert at.get_by_key("steps-play").label == "Pause"
    at.session_state["steps-place"]["due"] = 0.0
    at.run()
    assert step(at) == 2
    at.run()
    assert step(at) == 2  # not yet time
    at.get_by_key("steps-step").set_value(11).run()
    at.session_state["steps-place"]["due"] = 0.0
    at.run()
    assert not at.session_state["steps-place"]["playing"]
    assert at.get_by_key("steps-play").label == "Play"
    click(at, "play")  # at the end it begins again
    assert step(at) <= 2


def test_the_browser_is_told_the_step_where_playing_begins_again_or_ends(at):
    click(at, "Last")
    click(at, "play")
    slider = at.get_by_key("steps-step")
    assert slider.value == 1 and slider.proto.set_value  # else it says the last step again
    at.get_by_key("steps-Last").click()
    at.session_state["steps-place"]["due"] = 0.0  # the timer ends in the run of this very press
    at.run()
    assert not at.session_state["steps-place"]["playing"]
    slider = at.get_by_key("steps-step")
    assert slider.value == slider.max and slider.proto.set_value


def test_a_press_that_arrives_twice_is_one(at, monkeypatch):
    monkeypatch.setattr(stepping, "TWICE", 60.0)
    click(at, "play")
    click(at, "play")
    assert at.get_by_key("steps-play").label == "Pause"
    at.session_state["steps-place"]["pressed"] -= 60.0
    click(at, "play")
    assert at.get_by_key("steps-play").label == "Play"


def test_an_empty_board_says_what_to_do(at):
    from pages.ui import painting

    at.session_state["steps-painted"] = painting._Kept(np.zeros((0, 2)), 1, False)
    at.run()
    assert not at.exception
    assert "The board is empty" in at.info[0].value


def test_a_full_board_is_sampled_and_says_so(at):
    from pages.ui import painting

    xy = np.random.default_rng(0).random((1_000, 2))
    at.session_state["steps-painted"] = painting._Kept(xy, 1, False)
    at.run()
    assert any("400 of 1,000 points" in c.value for c in at.caption)


def test_the_page_learn_has_the_tab(home):
    at = start().run()
    at.switch_page("learn.py").run()
    assert "Step by step" in [t.label for t in at.tabs]
    at.session_state["learn-tab"] = "Step by step"
    at.run()
    assert not at.exception
    assert step(at) == 1


@pytest.mark.parametrize("left_for", ["another page", "another tab", "an empty board"])
def test_who_comes_back_finds_the_step_they_left(home, left_for):
    def open_tab(name="Step by step"):
        at.session_state["learn-tab"] = name
        at.run()

    at = start().run()
    at.switch_page("learn.py").run()
    open_tab()
    click(click(at, "Next"), "Next")
    click(at, "play")
    kept = at.session_state["steps-painted"]
    points = kept.points
    if left_for == "another page":
        at.switch_page("data.py").run()
        at.switch_page("learn.py").run()
    elif left_for == "another tab":
        open_tab("Lessons")
    else:
        kept.points = points[:0]
        at.run()
        kept.points = points
    open_tab()
    assert not at.exception
    assert step(at) == 3 and at.get_by_key("steps-play").label == "Play"


# --- pictures ----------------------------------------------------------------------------------
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_every_step_can_be_drawn(algorithm, dark):
    run = algorithms.run(board.start("Line and blob", 2), algorithm)
    for shown in run.steps[:: max(1, len(run.steps) // 12)]:
        figure = json.loads(step_picture(run.points, shown, dark).to_json())
        assert len(figure["layout"].get("shapes", [])) == len(shown.circles)
        assert figure["layout"]["template"]
        if len(run.tree):
            assert len(tree_picture(run.tree, shown.merges, dark).data) >= 1


def test_colour_is_never_alone():
    run = algorithms.run(board.start("Three blobs"), "dbscan")
    figure = step_picture(run.points, run.steps[-1])
    dots = figure.data[0]
    labels = run.steps[-1].labels
    for label in np.unique(labels):
        of_group = np.flatnonzero(labels == label)
        symbols = {dots.marker.symbol[i] for i in of_group}
        colors = {dots.marker.color[i] for i in of_group}
        assert len(symbols) == len(colors) == 1
        if label == NOISE:
            assert symbols == {theme.HOLLOW_CIRCLE} and colors == {theme.NOISE_COLOR}
    assert len({dots.marker.symbol[i] for i in range(len(labels))}) == len(np.unique(labels))
    numbers = {a.text for a in figure.layout.annotations}
    assert numbers == {f"<b>{i + 1}</b>" for i in range(labels.max() + 1)}
    assert groups_of(run.steps[-1])[0] == f"group {labels[0] + 1}"


def test_the_tree_by_hand():
    X = np.array([[0.0, 0.0], [0.1, 0.0], [0.5, 0.0]])
    run = algorithms.run(X, "agglomeration", {"k": 1, "linkage": "single"})
    figure = tree_picture(run.tree, 1)
    bow = np.array([figure.data[-1].x, figure.data[-1].y]).T[:4]
    assert sorted(np.unique(bow[:, 1]).tolist()) == pytest.approx([0.0, 0.1])
    assert abs(bow[0, 0] - bow[2, 0]) == 1.0
