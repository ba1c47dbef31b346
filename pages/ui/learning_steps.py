"""The kinds of step: text, guesses, reveals, experiments, check questions."""

import time
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from analytics.errors import BadInput
from analytics.lessons import answers, wording
from analytics.lessons.lesson import Lesson, Step
from analytics.lessons.measures import MEASURES
from analytics.lessons.things import Found, Waiting
from pages.ui import frame, learning_figures, learning_guesses, learning_trying, services, session
from pages.ui.words import safe_md

# What the way on is called where the reader should do something first.
NEXT = dict.fromkeys(("choice", "number", "lasso", "draw"), "Go on without a guess")
PATIENCE = 0.7  # seconds that one step waits for results before it is drawn without them
_WIDTH = 720  # px of words above pictures: lines of about 72 characters
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
    _LAYOUT.get(step.kind, _plain)(found, step, key, done, ways)
    _prefetch(lesson, at)


def _prefetch(lesson: Lesson, at: int) -> None:
    """Ask for what the next step shows, so that it is there when the reader arrives."""
    if at == len(lesson.steps):
        return
    later, found = lesson.steps[at], found_of(lesson, 0.0)
    names = [n for n in wording.places(later.text) if "." not in n]
    for figure in later.show:
        names += learning_figures.needs(figure)
    for name in names:
        try:
            found.number(name) if name in lesson.numbers else found.thing(name)
        except (Waiting, BadInput):
            continue  # it says so in its own step


def words(found: Found, text: str) -> None:
    """A text with its numbers, or that they are on their way."""
    try:
        st.markdown(found.text(text))
    except Waiting:
        st.caption(_WAITING)
    except BadInput as error:
        failed(found, error)


def failed(found: Found, error: BadInput) -> None:
    """Why a part of a step cannot be shown, and a way to try again."""
    frame.sentence(str(error), "warning")
    if st.button("Try again", key=f"again-{abs(hash(str(error)))}", type="tertiary"):
        for job in services.runner().jobs(session.current().owner):
            if not job.active:
                session.retry(job.id)
        st.rerun()


def figures(found: Found, step: Step, key: str) -> None:
    """The pictures of a step with their sentences, and one fold with the same as tables."""
    tables = []
    for row in learning_figures.rows(step.show):
        for slot, (i, figure) in zip(st.columns(len(row), gap="medium"), row, strict=True):
            with slot:
                try:
                    alone = len(row) == 1
                    tables.append(learning_figures.draw(found, figure, f"{key}-{i}", alone))
                except Waiting:
                    st.caption(_WAITING)
                except BadInput as error:
                    failed(found, error)
    learning_figures.twins(tables, key)


def _sides(step: Step):
    """Where the words and where the pictures go: beside each other when there is one picture."""
    if len(step.show) == 1 or step.kind in ("lasso", "draw"):
        return st.columns([1, 1.7], gap="large")
    return st.container(width=_WIDTH), st.container()


def _plain(found: Found, step: Step, key: str, done, ways) -> None:
    left, right = _sides(step)
    with left:
        words(found, step.text)
        ways()
    with right:
        figures(found, step, key)


def _guess(found: Found, step: Step, key: str, done, ways) -> None:
    """A guess by choice or number."""
    left, right = _sides(step)
    with left:
        words(found, step.text)
        ask = {"choice": learning_guesses.choice, "number": learning_guesses.number}[step.kind]
        ask(found, step, key, done)
        ways()
    with right:
        figures(found, step, key)


def _drawing(found: Found, step: Step, key: str, done, ways) -> None:
    """A guess by a line round points, or by points painted."""
    left, right = _sides(step)
    with right:
        try:
            ask = {"lasso": learning_guesses.lasso, "draw": learning_guesses.draw}[step.kind]
            ask(found, step, key, done)
        except Waiting:
            st.caption(_WAITING)
        except BadInput as error:
            failed(found, error)
    with left:
        words(found, step.text)
        learning_guesses.lock(found, step, key, done)
        ways()


def _reveal(found: Found, step: Step, key: str, done, ways) -> None:
    guess = found.lesson.guess(step.more["of"])
    left, right = _sides(step)
    if guess.kind == "draw" and guess.more["data"] not in found.drawn:
        st.info("Nothing is painted yet. Go back and paint some points first.")
        ways()
        return
    if guess.kind == "lasso" and guess.name in done.guesses:
        mine = learning_guesses.mine(found, guess, done)
        if mine is not None:
            own = {"points": guess.more["on"], "mine": mine, "title": "Your group"}
            step = replace(step, show=(own, *step.show))
    with left:
        try:
            learning_guesses.beside(found, guess, key, done)
        except Waiting:
            st.caption(_WAITING)
        except BadInput as error:
            failed(found, error)
        words(found, step.text)
        ways()
    with right:
        figures(found, step, key)


def _experiment(found: Found, step: Step, key: str, done, ways) -> None:
    left, right = st.columns([1, 1.7], gap="large")
    with left:
        words(found, step.text)
        changed, wrong = learning_trying.controls(found, step, key)
    tried = found.with_(changed)
    with right:
        if wrong:
            frame.sentence(wrong, "error")
        else:
            figures(tried, step, key)
    with left:
        if not wrong:
            _readings(tried, step)
        ways()


def _readings(found: Found, step: Step) -> None:
    """The numbers of an experiment and whether its goal is reached."""
    rows = []
    for name in step.more.get("numbers", ()):
        number = found.lesson.numbers[name]
        try:
            value = wording.shown(found.number(name), MEASURES[number.measure].shown)
        except Waiting:
            value = "…"
        except BadInput as error:
            failed(found, error)
            return
        rows.append((number.label, value))
    learning_figures.facts(rows)
    goal = step.more.get("goal")
    if goal:
        try:
            reached = found.holds(tuple(goal["when"]))
        except (Waiting, BadInput):
            return
        st.markdown(goal["text"])
        if reached:
            st.success("Reached.", icon=":material/check:")
        else:
            st.caption("Not reached yet.")


def _check(found: Found, step: Step, key: str, done, ways) -> None:
    left, right = _sides(step)
    with left:
        words(found, step.text)
        _question(found, step, key, done)
        ways()
    with right:
        figures(found, step, key)


def _question(found: Found, step: Step, key: str, done) -> None:
    try:
        texts = [found.text(o.text) for o in step.options]
        right = answers.happened(found, step)
    except Waiting:
        st.caption(_WAITING)
        return
    except BadInput as error:
        failed(found, error)
        return
    picked = st.radio(
        "Your answer",
        range(len(texts)),
        index=None,
        format_func=texts.__getitem__,
        key=f"{key}-answer",
        persist_state="session",
    )
    if st.button("Check", type="primary", key=f"{key}-check", disabled=picked is None):
        done.checked[int(key.rsplit("-", 1)[1])] = picked == right
        st.session_state[f"{key}-said"] = picked
    if picked is None or st.session_state.get(f"{key}-said") != picked:
        return
    why = found.text(step.options[picked].why)
    if picked == right:
        st.success(f"Right. {why}", icon=":material/check:")
    else:
        st.error(f"Not quite. {why} Choose another answer.", icon=":material/close:")


_LAYOUT = {
    "choice": _guess,
    "number": _guess,
    "lasso": _drawing,
    "draw": _drawing,
    "reveal": _reveal,
    "experiment": _experiment,
    "check": _check,
}
