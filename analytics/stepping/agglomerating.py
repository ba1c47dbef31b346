"""Agglomeration step by step: the two closest groups merge, again and again.

Single, complete and average linkage, and J. H. Ward, Hierarchical grouping to optimize an objective
function, JASA 58, 1963, doi:10.1080/01621459.1963.10500845. The tree is scipy's, the same that the
clustering method of the app cuts.
"""

from dataclasses import replace

import numpy as np

from analytics.results import UNLABELLED
from analytics.stepping.step import Step, counted, joined, unplaced

ALONE = "Each point is a group of its own"
_SINGLY = 120  # merges at the end that are never left out


def tree(X: np.ndarray, linkage: str) -> np.ndarray:
    """Merges of X (n, 2) in scipy's form: (n - 1, 4)."""
    from scipy.cluster.hierarchy import linkage as merge
    from scipy.spatial.distance import pdist

    return merge(pdist(X), linkage) if len(X) > 1 else np.zeros((0, 4))


def steps(X: np.ndarray, merges: np.ndarray, k: int, linkage: str) -> list[Step]:
    """The steps on X (n, 2) until k groups are left. merges : what :func:`tree` gives; value : the
    height of the last merge, which never falls. Groups of one point have no label before the end.
    """
    n, k = len(X), min(k, len(X))
    last = n - k
    members: dict[int, np.ndarray] = {i: np.array([i]) for i in range(n)}
    slots: dict[int, int] = {}
    labels = unplaced(n)
    found = [Step(f"{ALONE}: {counted(n, 'group')}, {k} wanted.", labels)]
    for i, (first, second, height, _) in enumerate(merges[:last]):
        a, b = members.pop(int(first)), members.pop(int(second))
        slots[n + i] = _slot(slots, int(first), int(second), len(a), len(b))
        members[n + i] = np.concatenate([a, b])
        labels[members[n + i]] = slots[n + i]
        step = Step(
            _words(linkage, len(a), len(b), float(height), n - i - 1),
            labels,
            float(height),
            lines=_link(X, a, b, linkage),
            lit=members[n + i],
            merges=i + 1,
            small=i < last - _SINGLY,
        )
        found.append(step)
    for node in sorted(members):
        if node not in slots:
            slots[node] = _free(slots)
            labels[members[node]] = slots[node]
    found.append(Step(_end(merges, last, k), labels, found[-1].value, merges=last))
    return _renumbered(found)


def _slot(slots: dict[int, int], first: int, second: int, a: int, b: int) -> int:
    """The colour number of a new group: that of the larger part, or the first free one."""
    mine, other = slots.pop(first, None), slots.pop(second, None)
    if mine is None and other is None:
        return _free(slots)
    if mine is None or other is None:
        return other if mine is None else mine
    return mine if a >= b else other


def _free(slots: dict[int, int]) -> int:
    used = set(slots.values())
    return next(i for i in range(len(used) + 1) if i not in used)


def _renumbered(found: list[Step]) -> list[Step]:
    """Number the colours so that those that live longest come first: at the end 0 .. k - 1."""
    seen: dict[int, int] = {}
    for at, step in enumerate(found):
        seen |= dict.fromkeys(np.unique(step.labels[step.labels >= 0]).tolist(), at)
    order = sorted(seen, key=lambda slot: (-seen[slot], slot))
    number = np.empty(len(order), np.int32)
    number[order] = np.arange(len(order))
    return [
        replace(s, labels=np.where(s.labels < 0, UNLABELLED, number[np.maximum(s.labels, 0)]))
        for s in found
    ]


def _link(X: np.ndarray, a: np.ndarray, b: np.ndarray, linkage: str) -> np.ndarray:
    """The line that shows the distance of two groups of rows: the nearest or furthest pair, else
    between the means. (1, 4)."""
    if linkage in ("single", "complete"):
        gaps = ((X[a][:, None] - X[b][None]) ** 2).sum(axis=2)
        flat = gaps.argmin() if linkage == "single" else gaps.argmax()
        i, j = np.unravel_index(flat, gaps.shape)
        return joined(X[a[i]], X[b[j]])
    return joined(X[a].mean(axis=0), X[b].mean(axis=0))


def _words(linkage: str, a: int, b: int, height: float, left: int) -> str:
    who = "Two single points" if a == b == 1 else f"Groups of {a} and {b} points"
    grown = f"{height**2 / 2:.4f}" if height**2 / 2 >= 0.00005 else "less than 0.0001"
    why = {
        "single": f"their nearest pair is {height:.3f} apart; no other two groups are closer",
        "complete": f"their furthest pair is {height:.3f} apart; no other two groups do better",
        "average": f"their pairs are {height:.3f} apart on average; no other two do better",
        "ward": f"the sum of squared distances to the group means grows by {grown}; "
        f"no other merge costs less (height {height:.3f})",
    }
    return f"{who} merge: {why[linkage]}. {counted(left, 'group')} left."


def _end(merges: np.ndarray, last: int, k: int) -> str:
    words = f"{counted(k, 'group is', 'groups are')} left, as asked: stop."
    if last < len(merges):
        words += f" The next merge would be at height {merges[last, 2]:.3f}."
    return words
