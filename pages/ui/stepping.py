"""An algorithm one step at a time on the points that a reader paints: on, back, or played."""

import time

import numpy as np
import pandas as pd
import streamlit as st

from analytics.errors import BadInput
from analytics.params import Param
from analytics.stepping import algorithms
from analytics.stepping.algorithms import Algorithm, Run
from analytics.stepping.step import Step
from pages.ui import frame, painting, parts
from pages.ui.words import count, escape, number, safe_md

QUIET = {"displayModeBar": False}
PACES = {"slow": 2.0, "medium": 1.0, "fast": 0.5}  # seconds a step stays
MOST_SEED = 9_999
# Seconds in which a press is the same one: a click that meets the timer is sent twice.
TWICE = 0.4


def show(key: str = "steps") -> None:
    """The board, the algorithm, and its steps. Painting or choosing runs this part of the page
    again, moving to another step only the picture."""
    st.fragment(parts.counted("steps")(_all), key=f"{key}-all")(key)


def _all(key: str) -> None:
    row = _algorithm(key)
    board, rest = st.columns([1, 1.85], gap="medium")
    with board:
        painting.starts(key)
        points = painting.show(key, start="Two moons")
    with rest:
        values, seed = _parameters(key, row)
        if not len(points):
            st.info("The board is empty. Paint some points, or choose a set to start from.")
            return
        try:
            digest = algorithms.digest(points, row.id, values, seed)
            run = _run(digest, points, row.id, values, seed)
        except BadInput as error:
            frame.sentence(str(error), "warning")
            return
        for note in run.notes:
            st.caption(safe_md(note))
        place = _place(key, digest)
        pace = PACES[st.session_state.get(f"{key}-pace") or "medium"]
        every = pace if place["playing"] else None
        st.fragment(parts.counted("player")(_player), run_every=every)(key, run, row, pace)
        _steps_table(run, row)
        with st.popover("How this is done", type="tertiary"):
            st.markdown(
                f"{safe_md(row.summary)} After {safe_md(row.reference)}. Every step is computed by "
                "the rules of the method, and the last one is what the method gives."
            )


@st.cache_resource(max_entries=64, show_spinner=False)
def _run(digest: str, _points: np.ndarray, _algorithm: str, _values: dict, _seed: int) -> Run:
    """The steps, computed once; ``digest`` names all the rest."""
    return algorithms.run(_points, _algorithm, _values, _seed)


def _algorithm(key: str) -> Algorithm:
    """The algorithm chosen, with what it does in one sentence."""
    chosen = st.segmented_control(
        "Algorithm",
        list(algorithms.ALGORITHMS),
        default="kmeans",
        format_func=lambda i: algorithms.ALGORITHMS[i].label,
        key=f"{key}-algorithm",
        required=True,
        persist_state="session",
    )
    row = algorithms.get(chosen or "kmeans")
    st.caption(safe_md(row.summary))
    return row


def _parameters(key: str, row: Algorithm) -> tuple[dict, int]:
    """The few parameters of an algorithm, beside each other."""
    slots = st.columns(len(row.params) + row.seeded, gap="medium")
    values = {}
    for slot, p in zip(slots, row.params, strict=False):
        with slot:
            values[p.name] = _widget(f"{key}-{row.id}-{p.name}", p)
    if not row.seeded:
        return values, 0
    seed = slots[-1].number_input(
        "Random start",
        0,
        MOST_SEED,
        0,
        key=f"{key}-seed",
        help="Another number gives another start, the same number the same.",
        persist_state="session",
    )
    return values, int(seed)


def _widget(key: str, p: Param):
    common = {"key": key, "help": p.help, "persist_state": "session"}
    if p.type == "choice":
        return st.selectbox(p.label, p.choices, index=p.choices.index(p.default), **common)
    cast, step = (int, 1) if p.type == "int" else (float, 0.01)
    low, high, default = (cast(v) for v in (p.low, p.high, p.default))
    return st.slider(p.label, low, high, default, step, **common)


def _place(key: str, digest: str) -> dict:
    """Where the reader is in the steps; another run starts at its first step. The slider is
    forgotten while another page or tab is shown: who comes back finds the step left.

    at : the step drawn last. to : a step wanted, until the slider is drawn there. It is not set
    earlier: a run may end before, and the browser, never told, would then say the old step again.
    """
    place = st.session_state.setdefault(f"{key}-place", {})
    if place.get("digest") != digest:
        place.update(digest=digest, playing=False, due=0.0, at=1, to=1, pressed=-TWICE)
    elif f"{key}-step" not in st.session_state:
        place.update(playing=False, to=place["to"] or place["at"])
    return place


def _wanted(place: dict, slider: str) -> int:
    """The step to show, from 1."""
    return int(place["to"] or st.session_state[slider])


def _player(key: str, run: Run, row: Algorithm, pace: float) -> None:
    """The controls and the step shown. Runs again for each step, and by itself while playing."""
    slider, place, last = f"{key}-step", st.session_state[f"{key}-place"], len(run.steps)
    if place["playing"]:
        _tick(place, slider, last, pace)
    _controls(key, slider, place, last)
    at = place["at"] = int(st.session_state[slider])
    step = run.steps[at - 1]
    picture, facts = st.columns([1.55, 1], gap="medium")
    with picture:
        _picture(key, run, step, at)
        st.caption(safe_md(row.signs))
    with facts:
        _facts(key, run, row, step, at)
    with st.expander(
        "The points of this step as a table", key=f"{key}-rows", on_change="rerun"
    ) as t:
        if t.open:
            _points_table(run, step)


def _tick(place: dict, slider: str, last: int, pace: float) -> None:
    """One step on when it is time; a click while playing does not count as time."""
    now = time.monotonic()
    if now < place["due"]:
        return
    at = _wanted(place, slider)
    if at >= last:
        place["playing"] = False
        st.rerun()  # ends the timer
    place.update(to=at + 1, due=now + 0.8 * pace)


def _controls(key: str, slider: str, place: dict, last: int) -> None:
    """First, back, play, next, last, the pace, and the slider."""
    at = _wanted(place, slider)

    def go(to: int):
        place["to"] = min(max(to, 1), last)

    def play():
        now = time.monotonic()
        if now < place["pressed"] + TWICE:
            return
        place.update(playing=not place["playing"], due=now + 0.3, pressed=now)
        if place["playing"] and _wanted(place, slider) >= last:
            place["to"] = 1
        st.rerun(f"{key}-all")  # starts or ends the timer

    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-controls"):
        for name, icon, to, off in (
            ("First", "first_page", 1, at == 1),
            ("Back", "chevron_left", at - 1, at == 1),
            ("Next", "chevron_right", at + 1, at == last),
            ("Last", "last_page", last, at == last),
        ):
            st.button(
                name,
                icon=f":material/{icon}:",
                on_click=go,
                args=(to,),
                disabled=off,
                key=f"{key}-{name}",
            )
        st.button(
            "Pause" if place["playing"] else "Play",
            icon=":material/pause:" if place["playing"] else ":material/play_arrow:",
            on_click=play,
            key=f"{key}-play",
        )
        st.segmented_control(
            "Pace",
            list(PACES),
            default="medium",
            label_visibility="collapsed",
            required=True,
            key=f"{key}-pace",
            on_change=lambda: st.rerun(f"{key}-all"),
        )
    if place["to"]:
        st.session_state[slider] = at
    st.slider(f"Step {at} of {last}", 1, last, key=slider)
    place["to"] = 0


def _picture(key: str, run: Run, step: Step, at: int) -> None:
    from analytics.figures.stepping import step_picture

    figure = step_picture(run.points, step, frame.dark())
    figure.update_layout(height=None)
    with st.container(key=f"{key}-stepbox", height=520, border=False):
        st.plotly_chart(
            figure,
            key=f"{key}-picture",
            height="stretch",
            theme=None,
            config=QUIET,
            alt=f"Step {at} of {len(run.steps)} on {count(len(run.points), 'point')}. {step.words}",
        )


def _facts(key: str, run: Run, row: Algorithm, step: Step, at: int) -> None:
    """What happened, the curve of the objective with this step marked, and the tree."""
    from analytics.figures.curves import curve
    from analytics.figures.stepping import tree_picture

    st.html(f"<p class='step-words' role='status'>{escape(step.words)}</p>")
    reached = ""  # the curve below is named by its value, also before it has one
    if step.value is not None:
        reached = f": {number(step.value, 0 if step.value == int(step.value) else 3)}"
    st.caption(safe_md(row.value + reached))
    heights = [np.nan if s.value is None else s.value for s in run.steps]
    figure = curve(
        np.arange(1, len(run.steps) + 1),
        heights,
        mark=at,
        x_title="Step",
        dark=frame.dark(),
        height=210,
    )
    alt = f"{row.value} by step; the values are in the table of all steps."
    st.plotly_chart(figure, theme=None, key=f"{key}-curve", config=QUIET, alt=alt)
    if len(run.tree):
        figure = tree_picture(run.tree, step.merges, frame.dark())
        alt = f"The tree of merges, {step.merges} of {len(run.tree)} done."
        st.plotly_chart(figure, theme=None, key=f"{key}-tree", config=QUIET, alt=alt)


def _steps_table(run: Run, row: Algorithm) -> None:
    with st.expander("All steps as a table"):
        table = pd.DataFrame(
            {
                "step": np.arange(1, len(run.steps) + 1),
                "what happened": [s.words for s in run.steps],
                row.value: [s.value for s in run.steps],
            }
        )
        st.dataframe(
            table,
            hide_index=True,
            column_config={"what happened": st.column_config.TextColumn(width="large")},
        )


def _points_table(run: Run, step: Step) -> None:
    from analytics.figures.stepping import groups_of

    table = pd.DataFrame(
        {
            "point": np.arange(1, len(run.points) + 1),
            "across": run.points[:, 0],
            "up": run.points[:, 1],
            "group": groups_of(step),
        }
    )
    st.dataframe(table, hide_index=True)
