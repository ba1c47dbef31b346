"""Whether a page is drawn for a narrow screen, where its style alone cannot make it fit."""

import streamlit as st

from pages.ui import frame

NARROW = "screen-narrow"
WATCH = "screen-watch"
_COMPONENT = st.components.v2.component(
    "gestalt_width", js=(frame.ASSETS / "theme" / "width.js").read_text("utf-8")
)


def narrow() -> bool:
    """Whether the reader's screen is narrow, as far as a page that watches knows."""
    return st.session_state.get(NARROW, False)


def watch() -> None:
    """Run the page again once its screen turns out to be, or becomes, narrow or wide."""
    with st.container(key=WATCH):  # takes no room, see assets/app.css
        _COMPONENT(
            key="screen",
            data={"drawn": "narrow" if narrow() else "wide"},
            on_changed_change=_changed,
        )


def _changed() -> None:
    state = st.session_state.get("screen")
    st.session_state[NARROW] = state is not None and state.get("changed") == "narrow"
