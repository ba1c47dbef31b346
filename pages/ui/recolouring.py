"""A page that turns dark or light has its maps and pictures drawn anew for it."""

import streamlit as st

from pages.ui import frame

_COMPONENT = st.components.v2.component(
    "gestalt_theme", js=(frame.ASSETS / "theme" / "theme.js").read_text("utf-8")
)


def watch() -> None:
    """Run the page again once the browser shows it in the other theme."""
    with st.container(key="theme-watch"):  # takes no room, see assets/app.css
        _COMPONENT(key="theme", data={"dark": frame.dark()}, on_changed_change=lambda: None)
