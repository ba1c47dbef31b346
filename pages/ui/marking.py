"""The map of a review and the table beside it: what is marked on one is marked on the other.

What is marked is the reader's own, kept in the browser session: an outline, a cluster, or rows of
the table (see ``analytics.review.about``). It never enters the owner's view.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from analytics import view as views
from analytics.report.columns import default as default_columns
from analytics.results import Clustering, Dataset, Projection
from analytics.review import about as targets
from pages.ui import drawing, mapview, onpaper
from pages.ui.words import count, safe_md

HEIGHT = 560
TABLE_ROWS = 2_000
TABLE_COLUMNS = 12


@dataclass(frozen=True)
class Results:
    """The stored results that a review shows, and its view."""

    view: views.View
    dataset: Dataset
    projection: Projection
    clustering: Clustering | None

    @property
    def labels(self) -> np.ndarray | None:
        """The clusters of the rows, (n,), or None."""
        return None if self.clustering is None else self.clustering.labels

    @property
    def names(self) -> dict[int, str]:
        """What the clusters are called."""
        return {} if self.clustering is None else self.clustering.group_names


def view_of(document: dict) -> views.View:
    """The view that a review's picture is drawn from."""
    state = {k: v for k, v in document["state"].items() if k != "selection"}
    return views.from_json({**state, **document["picture"]})


def marked(key: str) -> dict | None:
    """What the reader has marked, None for nothing. key : of the review on this page."""
    held = st.session_state.get(f"{key}-marked", {})
    rows = held.get("rows")
    return {"kind": "rows", "rows": rows} if rows else held.get("about")


def mark(key: str, about: dict | None, source: str = "") -> None:
    """Mark something. source : the table that was clicked, "rows" or "ticks", which keeps its own
    marks; what is drawn from the other forgets them."""
    held = st.session_state.get(f"{key}-marked", {})
    fresh = {name: held.get(name, 0) + (name != source) for name in ("n-rows", "n-ticks")}
    st.session_state[f"{key}-marked"] = {**fresh, "about": about, "rows": []}


def count_of(key: str, table: str) -> int:
    """How often a table has forgotten its marks: part of its widget's key."""
    return st.session_state.get(f"{key}-marked", {}).get(f"n-{table}", 0)


def words(about: dict, results: Results | None) -> str:
    """What is marked, in words with the number of rows."""
    if results is None:
        return targets.words(about, {})
    mask = targets.mask(about, results.projection.xy, results.labels)
    return targets.words(about, results.names, None if mask is None else int(mask.sum()))


def draw(results: Results, caption: str, key: str) -> None:
    """The map, with what is marked; a new outline becomes the mark."""
    from analytics.perception.operations import drawn_aspect

    view, dataset, projection = results.view, results.dataset, results.projection
    color = view.color or ("clusters" if results.clustering is not None else "")
    layer = drawing.Layer(
        *mapview.color_layer(dataset, results.clustering, color, view.layer, view)
    )
    about = marked(key)
    look = drawing.Look(
        lit=None if about is None else targets.mask(about, projection.xy, results.labels),
        selection=tuple(about["shapes"]) if about and about["kind"] == "selection" else (),
        isolate=view.isolate if layer.groups is not None and about is None else None,
        hover=dataset.frame[default_columns(dataset)],
        zoom=view.zoom,
        aspect=drawn_aspect(projection),
        outlines=view.outlines,
        shapes=mapview.shape_layer(dataset, results.clustering, view.shape, color, view),
        links=mapview.drawn_links(dataset, view.links),
        height=HEIGHT,
        revision=f"{key}{projection.digest}",
        reading=True,
        holds=(dataset, results.clustering),
    )
    drawing.show(
        projection,
        [layer],
        look,
        sentence=caption,
        key=key,
        chosen=lambda shapes: mark(key, {"kind": "selection", "shapes": list(shapes)}),
        cleared=lambda: mark(key, None),
    )
    _bar(results, about, key)


def _bar(results: Results, about: dict | None, key: str) -> None:
    """What is marked, and letting it go."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-markbar"):
        if about is None:
            st.caption("Draw round points, or choose rows or a cluster below, to speak of them.")
            return
        st.markdown(f"**Marked:** {safe_md(words(about, results))}")
        st.button("Mark nothing", key=f"{key}-unmark", on_click=mark, args=(key, None))


def table(results: Results, key: str) -> None:
    """The rows of what is marked (else all), at most a few thousand; chosen rows are marked."""
    from analytics.report.tables import labels_table

    held = st.session_state.get(f"{key}-marked", {}).get("about")
    dataset, projection = results.dataset, results.projection
    mask = None if held is None else targets.mask(held, projection.xy, results.labels)
    n = dataset.n if mask is None else int(mask.sum())
    if not n:
        st.caption("No row lies in what is marked.")
        return
    shown = np.arange(min(n, TABLE_ROWS)) if mask is None else np.flatnonzero(mask)[:TABLE_ROWS]
    part = labels_table(dataset, projection, results.clustering, rows=shown)
    name = f"{key}-rows-{count_of(key, 'rows')}"

    def chosen() -> None:
        rows = st.session_state[name].selection.rows
        rows = [int(shown[i]) for i in rows if i < len(shown)][: targets.MOST_ROWS]
        st.session_state[f"{key}-marked"] = {
            **st.session_state.get(f"{key}-marked", {}),
            "rows": rows,
        }

    st.dataframe(
        part.iloc[:, :TABLE_COLUMNS],
        hide_index=True,
        lazy=False,
        height=300,
        key=name,
        on_select=chosen,
        selection_mode="multi-row",
    )
    onpaper.twin(part.iloc[:, :TABLE_COLUMNS])
    said = [] if len(shown) == n else [f"{len(shown):,} of {n:,} rows"]
    if part.shape[1] > TABLE_COLUMNS:
        said.append(f"{TABLE_COLUMNS} of {count(part.shape[1], 'column')}")
    if said:
        st.caption(f"{' and '.join(said)} shown.")


def ticks(clusters: list[dict], key: str) -> None:
    """The three ticks of each cluster; a chosen line marks its cluster."""
    from pages.ui.people import TICKS_HOW, tick_columns, told_of

    name = f"{key}-ticks-{count_of(key, 'ticks')}"
    names = {c["label"]: c["name"] for c in clusters}

    def chosen() -> None:
        rows = st.session_state[name].selection.rows
        label = clusters[rows[0]]["label"] if rows and rows[0] < len(clusters) else None
        mark(key, None if label is None else {"kind": "cluster", "cluster": label}, "ticks")

    shown = pd.DataFrame(tick_columns(clusters, names))
    st.dataframe(
        shown,
        hide_index=True,
        key=name,
        on_select=chosen,
        selection_mode="single-row",
    )
    onpaper.twin(shown, len(shown))
    told_of(clusters, names)
    st.caption(TICKS_HOW)
