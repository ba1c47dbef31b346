"""The most frequent values of very many: exact while few differ, else with a known bound.

Misra and Gries, Finding repeated elements, Sci. Comput. Program. 2, 1982; joined as in Agarwal,
Cormode, Huang, Phillips, Wei and Yi, Mergeable summaries, PODS 2012.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

MOST = 4_096  # values kept


class Counts(NamedTuple):
    """values (m,), objects or numbers; counts int64 (m,); lost: every true count lies from the one
    given to that plus ``lost``, and no value that is not here was met more than ``lost`` times."""

    values: np.ndarray
    counts: np.ndarray
    lost: int = 0

    @property
    def exact(self) -> bool:
        """Whether all values are here with their true counts."""
        return self.lost == 0


def empty() -> Counts:
    """Of no rows."""
    return Counts(np.zeros(0, object), np.zeros(0, np.int64))


def of_distinct(values: np.ndarray, counts: np.ndarray) -> Counts:
    """Of a piece, by its different values and how often each is in it."""
    return _fewer(Counts(np.asarray(values, object), np.asarray(counts, np.int64)))


def merge(a: Counts, b: Counts) -> Counts:
    """Of the rows of both."""
    if not len(b.values):
        return a._replace(lost=a.lost + b.lost)
    if not len(a.values):
        return b._replace(lost=a.lost + b.lost)
    both = pd.Series(
        np.concatenate([a.counts, b.counts]), pd.Index(np.concatenate([a.values, b.values]), object)
    )
    summed = both.groupby(level=0, sort=False).sum()
    values = summed.index.to_numpy(object)
    return _fewer(Counts(values, summed.to_numpy(np.int64), a.lost + b.lost))


def top(found: Counts, most: int = 5) -> list[tuple[object, int]]:
    """The most frequent values with their least counts, of those that are surely frequent: met
    more often than any value that was dropped can have been."""
    order = np.argsort(-found.counts, kind="stable")[: 4 * most]
    sure = [(found.values[i], int(found.counts[i])) for i in order if found.counts[i] > found.lost]
    return sorted(sure, key=lambda pair: (-pair[1], str(pair[0])))[:most]


def _fewer(found: Counts) -> Counts:
    """At most MOST values: the count of the next one is taken off all that stay."""
    if len(found.values) <= MOST:
        return found
    cut = int(np.partition(found.counts, -MOST - 1)[-MOST - 1])
    kept = found.counts > cut
    return Counts(found.values[kept], found.counts[kept] - cut, found.lost + cut)
