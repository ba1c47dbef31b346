"""Under the cards: the texts, all candidates, how descriptions overlap, what was changed, files."""

import json

import numpy as np
import pandas as pd
import streamlit as st

from analytics.explanation import asking, export, lexical, reruns, taxonomy
from analytics.figures.theme import color_of
from analytics.language import asking as language
from analytics.report.tables import to_csv
from analytics.results import Dataset, Explanation
from pages.ui import allrows, cards, connecting, findings, frame, judging, menus, session
from pages.ui.words import count, escape, marked, number, safe_md, share

TEXTS, LETTERS = 30, 600
INSTEAD = (
    "With another key, typed in the form of this page, it can be run again; with another model or "
    "budget, explain the texts anew. What was answered is not asked again."
)
DONE = {
    "rename": "Renamed",
    "rewrite": "Judged anew as",
    "add": "Added",
    "merge": "Merged",
    "split": "Split",
    "pin": "Kept",
    "unpin": "Let go",
    "remove": "Removed",
    "restore": "Allowed again",
    "move": "Moved a text",
    "choose": "Chosen anew",
    "prove": "Chosen by the exact solver",
}


def tabs(found: Explanation, dataset: Dataset) -> None:
    """The linked views; only the open one is filled."""
    views = {
        "Texts": lambda: _texts(found, dataset),
        "Descriptions": lambda: _candidates(found),
        "How sure": lambda: _sure(found, dataset),
        "Inside the groups": lambda: _inside(found, dataset),
        "Changes": lambda: _changes(found),
        "Take away": lambda: _files(found, dataset),
    }
    made = st.tabs(list(views), key="explain-tab", on_change="rerun")
    for tab, fill in zip(made, views.values(), strict=True):
        if tab.open:
            with tab:
                fill()


def _texts(found: Explanation, dataset: Dataset) -> None:
    """Search, one group, and what speaks for it marked in each text."""
    texts = dataset.frame[found.column].astype("str").to_numpy()
    left, right = st.columns([1, 1])
    wanted = left.text_input("Search in the texts", key="explain-search")
    names = [e["description"] for e in found.evidence]
    said = {None: "all", **dict(enumerate(names)), -1: "unexplained"}
    group = right.selectbox(
        "Group",
        list(said),
        format_func=menus.told_apart(said, said.get),
        key=f"explain-group-{found.digest}",
    )
    order = st.segmented_control(
        "First", ["surest", "least sure", "as in the data"], default="surest", key="explain-order"
    )
    rows = np.arange(len(texts)) if group is None else np.flatnonzero(found.labels == group)
    if wanted.strip():
        low = wanted.casefold().strip()
        rows = rows[[low in texts[i].casefold() for i in rows]]
    chance = _chance(found)
    if order != "as in the data":
        sure = np.nan_to_num(chance[rows], nan=0.0)
        rows = rows[np.argsort(-sure if order == "surest" else sure, kind="stable")]
    st.caption(f"{count(len(rows), 'text')}; the first {min(TEXTS, len(rows))} are shown.")
    st.html("".join(_text(found, texts, chance, int(i), wanted) for i in rows[:TEXTS]))
    if len(rows):
        _one(found, dataset, texts, rows)


def _chance(found: Explanation) -> np.ndarray:
    """Chance of each row's own description; NaN for the unexplained."""
    out = np.full(len(found.labels), np.nan)
    held = np.flatnonzero(found.labels >= 0)
    out[held] = found.scores[found.place[held], found.chosen[found.labels[held]]]
    return out


def _text(found: Explanation, texts, chance, row: int, wanted: str) -> str:
    """One text as HTML; words that speak for its group, and those searched for, are marked."""
    group = int(found.labels[row])
    words = [wanted.strip()] if wanted.strip() else []
    if group >= 0:
        words += [*found.evidence[group]["words"], *lexical.quoted(_said(found, group))]
    text = texts[row] if len(texts[row]) <= LETTERS else texts[row][:LETTERS] + " …"
    slot = int(found.slots[group]) if group >= 0 else -1
    sure = f"{chance[row]:.2f}" if group >= 0 else "unexplained"
    return (
        f"<div class='text'><span class='dot' style='background:{color_of(slot)}'></span>"
        f"<span class='muted'>row {row} · {sure}</span> {marked(text, words)}</div>"
    )


def _said(found: Explanation, group: int) -> str:
    return found.descriptions[int(found.chosen[group])]


def _one(found: Explanation, dataset: Dataset, texts, rows) -> None:
    """What was judged of one text, and moving it by hand."""
    with st.expander("What was judged of one text"):
        row = st.number_input("Row", 0, len(texts) - 1, int(rows[0]), key="explain-row")
        st.caption(safe_md(texts[row][:LETTERS]))
        place = int(found.place[row])
        if place < 0:
            st.caption("This row has no text.")
            return
        scores = found.scores[place]
        order = np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable")
        table = {
            "chance": [None if np.isnan(scores[j]) else round(float(scores[j]), 3) for j in order],
            "description": [found.descriptions[j] for j in order],
            "chosen": [j in found.chosen for j in order],
        }
        height = frame.tall(len(order), 240)
        st.dataframe(pd.DataFrame(table), hide_index=True, height=height, lazy=False)
        judging.saw(found, dataset, place)
        columns = [int(c) for c in found.chosen]
        targets = {**{c: cards.called(found, c) for c in columns}, -1: "unexplained"}
        to = st.selectbox(
            "Move it to",
            list(targets),
            index=None,
            format_func=menus.told_apart(targets, targets.get),
            key=f"explain-move-{row}-{found.digest}",
        )
        if to is not None and st.button("Move", key="explain-move-go"):
            cards.edit(found, {"do": "move", "row": place, "column": to})


def _candidates(found: Explanation) -> None:
    """Every description that was judged; add one's own, bring one in, choose anew."""
    with st.form("explain-add", border=False):
        words = st.text_input(
            "Your own description",
            placeholder='is about late trains, or: mentions "refund" or "money back"',
            max_chars=300,
        )
        if st.form_submit_button("Add it"):
            cards.edit(found, {"do": "add", "words": words})
    with np.errstate(invalid="ignore"):
        true = (found.scores >= 0.5).mean(axis=0)
    where = np.full(len(true), "", object)
    where[found.chosen] = "chosen"
    where[list(found.removed)] = "removed"
    where[list(found.pinned)] = "kept"
    order = np.argsort(-true, kind="stable")
    st.dataframe(
        pd.DataFrame(
            {
                "description": [found.descriptions[j] for j in order],
                "true of": true[order].round(3),
                "state": where[order],
            }
        ),
        hide_index=True,
        height=frame.tall(len(order), 260),
        lazy=False,
    )
    free = [int(j) for j in order if j not in found.chosen]
    if free:
        bring = st.selectbox(
            "Bring in",
            free,
            index=None,
            format_func=menus.told_apart(free, lambda c: cards.called(found, c)),
            key=f"explain-bring-{found.digest}",
        )
        if bring is not None and st.button("Bring it in", key="explain-bring-go"):
            cards.edit(found, {"do": "pin", "column": bring})
    _weights(found)


def _weights(found: Explanation) -> None:
    """The weights of the choice, and choosing anew by them."""
    facts = found.selection
    with st.form("explain-choose", border=False):
        a, b, c, d = st.columns(4)
        k = a.slider("Groups at most", *_range("k"), int(facts["k"]))
        overlap = b.slider("Cost of overlap", *_range("overlap"), float(facts["overlap"]), 0.1)
        uncovered = c.slider(
            "Cost of a text left out", *_range("uncovered"), float(facts["uncovered"]), 0.01
        )
        largest = d.slider("Largest share", *_range("largest"), float(facts["largest"]), 0.05)
        if st.form_submit_button("Choose anew"):
            change = {"k": k, "overlap": overlap, "uncovered": uncovered, "largest": largest}
            cards.edit(found, {"do": "choose", **change})


def _range(name: str) -> tuple:
    """What a setting of the sidebar may be: a slider for it may start anywhere there."""
    param = next(p for p in asking.PARAMS if p.name == name)
    kind = int if param.type == "int" else float
    return kind(param.low), kind(param.high)


def _sure(found: Explanation, dataset: Dataset) -> None:
    """How far descriptions overlap, and whether the groups come out again."""
    names = [f"{i + 1} {e['description']}" for i, e in enumerate(found.evidence)]
    rows = [[number(v) if v is not None else "–" for v in e["overlap"]] for e in found.evidence]
    table = pd.DataFrame(rows, index=names, columns=[str(i + 1) for i in range(len(names))])
    st.caption("Texts that both descriptions are true of, among those that either is true of.")
    st.dataframe(table, lazy=False)
    special = found.edits or found.params.get("topics") or "inside" in found.params
    if special or found.params.get("sample") is not None:
        st.caption(
            "Whether the groups come out again is told of explanations of all texts by a goal, as "
            "they were made."
        )
        return
    if found.method == language.METHOD:
        st.caption(
            f"A language model is asked anew: {reruns.RERUNS} runs within the budget of one each. "
            "What it has judged before is not asked again."
        )
    if not st.toggle(
        "Explain again on parts of the texts", key=f"again-{found.digest}", persist_state="session"
    ):
        return
    card = frame.try_ask(reruns.stability_request(found, dataset), instead=INSTEAD)
    if card is None:
        return
    connecting.spent(card.about.get("usage"), card.notes)
    said = [(name, number(float(v))) for name, v in zip(names, card.groups["steady"], strict=True)]
    st.caption(
        f"{reruns.RERUNS} reruns with other seeds, each on {share(reruns.SHARE)} of the texts: the "
        "mean share that each group has in common with its like (Jaccard). Agreement of all "
        f"groups, adjusted Rand index: {number(card.values['ari'].value)}."
    )
    findings.facts(said, ("Description", "Comes out again"))


def _inside(found: Explanation, dataset: Dataset) -> None:
    """Each group's texts explained among themselves."""
    if "inside" in found.params:
        st.caption("This is a look inside one group. Undo, at the top, leads back to all groups.")
        return
    if found.method == language.METHOD:
        st.caption(
            "This look is by this machine, without the language model, which would be asked "
            "about every text again."
        )
    if not st.toggle(
        "Explain each group among itself", key=f"inside-{found.digest}", persist_state="session"
    ):
        return
    tree = frame.try_ask(taxonomy.taxonomy_request(found, dataset))
    for place, entry in enumerate(tree.entries if tree is not None else ()):
        color = color_of(int(found.slots[place]))
        rows = "".join(
            f"<li>{escape(child['description'])} <span class='muted'>{child['size']:,}</span></li>"
            for child in entry["children"]
        )
        rest = f"<li class='muted'>unexplained {entry['left']:,}</li>" if entry["children"] else ""
        few = "" if entry["children"] else "<div class='muted'>Too few texts to look inside.</div>"
        st.html(
            f"<div class='card'><b><span class='dot' style='background:{color}'></span>"
            f"{escape(entry['description'])}</b> <span class='muted'>{entry['size']:,} rows</span>"
            f"{few}<ul>{rows}{rest}</ul></div>"
        )
        if entry["digest"] and st.button("Open this group", key=f"inside-{place}-{found.digest}"):
            session.change(explanation=entry["digest"])
            st.rerun()


def _changes(found: Explanation) -> None:
    """Who changed what, and when. Undo and Redo are at the top of the page."""
    st.text_input("Your name, kept beside your changes", key=cards.NAME_KEY, max_chars=60)
    if not found.edits:
        st.caption("Nothing was changed yet. Changes are made on the cards.")
        return
    rows = [
        {
            "when": edit.get("at", "").replace("T", " ")[:16],
            "who": edit.get("by") or "–",
            "what": f"{DONE[edit['do']]} {_object(found, edit)}".strip(),
        }
        for edit in reversed(found.edits)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, lazy=False)


def _object(found: Explanation, edit) -> str:
    if edit["do"] == "choose":
        return f"with at most {count(edit['k'], 'group')}"
    columns = (
        edit.get("columns") or [edit["column"]] if "column" in edit or "columns" in edit else []
    )
    said = [f"“{found.descriptions[c]}”" for c in columns if 0 <= c < len(found.descriptions)]
    if edit.get("words"):
        said.append(f"→ “{edit['words']}”" if said else f"“{edit['words']}”")
    return " ".join(said)


def _files(found: Explanation, dataset: Dataset) -> None:
    """CSV, JSON, one HTML page, and the labels of all rows of a large file."""
    colors = [color_of(int(s)) for s in found.slots]
    title = f"{dataset.name}: explained"
    files = (
        (
            "Each text with its description, CSV",
            "csv",
            lambda: to_csv(export.table(found, dataset)),
        ),
        (
            "Descriptions with their evidence, JSON",
            "json",
            lambda: json.dumps(export.answer(found, dataset), indent=2, ensure_ascii=False),
        ),
        ("One page to read, HTML", "html", lambda: export.html(found, dataset, title, colors)),
    )
    for label, kind, make in files:
        st.download_button(
            label,
            make,
            file_name=f"gestalt-explained.{kind}",
            key=f"explain-download-{kind}",
            on_click="ignore",
        )
    frame.how("The JSON holds the same keys as `python -m analytics explain --json`.")
    allrows.offer(found)
