"""Who is signed in, at the end of the header, and signing out. Nothing without login."""

import logging
from html import escape

import streamlit as st

from analytics.accounts import sharing
from analytics.errors import StoreError
from pages.ui import identity, logins, services
from pages.ui.words import safe_md

GREETED = "gestalt-greeted"


def greet() -> None:
    """Note once per tab who has signed in, so that others can share with them."""
    person = identity.current()
    if not person.known or st.session_state.get(GREETED) == person.id:
        return
    try:
        sharing.greet(services.engine(), person)
    except StoreError as error:  # a database that can only be read still opens what is there
        logging.getLogger("gestalt").error("%s", error)
    st.session_state[GREETED] = person.id


def who() -> None:
    """The name, and behind it the address, the id to share with, and signing out."""
    person = identity.current()
    if not person.known:
        return
    with st.popover(safe_md(_short(person.name)), icon=":material/person:", type="tertiary"):
        st.markdown(f"**{safe_md(person.name)}**")
        if person.email and person.email != person.name:
            st.text(person.email)  # Markdown would make a link of it
        st.caption("Your id, by which others can share with you:")
        st.code(person.id, language=None)
        address = logins.sign_out()
        if address:
            st.html(f'<a class="sign-out" href="{escape(address)}" target="_self">Sign out</a>')


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23].rstrip() + "…"
