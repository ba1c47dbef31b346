"""k-means over pieces: nearest centres of a piece, its sums, and the centres they lead to.

One round over all pieces, their sums joined and given to :func:`moved`, is one round of Lloyd's
algorithm on all rows, wherever they lie. :func:`stepped` from piece to piece instead is mini-batch
k-means (D. Sculley, Web-scale k-means clustering, WWW 2010).
"""

from typing import NamedTuple

import numpy as np

_BLOCK = 1 << 22  # distances held at once
BATCH = 10_000  # rows of a mini-batch


class Sums(NamedTuple):
    """counts (k,) rows nearest to each centre, sums (k, d) of them, loss: their squared distances
    to it, added up."""

    counts: np.ndarray
    sums: np.ndarray
    loss: float


def nearest(X: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row of X (n, d), int32, the first of equals; and the squared
    distance to it."""
    X = np.asarray(X, np.float64)
    labels, apart = np.empty(len(X), np.int32), np.empty(len(X))
    step = max(1, _BLOCK // max(1, len(centers)))
    middle = centers.mean(axis=0)  # near the data, so that the squares below lose no digits
    moved = centers - middle
    squares = (moved**2).sum(axis=1)
    for start in range(0, len(X), step):
        part = X[start : start + step] - middle
        D = squares - 2 * part @ moved.T
        found = D.argmin(axis=1)
        labels[start : start + step] = found
        apart[start : start + step] = ((part - moved[found]) ** 2).sum(axis=1)
    return labels, apart


def sums(X: np.ndarray, centers: np.ndarray) -> Sums:
    """Of a piece, rows X (n, d)."""
    labels, apart = nearest(X, centers)
    k = len(centers)
    added = [np.bincount(labels, column, k) for column in np.asarray(X, np.float64).T]
    return Sums(np.bincount(labels, minlength=k), np.stack(added, axis=1), float(apart.sum()))


def merge(a: Sums, b: Sums) -> Sums:
    """Of the rows of both."""
    return Sums(a.counts + b.counts, a.sums + b.sums, a.loss + b.loss)


def moved(centers: np.ndarray, found: Sums) -> np.ndarray:
    """Each centre at the mean of its rows; one without rows stays."""
    counts = found.counts[:, None]
    return np.where(counts > 0, found.sums / np.maximum(counts, 1), centers)


def stepped(total: Sums, X: np.ndarray, centers: np.ndarray) -> Sums:
    """``total`` after mini-batch steps over a piece, rows X (n, d) in their order. ``centers``
    (k, d) : where the first step began.

    A step puts each row to the nearest centre and each centre to the mean of all rows it has had,
    which is Sculley's step with the rate 1 / rows had. So the sums tell the centres:
    ``moved(centers, total)``. The loss is that on the way.
    """
    for start in range(0, len(X), BATCH):
        total = merge(total, sums(X[start : start + BATCH], moved(centers, total)))
    return total
