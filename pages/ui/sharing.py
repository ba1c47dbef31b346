"""Sharing a project, a study or a review: who may use it, adding and removing people."""

import streamlit as st

from analytics.accounts import sharing as store
from analytics.accounts.sharing import EDITOR, VIEWER
from analytics.errors import BadInput, StoreError
from pages.ui import access, identity, parts, services
from pages.ui.words import safe_md

MAY = {
    VIEWER: "Viewer: opens it, comments, copies it",
    EDITOR: "Editor: changes it too",
}


def button(thing: str, name: str, links: bool = False) -> None:
    """The way to the list of who may use a thing; nothing without login.

    links : whether the thing has links of saved views, which its owner can close.
    """
    if access.off():
        return
    mine = access.allowed(thing, access.OWNER)
    if st.button("Share…" if mine else "Who may use it", key=f"share-{thing}"):
        _dialog(thing, name, links)


@st.dialog("Who may use it")
@parts.counted("sharing")
def _dialog(thing: str, name: str, links: bool) -> None:
    engine, owner = services.engine(), access.allowed(thing, access.OWNER)
    st.markdown(f"**{safe_md(name)}**")
    people = store.shared_with(engine, thing)
    if not people:
        st.caption("It is from before the login, and nobody else's.")
    for one in people:
        _line(thing, one, owner)
    if owner:
        _add(thing)
    if links and owner:
        _links(thing)


def _line(thing: str, one: store.Share, owner: bool) -> None:
    """One person, and taking the share back."""
    me = one.who in identity.current().keys
    with st.container(horizontal=True, vertical_alignment="center", key=f"with-{one.who}"):
        st.text(one.shown + (" (you)" if me else ""), width="stretch")
        st.caption(one.role, width="content")
        if one.role == access.OWNER or not (owner or me):
            return
        words = "Leave" if me and not owner else "Remove"
        if st.button(words, key=f"remove-{thing}-{one.who}", type="tertiary") and _done(
            store.unshare, thing, one.who
        ):
            st.rerun(scope="app" if words == "Leave" else "fragment")


def _add(thing: str) -> None:
    with st.form(f"add-{thing}", clear_on_submit=True, border=False):
        named = st.text_input("E-mail address, user name or id", max_chars=store.MAX_NAMED)
        given = st.selectbox("May", list(MAY), format_func=MAY.get)
        if st.form_submit_button("Share", type="primary") and _done(
            store.share, thing, named, given
        ):
            st.rerun(scope="fragment")


def _links(thing: str) -> None:
    """Whether the links of saved views open them for those the project is not shared with."""
    opens = store.by_link(services.engine(), thing)
    asked = st.toggle(
        "Everyone who signs in here and has the link of a view can open it",
        opens,
        key=f"links-{thing}-{opens}",
    )
    if asked != opens and _done(store.set_by_link, thing, asked):
        st.rerun(scope="fragment")


def _done(action, thing: str, *values) -> bool:
    """Whether an action went through; says in place why it did not."""
    try:
        action(services.engine(), identity.current(), thing, *values)
    except (BadInput, StoreError) as error:
        st.error(safe_md(str(error)))
        return False
    return True
