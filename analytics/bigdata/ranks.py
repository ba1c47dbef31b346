"""Quantiles of very many numbers from a few thousand of them.

Levels of numbers, each standing for twice as many rows as one of the level before; a level that
overflows gives every other of its sorted numbers to the next. After Z. Karnin, K. Lang, E. Liberty,
Optimal quantile approximation in streams, FOCS 2016, with levels of one size. Which half is taken
hangs on the numbers themselves, so that equal data gives equal quantiles.
"""

from typing import NamedTuple

import numpy as np

KEPT = 4_096  # numbers of a level before it overflows


class Ranks(NamedTuple):
    """levels: arrays of numbers; one of level i stands for 2**i rows."""

    levels: tuple[np.ndarray, ...] = ()


def of_sorted(values: np.ndarray) -> Ranks:
    """Of a piece, its numbers in rising order."""
    level = max(0, int(np.ceil(np.log2(max(1, len(values)) / KEPT))))
    start = _chance(values) % (1 << level)
    return Ranks((np.zeros(0),) * level + (values[start :: 1 << level].astype(np.float64),))


def merge(a: Ranks, b: Ranks) -> Ranks:
    """Of the rows of both."""
    levels, carried, i = [], np.zeros(0), 0
    while i < max(len(a.levels), len(b.levels)) or len(carried):
        parts = [r.levels[i] for r in (a, b) if i < len(r.levels)]
        level = np.concatenate([*parts, carried])
        carried = np.zeros(0)
        if len(level) > KEPT:
            level.sort()
            odd = level[-1:] if len(level) % 2 else np.zeros(0)  # one number cannot be halved
            even = level[: len(level) - len(odd)]
            carried, level = even[_chance(even) % 2 :: 2], odd
        levels.append(level)
        i += 1
    return Ranks(tuple(levels))


def quantiles(ranks: Ranks, shares) -> np.ndarray:
    """The numbers below which these shares (0 to 1) of the rows lie; NaN of no rows."""
    values = np.concatenate([np.zeros(0), *ranks.levels])
    if not len(values):
        return np.full(len(shares), np.nan)
    weights = np.repeat([2.0**i for i in range(len(ranks.levels))], [len(v) for v in ranks.levels])
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    at = np.searchsorted(below, np.asarray(shares) * below[-1], side="left")
    return values[order[np.minimum(at, len(values) - 1)]]


def _chance(values: np.ndarray) -> int:
    """A number that looks drawn at random, the same for equal values."""
    if not len(values):
        return 0
    bits = np.ascontiguousarray(values[[0, len(values) // 2, -1]], np.float64).view(np.uint64)
    mixed = (int(bits[0]) * 3 + int(bits[1]) * 5 + int(bits[2]) * 7) * 0x9E3779B97F4A7C15
    return (mixed >> 33) & 0x3FFFFFFF
