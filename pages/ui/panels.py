"""Controls beside the map."""

import numpy as np
import streamlit as st

from analytics import operations, registry
from analytics.clustering.examples import said
from analytics.errors import BadInput
from analytics.figures import shapes as marks
from analytics.params import in_words
from analytics.projection.methods.chosen import original
from analytics.report.columns import default as default_columns
from analytics.results import Clustering, Dataset, Projection
from pages.ui import drawing, forms, frame, mapview, parts, pointing, session
from pages.ui.words import count, safe_md, share


def map_controls(dataset: Dataset, projection: Projection | None, clustering) -> None:
    """Which map, coloured how."""
    view = session.current().view
    picture_controls(dataset, projection)
    _links_toggle(dataset)
    st.subheader("Colour")
    options = ["", *_color_options(dataset, clustering)]
    st.selectbox(
        "Colour by",
        options,
        index=options.index(view.color) if view.color in options else 0,
        format_func=lambda c: _color_name(c, dataset),
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
            format_func=lambda g: safe_md(names.get(g, str(g))),
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
        format_func=lambda s: mapview.shape_name(s, dataset),
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


def picture_controls(dataset: Dataset, projection: Projection | None) -> None:
    """The kept maps, and the form for another one."""
    st.subheader("Map")
    _shown("Shown", "projection", session.current().view.maps)
    with st.expander("Make another map", expanded=projection is None):
        _projection_form(dataset, projection)


@st.fragment
@parts.counted("map form")
def _projection_form(dataset: Dataset, projection: Projection | None) -> None:
    method = forms.method_picker("projection", dataset, projection)
    values, seed = forms.parameters(method, projection)
    if method.id == "columns":
        able = [c for c in dataset.frame if original(dataset.frame[c]) is not None]
        if len(able) < 2:
            st.caption("This data has fewer than two columns of numbers or dates to choose from.")
            return
        across = st.selectbox("Across", able, index=0, key="columns-x")
        up = st.selectbox("Up", able, index=1, key="columns-y")
        values["columns"] = [across, up]
    st.caption(safe_md(forms.cost_words(method, dataset, values)))
    if st.button("Draw this map", type="primary", key="run-projection"):
        _run(
            "projection",
            lambda: operations.request("projection", method.id, (dataset.digest,), values, seed),
        )


def _run(slot: str, make) -> None:
    """Ask for what a form describes, or say in one sentence why it cannot be."""
    try:
        request = make()
    except BadInput as error:
        frame.sentence(str(error), "error")
    else:
        session.want(slot, request, step=True)
        st.rerun()


def _shown(label: str, slot: str, kept: tuple[str, ...]) -> None:
    """Choose among the kept results of a slot, when there are several."""
    if len(kept) < 2:
        return
    now = getattr(session.current().view, slot)
    key = f"shown-{label}-{now}"

    def chosen():
        # A browser that has not drawn a result that just arrived still sends the former choice.
        if getattr(session.current().view, slot) == now:
            _set(key, slot)

    st.selectbox(
        label,
        kept,
        index=kept.index(now) if now in kept else 0,
        format_func=run_name,
        key=key,
        on_change=chosen,
    )


def run_name(digest: str) -> str:
    """A result's method and what sets it apart from its defaults."""
    record = session.load(digest)
    if record is None:
        return digest[:8]
    kind = "projection" if isinstance(record, Projection) else "clustering"
    label = frame.method_label(kind, record.method)
    if record.method in frame.MADE_HERE:
        return frame.made_here(record)
    try:
        known = {p.name: p for p in registry.get(kind, record.method).params}
    except ValueError:
        known = {}
    settings = {k: v for k, v in record.params.items() if k not in ("examples", "with_labels")}
    if isinstance(record, Clustering) and settings.get("n_clusters") == record.n_clusters:
        del settings["n_clusters"]  # said once
    changed = [
        in_words(k, v, known.get(k))
        for k, v in settings.items()
        if v != (known[k].default if k in known else None) and v != "full"
    ]
    if "examples" in record.params:
        changed.append(said(record.params["examples"]))
    if isinstance(record, Clustering):
        changed.insert(0, count(record.n_clusters, "group"))
    seed = [f"seed {record.seed}"] if record.seed else []
    extra = [*changed, *seed]
    return label + (f" ({', '.join(extra)})" if extra else "")


def cluster_controls(dataset: Dataset, projection: Projection | None, clustering) -> None:
    """The kept clusterings, and the form for another one."""
    view = session.current().view
    st.subheader("Clusters")
    _shown("Shown", "clustering", view.runs)
    _shown("Map", "projection", view.maps)
    _clustering_form(dataset, projection, clustering)


@st.fragment
@parts.counted("clusters form")
def _clustering_form(dataset: Dataset, projection: Projection | None, clustering) -> None:
    examples = pointing.shown(dataset, clustering)
    known = pointing.labelled(dataset, examples)
    method = forms.method_picker("clustering", known, clustering)
    values, seed = forms.parameters(method, clustering, pointing.settled(method, examples))
    pointing.block(method, dataset, projection, examples)
    if "node" in values:
        values["node"] = _middle(dataset, projection, values["node"])
    names = {"full": "All features", "pca": "PCA space", "map": "This map"}
    if projection is None:
        del names["map"]
    space = st.selectbox(
        "Measure distances in",
        list(names),
        format_func=names.get,
        key="cluster-space",
        persist_state="session",
    )
    components = None
    if space == "pca":
        most = min(100, *dataset.X.shape)
        components = st.number_input("PCA components", 1, most, min(10, most), key="cluster-pca")
    noise = st.selectbox(
        "Noise",
        ["keep", "nearest"],
        format_func={
            "keep": "stays a group of its own",
            "nearest": "goes to the nearest group",
        }.get,
        key="cluster-noise",
        persist_state="session",
    )
    st.caption(safe_md(forms.cost_words(method, dataset, values)))
    if st.button("Cluster", type="primary", key="run-clustering"):
        from analytics.clustering.operations import clustering_request

        _run(
            "clustering",
            lambda: clustering_request(
                dataset,
                method.id,
                values,
                seed,
                space=space,
                projection=projection if space == "map" else None,
                components=components,
                noise=noise,
                **pointing.given(method, dataset, examples),
            ),
        )


def _middle(dataset: Dataset, projection: Projection | None, given: int | None) -> int | None:
    """The row of the table to start from: the first one selected on the map, else the one given."""
    mask = None if projection is None else mapview.selected_mask(projection)
    if mask is None or not mask.any():
        st.caption("Or select a row on the map, to put it in the middle.")
        return given
    row = int(dataset.rows[mask][0])
    st.caption(f"Round row {row:,}, the first of those selected on the map.")
    return row


def selection_bar(dataset: Dataset, projection: Projection, mask) -> None:
    """How many rows are selected, and what can be done with them."""
    view = session.current().view
    with st.container(horizontal=True, vertical_alignment="center", key="selection-bar"):
        if mask is None:
            tools = ", with Lasso or Box" if drawing.large(dataset.n) else ""
            st.caption(f"Drag round points to select them{tools}.")
        else:
            n = int(mask.sum())
            st.markdown(f"**{count(n, 'row')} selected** ({share(n / dataset.n)})", width="content")
            if st.button("Clear", type="tertiary", icon=":material/close:"):
                session.change(selection=(), cell="")
                st.rerun()
            st.toggle("Add to it", key=mapview.ADD_KEY, help="The next shape adds to these rows.")
            if n and st.button("Zoom to selection", type="tertiary", icon=":material/zoom_in:"):
                session.change(zoom=_around(projection.xy[mask]))
                st.rerun()
        if view.zoom and st.button("Reset view", type="tertiary", icon=":material/zoom_out_map:"):
            session.change(zoom=())
            st.rerun()


def _around(xy: np.ndarray) -> tuple[float, ...]:
    low, high = xy.min(axis=0).astype(float), xy.max(axis=0).astype(float)
    pad = np.maximum((high - low) * 0.08, 1e-6 + 1e-3 * np.abs(high))
    low, high = low - pad, high + pad
    return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
