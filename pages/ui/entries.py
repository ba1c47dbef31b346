"""What one press of the reader leads to is one entry of the browser's history."""

import streamlit as st

from pages.ui import frame

_COMPONENT = st.components.v2.component(
    "gestalt_address", js=(frame.ASSETS / "address" / "address.js").read_text("utf-8")
)


def watch() -> None:
    """Have the browser make one entry of the addresses that a press passes through."""
    with st.container(key="address-watch"):  # takes no room, see assets/app.css
        _COMPONENT(key="address")
