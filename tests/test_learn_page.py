"""The page Learn: its list, every lesson from its first step to its last, what the address says."""

import json
import re

import pytest

from analytics.lessons import answers, reading
from analytics.lessons.lesson import GUESSES
from tests.apptest import settle, start
from tests.test_lessons import found


def learn(**query):
    return settle(start(query).run().switch_page("learn.py"))


def press(at, label):
    next(b for b in at.button if b.label == label).click()
    return settle(at)


def said(at):
    return " ".join(part.value for part in (*at.markdown, *at.caption, *at.subheader))


def test_the_list_shows_every_lesson_with_its_minutes():
    at = learn()
    assert not at.exception
    labels = [b.label for b in at.button]
    for lesson in reading.lessons():
        assert f"Start: {lesson.title}" in labels
    assert said(at).count("minutes · not started") == len(reading.lessons())


def test_the_key_of_a_map_stands_under_its_points():
    at = learn(lesson="kmeans", step="1")
    layout = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]
    (key,) = [note for note in layout["annotations"] if note.get("yref") == "paper"]
    lines = key["text"].count("<br>") + 1
    assert key["y"] == 0 and key["yanchor"] == "top" and layout["margin"]["b"] >= 16 * lines


@pytest.mark.parametrize("name", ["kmeans", "density", "labels"])
def test_a_lesson_is_walked_to_its_last_step(name):
    """These three hold every kind of step; tests/test_lessons.py walks all of them."""
    lesson = reading.get(name)
    at = learn()
    press(at, f"Start: {lesson.title}")
    for number, step in enumerate(lesson.steps, 1):
        assert not at.exception
        assert at.query_params["lesson"] == lesson.id
        assert at.query_params["step"] == str(number)
        assert f"step {number} of {len(lesson.steps)}" in said(at)
        assert not at.error and "{" not in said(at)
        assert all("first" in w.value for w in at.warning)
        if step.kind == "check":
            right = answers.happened(found(lesson), step)
            at.radio[0].set_value(right)
            settle(at)
            press(at, "Check")
            assert any(s.value.startswith("Right.") for s in at.success)
        if number == len(lesson.steps):
            break
        if step.kind == "choice":
            at.radio[0].set_value(0)
            settle(at)
            press(at, "Lock in my guess and reveal")
            assert "You guessed:" in said(at) and "What happened:" in said(at)
        elif step.kind == "number":
            at.number_input[0].set_value(at.number_input[0].min)
            settle(at)
            press(at, "Lock in my guess and reveal")
        elif step.kind == "lasso":
            press(at, "Take the points in this box")
            press(at, "Lock in my guess and reveal")
            assert "Your group has" in said(at)
        elif step.kind == "draw":
            press(at, "Lock in my guess and reveal")
        else:
            press(at, "Next")
    press(at, "To all lessons")
    assert "read to the end, 1 of 1 question right" in said(at).replace("questions", "question")


def test_a_wrong_answer_says_why_and_may_be_changed():
    lesson = reading.get("kmeans")
    at = learn(lesson="kmeans", step=str(len(lesson.steps)))
    next(b for b in at.button if b.label == "Check").click().run()
    assert at.warning[0].value == "Choose an answer first."
    wrong = next(i for i, o in enumerate(lesson.steps[-1].options) if not o.right)
    at.radio[0].set_value(wrong)
    settle(at)
    press(at, "Check")
    assert at.error[0].value.startswith("Not quite.")
    assert lesson.steps[-1].options[wrong].why in at.error[0].value


def test_an_experiment_shows_the_numbers_of_its_settings():
    lesson = reading.get("kmeans")
    step = next(i for i, s in enumerate(lesson.steps, 1) if s.kind == "experiment")
    at = learn(lesson="kmeans", step=str(step))
    assert not at.success
    at.slider[0].set_value(0.45)
    settle(at)
    assert not at.exception and at.success[0].value == "Reached."


def test_a_guess_stands_beside_what_happened():
    at = learn(lesson="clams", step="2")
    at.number_input[0].set_value(90)
    press(at, "Lock in my guess and reveal")
    (facts,) = (e.proto.body for e in at.get("html") if "You guessed" in e.proto.body)
    assert "half_one" not in facts  # the lesson's own name of the number
    assert re.search(r"Your guess was \d+ percentage points too high.", said(at))


def test_a_reveal_without_a_guess_says_so():
    lesson = reading.get("density")
    step = next(i for i, s in enumerate(lesson.steps, 1) if s.kind == "reveal")
    at = learn(lesson="density", step=str(step))
    assert "You did not guess" in at.info[0].value and not at.exception
    draw = reading.get("kmeans")
    step = next(i for i, s in enumerate(draw.steps, 1) if s.more.get("of") == "fool")
    at = learn(lesson="kmeans", step=str(step))
    assert "Nothing is painted yet" in at.info[0].value and not at.exception


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"lesson": "nothing"}, "The lesson of this link is not there."),
        ({"lesson": "kmeans", "step": "99"}, "This lesson has steps 1 to"),
        ({"lesson": "kmeans", "step": "٣"}, "This lesson has steps 1 to"),
        ({"lesson": "kmeans", "step": "-1"}, "This lesson has steps 1 to"),
        ({"lesson": "../kmeans", "step": "1"}, "The lesson of this link is not there."),
    ],
)
def test_a_link_to_what_is_not_there_says_so(query, words):
    at = learn(**query)
    assert not at.exception and any(words in w.value.replace("\\", "") for w in at.warning)


def test_the_notes_for_teachers_hold_all_lessons():
    at = learn()
    at.session_state["learn-tab"] = "For teachers"
    settle(at)
    assert not at.exception
    for lesson in reading.lessons():
        assert lesson.teacher in [m.value for m in at.markdown]


def test_every_guess_has_words_for_the_way_on():
    from pages.ui.learning_steps import NEXT

    assert set(NEXT) == set(GUESSES)
