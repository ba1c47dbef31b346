"""What the people of a study answered, live, plot by plot."""

from functools import lru_cache

import numpy as np
import pandas as pd
import streamlit as st

from analytics.errors import BadInput
from pages.ui import access, oneplot, parts, services, studying
from pages.ui.words import count, number

LIVE_SECONDS = 3


def show(study) -> None:
    """Everything about one study; while it is open, drawn again as answers come in."""
    from analytics.study import store

    head, side = st.columns([3.1, 1], gap="medium")
    with side:
        if study.open:
            studying.invitation(study)
    with head:
        studying.controls(study)

        @st.fragment(run_every=LIVE_SECONDS if study.open else None)
        @parts.counted("study")
        def live():
            try:
                access.require(study.id, access.VIEWER)
                mark = store.stamp(services.engine(), study.id)
            except BadInput:  # deleted, or shared no more, since: the page drawn again says so
                st.rerun()
            _results(study, mark)

        live()


def _results(study, mark: tuple) -> None:
    from analytics.study import store

    engine = services.engine()
    found = _collected(study.id, mark)
    people = len({n for c in found for n in c.numbers})
    joined = store.joined(engine, study.id)
    if joined != study.people:
        st.rerun()  # the list of studies and the buttons above tell of the people too
    words = [f"{count(joined, 'person has', 'people have')} joined, {people:,} grouped points"]
    if len(found) > 1:
        words.append(f"{count(len(found), 'plot')}")
    st.markdown(" · ".join(words) + ".")
    if not people:
        st.caption("Their groupings appear here within seconds of the first outline.")
        return
    if len(found) > 1:
        _overview(study, mark, found)
    names = [f"{i + 1}. {c.plot.name}" for i, c in enumerate(found)]
    chosen = st.selectbox(
        "Plot", range(len(found)), format_func=names.__getitem__, key="study-plot"
    )
    if not len(found[chosen].labels):
        st.caption("Nobody has grouped this plot yet.")
        return
    oneplot.show(found[chosen], _measured(study.id, mark, chosen), f"{study.id}-{chosen}")


@lru_cache(maxsize=2)
def _collected(study: str, mark: tuple) -> list:
    """The answers; ``mark`` changes with them."""
    from analytics.study import store

    return store.collected(services.engine(), study)


@lru_cache(maxsize=6)
def _measured(study: str, mark: tuple, position: int):
    from analytics.study.agreement import measure

    return measure(_collected(study, mark)[position].labels)


def _overview(study, mark, found) -> None:
    """One line per plot: what people did beside what the models say."""
    rows = []
    for position, c in enumerate(found):
        clams, seen = oneplot.scores(c.plot)
        felt = [r for r in c.ratings if r is not None]
        measured = _measured(study.id, mark, position) if len(c.labels) else None
        rows.append(
            {
                "plot": f"{position + 1}. {c.plot.name}",
                "people": len(c.labels),
                "measured ambiguity": measured.ambiguity if measured else np.nan,
                "felt (1 to 5)": float(np.mean(felt)) if felt else np.nan,
                "CLAMS": clams.ambiguity if clams else np.nan,
                "ClusterNet disagreement": 1 - seen.agreement if seen else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    shown = {c: st.column_config.NumberColumn(format="%.2f") for c in table.columns[2:]}
    st.dataframe(table, hide_index=True, column_config=shown)
    _ranks(table)


def _ranks(table: pd.DataFrame) -> None:
    """How far the models order the plots as people do, when there are enough."""
    from scipy.stats import spearmanr

    for name in ("CLAMS", "ClusterNet disagreement", "felt (1 to 5)"):
        both = table[["measured ambiguity", name]].dropna()
        if len(both) >= 5 and both.nunique().min() > 1:
            rho = spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic
            st.caption(
                f"{name} orders the {len(both)} plots like the measured ambiguity with Spearman "
                f"{number(float(rho))}."
            )
