"""Dates on the axes of a plotly map follow the reader's zoom, of which no script hears."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import frame, mounting
from pages.ui.in_view import BOX

_COMPONENT = st.components.v2.component(
    "gestalt_ticking",
    js="\n".join(
        (frame.ASSETS / name).read_text("utf-8")
        for name in ("large/ticks.js", "ticking/ticking.js")
    ),
)


def listen(key: str, dated: Sequence[bool]) -> None:
    """Have the browser name round dates of what is shown on the map drawn under this key.

    dated : whether x and y are dates, in days since 1970-01-01; without one there is nothing to do.
    """
    sides = [side for side, date in zip("xy", dated, strict=False) if date]
    if not sides:
        return
    with st.container(key=f"{key}-dateticks"):  # takes no room, see assets/app.css
        _COMPONENT(
            key=mounting.key(key, "ticking"), data={"box": BOX.format(key=key), "dated": sides}
        )
