"""Guesses: asked for, kept, and shown beside what happened."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics import selection as geometry
from analytics.lessons import answers, wording
from analytics.lessons.lesson import Lesson, Step
from analytics.lessons.measures import MEASURES
from analytics.lessons.things import Found, Waiting
from analytics.results import Clustering, Dataset
from pages.ui import drawing, findings, frame, learning_figures, painting
from pages.ui.learning_place import Progress, go
from pages.ui.words import count, share

_LOCK = "Lock in my guess and reveal"
_FEWEST_DRAWN = 20


def _reveal_of(lesson: Lesson, name: str) -> int:
    """The step, from 1, that reveals a guess."""
    return next(i for i, s in enumerate(lesson.steps, 1) if s.more.get("of") == name)


def _locked(found: Found, step: Step, done: Progress, guess) -> None:
    """Keep a guess and go to its reveal."""
    done.guesses[step.name] = guess
    go(found.lesson.id, _reveal_of(found.lesson, step.name))
    st.rerun()


def choice(found: Found, step: Step, key: str, done: Progress) -> None:
    """One of several; the options stand in words."""
    texts = [found.text(o.text) for o in step.options]
    picked = st.radio(
        "Your guess",
        range(len(texts)),
        index=done.guesses.get(step.name),
        format_func=texts.__getitem__,
        key=f"{key}-choice",
        persist_state="session",
    )
    if st.button(_LOCK, type="primary", key=f"{key}-lock"):
        if picked is None:
            st.warning("Choose one first.")
        else:
            _locked(found, step, done, picked)


def _is_share(lesson: Lesson, step: Step) -> bool:
    truth = lesson.numbers[step.more["truth"]]
    return MEASURES[truth.measure].shown == wording.SHARE


def in_range(lesson: Lesson, step: Step, said: Any) -> float | None:
    """A guess of a number that came from outside, None when it is none that can be given."""
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return None
    shown = said * 100 if _is_share(lesson, step) else said
    return float(said) if step.more["low"] <= shown <= step.more["high"] else None


def number(found: Found, step: Step, key: str, done: Progress) -> None:
    """A number; shares are asked for in per cent."""
    per_cent = _is_share(found.lesson, step)
    whole = MEASURES[found.lesson.numbers[step.more["truth"]].measure].shown != wording.PLAIN
    cast = int if whole else float
    before = done.guesses.get(step.name)
    given = st.number_input(
        "Your guess, per cent" if per_cent else "Your guess",
        cast(step.more["low"]),
        cast(step.more["high"]),
        None if before is None else cast(round(before * (100 if per_cent else 1), 4)),
        step=1 if whole else 0.05,
        key=f"{key}-number",
        placeholder=f"from {step.more['low']} to {step.more['high']}",
        persist_state="session",
    )
    if st.button(_LOCK, type="primary", key=f"{key}-lock"):
        if given is None:
            st.warning("Say a number first.")
        else:
            _locked(found, step, done, given / 100 if per_cent else float(given))


def lasso(found: Found, step: Step, key: str, done: Progress) -> None:
    """A line round points: by mouse or finger on the map, or as a box by numbers."""
    projection = found.thing(step.more["on"])
    shapes = st.session_state.setdefault(f"{key}-shapes", done.guesses.get(step.name, ()))
    chart = f"{key}-lasso"

    def drawn():
        drawing.heard(chart, lambda new: st.session_state.update({f"{key}-shapes": new}))

    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    st.session_state[f"{key}-inside"] = 0 if mask is None else int(mask.sum())
    learning_figures.lassoed(found, step.more["on"], chart, mask, shapes, drawn)
    if mask is None:
        st.caption("Drag round points to draw a line. The tool is in your hand already.")
    else:
        st.caption(f"{count(int(mask.sum()), 'point')} of {len(mask):,} are inside your line.")
    _by_numbers(projection, key)


def _by_numbers(projection, key: str) -> None:
    """The same without a mouse: a box by its four sides."""
    low, high = projection.xy.min(axis=0), projection.xy.max(axis=0)
    with st.expander("Choose without a mouse"):
        st.caption(
            f"A box by its sides. The points lie from {low[0]:.1f} to {high[0]:.1f} across and "
            f"from {low[1]:.1f} to {high[1]:.1f} up."
        )
        sides = []
        names = ("Left side", "Right side", "Lower side", "Upper side")
        starts = (low[0], high[0], low[1], high[1])
        for slot, name, start in zip(st.columns(4), names, starts, strict=True):
            with slot:
                sides.append(
                    st.number_input(name, value=round(float(start), 1), key=f"{key}-{name}")
                )
        if st.button("Take the points in this box", key=f"{key}-box"):
            box = {"type": "box", "x": sorted(sides[:2]), "y": sorted(sides[2:])}
            st.session_state[f"{key}-shapes"] = (box,)
            st.rerun()


def draw(found: Found, step: Step, key: str, done: Progress) -> None:
    """Points painted on a board."""
    board = _board(found.lesson, step)
    xy = painting.show(board, start=step.more.get("start", "Empty"))
    st.session_state[f"{board}-opened"] = True
    words = f"{count(len(xy), 'point')} on the board."
    short = _FEWEST_DRAWN - len(xy)
    st.caption(words if short <= 0 else f"{words} It takes {count(short, 'more point')}.")


def _board(lesson: Lesson, step: Step) -> str:
    return f"learn-{lesson.id}-{step.name}"


def points(lesson: Lesson, step: Step) -> np.ndarray:
    """What is painted on the board of a step: (n, 2), nothing before it was opened."""
    board = _board(lesson, step)
    opened = st.session_state.get(f"{board}-opened")
    return painting.points(board) if opened else np.zeros((0, 2))


def painted_again(lesson: Lesson, step: Step, xy: Any) -> int | None:
    """Put points that came from outside on the board of a step; their number, None for too few.
    Raises BadInput."""
    if not isinstance(xy, list) or len(xy) < _FEWEST_DRAWN:
        return None
    board = _board(lesson, step)
    if not st.session_state.get(f"{board}-opened"):
        painting.put(board, xy)
        st.session_state[f"{board}-opened"] = True
    return len(xy)


def lock(found: Found, step: Step, key: str, done: Progress) -> None:
    """The button that keeps a lasso or a painting."""
    if step.kind == "lasso":
        guess = st.session_state.get(f"{key}-shapes", ())
        inside = st.session_state.get(f"{key}-inside", 0)
        missing = "" if inside else "Draw a line round some points first."
    else:
        guess = len(points(found.lesson, step))
        missing = "" if guess >= _FEWEST_DRAWN else "Paint more points first."
    if st.button(_LOCK, type="primary", key=f"{key}-lock"):
        if missing:
            st.warning(missing)
        else:
            _locked(found, step, done, guess)


def beside(found: Found, guess: Step, key: str, done: Progress) -> None:
    """What was guessed and what happened, in words."""
    if guess.name not in done.guesses:
        st.info("You did not guess. Go back and try first: being wrong is how this sticks.")
        if guess.kind in ("lasso", "draw"):
            return
    said = done.guesses.get(guess.name)
    {"choice": _choice_beside, "number": _number_beside, "lasso": _lasso_beside}.get(
        guess.kind, lambda *_: None
    )(found, guess, said, key)


def _choice_beside(found: Found, guess: Step, said: int | None, key: str) -> None:
    right = answers.happened(found, guess)
    if said is not None:
        st.markdown(f"You guessed: {found.text(guess.options[said].text)}")
    st.markdown(f"What happened: **{found.text(guess.options[right].text)}**")
    if said is not None:
        st.markdown("You were right." if said == right else "It went another way than you said.")


def _number_beside(found: Found, guess: Step, said: float | None, key: str) -> None:
    name = guess.more["truth"]
    truth = found.lesson.numbers[name]
    how, of = MEASURES[truth.measure].shown, f": {truth.label}" if truth.label != name else ""
    rows = [(f"What happened{of}", found.shown(name))]
    if said is None:
        learning_figures.facts(rows)
        return
    far = answers.number(found, guess, said)
    rows.insert(0, ("You guessed", wording.shown(said, how)))
    learning_figures.facts(rows)
    gap = wording.shown(abs(far.guess - far.truth), how)
    if how == wording.SHARE:  # "30 % too low" would be three tenths of the truth
        gap = count(max(round(100 * abs(far.guess - far.truth)), 1), "percentage point")
    where = "too low" if far.guess < far.truth else "too high"
    st.markdown("Close." if far.near else f"Your guess was {gap} {where}.")


def mine(found: Found, guess: Step, done: Progress) -> np.ndarray | None:
    """Which points the reader drew round, bool (n,), or None while the map is not there."""
    try:
        return geometry.resolve(done.guesses[guess.name], found.thing(guess.more["on"]).xy)
    except Waiting:
        return None


def _lasso_beside(found: Found, guess: Step, said: tuple, key: str) -> None:
    """The lasso beside the groups that fit it best, as a table and on the map."""
    projection = found.thing(guess.more["on"])
    mask = geometry.resolve(said, projection.xy)
    rows, late = [], 0
    for name in guess.more["truth"]:
        try:
            rows.append((source_name(found, name), answers.overlap(found, name, mask)))
        except Waiting:
            late += 1
    st.markdown(f"**Your group has {count(int(mask.sum()), 'point')}.** The best match of each:")
    findings.lines(
        pd.DataFrame(
            {
                "by": [who for who, _ in rows],
                "group": [o.name or "none" for _, o in rows],
                "overlap": [share(o.jaccard) for _, o in rows],
                "points": [o.size for _, o in rows],
                "in both": [o.both for _, o in rows],
            }
        ),
        ("by", "group"),
    )
    st.caption("Overlap: points in both over points in either.")
    if late:
        st.caption("One more line is being computed and appears by itself.")


def source_name(found: Found, name: str) -> str:
    """Who made some groups."""
    record = found.thing(name)
    if isinstance(record, Clustering):
        label = frame.method_label("clustering", record.method)
        return f"{label}, {count(record.n_clusters, 'group')}"
    if isinstance(record, Dataset):
        made = record.label_column == "group"
        return "how they were made" if made else f"column {record.label_column}"
    return "predicted people"
