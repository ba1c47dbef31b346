"""Corrections by hand: name, merge, split, move and tag, with who, when and why; few labels."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.correcting.operations import (
    FEW,
    base_of,
    correction_request,
    edits_of,
    ids_of,
    labelled_request,
    said,
)
from analytics.errors import BadInput
from analytics.results import Clustering, Dataset, Projection
from pages.ui import automatic, frame, menus, session
from pages.ui.words import count, safe_md

NAME_KEY = "correct-author"
WHY_KEY = "correct-why"


def tab(dataset: Dataset, projection: Projection, result: Clustering, mask) -> None:
    """What can be changed, what was, and labels from it."""
    st.caption(
        "Changes are a layer over the groups as computed: they can be undone one by one, and what "
        "was computed stays."
    )
    with st.container(horizontal=True):
        st.text_input("Your name", key=NAME_KEY, max_chars=60, persist_state="session")
        st.text_input("Reason", key=WHY_KEY, max_chars=300, placeholder="why this change is right")
    left, right = st.columns(2, gap="medium")
    with left:
        _groups(result, mask)
    with right:
        _rows(dataset, projection, result, mask)
    _history(result)
    with st.expander("Use as few labels"):
        _few(dataset, result)


def change(result: Clustering, edit: dict[str, Any]) -> None:
    """Make one more change, as a step that can be undone."""
    stamp = {
        "by": st.session_state.get(NAME_KEY) or "",
        "why": st.session_state.get(WHY_KEY) or "",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _redo(result, [*edits_of(result), {**edit, **stamp}])


def _redo(result: Clustering, edits: list[dict]) -> None:
    base = base_of(result, session.load)
    if base is None:
        frame.sentence("The groups as computed are no longer stored: cluster again.", "error")
        return
    try:
        wanted = correction_request(base, edits)
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    session.want("clustering", wanted, step=True)
    st.rerun()


def _groups(result: Clustering, mask) -> None:
    st.markdown("**A group**")
    names, ids = result.group_names, ids_of(result)
    options = list(range(result.n_clusters))
    if not options:
        st.caption("All rows are noise: there is no group to change.")
        return
    key = result.digest
    say = menus.told_apart(options, names.get)
    group = st.selectbox("Group", options, format_func=say, key=f"correct-group-{key}")
    group = group or 0
    words = st.text_input("New name", key=f"correct-words-{key}-{group}", max_chars=80)
    if st.button("Rename", key="correct-rename"):
        change(result, {"do": "rename", "group": int(ids[group]), "words": words})
    others = st.multiselect(
        "Merge with",
        [o for o in options if o != group],
        format_func=say,
        key=f"correct-merge-{key}-{group}",
    )
    if st.button("Merge", key="correct-merge", disabled=not others):
        merged = [int(ids[g]) for g in (group, *others)]
        change(result, {"do": "merge", "groups": merged, "words": words})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        parts = st.number_input("Parts", 2, 20, 2, key="correct-parts", width=110)
        if st.button("Split by k-means", key="correct-split"):
            change(result, {"do": "split", "group": int(ids[group]), "parts": int(parts)})
        if st.button(
            "Split off the selection",
            key="correct-split-lasso",
            disabled=mask is None or not (mask & (result.labels == group)).any(),
        ):
            change(result, {"do": "split", "group": int(ids[group]), "where": _selection()})


def _selection() -> dict[str, Any]:
    view = session.current().view
    return {"map": view.projection, "shapes": list(view.selection)}


def _rows(dataset: Dataset, projection: Projection, result: Clustering, mask) -> None:
    st.markdown("**Rows**")
    typed = st.text_input(
        "Row numbers, instead of a selection on the map",
        key="correct-rows",
        placeholder="12, 40-44",
        help="As in the column 'row' of the Rows tab.",
    )
    try:
        where, n = _where(dataset, typed, mask)
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    st.caption(
        f"{count(n, 'row')} meant." if n else "Select rows on the map, or type their numbers."
    )
    names, ids = result.group_names, ids_of(result)
    targets: list[Any] = [*range(result.n_clusters), -1, "new"]
    to = st.selectbox(
        "Move them to",
        targets,
        format_func=menus.told_apart(targets, {**names, "new": "a new group"}.get),
        key=f"correct-to-{result.digest}",
    )
    words = st.text_input("Name of the new group, or tag", key="correct-tag", max_chars=80)
    with st.container(horizontal=True):
        if st.button("Move", key="correct-move", disabled=not n):
            target = to if to in ("new", -1) else int(ids[to])
            edit = {"do": "reassign", "where": where, "to": target}
            change(result, {**edit, "words": words if to == "new" else ""})
        if st.button("Tag", key="correct-tag-go", disabled=not n):
            change(result, {"do": "tag", "where": where, "words": words})
    for i, tag in enumerate(result.tags):
        held = int(result.extras["tags"][:, i].sum())
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(safe_md(f"{tag}: {count(held, 'row')}"), width="content")
            if st.button("Remove the tag", key=f"untag-{i}", type="tertiary"):
                change(result, {"do": "untag", "words": tag})


def _where(dataset: Dataset, typed: str, mask) -> tuple[dict[str, Any], int]:
    """The rows meant, and how many. Raises BadInput for numbers that are none."""
    if not typed.strip():
        return _selection(), 0 if mask is None else int(mask.sum())
    wanted = numbers(typed)
    place = np.flatnonzero(np.isin(dataset.rows, wanted))
    if len(place) < len(wanted):
        gone = sorted(set(wanted) - set(dataset.rows[place].tolist()))
        raise BadInput(f"Row {gone[0]:,} is not among the rows shown: see the Rows tab.")
    return {"rows": place.tolist()}, len(place)


def numbers(text: str) -> list[int]:
    """Row numbers separated by commas, with spans such as 40-44. Raises BadInput."""
    from analytics.correcting.edits import MOST_ROWS

    found: set[int] = set()
    for part in text.replace(",", " ").split():
        low, dash, high = part.partition("-")
        if not low.isdecimal() or (dash and not high.isdecimal()) or len(part) > 20:
            raise BadInput(f"'{part[:20]}' is no row number: write them as 12, 40-44.")
        last = int(high) if dash else int(low)
        if last - int(low) >= MOST_ROWS or len(found) > MOST_ROWS:
            raise BadInput(f"One change takes at most {MOST_ROWS:,} row numbers: use a selection.")
        found.update(range(int(low), last + 1))
    return sorted(found)


def _history(result: Clustering) -> None:
    edits = edits_of(result)
    if not edits:
        st.caption("Nothing was changed by hand yet.")
        return
    st.markdown(f"**{count(len(edits), 'change')} by hand**")
    rows = [
        {
            "when": e.get("at", "").replace("T", " ")[:16],
            "who": e.get("by") or "–",
            "what": said(e),
            "why": e.get("why") or "–",
        }
        for e in edits
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, lazy=False, key="correct-history")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox(
            "Take back",
            range(len(edits)),
            index=len(edits) - 1,
            format_func=lambda i: f"{i + 1}  {said(edits[i])}",
            key=f"correct-which-{result.digest}",
        )
        if st.button("Take it back", key="correct-undo"):
            _redo(result, [e for i, e in enumerate(edits) if i != which])


def _few(dataset: Dataset, result: Clustering) -> None:
    st.caption(
        "Opens the data with these labels as its label column, empty elsewhere: methods on the "
        "Clusters page that need some labels then learn from them."
    )
    sources = next(p for p in FEW if p.name == "source").choices
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            "Labels from",
            sources,
            format_func={
                "touched": "rows moved by hand",
                "tags": "tagged rows",
                "groups": "some rows of each group",
            }.get,
            key="few-source",
        )
        each = st.number_input("Rows of each at most", 1, 10_000, 10, key="few-each", width=180)
        if not st.button("Use as few labels", key="few-go"):
            return
    try:
        from analytics.correcting.operations import few_labels

        few_labels(result, source, int(each), 0)  # says at once when there is none
        wanted = labelled_request(dataset, result, {"source": source, "each": int(each)})
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    automatic.prepare(wanted, dict(dataset.params), step=True)
    st.rerun()
