"""Two groupings of the same rows: which groups share how many rows, and which rows moved."""

from dataclasses import dataclass

import numpy as np

from analytics.clustering.agreement import contingency, match
from analytics.results import NOISE, UNLABELLED
from analytics.shares import percent


@dataclass(frozen=True)
class Pair:
    """Group a of the first and b of the second, NOISE for noise.

    rows : in both. of_a, of_b : share of each that lies in the other, 0 to 1. jaccard : rows in
    both over rows in either. partners : whether they are each other's match.
    """

    a: int
    b: int
    rows: int
    of_a: float
    of_b: float
    jaccard: float
    partners: bool


def partners(first: np.ndarray, second: np.ndarray) -> dict[int, int]:
    """Group of the second -> its match in the first (Kuhn 1955); noise is the match of noise."""
    known = (first != UNLABELLED) & (second != UNLABELLED)
    return {**match(first[known], second[known]), NOISE: NOISE}


def pairs(first: np.ndarray, second: np.ndarray) -> list[Pair]:
    """Every pair of groups that share a row, most rows first.

    first, second : (n,) labels, NOISE for noise; rows UNLABELLED in either are left out.
    """
    first, second = np.asarray(first), np.asarray(second)
    known = (first != UNLABELLED) & (second != UNLABELLED)
    a, b = first[known].astype(np.int64) + 1, second[known].astype(np.int64) + 1
    if not len(a):
        return []
    table = contingency(a, b, int(a.max()) + 1, int(b.max()) + 1)
    in_a, in_b = table.sum(axis=1), table.sum(axis=0)
    partner = partners(first, second)
    found = []
    for i, j in zip(*np.nonzero(table), strict=True):
        rows = int(table[i, j])
        found.append(
            Pair(
                a=int(i) - 1,
                b=int(j) - 1,
                rows=rows,
                of_a=rows / int(in_a[i]),
                of_b=rows / int(in_b[j]),
                jaccard=rows / int(in_a[i] + in_b[j] - rows),
                partners=partner.get(int(j) - 1, -3) == int(i) - 1,
            )
        )
    return sorted(found, key=lambda p: (-p.rows, p.a, p.b))


def members(first: np.ndarray, second: np.ndarray, a: int | None, b: int | None) -> np.ndarray:
    """The rows in group a of the first and b of the second, None for any: bool (n,)."""
    of_a = np.full(len(first), True) if a is None else np.asarray(first) == a
    return of_a if b is None else of_a & (np.asarray(second) == b)


def moved(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The rows whose groups are not each other's match: bool (n,)."""
    first, second = np.asarray(first), np.asarray(second)
    partner = partners(first, second)
    names, place = np.unique(second, return_inverse=True)
    expected = np.array([partner.get(int(g), -3) for g in names])[place]
    known = (first != UNLABELLED) & (second != UNLABELLED)
    return known & (expected != first)


def sentence(first: np.ndarray, second: np.ndarray) -> str:
    """What changed from the first to the second, in one sentence."""
    known = (np.asarray(first) != UNLABELLED) & (np.asarray(second) != UNLABELLED)
    n = int(known.sum())
    if not n:
        return "The two results have no row in common, so there is nothing to compare."
    changed = int(moved(first, second).sum())
    if not changed:
        return f"Both results put all {n:,} rows into the same groups."
    return (
        f"{n - changed:,} of {n:,} rows stay in the matching group; {changed:,} "
        f"({percent(changed / n)}) move to another one."
    )
