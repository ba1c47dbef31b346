"""Why these groups: a card per group with how to tell it, what sets it apart, its exemplars."""

import json

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Clustering, Dataset, Reasons, Sentences
from pages.ui import frame, session, telling
from pages.ui.words import count, escape, number, safe_md

CARDS = 12  # shown at first, and with each click more
CONTRASTS, TEXTS, PICTURES, COLUMNS = 5, 3, 6, 4
SIDE = 64  # pixels of a small picture
LETTERS, CELL = 180, 40  # of a text, and of one in a table


def explained(result: Clustering) -> Reasons | None:
    """The reasons that are stored; else a button that asks for them, or the word that they come."""
    from analytics.explanation.operations import reasons_request

    request = reasons_request(result)
    found = session.load(request.digest)
    wanted = st.session_state.setdefault("reasons-wanted", set())
    if found is not None:
        return found
    if request.digest not in wanted:
        if st.button("Explain these groups", key="run-reasons"):
            wanted.add(request.digest)
            session.ask(request)
            st.rerun()
        return None
    return frame.try_ask(request)


def cards(dataset: Dataset, result: Clustering) -> None:
    """The cards, a summary above them, and the files to take away."""
    from analytics.explanation.operations import MANY, reasons_request
    from analytics.explanation.reasons import EARNED, earned
    from analytics.explanation.wording import HOW, PROFILE_HOW

    many = result.n_clusters > MANY
    wanted = reasons_request(result)
    found = explained(result) if many else frame.try_ask(wanted)
    if found is None:
        more = f" For {result.n_clusters:,} groups that can take minutes." if many else ""
        said = f"How to tell each group stands here as soon as it is found.{more}"
        st.caption(said) if many else frame.soon(wanted, said)
        return
    if not found.clusters:
        st.caption("There is no group to explain: every row is noise.")
        return
    told, groups = sum(map(earned, found.clusters)), len(found.clusters)
    st.markdown(
        f"**{told} of {count(groups, 'group')}** can be told by a short statement (F1 of at least "
        f"{EARNED} on rows the statement was not made from)."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        told = telling.current(found)
        _downloads(dataset, found, told)
        frame.how(f"{HOW}\n\n{PROFILE_HOW}\n\n{telling.HOW}")
    telling.ask(dataset, result, found)
    telling.summary(told)
    shown = st.session_state.get("why-shown", CARDS)
    for i in range(min(groups, shown)):
        if i % 2 == 0:  # a row of two, so that the order holds where columns are stacked
            slots = st.columns(2, gap="medium")
        with slots[i % 2]:
            _card(dataset, result, found, told, i)
    if groups > shown and st.button(f"Show {min(CARDS, groups - shown)} more", key="why-more"):
        st.session_state["why-shown"] = shown + CARDS
        st.rerun()
    for note in found.notes:
        st.caption(safe_md(note))


def _downloads(dataset: Dataset, found: Reasons, told: Sentences | None) -> None:
    from analytics.report.reasons import reasons_json, reasons_table
    from analytics.report.tables import to_csv

    files = (
        ("csv", lambda: to_csv(reasons_table(found, dataset, told))),
        ("json", lambda: json.dumps(reasons_json(found, dataset, told), indent=2)),
    )
    for kind, make in files:
        st.download_button(
            f"Download as {kind.upper()}",
            make,
            file_name=f"gestalt-reasons.{kind}",
            on_click="ignore",
            key=f"download-reasons-{kind}",
        )


def _card(dataset: Dataset, result: Clustering, found: Reasons, told, place: int) -> None:
    """told : the sentences of a language model, or None."""
    from analytics.explanation import wording
    from analytics.explanation.reasons import chosen
    from analytics.figures.theme import cluster_colors

    cluster = found.clusters[place]
    best = chosen(cluster)
    color = cluster_colors(max(result.n_clusters, 1))[cluster["label"]]
    with st.container(border=True, key=f"why-card-{cluster['label']}"):
        _head(cluster, color, result.group_names[cluster["label"]])
        telling.on_card(told, cluster["label"])
        st.markdown(safe_md(wording.sentence(cluster)))
        if best is not None:
            words = f"On rows left out: {wording.quality(best['held_out'])}."
            st.caption(safe_md(f"{words} {wording.confused(cluster)}"))
        _parts(best)
        _contrasts(cluster, color)
        if cluster["terms"]:
            terms = ", ".join(t["term"] for t in cluster["terms"])
            st.markdown(f"Key terms: {safe_md(terms)}")
        _exemplars(dataset, found, place)


def _head(cluster: dict, color: str, name: str) -> None:
    """Colour, number, size, tick, and the way to the map."""
    from analytics.explanation.reasons import earned, explainable

    label = cluster["label"]
    sign = "❝ explained" if earned(cluster) else "not well explained"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f"<div class='why-head'><span class='dot' style='background:{color}'></span>"
            f"<b>{escape(name)}</b> <span>{count(cluster['size'], 'row')} · {sign}, "
            f"{number(explainable(cluster))}</span></div>",
            width="stretch",
        )
        alone = session.current().view.isolate == label
        st.button(
            "Show all groups" if alone else "Show on the map",
            key=f"why-show-{label}",
            type="tertiary",
            on_click=lambda: session.change(
                color="clusters", layer="", isolate=None if alone else label
            ),
        )


def _parts(best: dict | None) -> None:
    """The rules one by one, where there are several."""
    from analytics.explanation import wording

    if best is None or len(best["parts"]) < 2:
        return
    with st.expander(f"{len(best['parts'])} rules one by one"):
        for part in best["parts"]:
            st.markdown(f"{safe_md(part['sentence'])}  \n{safe_md(wording.quality(part))}")
        st.caption("Counted on the rows they were made from, which flatters.")


def _contrasts(cluster: dict, color: str) -> None:
    """The most telling columns as a table with bars: used ones first, then others."""
    from analytics.explanation import wording

    used = [c for c in cluster["profile"] if c["used"]][:CONTRASTS]
    other = [c for c in cluster["profile"] if wording.telling(c)][:CONTRASTS]
    largest = max((abs(c["difference"]) for c in used + other), default=0.0) or 1.0
    for title, part in (
        ("Columns the groups were made from (bound to differ)", used),
        ("Other columns that differ beyond chance", other),
    ):
        if part:
            rows = "".join(_bar(c, largest, color) for c in part)
            head = f"<tr><th colspan='2'>{title}</th><th>here</th><th>elsewhere</th></tr>"
            st.html(f"<table class='facts why'>{head}{rows}</table>")


def _bar(contrast: dict, largest: float, color: str) -> str:
    """One line: name, a bar left or right of the middle, both values."""
    from analytics.explanation import wording

    write = wording.number if contrast["kind"] == "number" else wording.share
    width = 50 * abs(contrast["difference"]) / largest
    left = 50 - width if contrast["difference"] < 0 else 50
    said = f"{contrast['difference']:+.2f} standard deviations"
    if contrast["interval"]:
        low, high = contrast["interval"]
        said += f" ({low:+.2f} to {high:+.2f})"
    style = f"left:{left:.1f}%;width:{width:.1f}%;background:{color}"
    return (
        f"<tr title='{said}'><td>{escape(wording.named(contrast))}</td>"
        f"<td><span class='bar'><u style='{style}'></u></span></td>"
        f"<td>{escape(write(contrast['inside']))}</td>"
        f"<td>{escape(write(contrast['outside']))}</td></tr>"
    )


def _exemplars(dataset: Dataset, found: Reasons, place: int) -> None:
    """Pictures, texts, or rows that stand for the group."""
    cluster = found.clusters[place]
    if "mean" in found.pictures:
        _pictures(dataset, found.pictures["mean"], cluster, place)
    elif dataset.text_column:
        texts = dataset.frame[dataset.text_column]
        for title, role in (("Typical", "typical"), ("At the edge", "borderline")):
            lines = [_short(texts.iloc[row]) for row in cluster[role][:TEXTS]]
            if lines:
                st.caption(title)
                st.markdown("\n".join(f"- {safe_md(line)}" for line in lines))
    else:
        _rows(dataset, cluster)


def _short(text: object, most: int = LETTERS) -> str:
    text = " ".join(str(text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _rows(dataset: Dataset, cluster: dict) -> None:
    """The medoid, other typical rows and rows at the edge, by the most telling columns."""
    columns = list(dict.fromkeys(c["column"] for c in cluster["profile"]))[:COLUMNS]
    rows = cluster["typical"][:TEXTS] + cluster["borderline"][:2]
    if not columns or not rows:
        return
    roles = ["typical"] * len(cluster["typical"][:TEXTS]) + ["at the edge"] * 2
    # A table of ours: its cells wrap, where a grid would hide the last columns of a narrow card.
    numbers = [pd.api.types.is_numeric_dtype(dataset.frame[c]) for c in columns]
    heads = "".join(_td("th", c, n) for c, n in zip(columns, numbers, strict=True))
    lines = [f"<tr><th></th>{heads}</tr>"]
    for role, row in zip(roles, rows, strict=False):
        values = (dataset.frame[c].iloc[row] for c in columns)
        cells = "".join(_td("td", _value(v), n) for v, n in zip(values, numbers, strict=True))
        lines.append(f"<tr><td>{role}, row {dataset.rows[row]:,}</td>{cells}</tr>")
    st.html(f"<table class='facts why-rows'>{''.join(lines)}</table>")


def _td(tag: str, text: object, right: bool) -> str:
    place = " class='n'" if right else ""
    return f"<{tag}{place}>{escape(text)}</{tag}>"


def _value(value: object) -> str:
    """A cell: four digits of a number, the beginning of a text."""
    from analytics.explanation import wording

    if pd.isna(value):
        return "–"
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_)):
        return wording.number(float(value))
    return _short(value, CELL)


def _pictures(dataset: Dataset, means: np.ndarray, cluster: dict, place: int) -> None:
    """The mean picture, typical ones, and those at the edge."""
    from analytics.explanation.reasons import pixels_of

    width, height = dataset.image_shape
    low, high = float(means.min()), float(means.max())
    st.caption("Mean picture, then typical ones")
    typical = pixels_of(dataset, cluster["typical"][:PICTURES]).reshape(-1, height, width)
    drawn = [means[place], *typical]
    st.image([picture(p, low, high) for p in drawn], width=SIDE)
    edge = pixels_of(dataset, cluster["borderline"][:PICTURES]).reshape(-1, height, width)
    if len(edge):
        st.caption("At the edge to another group")
        st.image([picture(p, low, high) for p in edge], width=SIDE)


def picture(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Grey values uint8, enlarged without smoothing."""
    grey = np.clip((pixels - low) / ((high - low) or 1.0), 0, 1)
    times = max(1, SIDE // max(grey.shape))
    return np.kron((255 * grey).astype(np.uint8), np.ones((times, times), np.uint8))
