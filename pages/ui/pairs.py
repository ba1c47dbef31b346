"""The CLAMS pair view: components on the plot, pairs sorted by ambiguity, the curves behind."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Ambiguity
from pages.ui import frame
from pages.ui.words import safe_md

PAIRS_SHOWN = 400


def names(result: Ambiguity) -> list[str]:
    """A, B, ... for the components."""
    from analytics.perception.wording import component_name

    return [component_name(i) for i in range(result.n_components)]


def ellipses(result: Ambiguity | None):
    """What the map draws for the components, or None."""
    if result is None:
        return None
    return result.means, result.covariances, names(result)


def warnings(result: Ambiguity | None) -> None:
    """Why the score may not apply here."""
    for words in result.warnings if result is not None else ():
        st.warning(safe_md(words))


def table(result: Ambiguity | None) -> None:
    """Matrices, pairs and curves."""
    from analytics.figures.charts import curve, entropy_curve, heatmap
    from analytics.perception.wording import pair_sentence

    if result is None:
        return
    if result.n_components < 2:
        st.caption("One component was found, so there is no pair to judge.")
        return
    labels = names(result)
    matrix = {}
    for name, values in (
        ("separability", result.separability),
        ("ambiguity", result.pair_ambiguity),
    ):
        m = np.full((result.n_components, result.n_components), np.nan)
        m[result.pairs[:, 0], result.pairs[:, 1]] = values
        m[result.pairs[:, 1], result.pairs[:, 0]] = values
        matrix[name] = m
    quiet, dark = {"displayModeBar": False}, frame.dark()
    pair_names = [f"{labels[i]}–{labels[j]}" for i, j in result.pairs]
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        st.markdown("**Pairs, the most ambiguous first**")
        order = np.argsort(-result.pair_ambiguity, kind="stable")[:PAIRS_SHOWN]
        rows = pd.DataFrame(
            {
                "ambiguity": result.pair_ambiguity[order],
                "pair": [pair_sentence(result, int(k)) for k in order],
            }
        )
        st.dataframe(
            rows,
            hide_index=True,
            height=min(36 * (len(rows) + 1) + 4, 420),
            column_config={
                "ambiguity": st.column_config.ProgressColumn(
                    "ambiguity", min_value=0, max_value=1, format="%.2f", width="small"
                ),
                "pair": st.column_config.TextColumn("what people would see", width="large"),
            },
        )
    with right:
        st.markdown("**Where the pairs lie on the uncertainty curve**")
        figure = entropy_curve(result.separability, result.pair_ambiguity, pair_names, dark=dark)
        st.plotly_chart(figure, theme=None, key="entropy", config=quiet)
    for slot, (title, values) in zip(
        st.columns(2, gap="medium"),
        (
            ("Ambiguity of each pair", matrix["ambiguity"]),
            ("Share of people who would see two groups", matrix["separability"]),
        ),
        strict=True,
    ):
        with slot:
            st.markdown(f"**{title}**")
            figure = heatmap(values, labels, labels, title=title, limits=(0, 1), dark=dark)
            st.plotly_chart(figure, theme=None, key=f"pairs-{title}", config=quiet)
    with st.expander("How many components the picture has"):
        figure = curve(
            np.arange(1, len(result.bic) + 1),
            result.bic,
            mark=result.n_components,
            x_title="components",
            y_title="BIC (lower fits better)",
            dark=dark,
        )
        st.plotly_chart(figure, theme=None, key="bic", config=quiet)
