"""How far all results agree, and what they have in common."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.comparing import operations as requests
from analytics.errors import BadInput
from analytics.results import Dataset, Projection
from pages.ui import (
    comparing,
    drawing,
    findings,
    frame,
    mapview,
    selecting,
    services,
    session,
    sides,
)
from pages.ui.comparing import Result
from pages.ui.words import count, number, safe_md, share

MATRIX_HOW = """
The adjusted Rand index (Hubert & Arabie 1985) counts the row pairs on which two results agree; the
adjusted mutual information (Vinh, Epps & Bailey 2010) the information they share. Both are 1 for
equal groups and 0 on average by chance. Noise counts as one more group. Rows that only one of two
results holds are left out of that pair.
"""
CONSENSUS_HOW = """
Two rows are as similar as the share of results that put them into one group (co-association).
Groups are joined by average linkage (Fred & Jain 2005) and cut where rows are together in half of
the results, or where the groups live longest, as in the paper. Rows that all results treat alike
are joined first, so every row is used, however many there are. *Changes sides*: take one result and
a row it puts together with this one; the number is how often the two are apart in another result.
"""
SHOWN = 30  # rows in the table of those that change sides most
LONG = 44  # letters of a name beside the picture; the numbers tell the names apart


def matrix(found: list[Result], dataset: Dataset) -> None:
    """The agreement of every two results, as a picture and a table."""
    if len(found) < 2:
        st.caption("One result agrees with nothing yet: make another, or several under Sweep.")
        return
    from analytics.figures.charts import heatmap

    if len(found) > requests.MOST:
        st.caption(f"The last {requests.MOST} of {len(found)} results are compared.")
        found = found[-requests.MOST :]
    wanted = requests.matrix_request(dataset, [r.run for r in found], [r.made_on for r in found])
    card = frame.try_ask(wanted)
    if card is None:
        frame.soon(wanted, "The agreement of all pairs stands here in a moment.")
        return
    measure = st.segmented_control(
        "Measure",
        ["ari", "ami"],
        default="ari",
        format_func={"ari": "Adjusted Rand index", "ami": "Adjusted mutual information"}.get,
        key="agreement-measure",
        label_visibility="collapsed",
    )
    table = card.tables[measure or "ari"]
    numbers = [f"{i + 1}" for i in range(len(found))]
    labels = [f"{i}  {r.name}" for i, r in zip(numbers, found, strict=True)]
    short = [name if len(name) <= LONG else f"{name[: LONG - 1].rstrip()}…" for name in labels]
    limits = (0.0, 1.0)
    figure = heatmap(table, short, numbers, limits=limits, title="agreement", dark=frame.dark())
    st.plotly_chart(
        figure,
        theme=None,
        key="agreement",
        config={"displayModeBar": False},
        alt="Agreement of every two results; the table below holds the same numbers.",
    )
    st.markdown(safe_md(_matrix_sentence(table, found)))
    with st.expander("As a table", expanded=len(found) > 20):
        plain = pd.DataFrame(np.round(table, 3), index=labels, columns=numbers)
        st.dataframe(plain, lazy=False, key="agreement-table")
    rows = card.tables["rows"]
    if (rows < dataset.n).any():
        st.caption(f"Some results hold other rows: pairs share {int(rows.min()):,} rows or more.")
    if np.isnan(table).any():
        st.caption("–: no row in common, or too many groups for this measure.")
    frame.how(MATRIX_HOW)


def _matrix_sentence(table: np.ndarray, found: list[Result]) -> str:
    off = np.where(np.eye(len(table), dtype=bool), np.nan, table)
    if not np.isfinite(off).any():
        return "No two results can be compared."
    i, j = np.unravel_index(np.nanargmax(off), off.shape)
    u, v = np.unravel_index(np.nanargmin(off), off.shape)
    return (
        f"{found[i].name} and {found[j].name} agree most ({number(float(off[i, j]))}), "
        f"{found[u].name} and {found[v].name} least ({number(float(off[u, v]))})."
    )


def consensus(
    shown: list[Result], found: list[Result], dataset: Dataset, projection: Projection
) -> None:
    """What the chosen results have in common, and the rows that change sides most."""
    comparing.picker(found, shown)
    usable = [r for r in shown if r.made_on.digest == dataset.digest]
    usable = [r for r in usable if r.run.method != requests.METHOD]
    if st.toggle("Join all results, not only those compared", key="consensus-all"):
        usable = [r for r in found if r.made_on.digest == dataset.digest]
        usable = [r for r in usable if r.run.method != requests.METHOD][-requests.MOST :]
    elif len(usable) < len(shown):
        st.caption("Left out: results made on other rows of the table, and a consensus itself.")
    if len(usable) < requests.FEWEST:
        st.caption("A consensus needs two results of the rows shown: choose or make another.")
        return
    params = _settings()
    try:
        wanted = requests.consensus_request(dataset, [r.run for r in usable], params)
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    asked = st.session_state.setdefault("consensus-asked", set())
    if not services.artifacts().has(wanted.digest) and wanted.digest not in asked:
        words = f"Join {count(len(usable), 'result')}"
        if not st.button(words, type="primary", key="run-consensus"):
            st.caption("Finds the groups most results share, and the rows they disagree about.")
            return
        asked.add(wanted.digest)
    made = frame.try_ask(wanted)
    if made is None:
        frame.soon(wanted, "The results are being joined.")
        return
    _shown(made, usable, dataset, projection)


def _settings() -> dict:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cut = st.selectbox(
            "Groups",
            ["half", "lifetime"],
            format_func={
                "lifetime": "as many as live longest (for dozens of results)",
                "half": "together in more than half",
            }.get,
            key="consensus-cut",
            persist_state="session",
            width=340,
        )
        k = st.number_input(
            "Or this many",
            1,
            1000,
            value=None,
            placeholder="automatic",
            key="consensus-k",
            width=160,
        )
    return {"cut": cut, "k": int(k) if k else None}


def _shown(made, usable: list[Result], dataset: Dataset, projection: Projection) -> None:
    changes = made.extras["changes"].astype(float)
    often = changes >= 0.25
    left, right = st.columns([3.1, 1], gap="medium")
    with right:
        findings.finding(
            "Consensus",
            count(made.n_clusters, "group"),
            f"of {count(len(usable), 'result')}; {share(made.noise_share)} of the rows are noise.",
        )
        findings.finding(
            "Change sides",
            share(float(often.mean())),
            "of the rows are apart from a companion in a quarter of the other results or more; "
            f"on average {number(float(changes.mean()))}.",
        )
        for note in made.notes:
            st.caption(safe_md(note))
        frame.how(CONSENSUS_HOW)
        view = session.current().view
        if st.button("Keep as a result", key="keep-consensus", disabled=made.digest in view.runs):
            session.change(clustering=made.digest)
            st.rerun()
    with left:
        _two_maps(made, changes, dataset, projection)
    _most(changes, made, dataset)


def _two_maps(made, changes: np.ndarray, dataset: Dataset, projection: Projection) -> None:
    mask = mapview.selected_mask(projection)
    drawing.show(
        projection,
        [
            drawing.Layer(made.labels, made.group_names, title="Consensus"),
            drawing.Layer(values=changes, values_name="changes sides", title="Changes sides"),
        ],
        sides.look(projection, dataset, mask, 2),
        sentence="The consensus groups, and beside them how often each row changes sides.",
        key="consensus",
        chosen=mapview.select,
        cleared=mapview.let_go,
    )
    selecting.selection_bar(dataset, projection, mask)
    st.caption(
        "Consensus: groups that most results share. Changes sides: the yellower a row, the more "
        "often it is apart from the rows it is grouped with elsewhere. Keep it as a result to have "
        "it as a layer on the Map page."
    )


def _most(changes: np.ndarray, made, dataset: Dataset) -> None:
    order = np.argsort(-changes, kind="stable")[:SHOWN]
    table = dataset.frame.iloc[order, :6].reset_index(drop=True)
    table.insert(0, "changes sides", np.round(changes[order], 3))
    table.insert(1, "consensus", [made.group_names[int(g)] for g in made.labels[order]])
    table.insert(2, "row number", dataset.rows[order])
    st.markdown("**Rows that change sides most**")
    height = frame.tall(len(table), 280)
    st.dataframe(table, hide_index=True, height=height, lazy=False, key="consensus-rows")
