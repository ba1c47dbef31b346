"""What several groupings have in common: evidence accumulation over joint label cells.

A. Fred & A. K. Jain, Combining Multiple Clusterings Using Evidence Accumulation, IEEE TPAMI 27(6),
2005, doi:10.1109/TPAMI.2005.113: the similarity of two rows is the share of groupings that put them
into one group (co-association); average linkage on it, cut where the groups live longest.

Rows that all groupings treat alike form one cell. Average linkage over cells weighted by their rows
equals that over rows, since rows of one cell are joined first; so nothing is sampled. Departures: a
row that is noise in a grouping is together with no other row there; rows that are noise in more
than half of them are noise in the consensus; cells beyond the ``MOST_CELLS`` largest join the group
they are most similar to on average. The cut is at one half unless the lifetime is asked for: with
few groupings the levels are so far apart that the cells themselves live longest.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analytics.progress import Progress, part, silent
from analytics.results import NOISE

MOST_CELLS = 2_000
CUTS = ("lifetime", "half")
_CHUNK = 4_000_000  # entries of a block of similarities


class Cells(NamedTuple):
    """codes : (c, r) label of each cell in each grouping. which : (n,) cell of each row.
    sizes : (c,) rows of each."""

    codes: np.ndarray
    which: np.ndarray
    sizes: np.ndarray


class Consensus(NamedTuple):
    """labels : int32 (n,), NOISE for none. changes : float32 (n,), see :func:`changes`. cells,
    kept : joint label cells, and those that the linkage used. heights : of the merges, rising.
    cut : similarity at which the groups were cut, 0 to 1."""

    labels: np.ndarray
    changes: np.ndarray
    cells: int
    kept: int
    heights: np.ndarray
    cut: float


def cells_of(labelings: Sequence[np.ndarray]) -> Cells:
    """The joint label cells of r groupings (n,) of the same rows."""
    stack = np.ascontiguousarray(np.stack(labelings, axis=1).astype(np.int32))
    codes, which, sizes = np.unique(stack, axis=0, return_inverse=True, return_counts=True)
    return Cells(codes, which.reshape(-1), sizes)


def together(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Co-association of cells a (p, r) with cells b (q, r): float32 (p, q), 0 to 1."""
    count = np.zeros((len(a), len(b)), np.float32)
    for run in range(a.shape[1]):
        same = a[:, run, None] == b[None, :, run]
        count += same & (a[:, run, None] != NOISE)
    return count / max(a.shape[1], 1)


def average_linkage(distance: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Merges of average linkage over weighted points: (c - 1, 3) of two members and the height,
    by rising height.

    distance (c, c) is overwritten. A member stands for the group it is in by then. By the
    nearest-neighbour chain (Murtagh 1983), which average linkage allows; ties take the first.
    """
    c = len(distance)
    weights = weights.astype(float).copy()
    np.fill_diagonal(distance, np.inf)
    alive = np.ones(c, bool)
    merges, chain = [], []
    while len(merges) < c - 1:
        if not chain:
            chain = [int(np.argmax(alive))]
        while True:
            last = chain[-1]
            near = int(np.argmin(distance[last]))
            if len(chain) > 1 and distance[last, chain[-2]] <= distance[last, near]:
                near = chain.pop(-2)
                break
            chain.append(near)
        last = chain.pop()
        i, j = min(last, near), max(last, near)
        merges.append((i, j, float(distance[i, j])))
        total = weights[i] + weights[j]
        joined = (weights[i] * distance[i] + weights[j] * distance[j]) / total
        distance[i], distance[:, i] = joined, joined
        distance[j], distance[:, j] = np.inf, np.inf
        distance[i, i] = np.inf
        alive[j] = False
        weights[i] = total
    found = np.array(merges, float).reshape(-1, 3)
    return found[np.argsort(found[:, 2], kind="stable")]


def groups_at(merges: np.ndarray, c: int, count: int) -> np.ndarray:
    """The group (c,) of each point after the first c - count merges."""
    root = np.arange(c)

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, j, _ in merges[: max(c - count, 0)]:
        a, b = find(int(i)), find(int(j))
        root[max(a, b)] = min(a, b)
    return np.array([find(i) for i in range(c)])


def lifetime(heights: np.ndarray) -> int:
    """The number of groups, from two up, that lives over the widest range of heights (rising, of
    c - 1 merges; the ramp ends at 0 and 1); of equals the fewest."""
    c = len(heights) + 1
    if c < 2:
        return c
    steps = np.diff(np.concatenate([[0.0], heights]))  # steps[i] : life of c - i groups
    lives = np.round(steps[::-1], 9)  # of 2, 3, ... c groups
    return int(np.argmax(lives)) + 2 if lives.max() > 0 else 1


def consensus(
    labelings: Sequence[np.ndarray],
    cut: str = "half",
    k: int | None = None,
    progress: Progress = silent,
) -> Consensus:
    """The consensus of r groupings (n,), NOISE for noise.

    cut : "lifetime", or "half": groups whose rows are together in more than half of the groupings
    on average. k : this many groups instead, or as many as there are cells.
    """
    progress(0.0, "joining equal rows")
    cells = cells_of(labelings)
    loose = (cells.codes == NOISE).mean(axis=1) > 0.5
    held = np.flatnonzero(~loose)
    order = held[np.argsort(-cells.sizes[held], kind="stable")]
    kept = np.sort(order[:MOST_CELLS])
    group = np.full(len(cells.codes), NOISE)
    heights, level = np.zeros(0), 0.0
    if len(kept):
        progress(0.1, "joining groups")
        distance = 1 - together(cells.codes[kept], cells.codes[kept]).astype(float)
        merges = average_linkage(distance, cells.sizes[kept])
        heights = merges[:, 2]
        count = _count(heights, cut, k)
        group[kept] = groups_at(merges, len(kept), count)
        level = 1 - (heights[len(kept) - count - 1] if count < len(kept) else 0.0)
        _join_rest(cells, kept, order[MOST_CELLS:], group)
    looked_at = kept if len(kept) else np.arange(min(len(cells.codes), MOST_CELLS))
    moves = changes(cells, looked_at, part(progress, 0.6, 1.0))
    progress(1.0, "joined")
    return Consensus(
        labels=group[cells.which].astype(np.int32),
        changes=moves[cells.which],
        cells=len(cells.codes),
        kept=len(kept),
        heights=heights,
        cut=float(level),
    )


def _count(heights: np.ndarray, cut: str, k: int | None) -> int:
    c = len(heights) + 1
    if k is not None:
        return min(k, c)
    if cut == "half":
        return c - int(np.sum(heights < 0.5))
    return lifetime(heights)


def _join_rest(cells: Cells, kept: np.ndarray, rest: np.ndarray, group: np.ndarray) -> None:
    """Put the cells that the linkage left out to the groups they are most similar to."""
    if not len(rest):
        return
    names, place = np.unique(group[kept], return_inverse=True)
    member = np.zeros((len(kept), len(names)), np.float32)
    member[np.arange(len(kept)), place] = cells.sizes[kept]
    member /= member.sum(axis=0)
    for block in _blocks(rest, len(kept)):
        near = together(cells.codes[block], cells.codes[kept]) @ member
        group[block] = names[near.argmax(axis=1)]


def changes(cells: Cells, kept: np.ndarray, progress: Progress = silent) -> np.ndarray:
    """How often a row changes sides: float32 (c,) per cell, 0 to 1.

    Take one grouping and a row it puts together with this one; the value is how often the two are
    apart in a grouping drawn at random: 1 - sum(s^2) / sum(s) over the other rows' co-association
    s. 0 where a row is never together with another. Looks at the rows of the ``kept`` cells.
    """
    found = np.zeros(len(cells.codes), np.float32)
    weights = cells.sizes[kept].astype(np.float64)
    alone = (cells.codes != NOISE).mean(axis=1)  # co-association of two rows of one cell
    is_kept = np.isin(np.arange(len(cells.codes)), kept)
    for block in _blocks(np.arange(len(cells.codes)), len(kept)):
        progress(float(block[0]) / len(cells.codes), "looking for rows that change sides")
        s = together(cells.codes[block], cells.codes[kept]).astype(np.float64)
        own = alone[block] * is_kept[block]
        once = s @ weights - own
        twice = (s**2) @ weights - own**2
        found[block] = np.where(once > 1e-9, 1 - twice / np.maximum(once, 1e-9), 0)
    return np.clip(np.where(np.abs(found) < 1e-6, 0, found), 0, 1)


def _blocks(index: np.ndarray, width: int) -> list[np.ndarray]:
    step = max(1, _CHUNK // max(width, 1))
    return [index[i : i + step] for i in range(0, len(index), step)]
