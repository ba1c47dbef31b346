"""What each group looks like, and which columns set it apart from the next one."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Clustering, Dataset
from pages.ui import frame, why
from pages.ui.words import count

COLUMNS = 20
GROUPS = 60


def shown(result: Clustering) -> bool:
    """Whether the groups have prototypes in the columns of the data."""
    return result.space == "full" and "prototypes" in result.extras


def draw(dataset: Dataset, result: Clustering) -> None:
    """Prototypes as pictures or as values, and the columns' parts of the distances between them."""
    from analytics.clustering.prototypes import shares

    made = np.asarray(result.extras["prototypes"], np.float64)[:GROUPS]
    nearest, parts = shares(made)
    st.caption("What the network takes the middle of each group to be.")
    if dataset.image_shape:
        _pictures(dataset, made, nearest, parts)
    else:
        _values(dataset, made, nearest, parts)
    if len(result.extras["prototypes"]) > GROUPS:
        st.caption(f"{count(len(result.extras['prototypes']) - GROUPS, 'more group')} not shown.")


def _pictures(dataset: Dataset, made: np.ndarray, nearest, parts: np.ndarray) -> None:
    width, height = dataset.image_shape
    low, high = float(made.min()), float(made.max())
    names = [f"Group {i + 1}" for i in range(len(made))]
    pixels = made.reshape(-1, height, width)
    st.image([why.picture(p, low, high) for p in pixels], names, width=why.SIDE)
    if len(made) > 1:
        st.caption("Where it differs from the next group: bright pixels hold most of the distance.")
        apart = [f"{n} from {nearest[i] + 1}" for i, n in enumerate(names)]
        spots = parts.reshape(-1, height, width)
        st.image([why.picture(p, 0, p.max() or 1.0) for p in spots], apart, width=why.SIDE)


def _values(dataset: Dataset, made: np.ndarray, nearest, parts: np.ndarray) -> None:
    from analytics.clustering.prototypes import in_units
    from analytics.figures.charts import heatmap

    kept = np.argsort(-parts.sum(axis=0), kind="stable")[:COLUMNS]
    columns = [dataset.columns[j] for j in kept]
    names = [f"Group {i + 1}" for i in range(len(made))]
    st.dataframe(pd.DataFrame(in_units(dataset, made)[:, kept], index=names, columns=columns))
    if len(made) > 1:
        st.caption("Share of each column in the squared distance to the next group.")
        apart = [f"{n} from {nearest[i] + 1}" for i, n in enumerate(names)]
        figure = heatmap(parts[:, kept], apart, columns, title="Share", dark=frame.dark())
        st.plotly_chart(
            figure,
            theme=None,
            key="prototypes",
            alt="Share of each column in the squared distance of a group to the next one.",
            config={"displayModeBar": False},
        )
    if len(dataset.columns) > COLUMNS:
        rest = count(len(dataset.columns) - COLUMNS, "more column")
        st.caption(f"The {COLUMNS} columns with the largest shares; {rest} not shown.")
