"""Explain: group the texts by descriptions that serve a goal, and change them."""

import streamlit as st

from pages.ui import cards, explained, explaining, explored, frame, mapview, session

if frame.needs_data():
    st.stop()

view, dataset, projection, _ = session.shown()
found = session.load(view.explanation)

with st.sidebar:
    explaining.controls(dataset, found)

columns = explaining.text_columns(dataset)
if not columns:
    st.info(
        "This page groups texts by descriptions in words, and this data has no column of texts. "
        "For tables, the Clusters page explains groups by rules."
    )
    st.page_link("data.py", label="Open data with texts", icon=":material/table:")
    st.stop()

shown = found or explaining.first_look(dataset)
if shown is None or session.current().errors.get("explanation"):
    explaining.way()
if shown is None:
    explaining.before(dataset)
    st.stop()

explained.what_it_is(shown, found is None)
plot, side = st.columns([1.5, 1], gap="medium")
with plot:
    if projection is None:
        st.caption("The map appears here as soon as it is ready.")
    else:
        mapview.draw(
            dataset,
            projection,
            None,
            color="explanation" if found is not None else "",
            key="explain",
        )
    explained.summary(shown, found is None)
with side, st.container(height=800, border=False, key="explain-cards"):
    cards.show(shown, dataset, changeable=found is not None)
if found is not None:
    explored.tabs(found, dataset)
