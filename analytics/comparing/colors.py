"""One set of colours for several groupings: what is the same group has the same colour."""

from collections.abc import Sequence

import numpy as np

from analytics.clustering.agreement import match
from analytics.results import NOISE

LEAST = 0.1  # Jaccard overlap below which two groups are not the same one


def matched(labelings: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The number of each group's colour, int32 (k_r,) for each grouping r.

    labelings : (n,) labels 0 .. k_r - 1, anything below 0 is in no group. The first keeps its own
    numbers. Each later one is matched one to one with the first so that most rows agree (Kuhn
    1955), its groups left over with what is left over of the second, and so on; a match of less
    than a tenth of the rows of both (Jaccard) is none. A group without a match gets a number of its
    own. The same input gives the same colours, and so does any renumbering of a later grouping.
    """
    clean = [np.where(np.asarray(a) < 0, NOISE, a).astype(np.int64) for a in labelings]
    slots: list[np.ndarray] = []
    free = 0
    for labels in clean:
        k = int(labels.max(initial=NOISE)) + 1
        mine = np.full(k, -1, np.int32)
        for earlier, given in zip(clean, slots, strict=False):
            _take(mine, labels, given, earlier)
        fresh = np.flatnonzero(mine < 0)
        # By falling size, ties by first member: no numbering of the groups decides.
        order = sorted(fresh, key=lambda g: (-int(np.sum(labels == g)), _first(labels, g)))
        if slots:
            mine[order] = np.arange(free, free + len(order))
        else:
            mine[:] = np.arange(k)
        free = max(free, int(mine.max(initial=-1)) + 1)
        slots.append(mine)
    return slots


def _first(labels: np.ndarray, group: int) -> int:
    return int(np.argmax(labels == group))


def _take(mine: np.ndarray, labels: np.ndarray, given: np.ndarray, earlier: np.ndarray) -> None:
    """Give groups of ``labels`` without a colour those of groups of ``earlier`` not yet used."""
    open_ = np.flatnonzero(mine < 0)
    unused = np.flatnonzero(~np.isin(given, mine))
    if not len(open_) or not len(unused):
        return
    a = np.where(np.isin(earlier, unused), earlier, NOISE)
    b = np.where(np.isin(labels, open_), labels, NOISE)
    for group, partner in match(a, b).items():
        theirs, ours = earlier == partner, labels == group
        if np.sum(theirs & ours) >= LEAST * np.sum(theirs | ours):
            mine[group] = given[partner]


def recolored(labels: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Labels (n,) with each group's number replaced by that of its colour; below 0 as it was."""
    labels = np.asarray(labels)
    out = labels.astype(np.int32)
    inside = labels >= 0
    out[inside] = slots[labels[inside]]
    return out
