"""k-means step by step: choose centres, then assign and move until nothing changes.

S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28(2), 1982,
doi:10.1109/TIT.1982.1056489; D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful
seeding, SODA 2007. The start is plain k-means++, one draw per centre; scikit-learn draws several
and keeps the best. With the same first centres the groups are those of scikit-learn.
"""

import numpy as np

from analytics.stepping.step import Step, counted, joined, name, unplaced

_MOST_ROUNDS = 300


def steps(X: np.ndarray, k: int, start: str, rng: np.random.Generator) -> list[Step]:
    """The steps on X (n, 2), n >= 1. start : "k-means++" or "random"; value : the sum of squared
    distances to the centres, which never grows. k is lowered to the number of different places."""
    places = np.unique(X, axis=0)
    fewer = f" All lie in {counted(len(places), 'place')}, so there are no more groups than that."
    note = fewer if len(places) < k else ""
    k = min(k, len(places))
    words = f"{counted(len(X), 'point')} and {counted(k, 'centre')} to choose.{note}"
    made = [Step(words, unplaced(len(X)))]
    chosen = _choose(X, places, k, start, rng, made)
    return made + lloyd(X, chosen)


def _choose(X, places, k: int, start: str, rng, made: list[Step]) -> np.ndarray:
    """The first centres (k, 2); a step for each is added to ``made``."""
    centers = np.zeros((0, 2))
    drawn = rng.permutation(len(places))[:k] if start == "random" else ()
    for i in range(k):
        nearest = _squares(X, centers).min(axis=1) if i else np.ones(len(X))
        if start == "random":
            new, words = places[drawn[i]], f"Centre {i + 1} is a point drawn at random."
        else:
            row = int(rng.choice(len(X), p=nearest / nearest.sum()))
            new, words = X[row], _drawn(i, float(nearest[row]))
        centers = np.vstack([centers, new])
        value = float(_squares(X, centers).min(axis=1).sum())
        row = int(_squares(X, new[None])[:, 0].argmin())
        made.append(Step(words, unplaced(len(X)), value, centers, lit=[row]))
    return centers


def _drawn(i: int, square: float) -> str:
    if i == 0:
        return "Centre 1 is a point drawn at random, each with the same chance."
    return (
        f"Centre {i + 1} is a point drawn with a chance that grows with the squared distance to "
        f"the nearest centre, so it tends to lie far from the others: this one lies "
        f"{square**0.5:.2f} away."
    )


def _squares(X: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Squared distances (n, k)."""
    return ((X[:, None] - centers[None]) ** 2).sum(axis=2)


def lloyd(X: np.ndarray, centers: np.ndarray) -> list[Step]:
    """Assign and move from first centres (k, 2), until an assignment changes nothing."""
    made, labels = [], unplaced(len(X))
    for turn in range(1, _MOST_ROUNDS + 1):
        squares = _squares(X, centers)
        new = squares.argmin(axis=1)
        value = float(squares.min(axis=1).sum())
        moved = np.flatnonzero(new != labels)
        if not len(moved):
            words = f"No point changes its group, so no centre moves: settled in round {turn}."
            return [*made, Step(words, new, value, centers)]
        words = f"Round {turn}: every point joins its nearest centre; {_changed(moved, turn)}."
        lit = moved if turn > 1 else []
        made.append(Step(words, new, value, centers, lit=lit))
        labels, after, jumped = _means(X, new, centers)
        far = np.hypot(*(after - centers).T)
        words = f"Round {turn}: each centre moves to the mean of its points, by {far.max():.3f} at "
        words += "most." + "".join(
            f" Group {group + 1} had no point left, so its centre jumps to {name(row)}, the "
            "furthest from its own centre."
            for group, row in jumped
        )
        value = float(((X - after[labels]) ** 2).sum())
        made.append(Step(words, labels, value, after, lines=joined(centers, after)))
        centers = after
    words = f"Stopped after {_MOST_ROUNDS} rounds."
    return [*made, Step(words, labels, value, centers)]


def _changed(moved: np.ndarray, turn: int) -> str:
    if turn == 1:
        return "that is the first picture of the groups"
    return f"{counted(len(moved), 'point changes', 'points change')} group"


def _means(X, labels, centers) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Labels and means of the groups, and (group, row) where an empty group took a point.

    An empty group takes the point furthest from its centre, as in scikit-learn, but never the last
    point of another group.
    """
    labels, jumped = labels.copy(), []
    far = ((X - centers[labels]) ** 2).sum(axis=1)
    for group in np.flatnonzero(np.bincount(labels, minlength=len(centers)) == 0):
        sizes = np.bincount(labels, minlength=len(centers))
        row = int(np.where(sizes[labels] > 1, far, -1.0).argmax())
        labels[row], far[row] = group, 0.0
        jumped.append((int(group), row))
    means = np.stack([X[labels == group].mean(axis=0) for group in range(len(centers))])
    return labels, means, jumped
