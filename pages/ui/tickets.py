"""Tickets: addresses under which one browser session, and no other, may fetch what its map shows.

An address holds 256 random bits and works only together with the session's own key, which travels
in a header that only our page sets: the address alone, from a log or a history, opens nothing. A
ticket runs out ten minutes after its last use and with the session; drawing the map renews it.
"""

import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

LASTS = 600.0  # seconds
AWAY = 120.0  # seconds after which Streamlit forgets a session that is not connected
HEADER = "X-Gestalt-Key"
STATE = "large-tickets"
KEPT = 3  # maps of one session that may be fetched from: those on the page, and hardly more
_lock = threading.Lock()
_tickets: dict[str, "Ticket"] = {}


@dataclass
class Ticket:
    """What one session may fetch. session : Streamlit's id. used : last, monotonic seconds."""

    session: str
    key: str
    content: Any
    used: float


def grant(name: str, content: Any) -> tuple[str, str]:
    """(token, key) for ``content``, which takes the place of what this session had under this name
    before. Of other names only the last few used are kept, so that nothing lingers in memory."""
    held = st.session_state.setdefault(STATE, {})
    token, key = held.pop(name, None) or (secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    held[name] = (token, key)
    session = get_script_run_ctx().session_id
    with _lock:
        _sweep()
        for other in list(held)[:-KEPT]:
            _tickets.pop(held.pop(other)[0], None)
        _tickets[token] = Ticket(session, key, content, time.monotonic())
    return token, key


def redeem(token: str, key: str) -> Any:
    """The content of a live ticket, or None: unknown, another session's, or run out."""
    with _lock:
        _sweep()
        ticket = _tickets.get(token)
        if ticket is None or not hmac.compare_digest(ticket.key.encode(), key.encode()):
            return None
        if not _active(ticket.session):
            return None
        ticket.used = time.monotonic()
        return ticket.content


def _sweep() -> None:
    """Forget tickets that have run out and those of sessions that have left for good."""
    now = time.monotonic()
    for token, held in list(_tickets.items()):
        if now - held.used > (LASTS if _active(held.session) else AWAY):
            del _tickets[token]


def _active(session: str) -> bool:
    """Whether the browser session is connected."""
    return Runtime.exists() and Runtime.instance().is_active_session(session)
