"""Pictures: which scatterplot, which map, and which benchmark plots to choose."""

import streamlit as st

from pages.ui import choosing, frame, ranking, session, trusting

if choosing.GO_TO in st.session_state:
    st.switch_page(st.session_state.pop(choosing.GO_TO))
if frame.needs_data():
    st.stop()

_, dataset, _, _ = session.shown()

fill = {
    "Find a map": lambda: choosing.advisor(dataset),
    "Compare plots": lambda: ranking.show(dataset),
    "Trust a benchmark": lambda: trusting.show(dataset),
}
for tab, draw in zip(
    st.tabs(list(fill), key="pictures", on_change="rerun"), fill.values(), strict=True
):
    if tab.open:
        with tab:
            draw()
