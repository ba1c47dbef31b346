"""Who judges: this machine or a language model; what that costs, and exactly what would be sent."""

from typing import Any

import streamlit as st

from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.explanation import asking, corpus, rest
from analytics.language import asking as language
from analytics.language import audit
from analytics.results import Dataset, Explanation
from pages.ui import cards, connecting, dialogs, frame, menus, parts
from pages.ui.words import count, safe_md

WHO = ("this machine", "a model")
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
    return True, connecting.chosen()


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
    st.caption(connecting.estimated(*st.session_state[key]))
    see = st.button("See what would be sent", width="stretch", key="explain-preview")
    if dialogs.stands("explain-preview", see):
        _sent(dataset, request_params, asked, seed)


def cost_of_rest(found: Explanation, dataset: Dataset) -> None:
    """About what asking about the texts beyond the sample costs, and whether the budget is
    enough."""
    key = f"explain-cost-rest-{found.digest}"
    if key not in st.session_state:
        st.session_state[key] = rest.estimate(found, dataset)
    calls, *more = st.session_state[key]
    budget = found.params["language"]["budget_calls"]
    short = (
        ""
        if budget is None or calls[1] <= budget
        else (
            f" The budget of a run, {count(budget, 'request')}, may end before: then the rest can "
            "be asked about again."
        )
    )
    st.caption(f"To all texts: {connecting.estimated(calls, *more)}{short}")


def _texts(dataset: Dataset, request_params: dict[str, Any], seed: int) -> list[str]:
    """The distinct texts that a run would read."""
    sample = request_params["sample"] or None
    return corpus.texts_of(dataset, request_params["column"], sample, seed)[0]


@st.dialog("What would be sent", width="large", on_dismiss=dialogs.closed)
@parts.counted("request")
def _sent(dataset: Dataset, request_params: dict[str, Any], asked: dict[str, Any], seed: int):
    """The very messages of the first requests."""
    task = asking.task_of(request_params, _texts(dataset, request_params, seed))
    connecting.goes_to(asked)
    st.caption(
        "One request of each kind; a run sends more like them, with other texts and with the "
        "descriptions that it finds."
    )
    found = language.sent(asked, task, seed)
    names = {"propose": "For descriptions", "judge": "To judge texts", "check": "In doubt"}
    for tab, kind in zip(st.tabs(list(names.values())), names, strict=True):
        with tab:
            if kind != "propose":
                st.caption("The description here stands for those the model will propose.")
            connecting.messages(found[kind])


def spent(found: Explanation) -> None:
    """What an explanation by a language model cost, and what a reader of it should know."""
    if found.method == language.METHOD:
        connecting.spent(found.about.get("usage"), found.notes)


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
        format_func=menus.told_apart(order, lambda c: cards.called(found, c)),
        key=f"explain-about-{found.digest}",
    )
    try:
        texts = corpus.held(found, dataset)
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
        connecting.messages([*exchange.messages, {"role": "answer", "content": exchange.answer}])
