"""What a pair of Gaussians looks like, in numbers: the input of the separability regression.

The features are those of CLAMS (clams.py) with four changes, so that turning, mirroring or
reordering a plot cannot move the score. The direction of the pair on the page is left out (the
original has the mean of the two rotations). Angles enter by the cosine of the doubled angle times
how elongated the ellipses are, because the long axis of a round one points nowhere. Lengths are in
units of the box around the two ellipses at 2.5 standard deviations instead of around the points, so
that one outlier cannot move it; densities are those of the shares of the two in their sum. And the
two published rules that agree with people, DEMP and the merge tree of the density, are features of
their own.
"""

import numpy as np

from analytics.perception.demp import demp
from analytics.perception.mixture import Gaussians
from analytics.perception.ridge import valley

REACH = 2.5  # standard deviations from the mean to the box
FLOOR = 1e-9  # of lengths and shares, so that their logs stay finite
DEEPEST = -12.0  # log DEMP and log valley below it say the same: two groups

NAMES = (
    "mean_distance",
    "axis_sum",
    "axis_difference",
    "axis_vector_distance",
    "relative_distance",
    "ellipticity_mean",
    "ellipticity_difference",
    "density_mean",
    "density_difference",
    "share_difference",
    "rotation_agreement",
    "facing_mean",
    "facing_difference",
    "log_demp",
    "log_valley",
)


def features(first: Gaussians, second: Gaussians, ink: float | np.ndarray = 0.0) -> np.ndarray:
    """Features of m pairs: float (m, len(NAMES)), finite, the same with the two swapped.

    first, second : m Gaussians each, paired in order. ink : see :func:`ridge.valley`.
    """
    first, second = _scaled(first, second)
    (long1, short1, turn1), (long2, short2, turn2) = _axes(first), _axes(second)
    norm1, norm2 = np.hypot(long1, short1), np.hypot(long2, short2)
    flat1, flat2 = np.log(long1 / short1), np.log(long2 / short2)
    gap = second.means - first.means
    distance = np.hypot(*gap.T)
    share = first.weights / (first.weights + second.weights)
    share = np.clip(share, FLOOR, 1 - FLOOR)
    dense1, dense2 = np.log(share / (long1 * short1)), np.log((1 - share) / (long2 * short2))
    along = np.arctan2(gap[:, 1], gap[:, 0])
    # 1 - short / long: how much the direction of an ellipse means
    drawn1, drawn2 = 1 - short1 / long1, 1 - short2 / long2
    facing1, facing2 = (
        drawn * np.cos(2 * (turn - along)) * (distance > FLOOR)
        for drawn, turn in ((drawn1, turn1), (drawn2, turn2))
    )
    columns = (
        distance,
        norm1 + norm2,
        np.abs(norm1 - norm2),
        np.hypot(long1 - long2, short1 - short2),
        distance / (norm1 + norm2),
        (flat1 + flat2) / 2,
        np.abs(flat1 - flat2),
        (dense1 + dense2) / 2,
        np.abs(dense1 - dense2),
        np.abs(np.log(share) - np.log1p(-share)),
        drawn1 * drawn2 * np.cos(2 * (turn1 - turn2)),
        (facing1 + facing2) / 2,
        np.abs(facing1 - facing2),
        np.maximum(np.log(demp(first, second)), DEEPEST),
        np.maximum(valley(first, second, ink), DEEPEST),
    )
    return np.stack(columns, axis=1)


def _scaled(first: Gaussians, second: Gaussians) -> tuple[Gaussians, Gaussians]:
    """Both about the middle of their common box, in units of its longer side."""
    reach1, reach2 = (REACH * np.sqrt(g.covariances[:, [0, 1], [0, 1]]) for g in (first, second))
    low = np.minimum(first.means - reach1, second.means - reach2)
    high = np.maximum(first.means + reach1, second.means + reach2)
    side = np.maximum((high - low).max(axis=1), FLOOR)
    middle = (low + high) / 2
    return tuple(
        Gaussians(
            g.weights,
            (g.means - middle) / side[:, None],
            g.covariances / (side**2)[:, None, None],
        )
        for g in (first, second)
    )


def _axes(gaussians: Gaussians) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard deviations along the long and the short axis, and the angle of the long one."""
    a, b, c = (gaussians.covariances[:, i, j] for i, j in ((0, 0), (0, 1), (1, 1)))
    middle, spread = (a + c) / 2, np.hypot((a - c) / 2, b)
    turn = np.arctan2(2 * b, a - c) / 2
    short = np.sqrt(np.maximum(middle - spread, FLOOR**2))
    return np.sqrt(middle + spread), short, turn
