"""Scores beside the picture: one sentence, the number with its interval, how it was computed."""

import pandas as pd
import streamlit as st

from analytics import registry
from analytics.errors import BadInput
from analytics.results import NOISE, Ambiguity, Clustering, Dataset, Projection
from pages.ui import frame, session
from pages.ui.words import count, escape, interval, number, share

LISTED, FEW, ROOM = 40, 14, 440  # groups named, those shown without scrolling, px for more
FAITHFUL_HOW = """
Each number compares the map with the prepared data. Trustworthiness asks whether neighbours on the
map are neighbours in the data; continuity asks the reverse (Venna & Kaski 2001). Stress is
Kruskal's stress-1 after the best scaling of the map, lower is better. The distance correlation
compares all distances of the two. Colour the map by one of them to see where it misleads.

Steadiness asks whether groups seen on the map exist in the data, cohesiveness whether groups of the
data stay whole on the map; both follow random groups from one to the other (Jeon et al. 2021).
"""


def finding(what: str, value: str, words: str, spread: str = "") -> None:
    """One number with its name, range and sentence."""
    st.html(
        f"<div class='finding'><div class='what'>{escape(what)}</div>"
        f"<div class='value'>{escape(value)} <span class='range'>{escape(spread)}</span></div>"
        f"<div class='words'>{escape(words)}</div></div>"
    )


def facts(rows: list[tuple[str, str]], heads: tuple[str, str] | None = None) -> None:
    """A small two-column table."""
    head = ""
    if heads:
        beside = f"<th>{escape(heads[1])}</th>" if heads[1] else "<td></td>"
        head = f"<tr><th>{escape(heads[0])}</th>{beside}</tr>"
    body = "".join(f"<tr><td>{escape(a)}</td><td>{_whole(b)}</td></tr>" for a, b in rows)
    st.html(f"<table class='facts'>{head}{body}</table>")


def lines(table: pd.DataFrame, words: tuple[str, ...]) -> None:
    """A small table that breaks its words into lines, where ``st.dataframe`` would cut them.
    words : the columns that hold words; all others hold numbers."""
    looks = {c: "" if c in words else " class='n'" for c in table}
    head = "".join(f"<th{look}>{escape(c)}</th>" for c, look in looks.items())
    body = "".join(
        "<tr>" + "".join(f"<td{looks[c]}>{escape(str(row[c]))}</td>" for c in table) + "</tr>"
        for row in table.to_dict("records")
    )
    st.html(f"<table class='facts lines'><tr>{head}</tr>{body}</table>")


def _short(name: str) -> str:
    """A short name stays on one line; a long one may be broken."""
    return " class='span'" if len(name) <= 10 else ""


def _whole(text: str) -> str:
    """A value whose interval is never broken in two lines."""
    value, bracket, rest = escape(text).partition(" (")
    return f"{value} <span class='span'>({rest}</span>" if bracket else value


def ambiguity(projection: Projection, dataset: Dataset, letters: bool = False) -> None:
    """The CLAMS score with its sentence, interval, scale and warnings."""
    from analytics.perception.operations import ambiguity_request

    wanted = ambiguity_request(projection)
    result = frame.try_ask(wanted)
    if result is None:
        frame.soon(wanted, "How ambiguous the picture is will stand here in a moment.")
    else:
        score(result, dataset.n, letters)


def score(result: Ambiguity, points: int, letters: bool = False) -> None:
    """A CLAMS score of so many points."""
    from analytics.perception.wording import HOW, sentence

    low, high = result.interval if len(result.interval) == 2 else (None, None)
    spread = f"{number(low)}–{number(high)}" if low is not None else ""
    finding(
        "Ambiguity of the picture (CLAMS)",
        number(result.ambiguity),
        sentence(result, letters),
        spread,
    )
    band = (
        f"<u style='left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%'></u>"
        if low is not None
        else ""
    )
    st.html(
        f"<div class='scale' role='img' aria-label='0 is clear, 1 is ambiguous'>{band}"
        f"<i style='left:calc({100 * result.ambiguity:.1f}% - 1px)'></i></div>"
    )
    units = "equal units on both axes" if result.aspect == 1 else "the axes as drawn"
    st.caption(f"0 clear, 1 ambiguous. For {points:,} points in one colour, {units}.")
    frame.how("\n\n".join(HOW))


def faithfulness(projection: Projection) -> None:
    """How well the map keeps the distances of the data."""
    from analytics.projection.operations import faithfulness_request, reliability_request
    from analytics.projection.reliability import FEWEST_ROWS

    card = frame.try_ask(faithfulness_request(projection), whole=False)
    if card is None:
        return
    values, notes = dict(card.values), list(card.notes)
    if len(projection.xy) >= FEWEST_ROWS:
        groups_kept = frame.try_ask(reliability_request(projection), whole=False)
        if groups_kept is not None:
            values.update(groups_kept.values)
            notes += groups_kept.notes
    rows = [(s.label or name, interval(s.value, s.low, s.high)) for name, s in values.items()]
    facts(rows, ("Faithfulness of the map", "Score"))
    for note in notes:
        st.caption(note)
    frame.how(FAITHFUL_HOW)


def clustering(dataset: Dataset, projection: Projection, result: Clustering) -> None:
    """What the clustering found, in what space, and its overall scores."""
    from analytics.clustering.operations import validity_request

    where = {
        "full": f"all {count(dataset.X.shape[1], 'feature')}",
        "pca": "a PCA space",
        "map": "the 2-D map",
    }[result.space]
    label = frame.method_label("clustering", result.method)
    noise = f" {share(result.noise_share)} of the rows are noise." if result.noise_share else ""
    finding(
        label,
        count(result.n_clusters, "group"),
        f"{_measured(result.method, where)}{noise}",
    )
    if result.space == "map" and projection.digest not in result.parents:
        st.caption("These groups were found on another map than the one shown.")
    card = frame.try_ask(validity_request(result), whole=False)
    if card is not None:
        rows = [
            (s.label or name, interval(s.value, s.low, s.high)) for name, s in card.values.items()
        ]
        facts(rows, ("Quality", "Score"))
    for note in result.notes:
        st.caption(note)


def _measured(method: str, where: str) -> str:
    """What groups were made from."""
    try:
        row = registry.get("clustering", method)
    except BadInput:
        row = None
    if row is not None and row.family == "graphs":
        return "By links between rows."
    if row is not None and "text" in row.needs:
        return "By features of the texts."
    return f"Distances measured in {where}."


def groups(result: Clustering) -> None:
    """One row per group with its colour and size; noise last."""
    from analytics.clustering.operations import validity_request
    from analytics.figures.theme import cluster_colors

    card = session.load(validity_request(result).digest)
    silhouettes = card.groups.get("silhouette") if card is not None else None
    colors = cluster_colors(max(result.n_clusters, 1))
    n = len(result.labels)
    rows = []
    for i in range(result.n_clusters):
        size = int((result.labels == i).sum())
        fit = f"<td class='n'>{number(silhouettes[i])}</td>" if silhouettes is not None else ""
        rows.append(
            f"<tr><td{_short(result.group_names[i])}><span class='dot' "
            f"style='background:{colors[i]}'></span>{escape(result.group_names[i])}</td>"
            f"{fit}<td>{size:,} ({share(size / n)})</td></tr>"
        )
    noise = int((result.labels == NOISE).sum())
    if noise:
        rows.append(
            "<tr><td><span class='dot hollow'></span>Noise</td>"
            f"{'<td></td>' if silhouettes is not None else ''}"
            f"<td>{noise:,} ({share(noise / n)})</td></tr>"
        )
    middle = "<th class='n'>Silhouette</th>" if silhouettes is not None else ""
    head = f"<tr><th>Group</th>{middle}<th>Rows</th></tr>"
    cut = rows[LISTED:-1] if noise else rows[LISTED:]
    if len(cut) > 1:
        after = rows[LISTED + len(cut) :]
        rows = [*rows[:LISTED], f"<tr><td>and {len(cut):,} more</td></tr>", *after]
    # A long list would leave an empty place below the map, and push the tabs out of sight.
    tall = {"height": ROOM} if len(rows) > FEW else {}
    with st.container(border=False, key="group-sizes", **tall):
        st.html(f"<table class='facts'>{head}{''.join(rows)}</table>")
