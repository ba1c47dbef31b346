"""What one person may use, where a step stands in line, and a server that is full."""

import io
import os
from typing import BinaryIO

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics import allowance, settings
from pages.ui import access, identity, parts, services, session
from pages.ui.words import about_seconds

AGAIN = 15.0  # seconds after which a tab that waits to be let in looks again
_inside: dict[str, str] = {}  # sessions that were let in, in that order -> their persons


def keep_file(source: bytes | BinaryIO, name: str) -> dict:
    """Store an uploaded file, within what its person may bring in a day; see
    :func:`pages.ui.access.stage`. Raises BadInput, StoreError."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    person, home = session.current().owner, services.home()
    day = allowance.book(person, {allowance.UPLOADS: size}, home)
    try:
        return access.stage(stream, name)
    except Exception:
        allowance.correct(person, day, {allowance.UPLOADS: -size}, home)
        raise


def cancel(digest: str) -> None:
    """Stop a job, or, while somebody else waits for it too, wait for it no more."""
    here = session.current()
    if services.runner().cancel(digest, here.owner, _closed):
        return
    here.asked.pop(digest, None)
    for slot in [s for s, request in here.wanted.items() if request.digest == digest]:
        request = here.wanted.pop(slot)
        here.steps.discard(slot)
        if not getattr(here.view, slot):
            here.errors[slot] = session.cancelled(request)


def _closed(owner: str) -> bool:
    """Whether an owner is a tab without login that is not open any more: a page loaded again is
    another tab, and the one before would keep its steps from ever being stopped."""
    if not identity.is_tab(owner) or not Runtime.exists():
        return False
    active = Runtime.instance().is_active_session
    return not any(person == owner and active(s) for s, person in list(_inside.items()))


def place(digest: str) -> str:
    """Where a queued job stands, in words: "3 before it, about 40 s"; "" when it is not queued."""
    found = services.runner().place(digest)
    if found is None:
        return ""
    before, seconds = found
    return (f"{before} before it, " if before else "next, ") + about_seconds(seconds)


def admit() -> bool:
    """Whether this tab may be served; when GESTALT_SESSIONS tabs are, it is told to wait, and looks
    again by itself. Who was let in once stays in until the tab is closed."""
    context = get_script_run_ctx()
    if context is None or not Runtime.exists():
        return True
    for gone in [s for s in list(_inside) if not Runtime.instance().is_active_session(s)]:
        _inside.pop(gone, None)
    most = settings.number("GESTALT_SESSIONS")
    if context.session_id in _inside or len(_inside) < most:
        _inside[context.session_id] = identity.current().id
        return True
    _full(most)
    return False


@st.fragment(run_every=AGAIN)
@parts.counted("full")
def _full(most: int) -> None:
    """The page of a tab that has to wait."""
    if len([s for s in list(_inside) if Runtime.instance().is_active_session(s)]) < most:
        st.rerun()
    st.title("This server is full just now")
    st.markdown(
        f"It serves {most:,} open tabs at once, and all are taken. You need not do anything: this "
        "page looks again every few seconds and opens as soon as a tab is closed. If you have "
        "other tabs of Gestalt open, closing one lets this one in."
    )
    st.caption("Saved work is safe, and results that are being computed go on.")
