"""Examples pointed out on the map: rows that the reader says belong to a group.

They belong to the table, whose row numbers they are, so they outlive another preparation of it.
"""

import numpy as np
import streamlit as st

from analytics import registry
from analytics.clustering.examples import (
    LONGEST,
    MOST_GROUPS,
    MOST_ROWS,
    SWITCHES,
    joined,
    said,
    taken,
)
from analytics.data import words
from analytics.errors import BadInput
from analytics.registry import Method
from analytics.results import Clustering, Dataset, Projection
from pages.ui import mapview, session
from pages.ui.words import count, safe_md

_STATE = "pointed-out"  # table digest -> {group: rows}
_NAME = "pointing-name"
_JOIN = "pointing-labels"


def shown(dataset: Dataset, clustering: Clustering | None) -> dict[str, list[int]]:
    """The examples of this tab; at first those that the clustering on screen started from."""
    kept = st.session_state.setdefault(_STATE, {})
    table = dataset.parents[0]
    if table not in kept:
        used = clustering.params.get("examples") if clustering is not None else None
        return used or {}
    return kept[table]


def labelled(dataset: Dataset, examples: dict[str, list[int]]) -> Dataset:
    """The dataset as methods would read it."""
    if not examples:
        return dataset
    try:
        return joined(dataset, examples, _with_labels(dataset))
    except BadInput:  # rows that a sample leaves out: said when the method is started
        return dataset


def settled(method: Method, examples: dict[str, list[int]]) -> tuple[str, ...]:
    """Parameters of a method that its form leaves out, because examples decide them."""
    return tuple(SWITCHES) if examples and taken(method) else ()


def given(
    method: Method, dataset: Dataset, examples: dict[str, list[int]]
) -> dict[str, dict[str, list[int]] | bool]:
    """What a request for a clustering takes of them."""
    if not examples or not taken(method):
        return {}
    return {"examples": examples, "with_labels": _with_labels(dataset)}


def _with_labels(dataset: Dataset) -> bool:
    return dataset.labels is not None and bool(st.session_state.get(_JOIN))


def block(
    method: Method,
    dataset: Dataset,
    projection: Projection | None,
    examples: dict[str, list[int]],
) -> None:
    """The groups that have examples, and a way to add the rows selected on the map."""
    uses = taken(method)
    title = said(examples).capitalize() if examples else "Examples"
    with st.expander(title, expanded=uses and bool(examples), key="pointing"):
        if not uses:
            others = [m.label for m in registry.methods("clustering") if taken(m)]
            st.caption(safe_md(f"{method.label} uses none. These do: {', '.join(others)}."))
        else:
            st.caption("Rows that you say belong to a group. Select them on the map first.")
        for name, rows in examples.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{safe_md(name)}** · {count(len(rows), 'row')}", width="content")
                st.button(
                    "Remove",
                    type="tertiary",
                    icon=":material/close:",
                    key=f"pointing-drop-{name}",
                    help=f"Forget the examples of {words.name(name)}.",
                    on_click=_drop,
                    args=(dataset, examples, name),
                )
        _adding(dataset, projection, examples)
        if uses and examples and dataset.labels is not None:
            st.toggle(
                f"Also use the labels of {safe_md(words.name(dataset.label_column))}",
                key=_JOIN,
                persist_state="session",
                help="Otherwise only these rows count as known.",
            )


def _adding(
    dataset: Dataset, projection: Projection | None, examples: dict[str, list[int]]
) -> None:
    mask = None if projection is None else mapview.selected_mask(projection)
    picked = 0 if mask is None else int(mask.sum())
    names = list(dict.fromkeys((*examples, *dataset.label_names[:MOST_GROUPS])))
    name = st.selectbox(
        "Group",
        names,
        index=None,
        accept_new_options=True,
        placeholder="Choose or type a name",
        key=_NAME,
    )
    name = " ".join((name or "").split())[:LONGEST]
    room = MOST_ROWS - sum(map(len, examples.values()))
    many = len(examples) >= MOST_GROUPS and name not in examples
    if many:
        st.caption(f"At most {MOST_GROUPS} groups have examples: remove one first.")
    elif picked > room:
        st.caption(f"At most {MOST_ROWS:,} rows in all: select fewer.")
    st.button(
        f"Add {count(picked, 'selected row')}" if picked else "Add the selected rows",
        key="pointing-add",
        width="stretch",
        disabled=not picked or not name or picked > room or many,
        help=None if picked and name else "Select rows on the map and name their group.",
        on_click=_add,
        args=(dataset, examples, name, mask),
    )


def added(dataset: Dataset, examples: dict, name: str, mask: np.ndarray) -> dict[str, list[int]]:
    """The selected rows (n,) as examples of a group too; they leave the one they were in."""
    rows = {int(r) for r in dataset.rows[mask]}
    left = {n: [r for r in old if r not in rows] for n, old in examples.items()}
    left[name] = sorted(rows.union(examples.get(name, ())))
    return {n: r for n, r in left.items() if r}


def _add(dataset: Dataset, examples: dict, name: str, mask: np.ndarray) -> None:
    _keep(dataset, added(dataset, examples, name, mask))


def _drop(dataset: Dataset, examples: dict, name: str) -> None:
    _keep(dataset, {n: r for n, r in examples.items() if n != name})


def _keep(dataset: Dataset, examples: dict) -> None:
    st.session_state[_STATE] = {**st.session_state[_STATE], dataset.parents[0]: examples}
    session.current().errors.pop("clustering", None)
