"""Study: several people group the same plots; their answers, live."""

import streamlit as st

from pages.ui import choosing, collected, studying

if choosing.GO_TO in st.session_state:
    st.switch_page(st.session_state.pop(choosing.GO_TO))

chosen = studying.choose()
if chosen is None:
    studying.start()
else:
    collected.show(chosen)
