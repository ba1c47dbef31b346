"""Where the ambiguity score does not hold for a plot, in words."""

import math

import numpy as np
import pandas as pd

from analytics.perception.cells import GRID

FEWEST = 30  # points
MOST = 17  # components looked for at most, as in the original
LOOKED_AT = 200_000  # points whose places are compared, evenly taken from all
CONNECTED = 0.4  # share of people who see one group, above which a pair hangs together
FALLING = (
    0.2  # slope of the BIC at its end over its mean slope, above which it has not levelled off
)
FAR = 8.0  # an extent this many times that of the middle 98 % of the points is made by outliers


def of_fit(
    n: int,
    k: int,
    clear: bool,
    bic: np.ndarray,
    pairs: np.ndarray,
    one_group: np.ndarray,
    heaps: int,
) -> list[str]:
    """Warnings that the mixture gives: n points, k components, whether the knee was clear, the BIC
    curve, the share of people who see one group in each of the pairs (p, 2), and how many heaps of
    points rise in the plot."""
    found = []
    if n < FEWEST:
        found.append(f"Only {n} points: the score means little below {FEWEST}.")
    if k == 1:
        found.append(
            "One group was found, so the score is 0 by definition; "
            "people may still differ on a broad or curved cloud."
        )
    elif _connected(k, pairs[one_group > CONNECTED]):
        found.append(
            "Many people would see one large group here: the score speaks of the parts of that "
            "group, not of separate ones."
        )
    if heaps > MOST:
        found.append(
            f"{heaps} separate heaps of points rise in this plot, but the score looks for {MOST} "
            f"groups at most: it speaks of {k} of them or of several together."
        )
    elif k == MOST or (len(bic) == MOST and _falling(bic)):
        found.append(
            f"{MOST} groups is the most the score looks for, and this plot may hold more than it "
            f"found ({k})."
        )
    if not clear:
        found.append("The number of groups has no clear knee: the lowest BIC was used.")
    return found


def of_points(points: np.ndarray, stretch: np.ndarray) -> list[str]:
    """Warnings that the points (n, 2) give; ``stretch`` (2,) is how they are drawn."""
    looked = points[:: -(-len(points) // LOOKED_AT)]
    drawn = looked * stretch
    return [*_repeated(looked, len(points)), *_levels(looked), *_shape(drawn)]


def _connected(k: int, joined: np.ndarray) -> bool:
    """Whether the pairs (p, 2) connect all of k components."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(k, k))
    return connected_components(links, directed=False)[0] == 1


def _falling(bic: np.ndarray) -> bool:
    """Whether the curve still falls over its last three steps."""
    span = float(np.ptp(bic))
    return len(bic) > 4 and bic[-4] - bic[-1] > FALLING * 3 * span / (len(bic) - 1)


def _repeated(looked: np.ndarray, n: int) -> list[str]:
    again = len(looked) - len(pd.unique(looked[:, 0] + 1j * looked[:, 1]))
    if again < 0.1 * len(looked) or len(looked) == 1:
        return []
    of = f"{again:,} of {n:,}" if len(looked) == n else f"{again:,} of {len(looked):,} looked at"
    return [
        f"{of} points lie exactly on another: people see one mark there, the score counts every "
        "point."
    ]


def _levels(looked: np.ndarray) -> list[str]:
    found, n = [], len(looked)
    for axis, name in enumerate("xy"):
        levels = len(pd.unique(looked[:, axis]))
        if n >= FEWEST and 1 < levels <= min(2 * math.sqrt(n), GRID):
            found.append(
                f"{name} takes only {levels:,} different values: points on a grid show rows that "
                "the score reads as groups."
            )
    return found


def _shape(drawn: np.ndarray) -> list[str]:
    extent, found = np.ptp(drawn, axis=0), []
    if extent.min() < 0.05 * extent.max():
        found.append(
            "Drawn with equal units this plot is nearly a line: if its axes are stretched, give "
            "the aspect it is drawn with."
        )
    if len(drawn) >= FEWEST:
        low, high = np.percentile(drawn, [1, 99], axis=0)
        far = extent > FAR * np.maximum(high - low, 1e-300)
        if far.any():
            found.append(
                "A few far points stretch the plot so much that the others shrink to a spot: look "
                "at them, and score the plot without them if they are faults."
            )
    return found
