"""Every page starts here: navigation, look, session, and what happens when something fails."""

import logging
import time

import streamlit as st

from analytics import logs, metrics
from analytics.accounts import person as people
from analytics.errors import BadInput, StoreError
from pages.ui import (
    automatic,
    entries,
    frame,
    identity,
    limits,
    menu,
    reading,
    recolouring,
    services,
    viewaddress,
    waking,
)

# One line per page: script, title, icon, whether it is the first page.
PAGES = (
    ("data.py", "Data", ":material/table:", False),
    ("map.py", "Map", ":material/scatter_plot:", True),
    ("clusters.py", "Clusters", ":material/workspaces:", False),
    ("perception.py", "Perception", ":material/visibility:", False),
    ("compare.py", "Compare", ":material/compare:", False),
    ("explain.py", "Explain", ":material/format_quote:", False),
    ("pictures.py", "Pictures", ":material/photo_library:", False),
    ("study.py", "Study", ":material/groups:", False),
    ("learn.py", "Learn", ":material/school:", False),
    ("review.py", "Review", ":material/rate_review:", False),
    ("report.py", "Report", ":material/description:", False),
)

st.set_page_config(page_title="Gestalt", page_icon=str(frame.LOGO), layout="wide")
frame.style()
recolouring.watch()
entries.watch()
waking.watch()
read = reading.token()  # who was sent a review sees that page and no other
# Who did not sign in has nothing but the review of a link, whatever the browser asks for.
by_link = identity.current().role == people.READER
pages = [
    st.Page(p, title=title, icon=icon, default=first)
    for p, title, icon, first in PAGES
    if not by_link or p == "review.py"
]
if by_link:  # else the review would be the first page, and its own address one that is not found
    pages.insert(0, st.Page(lambda: None, title="Gestalt", url_path="gestalt", default=True))
page = st.navigation(
    pages,
    position="hidden" if read or by_link else "top",
)
if not limits.admit():  # once the page asked for is known, so that it opens when there is room
    st.stop()
logs.tag(number := logs.number())  # joins the lines of this run and of the jobs it asks for
started = time.perf_counter()
try:
    if by_link:
        reading.page(read)
        st.stop()
    menu.greet()
    with services.artifacts().holding():
        viewaddress.follow()
        automatic.settle()
        viewaddress.write()
        shown = None if read else frame.header(page.title)
        page.run()
        if shown is not None:
            frame.show_new_jobs(shown)
except (BadInput, StoreError) as error:
    frame.sentence(str(error), "error")
except Exception:
    metrics.add("gestalt_faults", where="page")
    logging.getLogger("gestalt").exception("page %s failed", page.title)
    frame.sentence(
        "This page stopped because of a fault of ours; your data is safe. Reload the page, "
        f"and if it happens again, send the makers what the server's log has under {number}.",
        "error",
    )
finally:
    metrics.observe("gestalt_page_run_seconds", time.perf_counter() - started, page=page.title)
