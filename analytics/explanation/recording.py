"""A state of an explanation as the record that is stored."""

import numpy as np

from analytics.explanation import corpus, edits, evidence, explain, select
from analytics.explanation.provider import Task
from analytics.results import Explanation


def record(state: edits.State, task: Task, place: np.ndarray) -> Explanation:
    """The record of a state: rows of the source instead of distinct texts. place : index of each
    row's text, -1 for none."""
    slots = [i for i, column in enumerate(state.slots) if column is not None]
    chosen = np.array([state.slots[i] for i in slots], np.int32)
    scores, weights = state.scores[:, chosen], corpus.weights(place, task.texts)
    labels = select.assign(scores, explain.LEAST_CHANCE)
    if state.preferred is not None:
        place_of = np.full(len(state.descriptions) + 1, -2)
        place_of[chosen], place_of[-1] = np.arange(len(chosen)), -1
        held = place_of[state.preferred]
        labels = np.where(held == -2, labels, held)  # -2: what was preferred is chosen no more
    for text, column in state.moved.items():
        if column == -1 or column in chosen:
            labels[text] = np.append(np.flatnonzero(chosen == column), -1)[0]
    called = [state.names.get(int(c), state.descriptions[c]) for c in chosen]
    shown = evidence.evidence(scores, labels, called, task.texts, weights)
    rows = np.flatnonzero(place >= 0)[::-1]
    first = np.zeros(len(task.texts), int)
    first[place[rows]] = rows  # the first row that holds each distinct text
    for entry in shown:
        for key in ("exemplars", "borderline"):
            entry[key] = [int(first[i]) for i in entry[key]]
    with np.errstate(invalid="ignore"):
        cost = select.search(
            scores >= explain.TRUE,
            len(chosen),
            overlap=state.wishes.overlap,
            uncovered=state.wishes.uncovered,
            weights=weights,
            pinned=tuple(range(len(chosen))),
        )
    return Explanation(
        descriptions=tuple(state.descriptions),
        scores=state.scores.astype(np.float32),
        place=place,
        chosen=chosen,
        labels=np.where(place >= 0, np.append(labels, -1)[place], -1).astype(np.int32),
        slots=np.array(slots, np.int32),
        preferred=np.zeros(0, np.int32) if state.preferred is None else state.preferred,
        evidence=tuple(shown),
        selection={
            "cost": cost.cost,
            "bound": state.proof.bound if state.proof else None,
            "status": state.proof.status if state.proof else select.SEARCHED,
            "covered": cost.covered,
            "covered_once": cost.covered_once,
            "k": state.k,
            "overlap": state.wishes.overlap,
            "uncovered": state.wishes.uncovered,
            "largest": state.wishes.largest,
        },
        pinned=tuple(sorted(state.pinned)),
        removed=tuple(sorted(state.removed)),
        names={str(c): name for c, name in state.names.items()},
        goal=task.goal,
    )
