"""Review: a saved analysis as one page for readers who were not there, and their comments."""

import streamlit as st

from pages.ui import reading, reviewing

token = reading.token()
if token:
    reading.page(token)
elif st.query_params.get(reading.WITHIN):
    reviewing.page(st.query_params[reading.WITHIN])
else:
    reviewing.start()
