"""The report page: what was done in words, and every file that can be taken away."""

import io
import json

import streamlit as st

from analytics.digest import of_json
from analytics.report import columns
from analytics.view import View
from pages.ui import findings, frame, mapview, screen, services, session, telling
from pages.ui.words import safe_md

MAX_LISTED = 40
# What the report goes without when a side result failed.
MISSING = {
    "ambiguity": "Ambiguity of the picture",
    "grouping": "What people would group",
    "faithfulness": "Faithfulness of the map",
    "validity": "Quality of the groups",
}
# The picture of the page. On a narrow screen, 330 to 600 px wide, the smallest letters are 11 px.
WIDE = {"width": 1500, "height": 1050}
NARROW = {"width": 1080, "height": 1080, "zoom": 2.25}


def state_of(view: View) -> dict:
    """What a report is made of: digests by role, only of results that are stored."""
    from analytics.clustering.operations import stability_request, validity_request
    from analytics.explanation.operations import MANY, reasons_request
    from analytics.perception.operations import ambiguity_request, grouping_request, match_request
    from analytics.projection.operations import faithfulness_request

    projection, clustering = session.load(view.projection), session.load(view.clustering)
    state = {
        "table": view.table,
        "dataset": view.dataset,
        "projection": view.projection,
        "clustering": view.clustering,
        "explanation": view.explanation if services.artifacts().has(view.explanation) else "",
        "selection": list(view.selection),
        "compared": list(view.compared),
        "called": [list(pair) for pair in view.called],
        "shape": view.shape,
        "links": view.links,
        "grouping": "",
        "match": "",
    }
    asked = {"ambiguity": ambiguity_request(projection), "grouping": grouping_request(projection)}
    asked["faithfulness"] = faithfulness_request(projection)
    if clustering is not None:
        asked["validity"] = validity_request(clustering)
    for role, wanted in asked.items():
        if frame.try_ask(wanted, what=MISSING[role]) is not None:
            state[role] = wanted.digest
    if clustering is not None:
        if state["grouping"]:
            match = match_request(state["grouping"], clustering)
            state["match"] = match.digest if frame.try_ask(match) is not None else ""
        steady = stability_request(clustering, 10).digest
        state["stability"] = steady if services.artifacts().has(steady) else ""
        why = reasons_request(clustering)
        there = services.artifacts().has(why.digest)
        if there or (clustering.n_clusters <= MANY and frame.try_ask(why) is not None):
            state["reasons"] = why.digest
            told = telling.stored(session.load(why.digest))
            state["sentences"] = told.digest if told is not None else ""
    return state


def page(view: View) -> None:
    """The page itself."""
    from analytics.report.record import run_record
    from analytics.report.snippet import python_snippet

    dataset = session.load(view.dataset)
    projection = session.load(view.projection)
    clustering = session.load(view.clustering)
    state = state_of(view)
    title = st.text_input("Title", dataset.name, max_chars=120, key=f"title-{view.dataset}")
    store = services.artifacts()
    record = run_record(store, state)
    left, right = st.columns([2.2, 1], gap="medium")
    with left:
        _picture(dataset, projection, clustering, view)
        findings.ambiguity(projection, dataset)
        st.subheader("What was done")
        for step in record["steps"]:
            st.markdown(f"**{safe_md(step['label'])}** {safe_md(step['words'])}")
            if step["notes"]:
                st.caption("  \n".join(safe_md(note) for note in step["notes"]))
    with right:
        st.subheader("Take it away")
        _downloads(state, title, record, dataset, projection, clustering, view)
    with st.expander("Run it again in Python"):
        st.code(python_snippet(store, state), language="python", wrap_lines=True)
    with st.expander("The whole record (data hash, every parameter, seeds, versions)"):
        whole = json.dumps(record, indent=2, ensure_ascii=False)
        short = json.dumps(_shortened(record), indent=2, ensure_ascii=False)
        if len(short) < len(whole):
            st.caption("Long lists are shortened here; the file has them whole.")
        st.code(short, language="json")


def _shortened(value):
    """A record with long lists cut: the browser takes ten seconds to colour 10,000 names."""
    if isinstance(value, dict):
        return {k: _shortened(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        cut = [_shortened(v) for v in value[:MAX_LISTED]]
        return cut + ([f"… {len(value) - MAX_LISTED:,} more"] if len(value) > MAX_LISTED else [])
    return value


def _static(dataset, projection, clustering, view: View, title: str) -> dict:
    """What both picture formats are drawn from."""
    from analytics.perception.operations import drawn_aspect

    color = view.color or ("clusters" if clustering is not None else "")
    groups, names, values, values_name = mapview.color_layer(dataset, clustering, color, view.layer)
    return {
        "groups": groups,
        "group_names": names,
        "values": values,
        "values_name": values_name,
        "selected": mapview.selected_mask(projection),
        "isolate": view.isolate if groups is not None else None,
        "view": (view.zoom[:2], view.zoom[2:]) if view.zoom else None,
        "axes": projection.axes,
        "dated": projection.dated,
        "aspect": drawn_aspect(projection),
        "outlines": view.outlines,
        "shapes": mapview.shape_layer(dataset, clustering, view.shape, color),
        "links": mapview.drawn_links(dataset, view.links),
        "title": title,
        "caption": mapview.describe(dataset, projection, clustering, color, view.shape),
        "dark": frame.dark(),
    }


def _picture(dataset, projection, clustering, view: View) -> None:
    drawn = _static(dataset, projection, clustering, view, "")
    said, shape = drawn["caption"], WIDE
    if screen.narrow():  # the sentence stands below, where it breaks into lines
        drawn["caption"], shape = "", NARROW
    # A score of each point may be stored later than the view that asks for it.
    key = of_json([view.to_json(), drawn["dark"], drawn["values"] is None, shape])
    st.image(_drawn(key, projection.xy, drawn | shape), width="stretch", alt=said)
    if not drawn["caption"]:
        st.caption(safe_md(said))


@st.cache_data(max_entries=100, show_spinner=False)
def _drawn(key: str, _xy, _drawn: dict) -> bytes:
    from analytics.figures.picture import map_png

    return map_png(_xy, **_drawn)


def _columns(dataset) -> list[str]:
    """The columns whose cells go along in what is taken away."""
    names = list(dataset.frame.columns)
    asked = mapview.hover_frame(dataset).columns
    return st.multiselect(
        "Columns that go along",
        names[:500],
        default=[c for c in asked if c in names[:500]],
        max_selections=columns.MOST,
        key=f"handed-{dataset.digest}",
        help="Whose cells are in the pages and the bundle. Rules, scores and the record still name "
        "the columns they rest on. Labels as CSV or Parquet hold every column.",
    )


def _size() -> dict:
    """How large the pictures are."""
    from analytics.report import pictures

    sizes = {"As here, 1600 × 1200": {}}
    for name, (width, height) in pictures.SIZES.items():
        sizes[f"Slide {name}, {width} × {height}"] = pictures.slide(name)
    return sizes[st.selectbox("Pictures", list(sizes), key="picture-size")]


def _downloads(state, title, record, dataset, projection, clustering, view: View) -> None:
    from analytics.figures.picture import map_png, map_svg
    from analytics.report.bundle import bundle
    from analytics.report.html import html_report
    from analytics.report.linked import linked_report
    from analytics.report.snippet import python_snippet
    from analytics.report.tables import KEPT_TEXT, labels_table, to_csv

    store = services.artifacts()
    drawn = _static(dataset, projection, clustering, view, title)
    mask = drawn["selected"]
    handed = {"title": title, "columns": _columns(dataset)}

    def table(selected: bool):
        full = labels_table(dataset, projection, clustering, mask)
        return full[mask] if selected else full

    def parquet():
        buffer = io.BytesIO()
        table(False).to_parquet(buffer, index=False)
        return buffer.getvalue()

    _files(
        [
            (
                "Linked map and table, HTML",
                "linked.html",
                lambda: linked_report(store, state, **handed),
            ),
            ("Report, one HTML page", "report.html", lambda: html_report(store, state, **handed)),
            ("All tables, zip", "bundle.zip", lambda: bundle(store, state, **handed)),
        ]
    )
    st.caption("The pages open without a network and print as PDF.")
    drawn |= _size()
    _files(
        [
            ("Picture, PNG", "map.png", lambda: map_png(projection.xy, **drawn)),
            ("Picture, SVG", "map.svg", lambda: map_svg(projection.xy, **drawn)),
        ]
    )
    files = [
        ("Labels, CSV", "labels.csv", lambda: to_csv(table(False))),
        ("Labels, Parquet", "labels.parquet", parquet),
        ("Run record, JSON", "run.json", lambda: json.dumps(record, indent=2)),
        ("Python script", "run.py", lambda: python_snippet(store, state)),
    ]
    if mask is not None:
        files.insert(1, ("Selected rows, CSV", "selection.csv", lambda: to_csv(table(True))))
    _files(files)
    st.caption(KEPT_TEXT)


def _files(files: list[tuple]) -> None:
    """One button per (label, name, what makes the file)."""
    for label, name, make in files:
        st.download_button(
            label,
            make,
            file_name=f"gestalt-{name}",
            key=f"download-{name}",
            on_click="ignore",
            width="stretch",
            type="primary" if name == "linked.html" else "secondary",
        )
