"""Escape or a double click on a plotly map lets the selection go."""

import streamlit as st

from pages.ui import frame, mounting

_COMPONENT = st.components.v2.component(
    "gestalt_letgo", js=(frame.ASSETS / "letgo" / "letgo.js").read_text("utf-8")
)


def listen(key: str, cleared) -> None:
    """Call ``cleared`` when the reader lets go the selection on the map drawn under this key."""
    with st.container(key=f"{key}-letgo"):  # takes no room, see assets/app.css
        _COMPONENT(
            key=mounting.key(key, "letting-go"),
            data={"box": f".st-key-{key}-plotbox, .st-key-{key}-sidebox"},
            on_cleared_change=cleared,
        )
