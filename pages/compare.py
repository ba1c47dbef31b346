"""Compare: results beside each other, where they agree, and which rows move."""

import streamlit as st

from pages.ui import (
    agreeing,
    comparing,
    frame,
    gallery,
    gridding,
    screen,
    session,
    sides,
    sweeping,
    threeway,
)

if frame.needs_data():
    st.stop()

view, dataset, projection, _ = session.shown()
if projection is None:
    st.caption("Results can be compared here as soon as the map is ready.")
    st.stop()

results = comparing.results(dataset)
if not results:
    st.caption(
        "No clustering of this data is there yet: the first one comes by itself, others from the "
        "Clusters page."
    )
    st.stop()
chosen = comparing.chosen(results)
screen.watch()

FILL = {
    "Gallery": lambda: gallery.show(results, chosen, dataset, projection),
    "Side by side": lambda: sides.maps(chosen, dataset, projection),
    "What moved": lambda: sides.moves(chosen, dataset, projection),
    "Agreement": lambda: agreeing.matrix(results, dataset),
    "Consensus": lambda: agreeing.consensus(chosen, results, dataset, projection),
    "Sweep": lambda: sweeping.show(dataset, projection),
    "People": lambda: threeway.show(chosen, dataset, projection),
}
if "signals" in dataset.params:
    FILL["Signals"] = lambda: gridding.show(dataset)
names = list(FILL)
opened = view.part if view.part in FILL else names[0]
# Told by the state, not as the default: that would make other tabs of them, and one clicked before
# the browser has drawn those would stay closed.
if st.session_state.get("compare-part") != opened:
    st.session_state["compare-part"] = opened
tabs = st.tabs(names, key="compare-part", on_change=comparing.opened_part)
# Only the open tab is filled, so nothing is computed that nobody looks at.
for tab, fill in zip(tabs, FILL.values(), strict=True):
    if tab.open:
        with tab:
            fill()
