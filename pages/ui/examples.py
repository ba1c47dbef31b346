"""The real rows that stand for groups, one per group."""

import streamlit as st

from analytics.results import Clustering, Dataset
from pages.ui import why
from pages.ui.words import count

COLUMNS = 60
ROWS = 200


def medoids(dataset: Dataset, result: Clustering) -> None:
    """The medoid of each group: its picture, or its row of the table."""
    rows = result.extras["medoids"][:ROWS]
    st.caption("The row of each group that is nearest to all of it stands as its example.")
    if dataset.image_shape:
        from analytics.explanation.reasons import pixels_of

        width, height = dataset.image_shape
        pixels = pixels_of(dataset, rows).reshape(-1, height, width)
        low, high = float(pixels.min()), float(pixels.max())
        captions = [f"Group {i + 1}, row {dataset.rows[r]:,}" for i, r in enumerate(rows)]
        st.image([why.picture(p, low, high) for p in pixels], captions, width=why.SIDE)
        return
    table = dataset.frame.iloc[rows, :COLUMNS].copy()
    table.index = [f"Group {i + 1}, row {dataset.rows[r]:,}" for i, r in enumerate(rows)]
    st.dataframe(table, key=f"examples-{result.digest}")
    hidden = dataset.frame.shape[1] - COLUMNS
    if hidden > 0:
        st.caption(f"{count(hidden, 'more column')} not shown.")
