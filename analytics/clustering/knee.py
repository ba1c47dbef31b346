"""The knee of a curve."""

import numpy as np


def knee(x: np.ndarray, y: np.ndarray) -> int | None:
    """Index of the point furthest from the straight line between the ends of a curve.

    x : (m,) ascending; y : (m,). Both are scaled to [0, 1] first, so units do not matter; this is
    the difference curve of Satopaa et al. 2011 ("Finding a Kneedle in a Haystack") with its
    global maximum as the answer. None for fewer than three points or for a straight line.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(x) < 3:
        return None
    # Divided before subtracting, so that numbers near the largest float cannot overflow.
    size = max(np.abs(y).max(), np.finfo(float).tiny)
    y = y / size
    height, width = y.max() - y.min(), x[-1] - x[0]
    if not (height > 0 and width > 0):
        return None
    y = (y - y.min()) / height
    x = (x - x[0]) / width
    gap = np.abs(y - (y[0] + (y[-1] - y[0]) * x))
    best = int(np.argmax(gap))
    return best if gap[best] > 1e-9 else None
