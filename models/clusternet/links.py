"""Links between near points, and what follows from them: chains, groups, the loss over chains.

Two points are as surely in one group as the weakest link on the best chain between them: the
highest tree of links holds that chain for every pair. The loss over all pairs through their
weakest links is MALIS (Turaga, Briggman, Helmstaedter, Denk & Seung, Maximin affinity learning of
image segmentation, 2009), here with shares of people as targets.
"""

import heapq

import numpy as np
from numba import njit

from models.clusternet import mergetree
from models.clusternet.mergetree import find_root

NEIGHBOURS = (4, 10, 24)
BLURS = (0.03, 0.06)
MARK = 0.003  # size of a mark, as a share of the plot's longer side
GEOMETRY = 4 + 3 * len(NEIGHBOURS) + 2 * len(BLURS)


def edges(points: np.ndarray) -> np.ndarray:
    """Links (m, 2) int64 of points (n, 2): Delaunay edges and the 6 nearest neighbours.

    Points at one place are moved apart by less than a billionth; all links together join all
    points.
    """
    from scipy.spatial import Delaunay, QhullError, cKDTree

    points = np.asarray(points, float)
    n = len(points)
    near = cKDTree(points).query(points, min(7, n))[1][:, 1:]
    pairs = [np.c_[np.repeat(np.arange(n), near.shape[1]), near.ravel()]]
    side = np.ptp(points, axis=0).max()
    moved = points + np.random.default_rng(0).normal(0, 1e-7 * side, points.shape)
    try:
        t = Delaunay(moved).simplices
        pairs += [t[:, [0, 1]], t[:, [1, 2]], t[:, [0, 2]]]
    except QhullError:  # all on one line
        order = np.lexsort(points.T)
        pairs.append(np.c_[order[:-1], order[1:]])
    found = np.sort(np.vstack(pairs), axis=1)
    found = found[found[:, 0] != found[:, 1]]
    return np.unique(found, axis=0).astype(np.int64)


def geometry(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """What each link looks like, (m, GEOMETRY) float32, the same however the plot is turned.

    Its length and the emptiness of its middle, both over the usual spacing at its ends; how far the
    spacings differ; and the spacing as a share of the plot's longer side, as logarithms. Then, from
    the merge tree at each scale of NEIGHBOURS and BLURS, the deepest valley between its ends and
    the size of what it cuts off; and how far the middle lies below the ends.
    """
    plot = mergetree.joined_by(mergetree.scaled(np.asarray(points, float)), edges, NEIGHBOURS[-1])
    few = min(4, plot.near.shape[1]) - 1
    reach = np.log(np.sqrt(plot.near[:, few]) + 1e-6)
    empty = np.log(np.sqrt(plot.near_middle[:, few]) + 1e-6)
    length = np.log(np.hypot(*(plot.points[edges[:, 0]] - plot.points[edges[:, 1]]).T) + 1e-6)
    ends = reach[edges]
    usual = ends.mean(axis=1)
    columns = [length - usual, np.abs(ends[:, 0] - ends[:, 1]), empty - usual, usual + 3]
    for k in NEIGHBOURS:
        level = mergetree.neighbour_level(plot, k, MARK)
        columns += [*_valley(plot, level), _below(plot, level)]
    for blur in BLURS:
        columns += _valley(plot, mergetree.blurred_level(plot, blur))
    return np.stack(columns, axis=1).astype(np.float32)


def _valley(plot: mergetree.Plot, level: mergetree.Level) -> list[np.ndarray]:
    contrast, size = mergetree.contrasts(plot, level)
    return [np.log(np.clip(contrast, 0, 10) + 0.02), np.log(size)]


def _below(plot: mergetree.Plot, level: mergetree.Level) -> np.ndarray:
    ends = level.at_points[plot.edges].min(axis=1)
    return np.clip(ends - level.at_middles, -3, 3)


@njit(cache=True)
def chain_weights(edges, order, labels):
    """What each link decides: (m,) share-weighted pairs together, (m,) pairs in all.

    edges (m, 2); order : links, strongest first; labels (people, n), -1 = in no group. Every pair
    of points is counted at the weakest link of its best chain.
    """
    people, n = labels.shape
    groups = labels.max() + 1
    parent = np.arange(n)
    count = np.ones(n)
    tally = np.zeros((n, people, groups), np.float32)
    for p in range(people):
        for i in range(n):
            if labels[p, i] >= 0:
                tally[i, p, labels[p, i]] = 1
    together, pairs = np.zeros(len(edges)), np.zeros(len(edges))
    for e in order:
        i, j = find_root(parent, edges[e, 0]), find_root(parent, edges[e, 1])
        if i == j:
            continue
        same = 0.0
        for p in range(people):
            for g in range(groups):
                same += tally[i, p, g] * tally[j, p, g]
        together[e], pairs[e] = same / people, count[i] * count[j]
        if count[i] < count[j]:
            i, j = j, i
        parent[j] = i
        count[i] += count[j]
        tally[i] += tally[j]
    return together, pairs


@njit(cache=True)
def chain_shares(edges, order, strength, n):
    """Strength (n, n) of the weakest link on the best chain of every pair; 1 on the diagonal."""
    out = np.zeros((n, n), np.float32)
    parent = np.arange(n)
    # Members of a set as a linked list, so that a join is one step.
    after, last = np.full(n, -1), np.arange(n)
    for i in range(n):
        out[i, i] = 1
    for e in order:
        i, j = find_root(parent, edges[e, 0]), find_root(parent, edges[e, 1])
        if i == j:
            continue
        _fill(out, i, j, after, strength[e])
        after[last[i]] = j
        last[i] = last[j]
        parent[j] = i
    return out


@njit(cache=True)
def boundary_shares(edges, strength, n):
    """Shares (n, n) by merging along boundaries: the two sets with the strongest boundary are
    joined first, its strength being the mean of all links across it, and all pairs across take that
    strength, or the weakest so far. 1 on the diagonal.

    One strong link does not join what all others keep apart, as it would in a chain. Average
    linkage on a graph: Bailoni et al., GASP, a generalized framework for agglomerative clustering
    of signed graphs, 2022.
    """
    out = np.zeros((n, n), np.float32)
    ends, alive = edges.copy(), np.ones(len(edges), np.bool_)
    total, count = strength.astype(np.float64), np.ones(len(edges))
    version = np.zeros(len(edges), np.int64)
    # The links of a set are a chain of slots, two slots per link.
    first, last, after = np.full(n, -1), np.full(n, -1), np.full(2 * len(edges), -1)
    heap = [(-total[e], e, 0) for e in range(len(edges))]
    heapq.heapify(heap)
    for e in range(len(edges)):
        for side in range(2):
            _append(2 * e + side, edges[e, side], first, last, after)
    size, at_end = np.ones(n, np.int64), np.full(n, -1)
    member_after, member_last = np.full(n, -1), np.arange(n)
    for i in range(n):
        out[i, i] = 1
    weakest = 1.0
    while heap:
        value, e, seen = heapq.heappop(heap)
        if not alive[e] or seen != version[e]:
            continue
        i, j = ends[e, 0], ends[e, 1]
        if size[i] < size[j]:
            i, j = j, i
        weakest = min(weakest, -value)
        _fill(out, i, j, member_after, weakest)
        member_after[member_last[i]] = j
        member_last[i] = member_last[j]
        size[i] += size[j]
        alive[e] = False
        _keep_alive(i, first, last, after, alive, ends, at_end)
        slot = first[j]
        while slot >= 0:
            following, f = after[slot], slot // 2
            if alive[f]:
                far = ends[f, 0] + ends[f, 1] - j
                g = at_end[far]
                if g >= 0:  # both sets touch a third: one boundary
                    total[g] += total[f]
                    count[g] += count[f]
                    alive[f] = False
                else:
                    g = f
                    ends[f, 0], ends[f, 1] = i, far
                    at_end[far] = f
                    _append(slot, i, first, last, after)
                version[g] += 1
                heapq.heappush(heap, (-total[g] / count[g], g, version[g]))
            slot = following
        slot = first[i]
        while slot >= 0:
            at_end[ends[slot // 2, 0] + ends[slot // 2, 1] - i] = -1
            slot = after[slot]
    return out


@njit(cache=True)
def _append(slot, i, first, last, after):
    """Put a slot at the end of the chain of set i."""
    after[slot] = -1
    if first[i] < 0:
        first[i] = slot
    else:
        after[last[i]] = slot
    last[i] = slot


@njit(cache=True)
def _keep_alive(i, first, last, after, alive, ends, at_end):
    """Drop the dead links of set i, and note the others at their far ends."""
    slot = first[i]
    first[i] = -1
    while slot >= 0:
        following, f = after[slot], slot // 2
        if alive[f]:
            at_end[ends[f, 0] + ends[f, 1] - i] = f
            _append(slot, i, first, last, after)
        slot = following


@njit(cache=True)
def _fill(out, i, j, member_after, value):
    """Write a value for every pair of a member of i and a member of j."""
    a = i
    while a >= 0:
        b = j
        while b >= 0:
            out[a, b] = value
            out[b, a] = value
            b = member_after[b]
        a = member_after[a]
