"""Who is at the other end of this browser tab.

The gate (``pages.ui.gate``) looks at every request before anything else does, and tells who sent it
in a header of its own, which it removes from what comes in. Here that header of the tab's websocket
is read.
"""

import json
import secrets
from urllib.parse import quote, unquote

import streamlit as st

from analytics.accounts import person as people
from analytics.accounts.person import Person

HEADER = "x-gestalt-person"
TAB = "gestalt-tab"
WHO = "gestalt-person"
_NAMELESS = "tab"


def sealed(person: Person) -> str:
    """A person as the value of a header."""
    fields = [person.id, person.name, person.email, person.login, person.role]
    return quote(json.dumps(fields))


def current() -> Person:
    """The person of this tab. ``id`` is never empty, so that it can be counted by: without login,
    and for a reader by link, it is that of the tab.

    A tab that another person takes over (by its session's number, or by signing in anew) starts
    empty: nothing of the former one stays.
    """
    person = _told()
    if st.session_state.get(WHO, person.id) != person.id:
        st.session_state.clear()
        person = _told()
    st.session_state[WHO] = person.id
    return person


def _told() -> Person:
    if not people.kind():
        return Person(_tab(), role=people.OPEN)
    value = st.context.headers.get(HEADER)
    return Person(*json.loads(unquote(value))) if value else Person(_tab(), role=people.READER)


def is_tab(owner: str) -> bool:
    """Whether an id is that of a tab, not of a person who signs in."""
    return owner.startswith(_NAMELESS)


def _tab() -> str:
    if TAB not in st.session_state:
        st.session_state[TAB] = _NAMELESS + secrets.token_hex(12)
    return st.session_state[TAB]
