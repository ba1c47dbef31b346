"""How far the people of a study agree about one plot.

Groupings are int (people, n), NOISE where a point is in no group. Such a point is together with no
other: in the pairwise scores it is a group of its own. Whoever leaves points out has not said that
they belong together.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analytics.clustering.agreement import ami_of_counts
from analytics.perception.shares import agreement_of, groups_of, numbered
from analytics.results import NOISE

SCORES = ("ami", "ari", "v_measure")
MOST_PAIRS = 3_000  # compared pairwise: all pairs of 77 people
LEAST_PEOPLE = 5  # before one can be called outlying
_DRAWS = 400


@dataclass(frozen=True)
class Agreement:
    """Agreement about one plot.

    pairs : score name -> float (people, people), 1 on the diagonal, NaN where not compared.
    typical : (people,) mean AMI of each person with the others. outlying : (people,) bool.
    ambiguity : 1 - mean AMI of two people, 0 to 1 or a little above; NaN for one person. interval :
    its 90 % bootstrap interval over people, or None. shares : float32 (n, n), of people who put two
    points together. points : (n,) how far they agree about each point, 0 to 1. consensus : int32
    (n,), groups of points that more than half put together. compared : pairs of people compared.
    """

    pairs: dict[str, np.ndarray]
    typical: np.ndarray
    outlying: np.ndarray
    ambiguity: float
    interval: tuple[float, float] | None
    shares: np.ndarray
    points: np.ndarray
    consensus: np.ndarray
    compared: int


def measure(labels: np.ndarray, seed: int = 0) -> Agreement:
    """The agreement of labels (people, n); at least one person."""
    labels = np.asarray(labels, np.int32)
    people = len(labels)
    chosen = _chosen(people, seed)
    pairs = {name: np.full((people, people), np.nan) for name in SCORES}
    for table in pairs.values():
        np.fill_diagonal(table, 1.0)
    raw = [row.tobytes() for row in labels]
    for i, j in chosen:
        for name, value in zip(SCORES, pair_scores(raw[i], raw[j]), strict=True):
            pairs[name][i, j] = pairs[name][j, i] = value
    typical = _typical(pairs["ami"])
    shares = shares_of(labels)
    return Agreement(
        pairs=pairs,
        typical=typical,
        outlying=outlying(typical),
        ambiguity=_ambiguity(pairs["ami"]),
        interval=_interval(pairs["ami"], seed),
        shares=shares,
        points=agreement_of(shares),
        consensus=consensus(labels, shares),
        compared=len(chosen),
    )


def _chosen(people: int, seed: int) -> np.ndarray:
    """Which pairs are compared: all, or MOST_PAIRS drawn by chance."""
    every = np.stack(np.triu_indices(people, 1), axis=1)
    if len(every) <= MOST_PAIRS:
        return every
    kept = np.random.default_rng(seed).choice(len(every), MOST_PAIRS, replace=False)
    return every[np.sort(kept)]


@lru_cache(maxsize=2 * MOST_PAIRS)
def pair_scores(a: bytes, b: bytes) -> tuple[float, ...]:
    """:func:`scores_of` of two groupings given as the bytes of their int32 labels.

    Kept, because each answer that comes in changes the pairs of one person only.
    """
    return scores_of(np.frombuffer(a, np.int32), np.frombuffer(b, np.int32))


def scores_of(a: np.ndarray, b: np.ndarray) -> tuple[float, ...]:
    """SCORES of two groupings (n,); a point in NOISE is a group of its own."""
    joint, sizes_a, sizes_b = _counts(a, b)
    h_a, h_b, h_ab = (_entropy(c) for c in (sizes_a, sizes_b, joint))
    v = 2 * (h_a + h_b - h_ab) / (h_a + h_b) if h_a + h_b > 1e-12 else 1.0
    ami = ami_of_counts(joint, sizes_a, sizes_b)
    return ami, _ari(joint, sizes_a, sizes_b), float(np.clip(v, 0, 1))


def ari_of(a: np.ndarray, b: np.ndarray) -> float:
    """The adjusted Rand index alone: AMI takes most of the time of :func:`scores_of`."""
    return _ari(*_counts(a, b))


def _counts(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in each overlap of two groups, in each group of a, and in each of b."""
    first, second = _alone(a), _alone(b)
    joint = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_counts=True)[1]
    return joint, np.bincount(first), np.bincount(second)


def _ari(joint: np.ndarray, sizes_a: np.ndarray, sizes_b: np.ndarray) -> float:
    n = int(sizes_a.sum())
    both, one, other = ((c.astype(float) * (c - 1)).sum() for c in (joint, sizes_a, sizes_b))
    chance, most = one * other / max(n * (n - 1), 1), (one + other) / 2
    return float((both - chance) / (most - chance)) if most > chance else 1.0


def _alone(labels: np.ndarray) -> np.ndarray:
    """Labels 0 ... in which each point of no group has a number of its own."""
    labels = labels.astype(np.int64)
    out = labels == NOISE
    labels[out] = labels.max(initial=NOISE) + 1 + np.arange(out.sum())
    return labels


def _entropy(counts: np.ndarray) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def _typical(ami: np.ndarray) -> np.ndarray:
    others = np.where(np.eye(len(ami), dtype=bool), np.nan, ami)
    known = ~np.isnan(others)
    total = np.where(known, others, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.divide(total, count, where=count > 0, out=np.full(len(ami), np.nan))


def outlying(typical: np.ndarray) -> np.ndarray:
    """Who groups unlike the others, (people,) bool: a mean agreement more than 3 robust standard
    deviations (1.4826 times the median absolute deviation) and at least 0.1 below the median."""
    if len(typical) < LEAST_PEOPLE:
        return np.zeros(len(typical), bool)
    middle = np.nanmedian(typical)
    spread = 1.4826 * np.nanmedian(np.abs(typical - middle))
    return typical < middle - max(3 * spread, 0.1)


def _ambiguity(ami: np.ndarray) -> float:
    values = ami[np.triu_indices(len(ami), 1)]
    values = values[~np.isnan(values)]
    return float(1 - values.mean()) if len(values) else float("nan")


def _interval(ami: np.ndarray, seed: int) -> tuple[float, float] | None:
    """Bootstrap over people; a person drawn twice is not compared with themselves."""
    people = len(ami)
    if people < 3:
        return None
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_DRAWS):
        who = rng.integers(0, people, people)
        values = ami[np.ix_(who, who)][np.triu_indices(people, 1)]
        apart = (who[:, None] != who[None, :])[np.triu_indices(people, 1)]
        values = values[apart & ~np.isnan(values)]
        if len(values):
            drawn.append(1 - values.mean())
    low, high = np.percentile(drawn, [5, 95])
    return float(low), float(high)


def shares_of(labels: np.ndarray) -> np.ndarray:
    """Share of people who put two points into one group, float32 (n, n); 1 on the diagonal."""
    members = [row[:, None] == np.unique(row[row != NOISE])[None, :] for row in labels]
    member = np.concatenate(members, axis=1).astype(np.float32)
    together = member @ member.T / len(labels)
    np.fill_diagonal(together, 1.0)
    return together


def consensus(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Groups (n,) int32 of points that more than half of the people put together (average linkage
    on the shares); NOISE where more than half left a point out, or put it together with no other
    point. Numbered by falling size."""
    left_out = (labels == NOISE).mean(axis=0) > 0.5
    found = np.full(labels.shape[1], NOISE, np.int32)
    kept = np.flatnonzero(~left_out)
    if len(kept):
        # groups_of also joins at exactly one half, as of two people who disagree: not "more than".
        found[kept] = groups_of(shares[np.ix_(kept, kept)] - 1e-6)
    return with_others(found)


def with_others(groups: np.ndarray) -> np.ndarray:
    """Groups (n,) int32 of two points or more, numbered by falling size; the rest in NOISE."""
    inside = groups != NOISE
    size = np.bincount(groups[inside], minlength=1)
    alone = inside & (size[np.maximum(groups, 0)] == 1)
    return numbered(np.where(alone, NOISE, groups))
