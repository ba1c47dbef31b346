"""What was done in the lessons outlives a page loaded again: the browser's tab keeps it.

The address says where a reader is, but not what was guessed: an address is sent to a class, which
is to guess for itself. What comes back from the browser is read as hostile.
"""

import json
from typing import Any

import streamlit as st

from analytics import selection
from analytics.errors import BadInput
from analytics.lessons import reading
from analytics.lessons.lesson import Lesson, Step
from pages.ui import frame, learning_guesses
from pages.ui.learning_place import Progress, progress

LONGEST = 200_000  # characters from the browser
_ASKED = "lessons-asked"
_COMPONENT = st.components.v2.component(
    "gestalt_lessons", js=(frame.ASSETS / "lessons" / "kept.js").read_text("utf-8")
)


def keep() -> None:
    """Have the tab keep what was done; what it kept before comes first, once in a session."""
    with st.container(key="lessons-kept"):  # takes no room, see assets/app.css
        _COMPONENT(
            key="lessons-keeper",
            data={"asked": _ASKED in st.session_state, "done": _written()},
            on_found_change=_found,
        )


def _found() -> None:
    st.session_state[_ASKED] = True
    said = st.session_state["lessons-keeper"].get("found")
    try:
        kept = json.loads(said) if isinstance(said, str) and len(said) <= LONGEST else {}
    except (ValueError, RecursionError):
        kept = {}
    for lesson in reading.lessons():
        if isinstance(one := kept.get(lesson.id) if isinstance(kept, dict) else None, dict):
            _join(lesson, one)


def _join(lesson: Lesson, kept: dict) -> None:
    """Add what the tab kept of a lesson; what this session did stays."""
    done = progress(lesson)
    furthest, guesses, checked = (kept.get(k) for k in ("furthest", "guesses", "checked"))
    if type(furthest) is int and 0 <= furthest <= len(lesson.steps):
        done.furthest = max(done.furthest, furthest)
    for name, said in guesses.items() if isinstance(guesses, dict) else ():
        step = lesson.guess(name)
        if step is not None and name not in done.guesses:
            guess = _guess(lesson, step, said)
            if guess is not None:
                done.guesses[name] = guess
    titles = {s.title for s in lesson.steps if s.kind == "check"}
    for title, right in checked.items() if isinstance(checked, dict) else ():
        if title in titles and isinstance(right, bool):
            done.checked.setdefault(title, right)


def _guess(lesson: Lesson, step: Step, said: Any) -> Any:
    """A guess as the lesson holds it, None for what is none."""
    try:
        if step.kind == "choice":
            return said if type(said) is int and 0 <= said < len(step.options) else None
        if step.kind == "number":
            return learning_guesses.in_range(lesson, step, said)
        if step.kind == "lasso":
            return selection.from_text(said) or None if isinstance(said, str) else None
        return learning_guesses.painted_again(lesson, step, said)
    except BadInput:
        return None


def _written() -> str:
    """All that was done, as JSON."""
    found = {lesson.id: _lesson(lesson, progress(lesson)) for lesson in reading.lessons()}
    return json.dumps({name: done for name, done in found.items() if done["furthest"]})


def _lesson(lesson: Lesson, done: Progress) -> dict[str, Any]:
    guesses = {name: _plain(lesson, lesson.guess(name), g) for name, g in done.guesses.items()}
    return {"furthest": done.furthest, "guesses": guesses, "checked": done.checked}


def _plain(lesson: Lesson, step: Step, guess: Any) -> Any:
    """A guess as JSON can hold it."""
    if step.kind == "lasso":
        return selection.to_text(guess)
    return learning_guesses.points(lesson, step).tolist() if step.kind == "draw" else guess
