"""A board on which the reader paints points, with mouse, finger or keyboard.

What the browser sends is read as hostile. The points are kept under a key of the session, because
Streamlit forgets what a component said once it is not drawn; the browser tab keeps them too (see
``assets/paint/paint.js``), so that they outlive a page loaded again.
"""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from analytics.errors import BadInput
from analytics.stepping import board
from pages.ui import frame, mounting

_PARTS = frame.ASSETS / "paint"
_COMPONENT = st.components.v2.component(
    "gestalt_paint",
    html=(_PARTS / "paint.html").read_text("utf-8"),
    css=(_PARTS / "paint.css").read_text("utf-8"),
    js=(_PARTS / "paint.js").read_text("utf-8"),
)


@dataclass
class _Kept:
    """points (n, 2). load : how often the script replaced them. fresh : nothing was painted or
    chosen in this session, so what the browser tab remembers comes first."""

    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    load: int = 0
    fresh: bool = True
    wrong: str = ""


def _kept(key: str, start: str = "Empty", seed: int = 0) -> _Kept:
    name = f"{key}-painted"
    if name not in st.session_state:
        st.session_state[name] = _Kept(board.start(start, seed))
    return st.session_state[name]


def show(
    key: str, *, start: str = "Empty", seed: int = 0, most: int = board.MOST_PAINTED
) -> np.ndarray:
    """Draw a board and return its points, float64 (n, 2) in the unit square, y upwards.

    start, seed : one of :data:`analytics.stepping.board.SETS`, what the board has at first.
    most : how many points fit, up to 1,000. In a fragment, only the fragment runs again.
    """
    kept = _kept(key, start, seed)
    widget = mounting.key(key, "board")

    def painted():
        _hear(kept, st.session_state[widget].get("points"), most)

    data = {"points": kept.points.tolist(), "load": kept.load, "fresh": kept.fresh}
    _COMPONENT(key=widget, data={**data, "most": most, "name": key}, on_points_change=painted)
    if kept.wrong:
        frame.sentence(kept.wrong, "warning")
    return kept.points


def _hear(kept: _Kept, said, most: int) -> None:
    """Keep what the browser says is painted, {"load": int, "points": [[x, y], ...]}; what cannot be
    read leaves the points as they were and says so."""
    try:
        if not isinstance(said, dict):
            raise BadInput("The painted points cannot be read: load the page again.")
        if said.get("load") == kept.load:  # else painted on what was replaced meanwhile
            kept.points, kept.wrong = board.check(said.get("points"), most), ""
    except BadInput as error:
        kept.wrong = str(error)
    kept.fresh = False


def points(key: str) -> np.ndarray:
    """What is on a board, drawn at the moment or not: (n, 2)."""
    return _kept(key).points


def put(key: str, xy: np.ndarray) -> None:
    """Replace what is on a board; the reader can undo it. Raises BadInput."""
    kept = _kept(key)
    kept.points, kept.wrong = board.check(xy), ""
    kept.load, kept.fresh = kept.load + 1, False


def starts(key: str) -> None:
    """Choices of a set to start from; choosing one again draws another of its kind."""
    name, seeds = f"{key}-start", f"{key}-starts"

    def chosen():
        wanted = st.session_state[name]
        st.session_state[seeds] = st.session_state.get(seeds, 0) + 1
        if wanted is not None:
            put(key, board.start(wanted, st.session_state[seeds]))
        # Nothing stays chosen: the board may be painted over, and the same can be chosen again.
        st.session_state[name] = None

    st.pills(
        "Start from",
        [name for name in board.SETS if name != "Empty"],  # Clear is on the board
        key=name,
        on_change=chosen,
        wrap=True,  # all are seen on a phone too
        help="Replaces what is on the board; Undo brings it back.",
    )
