"""The kinds of step: text, guesses, reveals, experiments, check questions."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from analytics.errors import BadInput
from analytics.lessons import answers, wording
from analytics.lessons.lesson import Lesson, Step
from analytics.lessons.things import Found, Waiting
from pages.ui import (
    frame,
    learning_figures,
    learning_guesses,
    learning_how,
    learning_trying,
    services,
    session,
)
from pages.ui.words import safe_md

# What the way on is called where the reader should do something first.
NEXT = dict.fromkeys(("choice", "number", "lasso", "draw"), "Go on without a guess")
PATIENCE = 0.7  # seconds that one step waits for results before it is drawn without them
WIDTH = 560  # px of words above pictures: lines of about 72 characters
_WAITING = "This is being computed and appears here by itself."


def found_of(lesson: Lesson, patience: float = PATIENCE) -> Found:
    """The results of a lesson, waited for a moment; what is not there then comes by a job."""
    deadline = time.monotonic() + patience

    def ask(request):
        record = session.ask(request)
        if record is None and (left := deadline - time.monotonic()) > 0:
            services.runner().wait(request.digest, left)
            record = session.load(request.digest)
        return record

    drawn = {
        step.more["data"]: learning_guesses.points(lesson, step)
        for step in lesson.steps
        if step.kind == "draw"
    }
    return Found(lesson, ask, drawn={name: p.tolist() for name, p in drawn.items() if len(p)})


def show(lesson: Lesson, at: int, done, ways: Callable[[], None]) -> None:
    """One step. at : its number from 1. done : the reader's progress. ways : Back and Next."""
    step, found = lesson.steps[at - 1], found_of(lesson)
    st.subheader(safe_md(step.title), anchor=False)
    key = f"learn-{lesson.id}-{at}"
    _LAYOUT[step.kind](found, step, key, done, ways)
    learning_how.show(found, step)
    _prefetch(lesson, at)


def _prefetch(lesson: Lesson, at: int) -> None:
    """Ask for what the next step shows, so that it is there when the reader arrives."""
    if at == len(lesson.steps):
        return
    found = found_of(lesson, 0.0)
    for name in wording.mentions(lesson.steps[at]):
        try:
            if name in lesson.numbers:
                found.number(name)
            elif name in lesson.things:
                found.thing(name)
        except (Waiting, BadInput):
            continue  # it says so in its own step


def attempt(draw: Callable[[], None], key: str) -> None:
    """Draw a part of a step; say so while it is computed, or why it cannot be."""
    try:
        draw()
    except Waiting:
        st.caption(_WAITING)
    except BadInput as error:
        frame.sentence(str(error), "warning")
        if st.button("Try again", key=f"{key}-again", type="tertiary"):
            session.retry_all()
            st.rerun()


def words(found: Found, step: Step, key: str) -> None:
    """The text of a step with its numbers."""
    attempt(lambda: st.markdown(found.text(step.text)), f"{key}-words")


def figures(found: Found, step: Step, key: str) -> None:
    """The pictures of a step with their sentences, and one fold with the same as tables."""
    tables: list = []
    for row in learning_figures.rows(step.show):
        alone = len(row) == 1
        for slot, (i, figure) in zip(st.columns(len(row), gap="medium"), row, strict=True):
            with slot:
                attempt(partial(_picture, found, figure, f"{key}-{i}", alone, tables), f"{key}-{i}")
    learning_figures.twins(tables, key)


def _picture(found: Found, figure: dict, key: str, alone: bool, tables: list) -> None:
    tables.append(learning_figures.draw(found, figure, key, alone))


def _sides(step: Step):
    """Where the words and where the pictures go: beside each other when there is one picture."""
    if len(step.show) == 1 or step.kind in ("lasso", "draw"):
        return st.columns([1, 1.7], gap="large")
    return st.container(width=WIDTH), st.container()


def _with_figures(found: Found, step: Step, key: str, done, ways, more=None) -> None:
    """Words, then what is to be done (``more``), then Back and Next; pictures beside or below."""
    left, right = _sides(step)
    with left:
        words(found, step, key)
        if more is not None:
            attempt(lambda: more(found, step, key, done), f"{key}-more")
        ways()
    with right:
        figures(found, step, key)


def _drawing(found: Found, step: Step, key: str, done, ways) -> None:
    """A guess by a line round points, or by points painted."""
    left, right = _sides(step)
    ask = {"lasso": learning_guesses.lasso, "draw": learning_guesses.draw}[step.kind]
    with right:
        attempt(lambda: ask(found, step, key, done), f"{key}-ask")
    with left:
        words(found, step, key)
        with st.container(key="lesson-lock"):  # on a phone it comes after what is drawn
            learning_guesses.lock(found, step, key, done)
        ways()


def _reveal(found: Found, step: Step, key: str, done, ways) -> None:
    """The guess beside what happened, then why."""
    guess = found.lesson.guess(step.more["of"])
    if guess.kind == "draw" and guess.more["data"] not in found.drawn:
        st.info("Nothing is painted yet. Go back and paint some points first.")
        ways()
        return
    if guess.kind == "lasso" and guess.name in done.guesses:
        mine = learning_guesses.mine(found, guess, done)
        if mine is not None:
            own = {"points": guess.more["on"], "mine": mine, "title": "Your group"}
            step = replace(step, show=(own, *step.show))
    left, right = _sides(step)
    with left:
        attempt(lambda: learning_guesses.beside(found, guess, key, done), f"{key}-beside")
        words(found, step, key)
        ways()
    with right:
        figures(found, step, key)


def _experiment(found: Found, step: Step, key: str, done, ways) -> None:
    left, right = st.columns([1, 1.7], gap="large")
    with left:
        words(found, step, key)
        tried = found.with_(learning_trying.controls(found, step, key))
    with right:
        figures(tried, step, key)
    with left:
        learning_figures.facts([_reading(tried, name) for name in step.more.get("numbers", ())])
        if "goal" in step.more:
            attempt(lambda: _goal(tried, step.more["goal"]), f"{key}-goal")
        ways()


def _reading(found: Found, name: str) -> tuple[str, str]:
    """A number of an experiment with its name; what stops it is said at the picture."""
    try:
        return found.lesson.numbers[name].label, found.shown(name)
    except Waiting:
        return found.lesson.numbers[name].label, "…"
    except BadInput:
        return found.lesson.numbers[name].label, "–"


def _goal(found: Found, goal: dict) -> None:
    st.markdown(goal["text"])
    if found.holds(tuple(goal["when"])):
        st.success("Reached.", icon=":material/check:")
    else:
        st.caption("Not reached yet.")


def _question(found: Found, step: Step, key: str, done) -> None:
    """A check question; the answer says why it is right or not, and may be changed."""
    texts = [found.text(o.text) for o in step.options]
    right = answers.happened(found, step)
    picked = st.radio(
        "Your answer",
        range(len(texts)),
        index=None,
        format_func=texts.__getitem__,
        key=f"{key}-answer",
        persist_state="session",
    )

    def answered():  # before the page is drawn, so that the browser's tab is told at once
        said = st.session_state[f"{key}-said"] = st.session_state[f"{key}-answer"]
        if said is not None:
            done.checked[step.title] = said == right

    if st.button("Check", type="primary", key=f"{key}-check", on_click=answered) and picked is None:
        st.warning("Choose an answer first.")
    if picked is None or st.session_state.get(f"{key}-said") != picked:
        return
    why = found.text(step.options[picked].why)
    if picked == right:
        st.success(f"Right. {why}", icon=":material/check:")
    else:
        st.error(f"Not quite. {why} Choose another answer.", icon=":material/close:")


def _asked(ask: Callable) -> Callable:
    """A layout with a question below the words."""
    return lambda found, step, key, done, ways: _with_figures(found, step, key, done, ways, ask)


_LAYOUT = {
    "text": _with_figures,
    "choice": _asked(learning_guesses.choice),
    "number": _asked(learning_guesses.number),
    "lasso": _drawing,
    "draw": _drawing,
    "reveal": _reveal,
    "experiment": _experiment,
    "check": _asked(_question),
}
