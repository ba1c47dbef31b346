"""Map: the picture, its colours, its selection, and how far to trust it."""

import streamlit as st

from pages.ui import boxing, findings, frame, linked, mapcontrols, mapview, selecting, session

if frame.needs_data():
    st.stop()

view, dataset, projection, clustering = session.shown()

with st.sidebar:
    mapcontrols.map_controls(dataset, projection, clustering)

if projection is None:
    st.caption("The map appears here as soon as it is ready.")
    st.stop()

frame.things_to_know()
plot, facts = st.columns([3.1, 1], gap="medium")
with plot:
    picture, bar = st.container(), st.container()
# The count is sent before the picture is drawn again: it answers a lasso at once.
mask = mapview.selected_mask(projection)
with bar:
    selecting.selection_bar(dataset, projection, mask)
    boxing.fold(projection)
with picture:
    mapview.draw(
        dataset,
        projection,
        clustering,
        color=view.color,
        layer=view.layer,
        shape=view.shape,
        links=view.links,
        key="map",
    )
with facts:
    findings.ambiguity(projection, dataset)
    findings.faithfulness(projection)
    if clustering is not None and view.color == "clusters":
        findings.groups(clustering)
linked.linked(dataset, projection, clustering, mapview.focus(dataset, clustering, mask))
