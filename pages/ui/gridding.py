"""Statistics of signals against methods, on the Compare page."""

import pandas as pd
import streamlit as st

from analytics.comparing import grid
from analytics.errors import BadInput
from analytics.results import Dataset, Gallery
from pages.ui import frame, session
from pages.ui.words import number, safe_md, share

HOW = """
Every family of statistics (location: mean, median; spread: standard deviation, interquartile
range; shape: skewness, kurtosis; energy: root mean square, crest factor; of the course in time,
of the magnitude spectrum, of both) is grouped by k-means, a mixture and OPTICS, in its columns
and in half as many principal components. With a label column the score is the adjusted Rand
index. Without one it is the silhouette, which each cell measures in its own columns: there it
compares methods, and families only roughly. More groups than classes are not rewarded, as they
are by purity. After a comparison of clustering algorithms for vibration features.
"""
METHODS = {"kmeans": "k-means", "gmm": "mixture", "optics": "OPTICS"}


def show(dataset: Dataset) -> None:
    """The form, and the grid once it is computed."""
    table = session.load(dataset.parents[0])
    if table is None:
        st.caption("The table of this data is no longer stored here: open it again.")
        return
    labels = len(dataset.label_names) if dataset.labels is not None else 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.number_input("Groups", 2, None, max(2, labels or 3), key="grid-k", width=120)
        pressed = st.button("Try all", type="primary", key="run-grid")
    try:
        request = grid.grid_request(table, dataset, int(k))
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    if pressed:
        session.retry(request.digest)
        session.ask(request)
        st.rerun()
    found = session.load(request.digest)
    if found is None and session.request_of(request.digest) is not None:
        found = frame.try_ask(request)
    if found is None:
        st.caption("15 sets of statistics, 3 methods, with and without principal components.")
        return
    _draw(found)
    frame.how(HOW)


def _draw(found: Gallery) -> None:
    score = found.facts["score"]
    st.markdown(safe_md(found.sentence))
    cells = [e for e in found.entries if "error" not in e]
    lines: dict[str, dict] = {}
    for e in cells:
        name = f"{e['family']}, {e['of']}"
        inside = "" if e["space"] == "full" else ", components"
        lines.setdefault(name, {})[METHODS[e["method"]] + inside] = e[score]
    wide = pd.DataFrame(lines).T.rename_axis("statistics").reset_index()
    shades = {c: st.column_config.NumberColumn(format="%.2f") for c in wide.columns[1:]}
    st.dataframe(wide, hide_index=True, column_config=shades, key="grid-table")
    if found.chosen >= 0:
        best = found.entries[found.chosen]
        noise, silhouette = share(best["noise_share"]), number(best["silhouette"])
        words = (
            f"The best cell: {best['n_clusters']} groups, {noise} noise, silhouette {silhouette}."
        )
        st.caption(safe_md(words))
    failed = [e for e in found.entries if "error" in e]
    if failed:
        st.caption(safe_md(f"{len(failed)} cells gave no result: {failed[0]['error']}"))
