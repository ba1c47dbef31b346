"""What people would see: the predicted groups, beside the clusters that were computed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from analytics.report import ticks as grading
from analytics.results import NOISE, Clustering, Dataset, Grouping, Projection
from pages.ui import drawing, findings, frame
from pages.ui.words import escape, interval, number, safe_md, share

QUIET = {"displayModeBar": False}
HEIGHT = 460  # px of a map
MOST_TOLD = 12  # clusters in words before they are folded away
HOW = """
A network looks at up to 1,024 points of the picture at a time and predicts, for every two points,
the share of people who would put them into one group. Groups are joined while more than half would;
every other point follows its nearest neighbours. The answer is averaged over samples, turns and
mirrors of the picture. Agreement is the mean of |2 share - 1|: 1 when all people say the same, 0
when half of them do.

After Hartwig et al., *ClusterNet: A Perception-Based Clustering Model for Scattered Data* (2023).
"""
TRAINED = """
The shipped weights learned from **scatterplots made by a program and grouped by simulated people**:
some follow the density of the points (Quadri & Rosen 2021), some recognise shapes and join those
that overlap too much (Abbas et al. 2019). **No person grouped any of the plots.** They do not know
what the points mean, colours, labels or axes; they speak of one colour and of 50 points or more.
Whoever has people's groupings can train on them with one command; see docs/clusternet.md.
"""
MATCH_HOW = """
The match is the adjusted Rand index expected between the clusters and one person, read off the
predicted share of people per pair of points (Hubert & Arabie 1985). Kappa compares the clusters, as
one rater, with the whole group of people (Vanbelle & Albert 2009): 1 is the best that one rater can
reach with this group. A cluster is visible when people keep its points together and join them with
few others: the harmonic mean of both shares. Scored on the points that the network looked at.
"""
TICKS_HOW = (
    "Visible: people would keep the cluster together and apart from others. Real: the smaller "
    "of its silhouette and of how often it comes back. Explainable: F1 of the best statement, "
    "on rows it was not made from, with its 95 % interval. Full, half or empty: ◉◎○ visible, "
    "◆◈◇ real, ❝❛○ explainable."
)


def tab(dataset: Dataset, projection: Projection, clustering: Clustering | None) -> None:
    """The predicted groups with their agreement; the clusters beside them; other ways to draw."""
    from analytics.perception.operations import grouping_request

    found = grouping(projection)
    if found is None:
        said = "What people would see stands here as soon as it is predicted."
        frame.soon(grouping_request(projection), said)
        return
    plot, facts = st.columns([3.1, 1], gap="medium")
    with plot:
        shaded = drawing.Layer(
            values=found.point_agreement, values_name="people agree", seen=found.labels
        )
        _maps(found, projection, [shaded], None, "people")
        st.caption(
            "Lines go round points that more than half of the people would put together. The "
            "yellower a point, the more people agree about it."
        )
    with facts:
        _facts(found)
    for words in found.warnings:
        st.caption(safe_md(words))
    if clustering is not None and len(clustering.labels) == len(found.labels):
        _beside(found, projection, clustering)
    _redrawn(projection)


def grouping(projection: Projection) -> Grouping | None:
    """The groups people would see in the map, or None while they are not there (a job)."""
    from analytics.perception.operations import grouping_request

    return frame.try_ask(grouping_request(projection))


def ticks(
    projection: Projection,
    clustering: Clustering | None,
    validity=None,
    stability=None,
    explained: dict | None = None,
) -> None:
    """The three ticks of each cluster as a table: visible, real, explainable.

    validity, stability : ScoreCards of the clustering where they are there. explained : see
    ``analytics.explanation.reasons.ticks``.
    """
    from analytics.perception.match import ticks as rows_of
    from analytics.perception.operations import grouping_request, match_request

    found = grouping(projection)
    card, wanted = None, grouping_request(projection)
    if found is not None and clustering is not None:
        wanted = match_request(found, clustering)
        card = frame.try_ask(wanted)
    if card is None:
        frame.soon(wanted, "Whether people would see each cluster stands here in a moment.")
        return
    names = clustering.group_names
    _tick_table(rows_of(card, validity, stability, explained, names), names)


def _maps(found: Grouping, projection, layers: list[drawing.Layer], lit, key: str) -> None:
    """Maps in one colour, or shaded, with groups outlined."""
    most = [int(np.max(layer.seen, initial=NOISE)) + 1 for layer in layers]
    drawing.show(
        projection,
        layers,
        drawing.Look(
            lit=lit if lit is not None and lit.any() else None,
            aspect=found.aspect,
            height=HEIGHT,
            revision=projection.digest,
        ),
        sentence=f"The map in one colour with {' and '.join(map(str, most))} outlined groups.",
        key=key,
    )


def _facts(found: Grouping) -> None:
    from analytics.figures.people import count_bars

    low, high = found.interval if len(found.interval) == 2 else (None, None)
    groups = "1 group" if found.n_clusters == 1 else f"{found.n_clusters} groups"
    findings.finding("Joined by more than half", groups, _spread_words(found))
    st.plotly_chart(
        count_bars(found.counts, found.count_shares, frame.dark()),
        theme=None,
        key="people-counts",
        alt="Share of people who would see each number of groups.",
        config=QUIET,
    )
    spread = f"{number(low)}–{number(high)}" if low is not None else ""
    findings.finding(
        "How far people agree",
        number(found.agreement),
        f"Two people would match with an adjusted Rand index of about {number(found.two_people)}.",
        spread,
    )
    frame.how(HOW)
    with st.popover("What the model was trained on", type="tertiary"):
        st.markdown(TRAINED)


def _spread_words(found: Grouping) -> str:
    if len(found.counts) < 2:
        return "All simulated readings of the picture give this number."
    low, high = int(found.counts.min()), int(found.counts.max())
    return f"One person alone would see from {low} to {high} groups:"


def _beside(found: Grouping, projection: Projection, clustering: Clustering) -> None:
    """The clusters against what people would see, with the disagreeing points marked."""
    from analytics.perception.match import seen_of, sentence
    from analytics.perception.operations import match_request

    st.markdown("**Your clusters beside what people would see**")
    wanted = match_request(found, clustering)
    card = frame.try_ask(wanted)
    if card is None:
        frame.soon(wanted, "The comparison stands here in a moment.")
        return
    apart = card.points["apart"] > 0
    method = frame.method_label("clustering", clustering.method)
    layers = [
        drawing.Layer(seen=found.labels, title="What people would see"),
        drawing.Layer(seen=clustering.labels, title=method),
    ]
    _maps(found, projection, layers, apart, "people-beside")
    st.caption(
        f"Points that stand out ({share(float(apart.mean()))}) are grouped differently: their "
        "cluster and their seen group are not each other's best match."
    )
    values = card.values
    for slot, name in zip(st.columns(3), ("match", "match_ami", "kappa"), strict=True):
        with slot:
            findings.finding(values[name].label, number(values[name].value), values[name].help)
    frame.how(MATCH_HOW)
    rows, names = seen_of(card), clustering.group_names
    st.dataframe(
        pd.DataFrame(
            {
                "cluster": [names[r.label] for r in rows],
                "visible": [r.visible for r in rows],
                "rows": [r.size for r in rows],
                "what": [sentence(r, names) for r in rows],
            }
        ),
        hide_index=True,
        height=min(35 * (len(rows) + 1) + 3, 400),
        column_config={
            "cluster": st.column_config.TextColumn("cluster", width="small"),
            "visible": st.column_config.ProgressColumn(
                "visible", min_value=0, max_value=1, format="%.2f", width="small"
            ),
            "rows": st.column_config.NumberColumn("rows", width="small"),
            "what": st.column_config.TextColumn("what people would make of it", width="large"),
        },
        key="people-clusters",
    )


def tick_columns(rows: list[dict], names: Mapping[int, str]) -> dict[str, list]:
    """The three ticks as columns of texts, each with its sign and number. names : by label."""
    return {
        "name": [names[r["label"]] for r in rows],
        "rows": [r["size"] for r in rows],
        **{tick: [_tick(tick, r) for r in rows] for tick in grading.SIGNS},
    }


def told_of(rows: list[dict], names: Mapping[int, str]) -> None:
    """Below the ticks, each cluster in words: whole sentences, which a table would cut."""
    lines = [(r, " ".join(filter(None, (r["words"], _rule(r))))) for r in rows]
    body = "".join(
        f"<tr><td>{escape(names[r['label']])}</td><td>{escape(words)}</td></tr>"
        for r, words in lines
        if words
    )
    if not body:
        return
    table = f"<table class='told'>{body}</table>"
    if len(rows) <= MOST_TOLD:
        st.html(table)
    else:
        with st.expander("Each cluster in words"):
            st.html(table)


def _rule(row: dict) -> str:
    return f"How to tell it: {row['rule'].rstrip('.')}." if row["rule"] else ""


def _tick_table(rows: list[dict], names: Mapping[int, str]) -> None:
    st.dataframe(pd.DataFrame(tick_columns(rows, names)), hide_index=True, key="three-ticks")
    told_of(rows, names)
    st.caption(TICKS_HOW)
    frame.how(grading.HOW)


def _tick(tick: str, row: dict) -> str:
    """A tick: filled, half or empty, always with its number."""
    if row[tick] is None:
        return "not computed yet"
    spread = row["interval"] if tick == "explainable" else ()
    shown = interval(row[tick], *(spread or (None, None)))
    return f"{grading.sign(tick, grading.grades(row)[tick])} {shown}"


def _redrawn(projection: Projection) -> None:
    """The same data drawn in other ways, as small multiples (a job that is asked for)."""
    from analytics.figures.raster import thumbnail
    from analytics.perception.operations import redrawn_request
    from analytics.perception.redrawn import LABELS

    key = f"redrawn-{projection.digest}"
    if not st.session_state.get(key):
        if st.button("Draw it in other ways", key="redraw", type="secondary"):
            st.session_state[key] = True
            st.rerun()
        st.caption("How sample size, marks, opacity and aspect change what people would see.")
        return
    card = frame.try_ask(redrawn_request(projection))
    if card is None:
        return
    st.markdown("**What people would see if it were drawn in other ways**")
    for name, title in LABELS.items():
        if name not in card.tables:
            continue
        st.caption(title.capitalize())
        rows = card.tables[name]
        for i, (slot, row) in enumerate(zip(st.columns(len(rows)), rows, strict=True)):
            table = card.tables[f"{name}:{i}"]
            picture = thumbnail(
                table[:, :2].astype(np.float32), table[:, 2].astype(np.int32), dark=frame.dark()
            )
            groups = "1 group" if row[1] == 1 else f"{row[1]:.0f} groups"
            slot.image(
                picture, caption=f"{row[0]:,.4g}: {groups}, agreement {number(float(row[2]))}"
            )
    st.caption("Predicted from the redrawn picture; no person judged these.")
