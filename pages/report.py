"""Report: one page for readers who were not there, and everything as files."""

import streamlit as st

from pages.ui import exports, frame, screen, session

if frame.needs_data():
    st.stop()

view = session.current().view
if not view.projection or session.load(view.projection) is None:
    st.caption("The report appears here as soon as the map is ready.")
    st.stop()
screen.watch()
exports.page(view)
