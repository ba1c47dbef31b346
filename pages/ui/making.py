"""The kept maps and clusterings, and the forms that make another one."""

import streamlit as st

from analytics import operations
from analytics.errors import BadInput
from analytics.projection.methods.chosen import is_axis
from analytics.results import Dataset, Projection
from pages.ui import forms, frame, mapview, menus, naming, parts, pointing, session
from pages.ui.words import safe_md


def map_choice(dataset: Dataset, projection: Projection | None) -> None:
    """The kept maps, and the form for another one."""
    st.subheader("Map")
    _kept("Shown", "projection", session.current().view.maps)
    with st.expander("Make another map", expanded=projection is None):
        _projection_form(dataset, projection)


@st.fragment
@parts.counted("map form")
def _projection_form(dataset: Dataset, projection: Projection | None) -> None:
    method = forms.method_picker("projection", dataset, projection)
    values, seed = forms.parameters(method, projection)
    if method.id == "columns":
        able = [c for c in dataset.frame if is_axis(dataset.frame[c])]
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


def clustering_choice(dataset: Dataset, projection: Projection | None, clustering) -> None:
    """The kept clusterings, and the form for another one."""
    view = session.current().view
    st.subheader("Clusters")
    _kept("Shown", "clustering", view.runs)
    _kept("Map", "projection", view.maps)
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


def _run(slot: str, make) -> None:
    """Ask for what a form describes, or say in one sentence why it cannot be."""
    try:
        request = make()
    except BadInput as error:
        frame.sentence(str(error), "error")
    else:
        session.want(slot, request, step=True)
        st.rerun()


def _kept(label: str, slot: str, kept: tuple[str, ...]) -> None:
    """Choose among the kept results of a slot, when there are several."""
    if len(kept) < 2:
        return
    now = getattr(session.current().view, slot)
    key = f"shown-{label}-{now}"

    def chosen():
        # A browser that has not drawn a result that just arrived still sends the former choice.
        if getattr(session.current().view, slot) == now:
            session.change(**{slot: st.session_state.get(key)})

    st.selectbox(
        label,
        kept,
        index=kept.index(now) if now in kept else 0,
        format_func=menus.told_apart(kept, naming.names_of(kept).get),
        key=key,
        on_change=chosen,
    )
