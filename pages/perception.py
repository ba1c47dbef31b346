"""Perception: where people would agree about the groups in this picture, and where not."""

import streamlit as st

from pages.ui import findings, frame, mapview, pairs, panels, session

if frame.needs_data():
    st.stop()

_, dataset, projection, clustering = session.shown()

with st.sidebar:
    panels.picture_controls(dataset, projection)

if projection is None:
    st.caption("The picture appears here as soon as it is ready.")
    st.stop()

ambiguity = session.ambiguity()
plot, facts = st.columns([3.1, 1], gap="medium")
with plot:
    mapview.draw(
        dataset,
        projection,
        clustering,
        color="",
        ellipses=pairs.ellipses(ambiguity),
        key="perception",
    )
with facts:
    findings.ambiguity(projection, dataset, letters=True)
    pairs.warnings(ambiguity)
pairs.table(ambiguity)
