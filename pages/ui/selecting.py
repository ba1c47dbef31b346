"""How many rows are selected, and what can be done with them."""

import numpy as np
import streamlit as st

from analytics.results import Dataset, Projection
from pages.ui import drawing, mapview, session
from pages.ui.words import count, share


def selection_bar(dataset: Dataset, projection: Projection, mask) -> None:
    """How many rows are selected, and what can be done with them."""
    view = session.current().view
    with st.container(horizontal=True, vertical_alignment="center", key="selection-bar"):
        if mask is None:
            tools = ", with Lasso or Box" if drawing.large(dataset.n) else ""
            st.caption(f"Drag round points to select them{tools}.")
        else:
            n = int(mask.sum())
            st.markdown(f"**{count(n, 'row')} selected** ({share(n / dataset.n)})", width="content")
            if st.button("Clear", type="tertiary", icon=":material/close:"):
                session.change(selection=(), cell="")
                st.rerun()
            st.toggle("Add to it", key=mapview.ADD_KEY, help="The next shape adds to these rows.")
            if n and st.button("Zoom to selection", type="tertiary", icon=":material/zoom_in:"):
                session.change(zoom=_around(projection.xy[mask]))
                st.rerun()
        if view.zoom and st.button("Reset view", type="tertiary", icon=":material/zoom_out_map:"):
            session.change(zoom=())
            st.rerun()


def _around(xy: np.ndarray) -> tuple[float, ...]:
    low, high = xy.min(axis=0).astype(float), xy.max(axis=0).astype(float)
    pad = np.maximum((high - low) * 0.08, 1e-6 + 1e-3 * np.abs(high))
    low, high = low - pad, high + pad
    return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
