"""What the map shows: colours, shapes, scores of points, links, columns on hover."""

import streamlit as st

from analytics.figures import shapes as marks
from analytics.report.columns import default as default_columns
from analytics.results import Dataset, Projection
from pages.ui import making, mapview, menus, session
from pages.ui.words import count, safe_md


def map_controls(dataset: Dataset, projection: Projection | None, clustering) -> None:
    """Which map, coloured how."""
    view = session.current().view
    making.map_choice(dataset, projection)
    _links_toggle(dataset)
    st.subheader("Colour")
    options = ["", *_color_options(dataset, clustering)]
    st.selectbox(
        "Colour by",
        options,
        index=options.index(view.color) if view.color in options else 0,
        format_func=menus.told_apart(options, lambda c: _color_name(c, dataset)),
        key=f"color-{view.dataset}-{view.color}",
        on_change=lambda: _set(f"color-{view.dataset}-{view.color}", "color", layer=""),
    )
    _shape_choice(dataset, clustering)
    layers = ["", *_layers(clustering)]
    st.selectbox(
        "Score of each point",
        layers,
        index=layers.index(view.layer) if view.layer in layers else 0,
        format_func=lambda name: name.partition(":")[2].replace("_", " ") or "none",
        help="Shows a per-point score as lightness, instead of the colours.",
        key=f"layer-{view.layer}",
        on_change=lambda: _set(f"layer-{view.layer}", "layer"),
    )
    if view.color and not view.layer:
        _group_controls(dataset, clustering)
    with st.expander("On hover"):
        st.multiselect(
            "Columns",
            list(dataset.frame.columns[:500]),
            max_selections=8,
            placeholder=", ".join(default_columns(dataset))[:60],
            key=mapview.HOVER_KEY,
            persist_state="session",
        )


def _links_toggle(dataset: Dataset) -> None:
    """Whether links are drawn: those of the data, else those to the nearest rows."""
    from analytics.graphs.matrix import NEIGHBOURS
    from analytics.graphs.operations import OFF, ON

    own = dataset.edges is not None
    now = session.current().view.links
    key = f"links-{own}-{now}"

    def chosen():
        session.change(links=ON if st.session_state.get(key) else OFF)

    st.toggle(
        f"{count(len(dataset.edges), 'link')}" if own else f"Lines to {NEIGHBOURS} nearest rows",
        own if now == "" else now == ON,
        key=key,
        help="Lines join linked rows." if own else "Near in the data, which a map can tear apart.",
        on_change=chosen,
    )


def _group_controls(dataset: Dataset, clustering) -> None:
    """Isolate one group, outlines."""
    view = session.current().view
    present, names = mapview.groups_present(dataset, clustering, view.color)
    if not present:
        return
    if len(present) <= 30:
        chosen = f"isolate-{view.color}-{view.isolate}"
        st.pills(
            "Show one group",
            present,
            default=view.isolate if view.isolate in present else None,
            format_func=menus.told_apart(present, lambda g: safe_md(names.get(g, str(g)))),
            key=chosen,
            on_change=lambda: _set(chosen, "isolate"),
        )
    key = f"outlines-{view.outlines}"
    st.toggle("Outlines", view.outlines, key=key, on_change=lambda: _set(key, "outlines"))


def _shape_choice(dataset: Dataset, clustering) -> None:
    """What marker shapes show."""
    shape = session.current().view.shape
    options = ["", marks.AS_COLOR, *marks.choices(dataset, clustering)[:500]]
    key = f"shape-{shape}"
    st.selectbox(
        "Shape by",
        options,
        index=options.index(shape) if shape in options else 0,
        format_func=menus.told_apart(options, lambda s: mapview.shape_name(s, dataset)),
        help=f"A mark for each of up to {marks.MOST} kinds; with more, the {marks.MOST - 1} most "
        "frequent have their own and the others share one.",
        key=key,
        on_change=lambda: _set(key, "shape"),
    )


def _set(key: str, name: str, **more) -> None:
    session.change(**{name: st.session_state.get(key), **more})


def _color_options(dataset: Dataset, clustering) -> list[str]:
    options = ["clusters"] if clustering is not None else []
    if session.current().view.explanation:
        options.append("explanation")
    if dataset.labels is not None:
        options.append("label")
    columns = [c for c in dataset.frame.columns if c != dataset.label_column]
    return options + [f"column:{c}" for c in columns[:500]]


def _color_name(color: str, dataset: Dataset) -> str:
    if color.startswith("column:"):
        return color[7:]
    said = {"": "one colour", "clusters": "groups found", "explanation": "descriptions"}
    return said.get(color, dataset.label_column)


def _layers(clustering) -> list[str]:
    names = ["trustworthiness", "continuity", "stress_share", "distance_correlation"]
    layers = [f"faithfulness:{n}" for n in names]
    if clustering is None:
        return layers
    joined = ["consensus:changes"] if "changes" in clustering.extras else []
    return [*layers, "validity:silhouette", mapview.RARITY, *joined]
