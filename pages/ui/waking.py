"""A page whose connection to the server broke goes on with what it showed."""

import streamlit as st

from pages.ui import frame

_COMPONENT = st.components.v2.component(
    "gestalt_wake", js=(frame.ASSETS / "wake" / "wake.js").read_text("utf-8")
)


def watch() -> None:
    """Run the page again once its connection is back: a server that no longer knows it reads what
    is open from the address, and hears the next press."""
    with st.container(key="wake-watch"):  # takes no room, see assets/app.css
        _COMPONENT(key="wake", on_back_change=lambda: None)
