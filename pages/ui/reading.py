"""A review as one page: what its readers see by its link, and what its owner writes on."""

from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from analytics.errors import BadInput
from analytics.review import document as documents
from analytics.review import markup, writing
from analytics.review.sections import SECTIONS
from pages.ui import access, commenting, frame, marking, onpaper, services
from pages.ui.words import safe_md

QUERY = "review"  # in the address: the token of the review that is read
WITHIN = "draft"  # or its id, for its owner and whom it is shared with
VERSION = "version"  # and which version of it, the newest without
ADDRESS = "/review"


def token() -> str:
    """The token of the review that the address leads to, "" on every other page."""
    on_review = (st.context.url or ADDRESS).split("?")[0].rstrip("/").endswith(ADDRESS)
    return st.query_params.get(QUERY, "") if on_review else ""


def link(of: str, number: int | None = None) -> str:
    """The address that opens a review for its readers; it always leads to the newest version
    unless a number is given."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{QUERY}={of}" + (f"&{VERSION}={number}" if number else "")


def within(review: str, number: int) -> str:
    """The address of a version for the review's owner and whom it is shared with."""
    return f"{ADDRESS}?{WITHIN}={review}&{VERSION}={number}"


def page(of: str, review: str = "") -> None:
    """The reader's page of the review with this token; of one by its id, with "" for a token, for
    its owner and whom it is shared with. Raises BadInput when there is no such review."""
    asked = st.query_params.get(VERSION, "")
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else None
    opened = f"review-opened-{of or review}"
    # Who opened the newest version stays on it when another is published: what they mark and type
    # belongs to what they see.
    version = _read(of, review, number, opened)
    if version is None:
        return
    if not number:
        st.session_state[opened] = version.number
    # The browser's tab, a bookmark and the file of a printed page are called by the review.
    st.set_page_config(page_title=f"{version.document['title']} · Gestalt")
    access.lend(version.document["state"])
    key = f"review-{version.review}-{version.number}"
    main, side = st.columns([2.7, 1], gap="large")
    with main:
        st.title(safe_md(version.document["title"]))
        _which(version, opened)
        results = show(version.document, key)
    with side:
        commenting.panel(commenting.Desk(version.review, of, version.number, results, key))


def _read(of: str, review: str, asked: int | None, opened: str):
    """The version asked for, else the one opened before, else the newest; None, with the way to
    the newest, where there is no such version. Raises BadInput when there is no such review.

    opened : where the session keeps which one was opened before.
    """
    from analytics.review import store

    def read(number: int | None):
        if review:
            return store.read_within(services.engine(), review, number)
        return store.read(services.engine(), of, number)

    try:
        return read(asked or st.session_state.get(opened))
    except BadInput as error:
        if not asked:
            raise
        newest = read(None).number
        frame.sentence(str(error), "error")
        _to_newest(newest, opened)
        return None


def _to_newest(newest: int, opened: str) -> None:
    if st.button("Open the newest version", type="tertiary"):
        if WITHIN in st.query_params:  # without a version its owner writes there
            st.query_params[VERSION] = str(newest)
        else:
            st.query_params.pop(VERSION, None)
        st.session_state.pop(opened, None)
        st.rerun()


def _which(version, opened: str) -> None:
    """Which version this is, and the way to the others; the slides have the way of the link."""
    when = f"{version.published:%d %B %Y, %H:%M} UTC"
    words = f"Version {version.number}, published {when}. Later work does not change it."
    with st.container(horizontal=True, vertical_alignment="center", key="review-which"):
        st.caption(words, width="content")
        if version.token:
            st.link_button(
                "Present",
                f"/present/{version.token}/{version.number}",
                icon=":material/slideshow:",
                type="tertiary",
            )
        if version.newest > 1:
            _versions(version)
    if version.number < version.newest:
        frame.sentence(f"Version {version.newest} is the newest; this is an older one.", "warning")
        _to_newest(version.newest, opened)


def _versions(version) -> None:
    numbers = list(range(version.newest, 0, -1))
    chosen = st.selectbox(
        "Version",
        numbers,
        numbers.index(version.number),
        format_func=lambda n: f"Version {n}" + (", the newest" if n == version.newest else ""),
        label_visibility="collapsed",
        width=220,
    )
    if chosen != version.number:
        st.query_params[VERSION] = str(chosen)
        st.rerun()


def results_of(document: dict) -> marking.Results | None:
    """The stored results of a review; None, with one sentence, when they cannot be shown."""
    store = services.artifacts()
    try:
        found = {
            role: documents.result(document, role, store)
            for role in ("dataset", "projection", "clustering")
        }
    except BadInput as error:
        frame.sentence(str(error), "warning")
        return None
    if found["dataset"] is None or found["projection"] is None:
        frame.sentence(
            "The map of this review is no longer stored here; its texts and numbers are.",
            "warning",
        )
        return None
    return marking.Results(marking.view_of(document), **found)


def show(document: dict, key: str, editor=None) -> marking.Results | None:
    """The parts of a review in their order; returns the results behind its map.

    editor : called with each part in place of its text, where the owner writes.
    """
    onpaper.fit()
    results = results_of(document)
    if results is not None and f"{key}-marked" not in st.session_state:
        shapes = list(results.view.selection)
        marking.mark(key, {"kind": "selection", "shapes": shapes} if shapes else None)
    evidence = document["evidence"]
    below = {
        "picture": lambda: _picture(document, results, key),
        "ticks": lambda: marking.ticks(evidence["clusters"], key) if evidence["clusters"] else None,
        "tried": lambda: _tried(evidence["tried"]),
        "uncertain": lambda: _numbers(evidence["numbers"]),
    }
    for name in SECTIONS:
        part = documents.section(document, name)
        with st.container(key=f"{key}-part-{name}"):
            st.subheader(part["title"])
            if editor is None:
                text(part)
            else:
                editor(part)
            if name in below:
                below[name]()
    with st.expander("How it was made"):
        for step in evidence["steps"]:
            st.markdown(f"**{safe_md(step['label'])}** {safe_md(step['words'])}")
        versions = ", ".join(f"{k} {v}" for k, v in evidence["versions"].items())
        st.caption(safe_md(f"With {versions}."))
        if results is not None and access.owns_data(document["state"]):
            st.link_button("Open these results in Gestalt", open_in_app(results), type="tertiary")
    return results


def text(part: dict) -> None:
    """The text of a part, and whether its owner wrote it."""
    st.html(f"<div class='review-text'>{markup.to_html(part['text'])}</div>")
    if part["edited"]:
        st.caption("Written by the owner of the review.")


def _picture(document: dict, results: marking.Results | None, key: str) -> None:
    if results is None:
        return
    caption = markup.plain(documents.section(document, "picture")["text"])
    marking.draw(results, caption, key)
    marking.table(results, key)


def _tried(tried: dict) -> None:
    def shown(value):
        return writing.shown(value)

    if tried["clusterings"]:
        _table(
            {
                "clustering": [c["name"] for c in tried["clusterings"]],
                "groups": [c["groups"] for c in tried["clusterings"]],
                "in no group": [writing.share(c["noise"]) for c in tried["clusterings"]],
                "silhouette": [shown(c["silhouette"]) for c in tried["clusterings"]],
                "comes back": [shown(c["stability"]) for c in tried["clusterings"]],
                "ARI with these": [shown(c["ari"]) for c in tried["clusterings"]],
            }
        )
    if tried["maps"]:
        _table(
            {
                "map": [m["name"] for m in tried["maps"]],
                "ambiguity (CLAMS)": [shown(m["ambiguity"]) for m in tried["maps"]],
                "trustworthiness": [shown(m["trustworthiness"]) for m in tried["maps"]],
            }
        )
    if tried["clusterings"] or tried["maps"]:
        st.caption("A dash: not computed.")


def _table(columns: dict[str, list]) -> None:
    frame = pd.DataFrame(columns)
    right = {name: st.column_config.Column(alignment="right") for name in list(columns)[1:]}
    st.dataframe(frame, hide_index=True, column_config=right)
    onpaper.twin(frame)


def _numbers(numbers: list[dict]) -> None:
    from analytics.perception.wording import HOW as CLAMS_HOW
    from pages.ui.findings import facts
    from pages.ui.people import HOW as PEOPLE_HOW
    from pages.ui.people import TRAINED

    if not numbers:
        return
    facts([(n["label"], writing.spread(n)) for n in numbers])
    frame.how("\n\n".join([*CLAMS_HOW, PEOPLE_HOW, TRAINED]))


def open_in_app(results: marking.Results) -> str:
    """The address that opens the same results in the app, as a view of the reader's own."""
    return "/?" + urlencode(results.view.to_query())
