"""Clusters: group the rows, and see how good and how steady the groups are."""

import streamlit as st

from pages.ui import allrows, findings, frame, making, mapview, quality, selecting, session

if frame.needs_data():
    st.stop()

view, dataset, projection, clustering = session.shown()

with st.sidebar:
    making.clustering_choice(dataset, projection, clustering)

if projection is None or clustering is None:
    st.caption("The groups appear here as soon as they are ready.")
    st.stop()

plot, facts = st.columns([3.1, 1], gap="medium")
with plot:
    picture, bar = st.container(), st.container()
# The count is sent before the picture is drawn again: it answers a lasso at once.
mask = mapview.selected_mask(projection)
with bar:
    selecting.selection_bar(dataset, projection, mask)
with picture:
    mapview.draw(
        dataset,
        projection,
        clustering,
        color="clusters",
        shape=view.shape,
        links=view.links,
        key="clusters",
    )
with facts:
    findings.clustering(dataset, projection, clustering)
    findings.groups(clustering)
    allrows.offer(clustering)
quality.tabs(dataset, projection, clustering, mask)
