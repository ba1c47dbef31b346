"""From shares of people to groups: who belongs together, how sure, and how many groups there are.

A share matrix (m, m) holds, for every two points, the predicted share of people who put them into
one group; 1 on the diagonal. Everything here is plain arithmetic on such matrices.
"""

from collections.abc import Sequence

import numpy as np

from analytics.results import NOISE

HALF = 0.5


def groups_of(shares: np.ndarray, at: float = HALF) -> np.ndarray:
    """Groups (m,) int32 by average linkage: two sets are joined while the mean share across them
    is above ``at``. Numbered by falling size, ties by first member."""
    return groups_at(shares, (at,))[0]


def groups_at(shares: np.ndarray, cuts: Sequence[float]) -> list[np.ndarray]:
    """:func:`groups_of` for several values of ``at`` from one tree."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(shares) == 1:
        return [np.zeros(1, np.int32) for _ in cuts]
    apart = np.maximum(1.0 - shares, 0.0)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform((apart + apart.T) / 2, checks=False), "average")
    return [numbered(fcluster(tree, 1.0 - at, "distance")) for at in cuts]


def numbered(groups: np.ndarray) -> np.ndarray:
    """Groups renumbered 0, 1, ... by falling size, ties by first member; NOISE stays."""
    kept = groups != NOISE
    out = np.full(len(groups), NOISE, np.int32)
    if kept.any():
        _, first, code, count = np.unique(
            groups[kept], return_index=True, return_inverse=True, return_counts=True
        )
        rank = np.empty(len(first), np.int32)
        rank[np.lexsort((first, -count))] = np.arange(len(first))
        out[kept] = rank[code]
    return out


def agreement_of(shares: np.ndarray) -> np.ndarray:
    """How far people agree about each point, (m,) 0 to 1: mean over the others of |2 s - 1|.

    0 when half the people join it with every other point, 1 when all people say the same.
    """
    m = len(shares)
    if m < 2:
        return np.ones(m)
    sure = np.abs(2.0 * shares - 1.0)
    return (sure.sum(axis=1) - np.diag(sure)) / (m - 1)


def expected_ari(shares: np.ndarray, groups: np.ndarray) -> float:
    """The adjusted Rand index of ``groups`` expected against one person, read off the shares.

    With pair sums in place of pair counts (Hubert & Arabie 1985): (sum of shares inside the groups
    - its value by chance) / (mean of both totals - that value). Every point in NOISE is a group of
    its own. 0 when a constant denominator leaves nothing to compare.
    """
    m = len(shares)
    i, j = np.triu_indices(m, 1)
    same = _same(groups)[i, j]
    share = shares[i, j]
    pairs, inside, total = len(share), float(same.sum()), float(share.sum())
    chance = inside * total / pairs if pairs else 0.0
    most = (inside + total) / 2
    if most - chance <= 1e-9 * max(pairs, 1):
        return 1.0 if abs(inside - total) <= 1e-9 * max(pairs, 1) else 0.0
    return float((share[same].sum() - chance) / (most - chance))


def _same(groups: np.ndarray) -> np.ndarray:
    return (groups[:, None] == groups[None, :]) & (groups != NOISE)[:, None]


def expected_two(shares: np.ndarray) -> float:
    """Adjusted Rand index expected between two people, if they judged each pair independently."""
    i, j = np.triu_indices(len(shares), 1)
    share = shares[i, j].astype(float)
    pairs, total = len(share), float(share.sum())
    chance = total**2 / pairs if pairs else 0.0
    if total - chance <= 1e-9 * max(pairs, 1):
        return 1.0
    return float(((share**2).sum() - chance) / (total - chance))


def kappa(shares: np.ndarray, groups: np.ndarray) -> float:
    """Agreement of an isolated rater with a group of raters, over all pairs of points.

    Vanbelle & Albert, Agreement between an isolated rater and a group of raters, Statistica
    Neerlandica 63(1), 2009, for the two answers "together" and "apart": the observed agreement is
    the mean share of the group that gives the rater's answer, corrected for chance from the
    margins, and divided by the largest agreement that any rater could reach with this group (the
    one who follows its majority on every pair). 1 is that rater, 0 is chance.
    """
    i, j = np.triu_indices(len(shares), 1)
    share = shares[i, j].astype(float)
    mine = _same(groups)[i, j]
    observed = np.where(mine, share, 1 - share).mean()
    most = np.maximum(share, 1 - share).mean()
    together, told = mine.mean(), share.mean()
    chance = together * told + (1 - together) * (1 - told)
    if most - chance <= 1e-12:
        return 1.0 if observed >= most - 1e-12 else 0.0
    return float((observed - chance) / (most - chance))


def between(shares: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean share across every two groups: labels (k,), means (k, k).

    On the diagonal the mean inside a group, without a point's share with itself (1 for one point).
    """
    labels = np.unique(groups[groups != NOISE])
    member = (groups[None, :] == labels[:, None]).astype(float)
    sums = member @ shares @ member.T
    size = member.sum(axis=1)
    counts = np.outer(size, size) - np.diag(size)
    sums -= np.diag(member @ np.diag(shares))
    return labels, np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
