"""The spanning tree of a full matrix of distances, compiled."""

import numba
import numpy as np


@numba.njit(cache=True)
def longest_edge(D):
    """Largest value on the minimum spanning tree of a full matrix (n, n), by Prim's method."""
    n = len(D)
    near = D[0].copy()
    inside = np.zeros(n, np.bool_)
    inside[0] = True
    longest = 0.0
    for _ in range(n - 1):
        best, who = np.inf, -1
        for o in range(n):
            if not inside[o] and near[o] < best:
                best, who = near[o], o
        inside[who] = True
        longest = max(longest, best)
        for o in range(n):
            near[o] = min(near[o], D[who, o])
    return longest
