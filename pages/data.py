"""Data: open a file, a sample or saved work; see its faults; choose how it is prepared."""

import streamlit as st

from pages.ui import opening, preparing, session
from pages.ui.saving import saved_list

if opening.GO_TO in st.session_state:
    st.switch_page(st.session_state.pop(opening.GO_TO))

view = session.current().view
table = session.load(view.table)

opened, samples, saved = st.tabs(["Open a file", "Samples", "Saved work"])
with opened:
    opening.files()
with samples:
    opening.samples()
with saved:
    saved_list()

if table is not None:
    preparing.show(table, session.load(view.dataset))
