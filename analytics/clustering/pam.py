"""Swaps of k-medoids on a matrix of dissimilarities, compiled.

E. Schubert, P. Rousseeuw, Fast and eager k-medoids clustering, Information Systems 101, 2021,
doi:10.1016/j.is.2021.101804: the loss of giving up each of the k medoids for one candidate is kept
in one pass over the rows (FastPAM1), and a swap that helps is made at once (FasterPAM). Written
from the paper's description.
"""

import numba
import numpy as np

_TINY = 1e-9  # relative gain below which a swap is rounding


def build(D: np.ndarray, k: int) -> np.ndarray:
    """The greedy start of PAM (BUILD): ints (k,). D : float32 (n, n), symmetric."""
    first = int(np.argmin(D.sum(axis=1, dtype=np.float64)))
    chosen, nearest = [first], D[first].copy()
    for _ in range(1, k):
        gains = _gains(D, nearest)
        gains[chosen] = -1.0
        chosen.append(int(np.argmax(gains)))
        nearest = np.minimum(nearest, D[chosen[-1]])
    return np.array(chosen, np.int64)


@numba.njit(cache=True)
def _gains(D, nearest):
    """How much the sum of distances falls by each further medoid: (n,)."""
    n = len(D)
    gains = np.zeros(n)
    for j in range(n):
        for o in range(n):
            if D[j, o] < nearest[o]:
                gains[j] += nearest[o] - D[j, o]
    return gains


@numba.njit(cache=True)
def assign(D, medoids, rows):
    """Nearest and second nearest medoid of each row and their distances.

    D (k, n) : distances of the medoids when ``rows`` is False, else (n, n) of all rows.
    Returns slots (n,), distances (n,), slots (n,), distances (n,); for k = 1 the second distance is
    infinite.
    """
    k, n = len(medoids), D.shape[1]
    near, second = np.zeros(n, np.int64), np.zeros(n, np.int64)
    dn, ds = np.full(n, np.inf), np.full(n, np.inf)
    for slot in range(k):
        line = D[medoids[slot]] if rows else D[slot]
        for o in range(n):
            d = line[o]
            if d < dn[o]:
                second[o], ds[o] = near[o], dn[o]
                near[o], dn[o] = slot, d
            elif d < ds[o]:
                second[o], ds[o] = slot, d
    return near, dn, second, ds


@numba.njit(cache=True)
def removal(near, dn, ds, k):
    """Loss of giving up each medoid for none: (k,)."""
    loss = np.zeros(k)
    for o in range(len(near)):
        loss[near[o]] += ds[o] - dn[o]
    return loss


@numba.njit(cache=True)
def change(line, near, dn, ds, loss, scratch):
    """Change of the sum of distances when a candidate takes the place of the medoid it costs least
    to give up: (change, slot). line (n,) : distances of the candidate."""
    if len(loss) == 1:
        total = 0.0  # not line.sum(), which is float32: its rounding would pass for a gain
        for d in line:
            total += d
        return total - dn.sum(), 0
    scratch[:] = loss
    shared = 0.0
    for o in range(len(line)):
        d = line[o]
        if d < dn[o]:
            shared += d - dn[o]
            scratch[near[o]] -= ds[o] - dn[o]
        elif d < ds[o]:
            scratch[near[o]] += d - ds[o]
    best = np.argmin(scratch)
    return shared + scratch[best], best


@numba.njit(cache=True)
def fasterpam(D, medoids, order, most):
    """Swap at once whatever helps, until a whole round changes nothing.

    medoids (k,) is changed in place; order (n,) : the order in which rows are tried; most : swaps
    at most. Returns the number of swaps and whether the search settled.
    """
    n, k = len(D), len(medoids)
    near, dn, second, ds = assign(D, medoids, True)
    loss, scratch = removal(near, dn, ds, k), np.zeros(k)
    taken = np.zeros(n, np.bool_)
    taken[medoids] = True
    swaps, since, position, total = 0, 0, 0, dn.sum()
    while since < n:
        j = order[position]
        position = (position + 1) % n
        since += 1
        if taken[j]:
            continue
        gain, slot = change(D[j], near, dn, ds, loss, scratch)
        if gain < -_TINY * max(total, 1e-300):
            if swaps == most:
                return swaps, False
            taken[medoids[slot]], taken[j] = False, True
            medoids[slot] = j
            _moved(D, medoids, slot, near, dn, second, ds)
            loss, total = removal(near, dn, ds, k), dn.sum()
            swaps, since = swaps + 1, 0
    return swaps, True


@numba.njit(cache=True)
def fastpam1(D, medoids, most):
    """Make the best of all swaps, again and again: the result of PAM, found k times faster.

    Arguments and result as for :func:`fasterpam`.
    """
    n, k = len(D), len(medoids)
    near, dn, second, ds = assign(D, medoids, True)
    scratch = np.zeros(k)
    taken = np.zeros(n, np.bool_)
    taken[medoids] = True
    for swaps in range(most + 1):
        loss = removal(near, dn, ds, k)
        best, who, where = 0.0, -1, -1
        for j in range(n):
            if not taken[j]:
                gain, slot = change(D[j], near, dn, ds, loss, scratch)
                if gain < best:
                    best, who, where = gain, j, slot
        if best >= -_TINY * max(dn.sum(), 1e-300):
            return swaps, True
        if swaps == most:
            break
        taken[medoids[where]], taken[who] = False, True
        medoids[where] = who
        _moved(D, medoids, where, near, dn, second, ds)
    return most, False


@numba.njit(cache=True)
def _moved(D, medoids, slot, near, dn, second, ds):
    """Bring the assignment up to date after the medoid of one slot was changed."""
    line = D[medoids[slot]]
    for o in range(len(near)):
        d = line[o]
        if near[o] == slot and d < ds[o]:
            dn[o] = d
        elif near[o] == slot:
            near[o], dn[o] = second[o], ds[o]
            _second(D, medoids, o, near, second, ds)
        elif d < dn[o]:
            second[o], ds[o] = near[o], dn[o]
            near[o], dn[o] = slot, d
        elif second[o] == slot and d > ds[o]:
            _second(D, medoids, o, near, second, ds)
        elif d < ds[o] or second[o] == slot:
            second[o], ds[o] = slot, d


@numba.njit(cache=True)
def _second(D, medoids, o, near, second, ds):
    """Look for the second nearest medoid of one row."""
    ds[o] = np.inf
    for slot in range(len(medoids)):
        if slot != near[o] and D[medoids[slot], o] < ds[o]:
            second[o], ds[o] = slot, D[medoids[slot], o]


@numba.njit(cache=True)
def gower(A, B, a, b):
    """Gower's distance of rows to others: the mean over the columns that both have of |x - y| (A, B
    (m, p), (n, p), already over their range) and of x != y (a, b, codes). 1 where they share none.
    """
    out = np.ones((len(A), len(B)), np.float32)
    for i in range(len(A)):
        for j in range(len(B)):
            total, count = 0.0, 0
            for c in range(A.shape[1]):
                d = abs(A[i, c] - B[j, c])
                if not np.isnan(d):
                    total += d
                    count += 1
            for c in range(a.shape[1]):
                if a[i, c] >= 0 and b[j, c] >= 0:
                    total += a[i, c] != b[j, c]
                    count += 1
            if count:
                out[i, j] = total / count
    return out
