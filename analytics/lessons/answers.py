"""Guesses and answers beside what the engine found."""

from dataclasses import dataclass

import numpy as np

from analytics.errors import BadInput
from analytics.lessons import measures
from analytics.lessons.lesson import Step
from analytics.lessons.things import Found
from analytics.results import NOISE


def happened(found: Found, step: Step) -> int:
    """The option of a choice or check that is right. Raises Waiting, and BadInput unless exactly
    one is."""
    right = [
        i
        for i, option in enumerate(step.options)
        if (option.right if option.right is not None else found.holds(option.when))
    ]
    if len(right) != 1:
        raise BadInput(
            f"In the lesson '{found.lesson.title}' {len(right)} answers to '{step.title}' are "
            "right where one should be: the lesson does not fit its data any more."
        )
    return right[0]


@dataclass(frozen=True)
class Distance:
    """A guessed number beside the true one. near : whether it is as close as the lesson asks."""

    guess: float
    truth: float
    near: bool


def number(found: Found, step: Step, guess: float) -> Distance:
    """How far a guessed number is from the true one. Raises Waiting, BadInput."""
    truth = found.number(step.more["truth"])
    if truth is None:
        raise BadInput(f"'{step.more['truth']}' has no value on this data.")
    close = float(step.more.get("close", 0.0))
    return Distance(float(guess), truth, abs(guess - truth) <= close + 1e-9)


@dataclass(frozen=True)
class Overlap:
    """A lassoed group beside the group of a result that fits it best.

    name : of that group, "" when the lasso holds none of its points. size : its points. both : in
    both. jaccard : both over either, 0 to 1. member : bool (n,), that group.
    """

    thing: str
    name: str
    size: int
    both: int
    jaccard: float
    member: np.ndarray


def overlap(found: Found, thing: str, mask: np.ndarray) -> Overlap:
    """The group of a result that fits a lasso best by Jaccard. mask : bool (n,).

    Raises Waiting, and BadInput when the result is of other rows.
    """
    record = found.thing(thing)
    labels, names = measures.labels_of(record), measures.names_of(record)
    if len(labels) != len(mask):
        raise BadInput("The points drawn round are others than those grouped: draw again.")
    best = Overlap(thing, "", 0, 0, 0.0, np.zeros(len(mask), bool))
    for label in np.unique(labels[labels > NOISE]):
        member = labels == label
        both = int(np.sum(member & mask))
        jaccard = both / int(np.sum(member | mask))
        if jaccard > best.jaccard:
            name = names.get(int(label), str(label))
            best = Overlap(thing, name, int(member.sum()), both, jaccard, member)
    return best
