"""How much of the texts is explained, how sure the choice of descriptions is, and what it cost."""

import numpy as np
import streamlit as st

from analytics.explanation import again, explain, rest, select
from analytics.language import asking as language
from analytics.operations import Request
from analytics.results import Explanation
from pages.ui import cards, explaining, findings, frame, judging, session
from pages.ui.words import count, number, share

SOLVER_SECONDS = 10
UNDER_WAY = "Under way: how far it is, and Cancel, stand at the top of the page."


def what_it_is(found: Explanation, first: bool) -> None:
    """What a reader has to know first: a look at a part only, or texts that were not judged."""
    if "inside" in found.params:
        frame.sentence(found.notes[0])
    unknown = cards.unjudged(found)
    if unknown:
        frame.sentence(
            f"{count(unknown, 'row')} of {len(found.labels):,} could not be judged, so nothing is "
            "known of them. Why stands below the numbers. What was answered is kept and not asked "
            "again.",
            "warning",
        )
        _ask_again(found, unknown)
    for note in found.notes[:1] if first else ():
        frame.sentence(f"{note} The explanation of all texts follows.", "info")


def _ask_again(found: Explanation, unknown: int) -> None:
    """Ask the model about what it has not answered, within a budget of its own."""
    if found.method != language.METHOD or "inside" in found.params:
        return
    wanted = again.again_request(found)
    if _under_way(wanted):
        st.caption(UNDER_WAY)
    elif st.button(f"Ask about the {count(unknown, 'row')} left", key="explain-again"):
        session.want("explanation", wanted, step=True)
        st.rerun()


def _under_way(wanted: Request) -> bool:
    """Whether a request is waited for, to take the place of the explanation."""
    now = session.current().wanted.get("explanation")
    return now is not None and now.digest == wanted.digest


def summary(found: Explanation, first: bool) -> None:
    """How much is explained, how sure the choice is, and what it cost."""
    chosen, facts = len(found.chosen), found.selection
    unexplained = int((found.labels < 0).sum())
    with st.container(horizontal=True, vertical_alignment="top", key="explain-summary"):
        findings.finding(
            "Covered",
            share(facts["covered"]),
            f"of the texts: {_which(chosen)} is true of them (chance {explain.TRUE:g} or more); "
            f"{share(facts['covered_once'])} match exactly one.",
        )
        if not first:
            findings.finding(
                "Unexplained",
                f"{unexplained:,}",
                f"of {count(len(found.labels), 'row')}: {_left(found, unexplained)}",
            )
        findings.finding(
            "Cost of the choice",
            number(facts["cost"], 1),
            _sure(facts),
        )
        if not first and facts["status"] == select.SEARCHED:
            st.button(
                "Look for a better choice",
                key="explain-prove",
                help=f"An exact solver takes up to {SOLVER_SECONDS} s, and says how much better a "
                "choice could still be.",
                on_click=lambda: cards.edit(found, {"do": "prove", "seconds": SOLVER_SECONDS}),
            )
        source = session.load(session.current().view.dataset)
        beyond = not first and found.params.get("sample") is not None and source is not None
        wanted = rest.rest_request(found, source) if beyond else None
        if wanted is not None and not _under_way(wanted):
            st.button("Apply to all texts", key="explain-rest", on_click=_apply, args=(wanted,))
        frame.how(explaining.HOW)
    if wanted is not None and _under_way(wanted):
        st.caption(UNDER_WAY)
    elif wanted is not None and found.method == language.METHOD:
        judging.cost_of_rest(found, source)
    judging.spent(found)


def _which(chosen: int) -> str:
    return f"one of {chosen} descriptions" if chosen > 1 else "the description"


def _left(found: Explanation, unexplained: int) -> str:
    """Why rows are unexplained, and which are explained without a description being true."""
    why = f"{cards.why_left(found)}." if unexplained else "each is in a group."
    return f"{why} {_between(found, unexplained)}".strip()


def _between(found: Explanation, unexplained: int) -> str:
    """How many texts are in a group though its description is not held for true of them."""
    texts = np.flatnonzero(found.labels >= 0)
    best = found.scores[found.place[texts]][:, found.chosen]
    doubtful = int((np.nan_to_num(best).max(axis=1) < explain.TRUE).sum()) if len(texts) else 0
    if not doubtful:
        return "They stay a group of their own." if unexplained else ""
    return (
        f"{count(doubtful, 'row')} between {explain.LEAST_CHANCE:g} and {explain.TRUE:g} go to "
        "the likeliest group, though not covered."
    )


def _apply(wanted: Request) -> None:
    """Judge the texts beyond the sample by the same descriptions."""
    session.want("explanation", wanted, step=True)


def _sure(facts) -> str:
    """How far the choice may be from the best one."""
    if facts["status"] == select.PROVEN:
        return "Proven: no other choice of these descriptions costs less."
    if facts["status"] == select.LIMIT:
        gap = 1 - facts["bound"] / facts["cost"] if facts["cost"] else 0.0
        return f"The solver ran out of time; another choice may cost up to {share(gap)} less."
    return "Found by search: no single change lowers it."
