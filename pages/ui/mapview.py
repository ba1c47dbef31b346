"""The map with its selection: the one chart that every page draws."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics import selection as geometry
from analytics import view as views
from analytics.clustering.rarity import RARITY, weights
from analytics.explanation import goals
from analytics.figures import shapes as marks
from analytics.report.columns import default as default_columns
from analytics.results import NOISE, UNLABELLED, Clustering, Dataset, Explanation, Projection
from pages.ui import drawing, frame, session

MAX_GROUP_VALUES = 24
SHORT = 36  # letters of a description on the map
HOVER_KEY = "hover-columns"
ADD_KEY = "add-to-selection"
# One run of a page asks several times for what takes a pass over all rows: the last answers of
# each kind, of all readers, are kept.
KEPT = {"mask": 8, "column": 2, "present": 32}
_kept: dict[str, OrderedDict[tuple[str, ...], Any]] = {kind: OrderedDict() for kind in KEPT}
_lock = threading.Lock()


def _once(kind: str, name: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """What ``make`` gives for this name, made once while it is among those asked for last."""
    kept = _kept[kind]
    with _lock:
        found = kept.pop(name, None)
    if found is None:
        found = make()
    with _lock:
        kept[name] = found
        while len(kept) > KEPT[kind]:
            kept.popitem(last=False)
    return found


def forget() -> None:
    """Let the kept answers go."""
    with _lock:
        for kept in _kept.values():
            kept.clear()


def color_layer(
    dataset: Dataset,
    clustering: Clustering | None,
    color: str,
    layer: str = "",
    view=None,
    ask=frame.try_ask,
):
    """What colours the map: (groups, group names, values, name of the values). view : whose
    explanation and map are meant, None for the one on screen. ask : gives the result of a request,
    or None."""
    view = view or session.current().view
    if layer:
        found = _layer(dataset, clustering, layer, view, ask)
        if found is not None:
            return None, {}, found[1], found[0]
    if color == "clusters" and clustering is not None:
        return clustering.labels, group_names(clustering), None, ""
    if color == "explanation":
        found = session.load(view.explanation)
        if found is not None and len(found.labels) == dataset.n:
            return *explained(found), None, ""
    if color == "label" and dataset.labels is not None:
        names = dict(enumerate(dataset.label_names))
        return dataset.labels, {**names, UNLABELLED: "No label"}, None, ""
    if color.startswith("column:") and color[7:] in dataset.frame:
        name = color[7:]
        return _once("column", (dataset.digest, name), lambda: _column(dataset.frame[name], name))
    return None, {}, None, ""


def groups_present(
    dataset: Dataset, clustering: Clustering | None, color: str
) -> tuple[list[int], dict[int, str]]:
    """The groups that the colour shows, smallest number first, and their names; [] for none."""
    groups, names, _, _ = color_layer(dataset, clustering, color)
    if groups is None:
        return [], {}
    results = (clustering.digest if clustering else "", session.current().view.explanation)
    name = (dataset.digest, *results, color)
    return _once("present", name, lambda: np.unique(groups).tolist()), names


def shape_layer(dataset: Dataset, clustering: Clustering | None, shape: str, color: str, view=None):
    """The marker shapes of the map, or None. view : as for :func:`color_layer`."""
    if shape != marks.AS_COLOR:
        return marks.by(shape, dataset, clustering)
    groups, names, _, _ = color_layer(dataset, clustering, color, view=view)
    return None if groups is None else marks.of_groups(groups, names, "as the colour")


def group_names(clustering: Clustering) -> dict[int, str]:
    """The names of groups, those people gave or 1, 2, ...; and of noise."""
    return clustering.group_names


def explained(found: Explanation) -> tuple[np.ndarray, dict[int, str]]:
    """The groups of an explanation by the number of their colour, and what they are called."""
    slots = np.append(found.slots, NOISE)
    read = goals.read(found.goal, found.params.get("examples", ()))
    names = {
        int(slot): read.words(entry["description"]).split(":")[0][:SHORT]
        for slot, entry in zip(found.slots, found.evidence, strict=True)
    }
    return slots[found.labels].astype(np.int32), {**names, NOISE: "Unexplained"}


def _column(series: pd.Series, name: str):
    """A column as values (numbers, dates) or as groups (the most frequent values)."""
    if pd.api.types.is_bool_dtype(series) or not (
        pd.api.types.is_numeric_dtype(series) or pd.api.types.is_datetime64_any_dtype(series)
    ):
        return *marks.frequent(series, MAX_GROUP_VALUES), None, ""
    if pd.api.types.is_datetime64_any_dtype(series):
        return None, {}, series.to_numpy("datetime64[us]"), name
    return None, {}, series.to_numpy(float, na_value=np.nan), name


def _layer(dataset: Dataset, clustering: Clustering | None, layer: str, view, ask):
    """A per-point score as (title, values), or None while it is not there."""
    from analytics.clustering.operations import validity_request
    from analytics.projection.operations import faithfulness_request

    source, _, name = layer.partition(":")
    if layer == RARITY:
        return None if clustering is None else ("rarity weight", weights(clustering.labels))
    projection = session.load(view.projection)
    card = None
    if source == "faithfulness" and projection is not None:
        card = ask(faithfulness_request(projection))
    elif source == "validity" and clustering is not None:
        card = ask(validity_request(clustering))
    elif source == "consensus" and clustering is not None and "changes" in clustering.extras:
        return "changes sides", np.asarray(clustering.extras["changes"], float)
    if card is None or name not in card.points or len(card.points[name]) != dataset.n:
        return None
    title = card.values[name].label if name in card.values else name.replace("_", " ")
    return title, np.asarray(card.points[name], float)


def drawn_links(dataset: Dataset, choice: str):
    """The links to draw, (m, 2), or None; those to nearest rows are asked for."""
    from analytics.graphs.operations import drawn

    return drawn(dataset, choice, frame.try_ask)


def selected_mask(projection: Projection) -> np.ndarray | None:
    """The selected rows, or None when nothing is selected."""
    shapes = session.current().view.selection
    if not shapes:
        return None

    def resolved() -> np.ndarray:
        found = geometry.resolve(shapes, projection.xy)
        found.flags.writeable = False
        return found

    return _once("mask", (projection.digest, repr(shapes)), resolved)


def select(shapes, limits=()) -> None:
    """Shapes enter the view, beside those there when the reader adds to them. limits : what the
    map showed then, (x0, x1, y0, y1), which it goes on to show; () for the view it has."""
    before = session.current().view.selection if st.session_state.get(ADD_KEY) else ()
    zoom = {"zoom": limits} if limits else {}
    session.change(selection=(*before, *shapes)[-geometry.MAX_SHAPES :], cell="", **zoom)


def let_go() -> None:
    """Select nothing."""
    session.change(selection=(), cell="")


def hover_frame(dataset: Dataset) -> pd.DataFrame:
    """The columns shown on hover: those chosen, else the text, the label and the first ones."""
    chosen = [c for c in st.session_state.get(HOVER_KEY) or () if c in dataset.frame]
    return dataset.frame[chosen or default_columns(dataset)]


def focus(dataset: Dataset, clustering: Clustering | None, mask: np.ndarray | None):
    """The rows that the linked views speak of: those selected, else those of the one group shown,
    else None for all."""
    view = session.current().view
    if mask is not None or view.isolate is None or view.layer:
        return mask
    groups = color_layer(dataset, clustering, view.color)[0]
    return None if groups is None else groups == view.isolate


def draw(
    dataset: Dataset,
    projection: Projection,
    clustering: Clustering | None,
    *,
    color: str,
    layer: str = "",
    shape: str = "",
    ellipses=None,
    lit: np.ndarray | None = None,
    links: str = "off",
    height: int = 640,
    key: str = "map",
) -> None:
    """Draw the map with what is selected in the view; a new selection enters the view.

    links : as in the view. lit : rows that stand out instead of those selected, bool (n,).
    """
    from analytics.perception.operations import drawn_aspect

    view = session.current().view
    groups, names, values, values_name = color_layer(dataset, clustering, color, layer)
    joined = drawn_links(dataset, links)
    look = drawing.Look(
        lit=selected_mask(projection) if lit is None else lit,
        selection=view.selection,
        isolate=view.isolate if groups is not None else None,
        hover=hover_frame(dataset),
        zoom=view.zoom,
        aspect=drawn_aspect(projection),
        ellipses=ellipses,
        outlines=view.outlines,
        shapes=shape_layer(dataset, clustering, shape, color),
        links=joined,
        height=height,
        revision=projection.digest + str(view.zoom),
        holds=(dataset, clustering),
    )
    drawing.show(
        projection,
        [drawing.Layer(groups, names, values, values_name)],
        look,
        sentence=describe(dataset, projection, clustering, color, shape),
        key=key,
        chosen=select,
        cleared=let_go,
        kept=lambda limits: session.change(zoom=views.checked_zoom(limits)),
    )
    if joined is not None:
        st.caption("The perception scores speak of the points, without the lines.")


def describe(dataset, projection, clustering, color: str, shape: str = "") -> str:
    """One sentence that says what the map shows."""
    method = frame.method_label("projection", projection.method)
    axes = f" of {projection.axes[0]} against {projection.axes[1]}" if projection.axes else ""
    words = f"{dataset.n:,} rows of {dataset.name or 'the data'} as a {method} map{axes}"
    if color == "clusters" and clustering is not None:
        words += f", coloured by {clustering.n_clusters} groups"
    elif color == "explanation":
        words += ", coloured by the descriptions that explain them"
    elif color.startswith("column:"):
        words += f", coloured by {color[7:]}"
    elif color == "label":
        words += f", coloured by {dataset.label_column}"
    if shape:
        words += f", marks shaped by {shape_name(shape, dataset)}"
    return words + "."


def shape_name(shape: str, dataset: Dataset) -> str:
    """What a choice of shapes is called."""
    said = {"": "none", marks.AS_COLOR: "the colours", marks.CLUSTERS: "groups found"}
    said[marks.LABEL] = dataset.label_column
    return said.get(shape, shape.removeprefix(marks.COLUMN))
