"""Memory that people who have left give back.

Streamlit keeps a session for two minutes after its tab was closed, and then drops it only when the
next one comes or goes: the last to leave stayed for ever. Collecting circles of objects after every
run of a page, as Streamlit does unless told otherwise, was nine tenths of the server's work with 50
people; here both happen every few seconds, and what is free then is handed back to the system,
which the C library does by itself for large pieces only (:mod:`pages.ui.allocator`). When nobody
is there any more, pictures and results in memory are let go, and workers that have run jobs are
replaced by new ones.
"""

import asyncio
import ctypes
import gc
import logging
import sys
from contextlib import suppress

import streamlit as st
from streamlit.runtime import Runtime

from pages.ui import services

EVERY = 15.0  # seconds
log = logging.getLogger(__name__)


async def keep() -> None:
    """Tidy up for ever; cancelled with the server."""
    quiet = False
    while True:
        await asyncio.sleep(EVERY)
        try:
            left = forget_sessions()
            if not left:
                await asyncio.to_thread(rest)
            if left or not quiet:
                await asyncio.to_thread(give_back)
            quiet = not left
        except Exception:
            log.exception("memory could not be tidied up")


def forget_sessions() -> int:
    """Drop the sessions whose time has run out; returns how many are connected or may come back.
    To be called in the event loop, whose sessions they are."""
    if not Runtime.exists():
        return 0
    manager = Runtime.instance()._session_mgr
    for _, gone in manager._session_storage._cache.expire():
        _empty(gone.session)
    # Pictures are kept for a while for browsers that are late, see ``repairs``.
    Runtime.instance().media_file_mgr.remove_orphaned_files()
    return len(manager.list_sessions())


def _empty(session) -> None:
    """End a session and let go what it holds, its files too. Streamlit would do so when nothing
    refers to it any more, but its loop goes on holding the session that it sent something to last,
    until somebody comes."""
    session.shutdown()
    if session._scriptrunner is None:  # else its last run is still ending
        session._session_state.clear()
        session._session_state._new_widget_state.widget_metadata.clear()
        session._fragment_storage.clear()
        session._fragment_storage.clear_outside_wrappers()
        session._browser_queue.clear()


def rest() -> None:
    """Let go what was kept for visitors: pictures, results in memory, what workers have loaded."""
    from pages.ui import access, mapview

    mapview.forget()
    access.forget()
    st.cache_data.clear()
    st.cache_resource.clear()
    services.rest()


def connected() -> int:
    """How many tabs are open; 0 without a server."""
    manager = getattr(Runtime.instance(), "_session_mgr", None) if Runtime.exists() else None
    return manager.num_active_sessions() if manager is not None else 0


def give_back() -> None:
    """Collect what refers to itself in circles, and hand free memory back to the system.

    pyarrow keeps what it has freed in places of its own, one for each thread that it worked in."""
    gc.collect()
    if pyarrow := sys.modules.get("pyarrow"):
        pyarrow.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # no glibc here
        ctypes.CDLL("libc.so.6").malloc_trim(0)
