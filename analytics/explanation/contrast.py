"""Whether words are true of a text, judged against what else the corpus is about.

Similarity to a phrase has no natural threshold. So a description is compared with the directions of
the groups that the corpus falls into by itself, at about the description's own breadth: it is true
of a text that is nearer to it than to any group the description does not speak of. The description
first learns from the texts nearest to it, as in Lbl2Vec (Schopf, Braun & Matthes 2021).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.explanation.spaces import unit

STEPS = (1, 2, 4, 8)  # groups at each level, in multiples of k
MOST_GROUPS = 200
RELATED = 0.3  # cosine from which on a group is part of what the description speaks of
FINER = 0.25  # gain in cosine that speaks for a finer level
SLOPE = 9.0  # log odds per unit of margin, see docs/texts.md
STARTS = 5


@dataclass(frozen=True)
class Level:
    """One partition of the corpus. centres : float32 (groups, d) unit rows. labels : int (n,)."""

    centres: np.ndarray
    labels: np.ndarray


def levels(values: np.ndarray, k: int, seed: int) -> tuple[Level, ...]:
    """Partitions by k-means into k, 2k, 4k and 8k groups, as far as there are texts for them."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    most = min(MOST_GROUPS, len(np.unique(values, axis=0)))
    found = []
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # texts that differ by rounding only
        for count in dict.fromkeys(min(most, step * k) for step in STEPS):
            fitted = KMeans(count, n_init=STARTS, random_state=seed).fit(values)
            found.append(Level(unit(fitted.cluster_centers_), fitted.labels_))
    return tuple(found)


@dataclass(frozen=True)
class Rule:
    """What a description has come to mean. direction : (d,). others : (q, d), the groups that it
    does not speak of; a text is nearer to the direction than to any of them when it is true."""

    direction: np.ndarray
    others: np.ndarray

    def margin(self, values: np.ndarray) -> np.ndarray:
        """Cosine to the direction less that to the nearest of the others, (n,); NaN for a zero row,
        a text of which nothing is known."""
        near = values @ self.direction
        if len(self.others):
            near = near - (values @ self.others.T).max(axis=1)
        return np.where(values.any(axis=1), near, np.nan)


def margins(
    values: np.ndarray,
    places: np.ndarray,
    partitions: Sequence[Level],
    at: Sequence[int | None] | None = None,
) -> np.ndarray:
    """Cosine to each description less the one to the nearest group it does not speak of.

    Arguments as for :func:`rules`. Returns float64 (n, m), above 0 where true, NaN where a
    description means nothing (its place is a zero row) or nothing is known of a text (its values
    are).
    """
    found = rules(values, places, partitions, at)
    out = np.full((len(values), len(places)), np.nan)
    for j, rule in enumerate(found):
        if rule is not None:
            out[:, j] = rule.margin(values)
    return out


def rules(
    values: np.ndarray,
    places: np.ndarray,
    partitions: Sequence[Level],
    at: Sequence[int | None] | None = None,
) -> list[Rule | None]:
    """What each description means among these texts, None where it means nothing.

    values : (n, d). places : (m, d), zero rows where a description means nothing. at : index of the
    level of each description, None to find it.
    """
    levels_ = at if at is not None else [None] * len(places)
    return [
        _rule(values, place, partitions, level) if place.any() else None
        for place, level in zip(places, levels_, strict=True)
    ]


def chance(margin: np.ndarray) -> np.ndarray:
    """Probability that a description is true, 0-1, of its margins; NaN stays."""
    return 1 / (1 + np.exp(-SLOPE * np.clip(margin, -4, 4)))


def _rule(
    values: np.ndarray, place: np.ndarray, partitions: Sequence[Level], at: int | None
) -> Rule:
    order = np.argsort(-(values @ place), kind="stable")
    if at is None:
        at, best = 0, -np.inf
        for i, level in enumerate(partitions):
            fit = float((level.centres @ _learned(values, order, level)).max())
            if fit > best + FINER:
                at, best = i, fit
    level = partitions[at]
    rule = _against(_learned(values, order, level), level.centres, at)
    true = rule.margin(values) >= 0
    if true.sum() > 2:  # what it is true of says better what it means
        rule = _against(unit(values[true].mean(axis=0)), level.centres, at)
    return rule


def _learned(values: np.ndarray, order: np.ndarray, level: Level) -> np.ndarray:
    """The mean of the nearest texts, half as many as a group of this level has."""
    return unit(values[order[: max(3, len(values) // (2 * len(level.centres)))]].mean(axis=0))


def _against(direction: np.ndarray, centres: np.ndarray, at: int) -> Rule:
    near = centres @ direction
    # Neighbours of a narrow description resemble it more, and still are not what it speaks of.
    other = near < (RELATED if at == 0 else max(RELATED, 0.7 * float(near.max())))
    other[near.argmax()] = False
    return Rule(direction, centres[other])
