"""Where a reader is in the lessons: what the address says, and what this session remembers."""

from dataclasses import dataclass, field

import streamlit as st

from analytics.lessons.lesson import Lesson

LESSON, STEP = "lesson", "step"  # in the address
_KEPT = "lessons"


@dataclass
class Progress:
    """What was done in one lesson. furthest : the last step seen, from 1, 0 for none. guesses :
    name -> what was guessed. checked : title of a question -> whether its answer was right."""

    furthest: int = 0
    guesses: dict = field(default_factory=dict)
    checked: dict = field(default_factory=dict)


def progress(lesson: Lesson) -> Progress:
    """What this session did in a lesson."""
    return st.session_state.setdefault(_KEPT, {}).setdefault(lesson.id, Progress())


def go(lesson: str, step: int = 1) -> None:
    """Put a lesson and a step, from 1, into the address; "" for the list."""
    if not lesson:
        st.query_params.pop(LESSON, None)
        st.query_params.pop(STEP, None)
    else:
        st.query_params.update({LESSON: lesson, STEP: str(step)})
