"""The features of texts: in what two sets differ, and which features come together."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.data.naming import different
from analytics.results import NOISE, Clustering, Dataset
from analytics.shares import percent
from pages.ui.words import safe_md

SHOWN = 20
REST = "all others"


def shown(result: Clustering) -> bool:
    """Whether the groups were made from features."""
    return "features" in result.extras and "feature_names" in result.extras


def draw(dataset: Dataset, result: Clustering) -> None:
    """Two sets to choose, a table of their differences, and pairs of features."""
    sets = _sets(dataset, result)
    names = list(sets)
    left, right = st.columns(2)
    a = left.selectbox("Texts of", names, key="features-a")
    b = right.selectbox("against", [REST, *names], key="features-b")
    inside = sets[a]
    outside = sets[b] & ~inside if b != REST else ~inside
    if not inside.any() or not outside.any():
        st.caption("One of the sets has no text of its own: choose another one.")
        return
    from analytics.clustering.sparse import differences

    named, active = _named(result)
    st.caption(
        safe_md(
            f"Features that {int(inside.sum()):,} texts have more or less often than "
            f"{int(outside.sum()):,} others; 95 % intervals, not corrected for how many were "
            "looked at."
        )
    )
    found = differences(active, inside, outside)[:SHOWN]
    rows = [
        (
            named[d.feature],
            percent(d.share_a),
            percent(d.share_b),
            f"{100 * d.gap:+.0f} points",
            f"{100 * d.low:+.0f}",
            f"{100 * d.high:+.0f}",
        )
        for d in found
    ]
    heads = different(["Feature", a, b, "Difference", "from", "to"])
    st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True)
    with st.expander("Features that come together"):
        st.dataframe(_pairs(active, named), hide_index=True)
        st.caption("1: always together; 0: as chance has it (normalised mutual information).")


def _sets(dataset: Dataset, result: Clustering) -> dict[str, np.ndarray]:
    """Name -> bool (n,): the groups, noise, and the known labels."""
    found = [
        (name, result.labels == group)
        for group, name in result.group_names.items()
        if group != NOISE or (result.labels == NOISE).any()
    ]
    if dataset.labels is not None:
        for i, name in enumerate(dataset.label_names):
            found.append((f"{dataset.label_column}: {name}", dataset.labels == i))
    names = different([REST, *(name for name, _ in found)])[1:]
    return dict(zip(names, (rows for _, rows in found), strict=True))


def _named(result: Clustering) -> tuple[list[str], np.ndarray]:
    """Names of the features that have one, and who has them (n, m)."""
    names = [str(name) for name in result.extras["feature_names"]]
    kept = np.array([bool(name) for name in names])
    return [n for n in names if n], np.asarray(result.extras["features"], bool)[:, kept]


def _pairs(active: np.ndarray, named: list[str]) -> pd.DataFrame:
    from analytics.clustering.sparse import npmi

    together = np.triu(npmi(active), 1)
    order = np.argsort(-together, axis=None, kind="stable")[:SHOWN]
    places = [np.unravel_index(i, together.shape) for i in order]
    rows = [(named[i], named[j], round(float(together[i, j]), 2)) for i, j in places if i < j]
    return pd.DataFrame(rows, columns=["Feature", "with", "together"])
