"""Selecting points of the map by numbers: the way for a keyboard, where others draw a shape."""

from datetime import date, timedelta

import numpy as np
import streamlit as st

from analytics import selection as geometry
from analytics.results import Projection
from pages.ui import mapview, parts
from pages.ui.words import count, safe_md

_STOPS = 100  # of a slider
_EDGE = 0.01  # of the extent, kept free round the points
EPOCH = date(1970, 1, 1)
_FARTHEST = 104_000  # days from it, some 284 years, that Streamlit's slider takes


@st.fragment
@parts.counted("box")
def fold(projection: Projection) -> None:
    """Two ranges and a button, one fold away; counts the rows in the box while it changes."""
    words = "Select by numbers instead of drawing"
    # Filled only when open: all points are counted for it.
    with (fold_ := st.expander(words, key="box-fold", on_change="rerun")):
        if not fold_.open:
            return
        xy = projection.xy
        if not all(np.isfinite(column).all() for column in xy.T):
            xy = xy[np.isfinite(xy).all(axis=1)]
        if not len(xy):
            st.caption("No row has a place on this map.")
            return
        names = projection.axes or ("Across", "Up")
        slots = st.columns(2, gap="medium")
        dated = projection.dated or (False, False)
        spans = [
            (_dates if dated[axis] else _range)(
                slots[axis], names[axis], xy[:, axis], f"box-{axis}-{projection.digest}"
            )
            for axis in (0, 1)
        ]
        shape = {"type": "box", "x": list(spans[0]), "y": list(spans[1])}
        inside = int(geometry.resolve((shape,), xy).sum())
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Select this box", disabled=not inside, key="box-select"):
                mapview.select((shape,))
                st.rerun()
            st.markdown(f"{inside:,} of {count(len(xy), 'row')} in it", width="content")


def _range(slot, name: str, values: np.ndarray, key: str) -> tuple[float, float]:
    """A slider with two ends over the extent of the values."""
    low, high = float(values.min()), float(values.max())
    pad = _EDGE * (high - low) or max(abs(low), 1.0) * _EDGE
    low, high = low - pad, high + pad
    step = (high - low) / _STOPS
    return slot.slider(safe_md(name), low, high, (low, high), step, format="%.3g", key=key)


def _dates(slot, name: str, values: np.ndarray, key: str) -> tuple[float, float]:
    """The same of dates, in days since 1970-01-01; of dates too far away, of these numbers."""
    low, high = int(np.floor(values.min())), int(np.ceil(values.max())) + 1
    if max(-low, high) > _FARTHEST:
        return _range(slot, f"{name}, days since 1970-01-01", values, key)
    step = max((high - low) // _STOPS, 1)
    ends = (EPOCH + timedelta(low), EPOCH + timedelta(high))
    chosen = slot.slider(safe_md(name), *ends, ends, timedelta(step), format="YYYY-MM-DD", key=key)
    first, last = ((day - EPOCH).days for day in chosen)
    return float(first), float(last)
