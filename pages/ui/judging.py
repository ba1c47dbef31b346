"""Who judges: this machine or a language model; what that costs, and exactly what would be sent."""

from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from analytics import settings
from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.explanation import asking
from analytics.language import asking as language
from analytics.language import audit, connection
from analytics.results import Dataset, Explanation
from pages.ui import cards, frame
from pages.ui.forms import number_of
from pages.ui.words import count, safe_md

WHO = ("this machine", "a model")
MASKS = {
    "email": "e-mail addresses",
    "link": "addresses with a password",
    "iban": "account numbers",
    "card": "card numbers",
    "phone": "phone numbers",
    "name": "names after a title or greeting",
}
ESTIMATED = 2_000  # texts that are read for the estimate
SHOWN = 5  # requests about one text that are shown
KINDS = {"many": "All descriptions", "one": "One description", "pick": "The best description"}


def by_model() -> bool:
    """Whether a language model is chosen to judge."""
    goal_asked = st.session_state.get("explain-way", "a goal") == "a goal"
    return goal_asked and st.session_state.get("explain-who") == WHO[1]


def choice() -> tuple[bool, dict[str, Any] | None]:
    """Whether a language model is to judge, and its parameters; None while they cannot be used."""
    who = st.segmented_control(
        "Who judges",
        WHO,
        default=WHO[0],
        required=True,
        key="explain-who",
        help="This machine needs no network. A language model reads better, and the texts are sent "
        "to it.",
        persist_state="session",
    )
    if who == WHO[0]:
        return False, None
    url = _words("Address", "explain-address", settings.text(connection.URL))
    model = _words("Model", "explain-model", settings.text(connection.MODEL))
    mask = st.multiselect(
        "Hide before sending",
        list(MASKS),
        format_func=MASKS.get,
        key="explain-mask",
        help="By pattern, in the texts only: some are missed. Look at what would be sent.",
        persist_state="session",
    )
    basic = {p.name: _value(p) for p in language.PARAMS if p.basic}
    with st.expander("Prices, tokens"):
        more = {p.name: _value(p) for p in language.PARAMS if not p.basic}
    try:
        return True, language.params(url, model, mask, **basic, **more)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "warning")
        return True, None


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


def cost(
    dataset: Dataset, request_params: dict[str, Any], asked: dict[str, Any], seed: int
) -> None:
    """About what a run costs, and the way to what would be sent. request_params : of the
    explanation."""
    key = f"explain-cost-{of_json([dataset.digest, request_params, asked, seed])}"
    if key not in st.session_state:
        texts = _texts(dataset, request_params, seed)
        task = asking.task_of(request_params, texts[:ESTIMATED])
        st.session_state[key] = language.estimate(
            asked, task, len(texts), request_params["rounds"], seed
        )
    calls, read, written, money = st.session_state[key]
    if money is None:
        price = "at an unknown price: give prices for an estimate in money"
    elif not any(money):
        price = "free of charge"
    else:
        price = f"${money[0]:,.2f} to ${money[1]:,.2f}"
    st.caption(
        safe_md(
            f"About {calls[0]:,} to {calls[1]:,} requests, {read[0]:,} to {read[1]:,} tokens read "
            f"and {written[0]:,} to {written[1]:,} written, {price}. What is known already is not "
            "asked again."
        )
    )
    if st.button("See what would be sent", width="stretch", key="explain-preview"):
        _sent(dataset, request_params, asked, seed)


def _texts(dataset: Dataset, request_params: dict[str, Any], seed: int) -> list[str]:
    """The distinct texts that a run would read."""
    sample = request_params["sample"] or None
    return asking.texts_of(dataset, request_params["column"], sample, seed)[0]


@st.dialog("What would be sent", width="large")
def _sent(dataset: Dataset, request_params: dict[str, Any], asked: dict[str, Any], seed: int):
    """The very messages of the first requests."""
    task = asking.task_of(request_params, _texts(dataset, request_params, seed))
    to = asked["base_url"]
    st.markdown(
        safe_md(
            f"To {asked['model']} at {urlsplit(to).netloc}. One request of each kind, as it would "
            "be sent; a run sends more like them, with other texts and with the descriptions that "
            "it finds."
        )
    )
    if to.startswith("http:") and not connection.connection(to, asked["model"]).local:
        st.warning("This address is not encrypted: texts and key can be read on the way.")
    found = language.sent(asked, task, seed)
    names = {"propose": "For descriptions", "judge": "To judge texts", "check": "In doubt"}
    for tab, kind in zip(st.tabs(list(names.values())), names, strict=True):
        with tab:
            if kind != "propose":
                st.caption("The description here stands for those the model will propose.")
            messages(found[kind])


def messages(held: list[dict[str, str]]) -> None:
    """Messages as they are; nothing in them is markup."""
    for message in held:
        st.caption(safe_md(message["role"]))
        st.code(message["content"], language=None, wrap_lines=True)


def spent(found: Explanation) -> None:
    """What an explanation by a language model cost, and what a reader of it should know."""
    usage = found.about.get("usage")
    if found.method != language.METHOD or usage is None:
        return
    dollars = usage["dollars"]
    money = "price not known" if dollars is None else f"${dollars:,.4f}" if dollars else "no charge"
    st.caption(
        safe_md(
            f"{count(usage['calls'], 'request')}, {usage['tokens_read']:,} tokens read, "
            f"{usage['tokens_written']:,} written, {money}. {' '.join(found.notes)}"
        )
    )


def _choice(found: Explanation) -> list[str]:
    """The descriptions that the model chose among for each text, in the order it saw them."""
    return [found.descriptions[c] for c in sorted(int(c) for c in found.chosen)]


def saw(found: Explanation, dataset: Dataset, place: int) -> None:
    """What the model saw and answered about one text. place : among the distinct texts."""
    if found.method != language.METHOD or not st.toggle(
        "Show what the model saw and answered", key=f"explain-saw-{found.digest}"
    ):
        return
    order = [int(c) for c in found.chosen]
    order += [j for j in range(len(found.descriptions)) if j not in order]
    column = st.selectbox(
        "About",
        order,
        format_func=lambda c: cards.called(found, c),
        key=f"explain-about-{found.digest}",
    )
    try:
        texts = asking.held(found, dataset)
        task = asking.task_of(found.params, texts)
        with language.reader(found.params["language"], found.seed) as model:
            seen = audit.seen(model, task, place, found.descriptions[column])
            seen += language.picked(model, task, place, _choice(found))
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "warning")
        return
    if not seen:
        st.caption("Nothing is kept of it: it was not asked, or the answers were cleared since.")
    for exchange in seen[:SHOWN]:
        st.caption(
            safe_md(f"{KINDS[exchange.kind.split('-')[0]]}, {exchange.at[:16].replace('T', ' ')}")
        )
        messages([*exchange.messages, {"role": "answer", "content": exchange.answer}])
