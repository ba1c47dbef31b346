"""Study: several people group the same plots; their answers, live."""

import streamlit as st

from pages.ui import choosing, collected, studying

if choosing.GO_TO in st.session_state:
    # With the address as it is: without it, the browser's Back would lead to no study.
    st.switch_page(st.session_state.pop(choosing.GO_TO), query_params=dict(st.query_params))

chosen = studying.choose()
if chosen is None:
    studying.start()
else:
    collected.show(chosen)
