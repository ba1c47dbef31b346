"""One card per description: what it says, how good it is, what shows it, and how to change it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import streamlit as st

from analytics.errors import BadInput
from analytics.explanation import asking, explain, lexical
from analytics.figures.theme import color_of
from analytics.results import Dataset, Explanation
from pages.ui import frame, menus, session
from pages.ui.words import count, escape, marked, number, share

SHOWN = 160  # letters of an exemplar
SURE = 0.9  # chance from which on a text is not in doubt, and shown as a sure one only
NAME_KEY = "explain-author"


def show(found: Explanation, dataset: Dataset, changeable: bool) -> None:
    """The cards, in the order of their colours, and the unexplained rows at the end."""
    for place, entry in enumerate(found.evidence):
        with st.container(border=True, key=f"card-{place}"):
            _card(found, dataset, place, entry)
            if changeable:
                _buttons(found, dataset, place, entry)
    left = int((found.labels < 0).sum())
    if left and changeable:
        st.html(
            "<div class='card'><b><span class='dot hollow'></span>Unexplained</b>"
            f"<div class='muted'>{count(left, 'row')}: {escape(why_left(found))}.</div></div>"
        )


def why_left(found: Explanation) -> str:
    """Why rows are unexplained; where there are several reasons, of how many rows each holds."""
    outside, unknown = int((found.place < 0).sum()), unjudged(found)
    sample = found.params.get("sample") is not None
    reasons = {
        "beyond the sample, or without text" if sample else "without text": outside,
        "nothing was answered": unknown,
        f"no description reaches a chance of {explain.LEAST_CHANCE:g}": int(
            (found.labels < 0).sum() - outside - unknown
        ),
    }
    held = {why: n for why, n in reasons.items() if n}
    return ", ".join(held if len(held) == 1 else (f"{why}: {n:,}" for why, n in held.items()))


def unjudged(found: Explanation) -> int:
    """Unexplained rows with a text of which nothing is known: no answer on any description came,
    because the budget was spent or requests failed."""
    rows = np.flatnonzero((found.labels < 0) & (found.place >= 0))
    return int(np.isnan(found.scores[found.place[rows]][:, found.chosen]).all(axis=1).sum())


def _card(found: Explanation, dataset: Dataset, place: int, entry: Mapping[str, Any]) -> None:
    texts = dataset.frame[found.column]
    color = color_of(int(found.slots[place]))
    pinned = " · kept by you" if int(found.chosen[place]) in found.pinned else ""
    examples = "".join(f"<li>{escape(_short(texts.iloc[i]))}</li>" for i in entry["exemplars"][:2])
    words = ", ".join(entry["words"][:6])
    st.html(
        f"<div class='card'><b><span class='dot' style='background:{color}'></span>"
        f"{escape(entry['description'])}</b>"
        f"<div class='muted'>{entry['size']:,} rows · true of {share(entry['coverage'] or 0)} · "
        f"only this one {_share(entry['exclusive'])} · precision {number(entry['precision'])} "
        f"({number(entry['near_precision'])} with the nearest outside), "
        f"recall {number(entry['recall'])}{escape(pinned)}</div>"
        + (f"<div class='muted'>Telling words: {escape(words)}</div>" if words else "")
        + f"<ul>{examples}</ul></div>"
    )


def called(found: Explanation, column: int) -> str:
    """What a description is called in a menu, which shows it as it is: no markup there."""
    return found.names.get(str(column), found.descriptions[column])


def _share(value: float | None) -> str:
    return "–" if value is None else share(value)


def _short(text: object) -> str:
    words = " ".join(str(text).split())
    return words if len(words) <= SHOWN else words[:SHOWN] + " …"


def _evidence(found: Explanation, dataset: Dataset, place: int, entry: Mapping[str, Any]) -> str:
    """The surest texts and those in doubt as HTML, each with the chance that the description holds,
    and the words that speak for it marked."""
    texts, column = dataset.frame[found.column], int(found.chosen[place])
    chance = found.scores[found.place, column]
    words = [*entry["words"], *lexical.quoted(found.descriptions[column])]
    parts = []
    doubtful = [i for i in entry["borderline"] if not chance[i] >= SURE]
    for title, rows in (("Surest", entry["exemplars"]), ("In doubt", doubtful)):
        lines = [
            f"<li><span class='muted'>{number(float(chance[i]))}</span> "
            f"{marked(_short(texts.iloc[i]), words)}</li>"
            for i in rows
        ]
        parts.append(f"<div class='muted'>{title}</div><ul>{''.join(lines)}</ul>" if lines else "")
    return f"<div class='card'>{''.join(parts)}</div>"


def _buttons(found: Explanation, dataset, place: int, entry: Mapping[str, Any]) -> None:
    """Show on the map, the evidence, and the changes of one description."""
    column, view = int(found.chosen[place]), session.current().view
    slot = int(found.slots[place])
    with st.container(horizontal=True):
        alone = view.isolate == slot
        if st.button(
            "Show all" if alone else "Show on the map", key=f"show-{place}", type="tertiary"
        ):
            session.change(isolate=None if alone else slot)
            st.rerun()
        with st.popover("Evidence", type="tertiary", key=f"evidence-{place}-{found.digest}"):
            st.html(_evidence(found, dataset, place, entry))
        with st.popover("Change", type="tertiary", key=f"change-{place}-{found.digest}"):
            _change(found, place, entry, column)


def _change(found: Explanation, place: int, entry: Mapping[str, Any], column: int) -> None:
    said = found.descriptions[column]
    words = st.text_input("Description", said, key=f"words-{column}-{found.digest}", max_chars=300)
    left, right = st.columns(2)
    if left.button("Judge it anew", key=f"rewrite-{column}", width="stretch"):
        edit(found, {"do": "rewrite", "column": column, "words": words})
    if right.button("Only rename", key=f"rename-{column}", width="stretch"):
        edit(found, {"do": "rename", "column": column, "words": words})
    kept = column in found.pinned
    if left.button("Let go" if kept else "Keep", key=f"pin-{column}", width="stretch"):
        edit(found, {"do": "unpin" if kept else "pin", "column": column})
    if right.button("Remove", key=f"remove-{column}", width="stretch"):
        edit(found, {"do": "remove", "column": column})
    if left.button("Split in two", key=f"split-{column}", width="stretch"):
        edit(found, {"do": "split", "column": column})
    others = [int(c) for c in found.chosen if int(c) != column]
    if others:
        other = st.selectbox(
            "Merge with",
            others,
            index=None,
            format_func=menus.told_apart(others, lambda c: called(found, c)),
            key=f"merge-{column}-{found.digest}",
        )
        if other is not None and st.button("Merge", key=f"merge-go-{column}"):
            edit(found, {"do": "merge", "columns": [column, other], "words": ""})


def edit(found: Explanation, change: dict[str, Any]) -> None:
    """Change the explanation as one step that can be undone."""
    stamp = {
        "by": st.session_state.get(NAME_KEY) or "",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    base = session.load(found.parents[0]) if found.edits else found
    source = session.load(session.current().view.dataset)
    if base is None or source is None:
        frame.sentence("What this rests on is no longer stored: explain the texts again.", "error")
        return
    try:
        wanted = asking.edit_request(base, source, [*found.edits, {**change, **stamp}])
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    session.want("explanation", wanted, step=True)
    st.rerun()
