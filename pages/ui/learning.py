"""Lessons: the list, and one lesson a step at a time. The address says which lesson and step."""

import streamlit as st

from analytics.errors import BadInput
from analytics.lessons import reading, sheet
from analytics.lessons.lesson import Lesson
from pages.ui import frame, learning_steps, stepping
from pages.ui.learning_place import LESSON, STEP, Progress, go, progress
from pages.ui.words import count, safe_md

_LONGEST = 4  # digits of a step in an address


def opened() -> Lesson | None:
    """The lesson in the address, or None."""
    wanted = st.query_params.get(LESSON, "")
    if not wanted:
        return None
    try:
        return reading.get(wanted)
    except BadInput as error:
        frame.sentence(f"The lesson of this link is not there. {error}", "warning")
        return None


def overview() -> None:
    """The lessons as cards, algorithms a step at a time, and the notes for teachers."""
    fills = {"Lessons": _cards, "Step by step": stepping.show, "For teachers": _teachers}
    tabs = st.tabs(list(fills), key="learn-tab", on_change="rerun")
    for tab, fill in zip(tabs, fills.values(), strict=True):
        if tab.open:
            with tab:
                fill()


def _cards() -> None:
    st.subheader("Guess first, then look")
    st.markdown(
        "Each lesson asks you to commit to a guess before it runs a real method in front of you. "
        "Five to ten minutes each, in any order."
    )
    lessons = reading.lessons()
    for row in range(0, len(lessons), 3):
        for slot, lesson in zip(st.columns(3, gap="medium"), lessons[row : row + 3], strict=False):
            with slot.container(border=True, key=f"lesson-card-{lesson.id}"):
                _card(lesson)


def _card(lesson: Lesson) -> None:
    done = progress(lesson)
    st.markdown(f"#### {safe_md(lesson.title)}")
    st.markdown(safe_md(lesson.line))
    st.caption(f"About {lesson.minutes} minutes · {_said(lesson, done)}")
    label = "Go on" if 1 < done.furthest < len(lesson.steps) else "Start"
    at = done.furthest if label == "Go on" else 1
    # The name of the lesson is in the button's help, so that a screen reader can tell them apart.
    if st.button(
        f"{label}: {lesson.title}", key=f"open-{lesson.id}", help=lesson.line, type="secondary"
    ):
        go(lesson.id, at)
        st.rerun()


def _said(lesson: Lesson, done: Progress) -> str:
    """Progress in words."""
    if not done.furthest:
        return "not started"
    if done.furthest < len(lesson.steps):
        return f"at step {done.furthest} of {len(lesson.steps)}"
    checks = [s.title for s in lesson.steps if s.kind == "check"]
    right = sum(done.checked.get(title, False) for title in checks)
    return f"read to the end, {right} of {count(len(checks), 'question')} right"


def _teachers() -> None:
    """All lessons with their notes, and the same as a page to print."""
    with st.container(width=learning_steps.WIDTH):
        st.markdown(
            "What each lesson is for, what to ask the class, and where learners go wrong. Every "
            "link below opens a lesson at its first step; the address of any step can be sent to "
            "a class."
        )
    st.download_button(
        "Download as a page to print",
        lambda: sheet.page(reading.lessons()),
        file_name="gestalt-lessons.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/print:",
    )
    with st.container(width=learning_steps.WIDTH):
        for lesson in reading.lessons():
            _notes(lesson)


def _notes(lesson: Lesson) -> None:
    """The notes for teachers of one lesson."""
    st.subheader(safe_md(lesson.title), anchor=False)
    st.caption(f"About {lesson.minutes} minutes, {count(len(lesson.steps), 'step')}")
    st.markdown("**Afterwards learners know**\n" + _bullets(lesson.after))
    st.markdown(lesson.teacher)
    query = {LESSON: lesson.id, STEP: "1"}
    st.page_link("learn.py", label=f"Open: {safe_md(lesson.title)}", query_params=query)


def _bullets(lines: tuple[str, ...]) -> str:
    return "".join(f"\n- {line}" for line in lines)


def _step_number(lesson: Lesson) -> int:
    """The step in the address, from 1; says so when there is no such step."""
    said, most = st.query_params.get(STEP, "1"), len(lesson.steps)
    at = int(said) if said.isascii() and said.isdecimal() and len(said) <= _LONGEST else 0
    if not 1 <= at <= most:
        frame.sentence(f"This lesson has steps 1 to {most}; the link names another one.", "warning")
        return min(max(at, 1), most)
    return at


def reached(lesson: Lesson) -> int:
    """The step in the address, from 1, which counts as seen from now on."""
    at, done = _step_number(lesson), progress(lesson)
    done.furthest = max(done.furthest, at)
    return at


def show(lesson: Lesson, at: int) -> None:
    """One step of a lesson, from 1, with the way back and on."""
    done = progress(lesson)
    if st.button("All lessons", icon=":material/arrow_back:", type="tertiary"):
        go("")
        st.rerun()
    _bar(lesson, at)
    if at == 1:
        with st.expander("What you will know after"):
            st.markdown(_bullets(lesson.after))
    step = lesson.steps[at - 1]
    learning_steps.show(lesson, at, done, lambda: _ways(lesson, at, step.kind))
    if at == 1:
        with st.expander("Notes for the teacher"):
            st.markdown(lesson.teacher)


def _bar(lesson: Lesson, at: int) -> None:
    """How far the reader is, in words and as a line."""
    most = len(lesson.steps)
    st.caption(safe_md(f"{lesson.title} · step {at} of {most}"))
    st.html(
        f"<div class='lesson-bar' role='progressbar' aria-label='Progress in this lesson' "
        f"aria-valuemin='1' aria-valuemax='{most}' aria-valuenow='{at}' "
        f"aria-valuetext='step {at} of {most}'><i style='width:{100 * at / most:.0f}%'></i></div>"
    )


def _ways(lesson: Lesson, at: int, kind: str) -> None:
    """Back and Next."""
    with st.container(horizontal=True, key="lesson-ways"):
        if st.button("Back", icon=":material/chevron_left:", disabled=at == 1, key="lesson-back"):
            go(lesson.id, at - 1)
            st.rerun()
        if at == len(lesson.steps):
            if st.button("To all lessons", key="lesson-next", type="primary"):
                go("")
                st.rerun()
        elif st.button(
            learning_steps.NEXT.get(kind, "Next"),
            icon=":material/chevron_right:",
            icon_position="right",
            type="secondary" if kind in learning_steps.NEXT else "primary",
            key="lesson-next",
        ):
            go(lesson.id, at + 1)
            st.rerun()
