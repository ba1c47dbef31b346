"""The title of a review as its owner types it; what is typed outlives a title from elsewhere."""

from collections.abc import Callable

import streamlit as st

from analytics.store.fields import MAX_NAME, tidy
from pages.ui import frame

BEGUN = "review-title-begun"  # the review, the title its box began with, the one warned of


def box(found, change: Callable) -> None:
    """The box of the title. change : stores ``title=``.

    The box keeps what it holds when the title changes elsewhere: one that began with the new title
    would take the place of a box that somebody is typing in.
    """
    begun = st.session_state.get(BEGUN)
    if begun is None or begun["of"] != found.id:
        begun = _begin(found)
    if tidy(st.session_state.get(_key(begun), found.title)) == found.title:  # left, or stored
        begun = _begin(found)
    # Tidied as the store tidies it: a space at its end is no other title.
    typed = tidy(st.text_input("Title", begun["title"], max_chars=MAX_NAME, key=_key(begun)))
    if found.title == begun["title"]:
        if typed != found.title:
            change(found, title=typed)
        return
    keep, use = _differ(found)
    if keep and begun["warned"] == found.title:
        change(found, title=typed)
    if use:
        _begin(found)
        st.rerun()
    begun["warned"] = found.title


def _differ(found) -> tuple[bool, bool]:
    """Say that the title was changed elsewhere. Returns whether to keep what stands in the box, and
    whether to take the other."""
    frame.sentence(
        f"This title was changed meanwhile, in another tab or by someone else, to "
        f"“{found.title}”: keep yours in its place, or use that one.",
        "warning",
    )
    with st.container(horizontal=True):
        return (
            st.button("Keep mine", key="title-keep", type="primary"),
            st.button("Use that one", key="title-use"),
        )


def _begin(found) -> dict:
    begun = {"of": found.id, "title": found.title, "warned": ""}
    st.session_state[BEGUN] = begun
    return begun


def _key(begun: dict) -> str:
    return f"title-{begun['of']}-{begun['title']}"
