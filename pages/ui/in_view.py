"""What a plotly map shows when something is selected on it: the map drawn anew keeps to it."""

from collections.abc import Mapping

import streamlit as st

from analytics.view import checked_zoom
from pages.ui import frame, mounting

_COMPONENT = st.components.v2.component(
    "gestalt_in_view", js=(frame.ASSETS / "inview" / "inview.js").read_text("utf-8")
)
BOX = ".st-key-{key}-plotbox, .st-key-{key}-sidebox"


def listen(key: str, revision: str) -> None:
    """Have the browser say what the map drawn under this key shows, and bear with a plot that is
    replaced while a line is drawn on it. revision : of the map, "" to be told nothing."""
    with st.container(key=f"{key}-inview"):  # takes no room, see assets/app.css
        _COMPONENT(
            key=mounting.key(key, "in-view"),
            data={
                "box": BOX.format(key=key),
                "revision": revision,
                "known": list(shown(key, revision)),  # what was told before and holds no more
            },
            on_shown_change=lambda: None,
        )


def shown(key: str, revision: str) -> tuple[float, ...]:
    """(x0, x1, y0, y1) that the reader had zoomed or moved this map to; () for the first view."""
    state = st.session_state.get(mounting.key(key, "in-view"))
    said = state.get("shown") if state is not None else None
    if not isinstance(said, Mapping) or said.get("revision") != revision:
        return ()
    return checked_zoom(said.get("limits"))
