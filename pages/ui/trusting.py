"""Whether clustering methods can be ranked on plots like these."""

import numpy as np
import streamlit as st

from analytics.results import Dataset, ScoreCard
from pages.ui import choosing, frame, ranking, session
from pages.ui.words import safe_md

HOW = """
Eight clustering methods (k-means, X-means, Gaussian mixture, Ward, average linkage, BIRCH, DBSCAN,
HDBSCAN) group each plot; of a few settings each, those with the highest mean silhouette count.
For every two plots the methods' scores are compared by rank correlation: 1 means that both plots
rank the methods alike. The mean is taken within the third of the plots with the least ambiguity and
within the third with the most; intervals are 95 % bootstrap over plots. After application 1 of
Jeon et al. 2023, where the agreement was 0.27 higher on clear plots.
"""


def show(dataset: Dataset) -> None:
    """The plots of a ranking, split by ambiguity, and how alike they rank the methods."""
    from analytics.pictures.operations import trust_request

    ready = {source: r for (of, source), r in ranking.asked().items() if of == dataset.digest}
    ready = {source: r for source, r in ready.items() if session.load(r.digest) is not None}
    if not ready:
        st.caption(
            "Rank some plots under “Compare plots” first; then this says whether clustering "
            "methods can be ranked on them, and where the ranking falls apart."
        )
        return
    source = st.selectbox(
        "Ranked plots", list(ready), format_func=ranking.SOURCES.get, key="trust-source", width=240
    )
    key = f"trust-{ready[source].digest}"
    if st.button("Compare clusterers", type="primary", key="run-trust"):
        st.session_state[key] = True
        choosing.start_job(trust_request(ready[source]))
    if not st.session_state.get(key):
        return
    card = frame.try_ask(trust_request(ready[source]))
    if card is None:
        st.caption("Eight methods group every plot; this takes about half a second per plot.")
        return
    _show(card)


def _show(card: ScoreCard) -> None:
    from analytics.figures.charts import bars, heatmap
    from analytics.pictures.trust import CLUSTERERS, sentence

    st.markdown(safe_md(sentence(card)))
    for note in card.notes:
        st.caption(safe_md(note))
    shown = [card.values[k] for k in ("low", "high", "difference")]
    quiet, dark = {"displayModeBar": False}, frame.dark()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**How alike plots rank the methods**")
        figure = bars(
            [s.label for s in shown],
            [s.value for s in shown],
            intervals=np.array([[s.low, s.high] for s in shown]),
            x_title="Mean rank correlation over pairs of plots",
            dark=dark,
        )
        st.plotly_chart(
            figure,
            theme=None,
            key="trust-bars",
            alt="Mean rank correlation between pairs of plots, with intervals.",
            config=quiet,
        )
    with right:
        st.markdown("**Mean rank of each method, 1 is best**")
        ranks = np.stack([card.tables["ranks_low"][:, 0], card.tables["ranks_high"][:, 0]], axis=1)
        figure = heatmap(
            ranks, list(CLUSTERERS), ["clear plots", "ambiguous plots"], title="Rank", dark=dark
        )
        st.plotly_chart(
            figure,
            theme=None,
            key="trust-ranks",
            alt="Mean rank of each method on clear and on ambiguous plots; 1 is best.",
            config=quiet,
        )
    frame.how(HOW)
