"""Perception: where people would agree about the groups in this picture, and where not."""

import streamlit as st

from pages.ui import findings, frame, making, mapview, pairs, people, screen, session, trying

if frame.needs_data():
    st.stop()

_, dataset, projection, clustering = session.shown()

with st.sidebar:
    making.map_choice(dataset, projection)

if projection is None:
    st.caption("The picture appears here as soon as it is ready.")
    st.stop()

screen.watch()


def ambiguity_tab() -> None:
    """How ambiguous the picture is, and why."""
    result = session.ambiguity()
    plot, facts = st.columns([3.1, 1], gap="medium")
    with plot:
        mapview.draw(
            dataset,
            projection,
            clustering,
            color="",
            ellipses=pairs.ellipses(result),
            lit=pairs.lit(result, projection),
            key="perception",
        )
    with facts:
        findings.ambiguity(projection, dataset, letters=True)
        pairs.warnings(result)
    pairs.panel(result)


def drawing_tab() -> None:
    """How the score moves with the way the picture is drawn."""
    result = session.ambiguity()
    pairs.curves(projection, result)
    pairs.components_curve(result)


TABS = {
    "How ambiguous it is": ambiguity_tab,
    "What people would group": lambda: people.tab(dataset, projection, clustering),
    "How drawing changes it": drawing_tab,
    "Try it with two groups": trying.tab,
}
# Only the open tab is filled: the others may ask for jobs.
tabs = st.tabs(list(TABS), key="perception-tab", on_change="rerun")
for tab, fill in zip(tabs, TABS.values(), strict=True):
    if tab.open:
        with tab:
            fill()
