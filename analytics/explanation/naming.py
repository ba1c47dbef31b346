"""Descriptions of the groups a corpus falls into: names and telling words, tried on the texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.explanation import contrast, keyterms, spaces
from analytics.explanation.spaces import Space

TERMS = 3  # telling words that a description may add
LEAST_NAMED = 0.4  # share of its own texts that a name must find, below which it is the wrong name
LEAST_LIKENESS = 0.75  # standard deviations that members are nearer to it than texts are, likewise
WORSE = 0.05  # F1 that plainer words may lose against the wording that picks the group best
NAMELESS = 0.05  # share that telling words without a name must gain
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
    telling words when they find more of it; by telling words alone when no name surely fits. But
    words that would be judged true of other texts than the group's give way to words that would
    not, even under a doubtful name.
    """
    kept: dict[str, Named] = {}
    counts = keyterms.counted(texts)
    known, near = spaces.names(space)
    for at, level in enumerate(partitions):
        for group in range(len(level.centres)):
            members = level.labels == group
            if not members.any():
                continue
            telling = ", ".join(keyterms.telling(counts, members, TERMS))
            named, doubtful = _named(known, near, members) if known else ([], "")
            tried = [*named, *(f"{name}: {telling}" for name in named[:1] if telling), telling]
            tried = [words for words in dict.fromkeys([*tried, doubtful]) if words not in kept]
            tried = [words for words in tried if words]
            if tried:
                longer = np.array([LONGER * (telling in words) for words in tried])
                longer += np.array([NAMELESS * (words == telling) for words in tried])
                share = found(space, tried, texts, members) - longer
                share[[words == doubtful for words in tried]] -= 1
                fits = _judged(space, partitions, tried, texts, members, at)
                pick = int(np.argmax(np.where(fits >= fits.max() - WORSE, share, -np.inf)))
                kept[tried[pick]] = Named(tried[pick], at, float(share[pick] + longer[pick]))
    return list(kept.values())


def _named(known: Sequence[str], near: np.ndarray, members: np.ndarray) -> tuple[list[str], str]:
    """The names that surely fit a group, at most two, and the best one that does not."""
    share = _found(near, members)
    likeness = (near[members].mean(axis=0) - near.mean(axis=0)) / near.std(axis=0).clip(1e-9)
    # A few texts can agree with any name by chance: what counts is the low end of both.
    likeness -= 1 / np.sqrt(members.sum())
    sure = share - 1.28 * np.sqrt(share * (1 - share) / members.sum())
    right = (sure >= LEAST_NAMED) & (likeness >= LEAST_LIKENESS)
    best = np.argsort(-share, kind="stable")[:2]
    doubtful = next((known[j] for j in best if not right[j]), "")
    return [known[j] for j in best if right[j]], doubtful


def _judged(space: Space, partitions, wordings, texts, members: np.ndarray, at: int) -> np.ndarray:
    """F1 of each wording against the group, judged as anyone's description is."""
    places = spaces.place(space, wordings, texts)
    true = contrast.margins(space.values, places, partitions, [at] * len(wordings)) >= 0
    return 2 * (true & members[:, None]).sum(axis=0) / (true.sum(axis=0) + members.sum())


def found(
    space: Space, wordings: Sequence[str], texts: Sequence[str], members: np.ndarray
) -> np.ndarray:
    """Of the texts nearest to each wording, as many as there are members: share of members."""
    return _found(space.values @ spaces.place(space, wordings, texts).T, members)


def _found(near: np.ndarray, members: np.ndarray) -> np.ndarray:
    size = int(members.sum())
    nearest = np.argpartition(-near, size - 1, axis=0)[:size]
    return members[nearest].mean(axis=0)
