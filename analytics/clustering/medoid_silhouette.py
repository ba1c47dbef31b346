"""The number of medoids by the medoid silhouette: FasterMSC for each k, from many groups to few.

L. Lenssen, E. Schubert, Medoid silhouette clustering with automatic cluster number selection,
Information Systems 120, 2024, doi:10.1016/j.is.2023.102290. The medoid silhouette of a row is
1 - d1 / d2, with d1 and d2 its distances to the nearest and second nearest medoid (1 where d1 is
0). FasterMSC swaps at once whatever raises the mean; DynMSC starts with the most groups, and for
each lower number gives up the medoid that costs least. Written from the paper's description.
"""

import numba
import numpy as np

from analytics.progress import Progress, silent

_TINY = 1e-9  # gain of the sum below which a swap is rounding
_ROUNDS = 100  # most rounds over all rows for one number of groups


def dynmsc(
    D: np.ndarray, most: int, seed: int, progress: Progress = silent
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """The curve (m, 2) of k = 2 .. most and the mean medoid silhouette, and k -> its medoids.

    D : (n, n) distances, 2 <= most <= n.
    """
    rng = np.random.default_rng(seed)
    medoids = rng.choice(len(D), most, replace=False)
    order = rng.permutation(len(D))
    curve, found = np.zeros((most - 1, 2)), {}
    for k in range(most, 1, -1):
        progress((most - k) / (most - 1), f"Medoid silhouette of {k} groups")
        if k < most:
            medoids = np.delete(medoids, _cheapest(D, medoids))
        fastermsc(D, medoids, order, _ROUNDS * len(D))
        curve[k - 2] = k, silhouette(D[medoids])
        found[k] = medoids.copy()
    return curve, found


def silhouette(D: np.ndarray) -> float:
    """Mean medoid silhouette. D (k, n), k >= 2 : distances of the medoids to all rows."""
    first, second = np.partition(D, 1, axis=0)[:2].astype(np.float64)
    ratio = np.divide(first, second, out=np.zeros(len(first)), where=first > 0)
    return float(1 - ratio.mean())


@numba.njit(cache=True)
def _ratio(first, second):
    return first / second if first > 0 else 0.0


@numba.njit(cache=True)
def _three(D, medoids):
    """Slots (n, 2) of the two nearest medoids and distances (n, 3) of the three nearest."""
    n = D.shape[1]
    slots = np.full((n, 2), -1, np.int64)
    near = np.full((n, 3), np.inf)
    for slot in range(len(medoids)):
        line = D[medoids[slot]]
        for o in range(n):
            d = line[o]
            if d < near[o, 0]:
                near[o, 2], near[o, 1], near[o, 0] = near[o, 1], near[o, 0], d
                slots[o, 1], slots[o, 0] = slots[o, 0], slot
            elif d < near[o, 1]:
                near[o, 2], near[o, 1] = near[o, 1], d
                slots[o, 1] = slot
            elif d < near[o, 2]:
                near[o, 2] = d
    return slots, near


@numba.njit(cache=True)
def _removal(slots, near, k):
    """What the sum of d1 / d2 gains by giving up each medoid for none: (k,)."""
    loss = np.zeros(k)
    for o in range(len(near)):
        now = _ratio(near[o, 0], near[o, 1])
        loss[slots[o, 0]] += _ratio(near[o, 1], near[o, 2]) - now
        loss[slots[o, 1]] += _ratio(near[o, 0], near[o, 2]) - now
    return loss


@numba.njit(cache=True)
def _cheapest(D, medoids):
    slots, near = _three(D, medoids)
    return np.argmin(_removal(slots, near, len(medoids)))


@numba.njit(cache=True)
def _with(d, first, second):
    """d1 / d2 of a row when a medoid at distance d joins those at first <= second."""
    if d < first:
        return _ratio(d, first)
    return _ratio(first, min(d, second))


@numba.njit(cache=True)
def gain(line, slots, near, scratch):
    """Least change of the sum of d1 / d2 when a candidate takes a medoid's place: (change, slot).

    line (n,) : distances of the candidate. scratch (k,) is overwritten.
    """
    scratch[:] = 0.0
    shared = 0.0
    for o in range(len(line)):
        d, a, b, c = line[o], near[o, 0], near[o, 1], near[o, 2]
        joined = _with(d, a, b)
        shared += joined - _ratio(a, b)
        scratch[slots[o, 0]] += _with(d, b, c) - joined
        scratch[slots[o, 1]] += _with(d, a, c) - joined
    best = np.argmin(scratch)
    return shared + scratch[best], best


@numba.njit(cache=True)
def fastermsc(D, medoids, order, most):
    """Swap at once whatever raises the mean medoid silhouette; medoids (k,), k >= 2, in place.

    order (n,) : the order in which rows are tried. most : tries at most. Returns the swaps made.
    """
    n, k = len(D), len(medoids)
    slots, near = _three(D, medoids)
    scratch = np.zeros(k)
    taken = np.zeros(n, np.bool_)
    taken[medoids] = True
    swaps, since, position, tries = 0, 0, 0, 0
    while since < n and tries < most:
        j = order[position]
        position = (position + 1) % n
        since += 1
        tries += 1
        if taken[j]:
            continue
        change, slot = gain(D[j], slots, near, scratch)
        if change < -_TINY * n:
            taken[medoids[slot]], taken[j] = False, True
            medoids[slot] = j
            slots, near = _three(D, medoids)
            swaps, since = swaps + 1, 0
    return swaps
