"""A part of a review written anew by its owner; what is typed outlives changes from elsewhere."""

from collections.abc import Callable

import streamlit as st

from pages.ui import frame, reading

EDITING = "review-editing"  # the part being written, if any
HELP = "A blank line parts paragraphs, '- ' begins a list, two stars round words make bold."


def close() -> None:
    """Stop writing."""
    st.session_state.pop(EDITING, None)


def part(found, shown: dict, change: Callable) -> None:
    """The text of a part, or the box in which it is written. change : stores ``texts=``."""
    name = shown["id"]
    begun = st.session_state.get(EDITING)
    if begun is not None and begun["of"] == (found.id, name):
        _box(found, shown, begun, change)
        return
    reading.text(shown)
    with st.container(horizontal=True):
        if st.button("Edit", key=f"edit-{name}", type="tertiary", icon=":material/edit:"):
            key = f"text-{found.id}-{name}-{found.revision}"
            st.session_state[EDITING] = {"of": (found.id, name), "text": shown["text"], "key": key}
            st.rerun()
        if shown["edited"] and st.button(
            "Bring back the machine's text", key=f"back-{name}", type="tertiary"
        ):
            change(found, texts={k: v for k, v in found.texts.items() if k != name})


def _box(found, shown: dict, begun: dict, change: Callable) -> None:
    """begun : the part, its text when the writing began, and the key of the box, which stays."""
    name = shown["id"]
    typed = st.text_area(
        shown["title"], begun["text"], key=begun["key"], max_chars=4_000, height=220, help=HELP
    )
    with st.container(horizontal=True):
        keep = st.button("Keep this text", key=f"keep-{name}", type="primary")
        cancel = st.button("Cancel", key=f"cancel-{name}")
    if cancel:
        close()
        st.rerun()
    changed = shown["text"] != begun["text"]
    if keep and (not changed or begun.get("warned") == shown["text"]):
        same = typed.strip() == shown["machine"].strip()
        texts = {k: v for k, v in found.texts.items() if k != name}
        change(found, texts=texts if same else {**texts, name: typed})
    if changed:
        frame.sentence(
            "This part was changed meanwhile, in another tab or by someone else. Keep yours in its "
            "place, or cancel to keep this one:",
            "warning",
        )
        reading.text(shown)
        begun["warned"] = shown["text"]
