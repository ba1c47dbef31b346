"""Descriptions of the groups a corpus falls into: names and telling words, tried on the texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.explanation import contrast, spaces, terms
from analytics.explanation.spaces import Space, unit

TERMS = 3  # telling words that a description may add
LEAST_NAMED = 0.4  # share of its own texts that a name must find, below which it is the wrong name
LEAST_LIKENESS = 0.75  # standard deviations that members are nearer to it than texts are, likewise
LONGER = 0.03  # share that telling words must gain over the name alone


@dataclass(frozen=True)
class Named:
    """words : what the description says. level : index of the partition its group is of. found :
    of the texts nearest to these words, as many as the group has, the share that are its texts."""

    words: str
    level: int
    found: float


def names(space: Space, partitions: Sequence[contrast.Level], texts: Sequence[str]) -> list[Named]:
    """A description of each group of each level, broad levels first, no words twice.

    A group is called by the known name whose nearest texts are most often of the group, with
    telling words when they find more of it; by telling words alone when no name finds enough.
    """
    kept: dict[str, Named] = {}
    counts = terms.count(texts)
    known, places = spaces.names(space)
    near = space.values @ unit(places - places.mean(axis=0)).T if known else None
    for at, level in enumerate(partitions):
        for group in range(len(level.centres)):
            members = level.labels == group
            telling = ", ".join(terms.distinctive(counts, members, TERMS))
            named = _named(known, near, members) if known and members.any() else []
            tried = [*named, *(f"{name}: {telling}" for name in named[:1] if telling)]
            tried = [words for words in tried or [telling] if words and words not in kept]
            if tried:
                share = found(space, tried, texts, members)
                longer = np.array([telling in words for words in tried])
                pick = int(np.argmax(share - LONGER * longer))
                kept[tried[pick]] = Named(tried[pick], at, float(share[pick]))
    return list(kept.values())


def _named(known: Sequence[str], near: np.ndarray, members: np.ndarray) -> list[str]:
    """The two names that find most of a group, if they find enough."""
    share = _found(near, members)
    likeness = (near[members].mean(axis=0) - near.mean(axis=0)) / near.std(axis=0).clip(1e-9)
    # A few texts can agree with any name by chance: what counts is the low end of both.
    likeness -= 1 / np.sqrt(members.sum())
    sure = share - 1.28 * np.sqrt(share * (1 - share) / members.sum())
    best = np.argsort(-share, kind="stable")[:2]
    right = (sure >= LEAST_NAMED) & (likeness >= LEAST_LIKENESS)
    return [known[j] for j in best if right[j]]


def found(
    space: Space, wordings: Sequence[str], texts: Sequence[str], members: np.ndarray
) -> np.ndarray:
    """Of the texts nearest to each wording, as many as there are members: share of members."""
    return _found(space.values @ spaces.place(space, wordings, texts).T, members)


def _found(near: np.ndarray, members: np.ndarray) -> np.ndarray:
    size = int(members.sum())
    nearest = np.argpartition(-near, size - 1, axis=0)[:size]
    return members[nearest].mean(axis=0)
