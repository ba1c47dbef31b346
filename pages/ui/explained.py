"""How much of the texts is explained, how sure the choice of descriptions is, and what it cost."""

import numpy as np
import streamlit as st

from analytics.explanation import explain, rest, select
from analytics.language import asking as language
from analytics.results import Explanation
from pages.ui import cards, explaining, findings, frame, judging, session
from pages.ui.words import count, number, share

SOLVER_SECONDS = 10


def what_it_is(found: Explanation, first: bool) -> None:
    """What a reader has to know first: a look at a part only, or texts that were not judged."""
    if "inside" in found.params:
        frame.sentence(found.notes[0])
    unknown = cards.unjudged(found)
    if unknown:
        frame.sentence(
            f"{count(unknown, 'row')} of {len(found.labels):,} could not be judged, so nothing is "
            "known of them. Why stands below the numbers; explained again with more room, what was "
            "answered is not asked again.",
            "warning",
        )
    for note in found.notes[:1] if first else ():
        frame.sentence(f"{note} The explanation of all texts follows.", "info")


def summary(found: Explanation, first: bool) -> None:
    """How much is explained, how sure the choice is, and what it cost."""
    chosen, facts = len(found.chosen), found.selection
    unexplained = int((found.labels < 0).sum())
    with st.container(horizontal=True, vertical_alignment="top", key="explain-summary"):
        findings.finding(
            "Covered",
            share(facts["covered"]),
            f"of the texts: one of {count(chosen, 'description')} is true of them (chance "
            f"{explain.TRUE:g} or more); {share(facts['covered_once'])} match exactly one.",
        )
        if not first:
            findings.finding(
                "Unexplained",
                f"{unexplained:,}",
                f"of {count(len(found.labels), 'row')}: {_why_left(found)} {_between(found)}",
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
        if not first and found.params.get("sample") is not None:
            asks = found.method == language.METHOD
            st.button(
                "Apply to all texts",
                key="explain-rest",
                on_click=_apply,
                args=(found,),
                help="The model is asked about each further text, within the budget of a run."
                if asks
                else None,
            )
        frame.how(explaining.HOW)
    judging.spent(found)


def _why_left(found: Explanation) -> str:
    """Why texts are unexplained."""
    why = f"no description reaches a chance of {explain.LEAST_CHANCE:g}"
    unknown = cards.unjudged(found)
    return f"{why}, or, for {unknown:,}, nothing was answered." if unknown else f"{why}."


def _between(found: Explanation) -> str:
    """How many texts are in a group though its description is not held for true of them."""
    texts = np.flatnonzero(found.labels >= 0)
    best = found.scores[found.place[texts]][:, found.chosen]
    doubtful = int((np.nan_to_num(best).max(axis=1) < explain.TRUE).sum()) if len(texts) else 0
    if not doubtful:
        return "They stay a group of their own."
    return (
        f"{count(doubtful, 'row')} between {explain.LEAST_CHANCE:g} and {explain.TRUE:g} go to "
        "the likeliest group, though not covered."
    )


def _apply(found: Explanation) -> None:
    """Judge the texts beyond the sample by the same descriptions."""
    source = session.load(session.current().view.dataset)
    if source is not None:
        session.want("explanation", rest.rest_request(found, source), step=True)


def _sure(facts) -> str:
    """How far the choice may be from the best one."""
    if facts["status"] == select.PROVEN:
        return "Proven: no other choice of these descriptions costs less."
    if facts["status"] == select.LIMIT:
        gap = 1 - facts["bound"] / facts["cost"] if facts["cost"] else 0.0
        return f"The solver ran out of time; another choice may cost up to {share(gap)} less."
    return "Found by search: no single change lowers it."
