"""Clusters: group the rows, and see how good and how steady the groups are."""

import streamlit as st

from pages.ui import findings, frame, mapview, panels, quality, session

if frame.needs_data():
    st.stop()

view = session.current().view
dataset = session.load(view.dataset)
projection = session.load(view.projection)
clustering = session.load(view.clustering)

with st.sidebar:
    panels.cluster_controls(dataset, projection, clustering)

if projection is None or clustering is None:
    st.caption("The groups appear here as soon as they are ready.")
    st.stop()

plot, facts = st.columns([3.1, 1], gap="medium")
with plot:
    mask = mapview.draw(dataset, projection, clustering, color="clusters", key="clusters")
    panels.selection_bar(dataset, projection, mask)
with facts:
    findings.clustering(dataset, projection, clustering)
    findings.groups(clustering)
quality.tabs(dataset, projection, clustering, mask)
