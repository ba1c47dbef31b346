"""The language model a reader chooses: address, model, key, what to hide, budget, and its price."""

import re
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from analytics import settings
from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.language import asking as language
from analytics.language import connection, masking
from pages.ui import frame, session
from pages.ui.forms import number_of
from pages.ui.words import safe_md

MASKS = {
    "email": "e-mail addresses",
    "link": "addresses with a password",
    "iban": "account numbers",
    "card": "card numbers",
    "phone": "phone numbers",
    "name": "names after a title or greeting",
}
# Signs that turn the writing round them, or that nobody sees and a model reads all the same; those
# that join letters belong to words.
UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
KEY_HELP = (
    "Held in the memory of the server for this tab alone, sent to the address above and no other, "
    "and never written to a file; the field is emptied once it is there. Without one: the key the "
    "server was started with, where there is one."
)


def chosen(leave_out: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The fields, and the parameters they make; None, with the reason, while they cannot be used.

    leave_out : of language.PARAMS, those that mean nothing here.
    """
    url = _words("Address", "explain-address", settings.text(connection.URL))
    model = _words("Model", "explain-model", settings.text(connection.MODEL))
    key = _key(url)
    mask = st.multiselect(
        "Hide before sending",
        list(MASKS),
        format_func=MASKS.get,
        key="explain-mask",
        help="By pattern: some are missed. Look at what would be sent.",
        persist_state="session",
    )
    asked = [p for p in language.PARAMS if p.name not in leave_out]
    basic = {p.name: _value(p) for p in asked if p.basic}
    with st.expander("Prices, tokens"):
        more = {p.name: _value(p) for p in asked if not p.basic}
    try:
        return language.params(url, model, mask, key, **basic, **more)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "warning")
        return None


def hidden(texts: list[str]) -> list[str]:
    """Some texts with what the reader chose to hide replaced."""
    kinds = st.session_state.get("explain-mask")
    return masking.Masker(tuple(kinds)).all(texts) if kinds else texts


def _key(url: str) -> str | None:
    """The key for an address, kept with the session; each address has a field of its own, so that
    a key typed for one is never sent to another."""
    here = session.current()
    try:
        address = connection.checked_url(url)
    except BadInput:
        return None  # said below, of the address
    field, held = f"explain-key-{of_json(address)}", address in here.keys
    st.text_input(
        "Key",
        type="password",
        key=field,
        max_chars=connection.LONGEST,
        autocomplete="off",
        placeholder="held for this tab" if held else "the server's, or none",
        help=KEY_HELP,
        on_change=_hold,
        args=(address, field),
    )
    if not held:
        return None
    st.button(
        "Forget the key",
        key=f"forget-{field}",
        type="tertiary",
        on_click=here.keys.pop,
        args=(address, None),
    )
    return here.keys[address].reveal()


def _hold(address: str, field: str) -> None:
    """Take a typed key out of its field, whose value stands in the page for all that read it."""
    typed = st.session_state[field].strip()
    st.session_state[field] = ""
    if typed:
        session.current().keys[address] = connection.Secret(typed)


def _words(label: str, key: str, default: str) -> str:
    if key not in st.session_state:
        st.session_state[key] = default
    return st.text_input(label, key=key, max_chars=300, persist_state="session")


def _value(p):
    if p.type == "choice":
        return st.selectbox(
            p.label,
            p.choices,
            format_func=language.CHECKS.get,
            key=f"explain-{p.name}",
            persist_state="session",
        )
    return number_of(p, "no limit" if p.name.startswith("budget") else "not known")


def estimated(calls, read, written, money) -> str:
    """About what a run costs, in one sentence; each is (least, most)."""
    if money is None:
        price = "at an unknown price: give prices for an estimate in money"
    elif not any(money):
        price = "free of charge"
    else:
        price = _span(*(f"${amount:,.2f}" for amount in money))
    calls, read, written = (_span(*(f"{n:,}" for n in pair)) for pair in (calls, read, written))
    return safe_md(
        f"About {calls} requests, {read} tokens read and {written} written, {price}. What is known "
        "already is not asked again."
    )


def _span(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def goes_to(asked: dict[str, Any]) -> None:
    """Where what is shown would go, and a word where others could read it on the way."""
    to = urlsplit(asked["base_url"])
    st.markdown(safe_md(f"To {asked['model']} at {to.netloc}, as it would be sent."))
    local = connection.connection(asked["base_url"], asked["model"], connection.NO_KEY).local
    if to.scheme == "http" and not local:
        st.warning("This address is not encrypted: texts and key can be read on the way.")


def messages(held: list[dict[str, str]]) -> None:
    """Messages as they are; nothing in them is markup, and what cannot be seen stands as its
    code."""
    if any(UNSEEN.search(message["content"]) for message in held):
        st.caption("Signs that cannot be seen stand as their codes, such as \\\\u202e.")
    for message in held:
        st.caption(safe_md(message["role"]))
        st.code(UNSEEN.sub(_code, message["content"]), language=None, wrap_lines=True)


def _code(sign: re.Match) -> str:
    number = ord(sign[0])
    return f"\\u{number:04x}" if number < 2**16 else f"\\U{number:08x}"


def spent(usage: dict[str, Any] | None, notes) -> None:
    """What a run cost, and what a reader of its result should know."""
    if usage is None:
        return
    dollars = usage["dollars"]
    money = "price not known" if dollars is None else f"${dollars:,.4f}" if dollars else "no charge"
    calls = f"{usage['calls']:,} request{'' if usage['calls'] == 1 else 's'}"
    st.caption(
        safe_md(
            f"{calls}, {usage['tokens_read']:,} tokens read, "
            f"{usage['tokens_written']:,} written, {money}. {' '.join(notes)}"
        )
    )
