"""Which columns push a classifier towards its answer in each group, and which away from it."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.data import words
from analytics.results import Clustering, Dataset
from pages.ui import frame, why
from pages.ui.words import safe_md

NAMED, COLUMNS = 4, 20


def shown(result: Clustering) -> bool:
    """Whether the groups were made from attributions to the columns."""
    return result.space == "full" and len(result.extras.get("pushes", ())) > 0


def draw(dataset: Dataset, result: Clustering) -> None:
    """The strongest columns of each group in words, and all that count as a picture."""
    from analytics.figures.charts import heatmap

    made = np.asarray(result.extras["pushes"], np.float64)
    groups = [result.group_names[i] for i in range(len(made))]
    st.caption(
        safe_md(
            f"What each column adds, on average, for or against {_what(dataset)}. It says what the "
            "classifier reads, not what causes the label."
        )
    )
    if dataset.image_shape:
        width, height = dataset.image_shape
        most = float(np.abs(made).max()) or 1.0
        pixels = made.reshape(-1, height, width)
        st.image([why.picture(p, -most, most) for p in pixels], groups, width=why.SIDE)
        st.caption("Bright pixels speak for it, dark ones against it.")
        return
    rows = [
        {
            "Group": group,
            "for it": _named(dataset, row),
            "against it": _named(dataset, -row),
        }
        for group, row in zip(groups, made, strict=True)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    kept = np.argsort(-np.abs(made).max(axis=0), kind="stable")[:COLUMNS]
    names = [dataset.columns[j] for j in kept]
    figure = heatmap(made[:, kept], groups, names, title="Adds", dark=frame.dark())
    alt = (
        f"What the {len(names)} columns that count most add for or against the answer in each of "
        f"{len(groups)} groups, as shades; the table above names the strongest."
    )
    quiet = {"displayModeBar": False}
    st.plotly_chart(figure, theme=None, key="pushes", config=quiet, alt=alt)


def _what(dataset: Dataset) -> str:
    """What columns speak for: the second of two classes, or the answer."""
    present = np.unique(dataset.labels[dataset.labels >= 0])
    if len(present) == 2:
        return f"the class {words.name(dataset.label_names[present[1]])}"
    return "the answer that the classifier gives"


def _named(dataset: Dataset, row: np.ndarray) -> str:
    """The columns with the largest parts above a twentieth of the largest, strongest first."""
    limit = 0.05 * float(np.abs(row).max())
    first = np.argsort(-row, kind="stable")[:NAMED]
    return "; ".join(dataset.columns[j] for j in first if row[j] > limit)
