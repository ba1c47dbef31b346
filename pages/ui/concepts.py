"""The concepts of a classifier: who shares them, how often each decides and is right."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Clustering, Dataset
from analytics.shares import percent
from pages.ui import frame, why

COLUMNS = 4
QUIET = {"displayModeBar": False}


def shown(result: Clustering) -> bool:
    """Whether the groups were made from concepts."""
    return result.space == "full" and "concept_use" in result.extras


def draw(dataset: Dataset, result: Clustering) -> None:
    """The graph of groups, the table of concepts, and what they look like."""
    from analytics.clustering.concepts import shared
    from analytics.figures.charts import heatmap
    from analytics.figures.strategies import strategies

    use = np.asarray(result.extras["concept_use"], np.float64)
    names = result.group_names
    groups = [names[i] for i in range(len(use))]
    concepts = [f"Concept {i + 1}" for i in range(use.shape[1])]
    words = [f"{g}: mostly {concepts[row.argmax()]}" for g, row in zip(groups, use, strict=True)]
    st.caption(
        "Groups that share concepts are tied: the classifier decides on them alike. Thick lines "
        "share most."
    )
    graph = strategies(shared(use), names, words, dark=frame.dark())
    alt = f"{len(groups)} groups on a circle, tied by the concepts they share. {'; '.join(words)}."
    st.plotly_chart(graph, theme=None, key="strategies", config=QUIET, alt=alt)
    st.caption("Share of each concept in what speaks for the answer.")
    table = heatmap(use, groups, concepts, title="Share", dark=frame.dark())
    alt = f"The share of {len(concepts)} concepts in each of {len(groups)} groups, as shades."
    st.plotly_chart(table, theme=None, key="concept-use", config=QUIET, alt=alt)
    with st.expander("The shares as a table"):
        shares = pd.DataFrame(use.round(3), index=groups, columns=concepts)
        st.dataframe(shares.rename_axis("group").reset_index(), hide_index=True)
    prevalence, reliable, seen = np.asarray(result.extras["concept_facts"], np.float64).T
    st.caption(
        "How often each concept counts most, and how often the classifier is then right on rows "
        "whose label it did not see."
    )
    made = np.asarray(result.extras["concept_pictures"], np.float64)
    rows = {
        "Concept": concepts,
        "Counts most in": [percent(v) for v in prevalence],
        "Right": ["–" if np.isnan(v) else percent(v) for v in reliable],
        "of held-out rows": seen.astype(int),
    }
    if not dataset.image_shape:
        rows["Rows that have it"] = _telling(dataset, made)
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    if dataset.image_shape:
        width, height = dataset.image_shape
        low, high = float(made.min()), float(made.max())
        pixels = made.reshape(-1, height, width)
        st.image([why.picture(p, low, high) for p in pixels], concepts, width=why.SIDE)


def _telling(dataset: Dataset, made: np.ndarray) -> list[str]:
    """The columns in which the rows of each concept differ most from all, in deviations."""
    spread = dataset.X.std(axis=0)
    apart = (made - dataset.X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    words = []
    for row in apart:
        first = np.argsort(-np.abs(row), kind="stable")[:COLUMNS]
        words.append(
            "; ".join(f"{dataset.columns[j]} {'high' if row[j] > 0 else 'low'}" for j in first)
        )
    return words
