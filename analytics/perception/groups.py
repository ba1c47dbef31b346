"""How many groups a plot could be read as: Gaussian mixtures, BIC and its knee."""

import functools
import math
from typing import NamedTuple

import numpy as np

from analytics.perception import mixture as mix
from analytics.perception.cells import Cells, coarse
from analytics.perception.limits import MOST
from analytics.progress import Progress, silent
from analytics.results import Ambiguity

# The search for mixtures runs on squares this many to a side, and each is refined on all cells.
COARSE = 96
POLISH_STEPS, POLISH_TOLERANCE = 200, 1e-6  # EM of the chosen mixture, until it hardly moves
_EYE = np.eye(2)
SENSITIVITY = 1.0  # of the knee, S in the Kneedle paper


class Groups(NamedTuple):
    """fits: mixtures of 1, 2, ... components. bic: (m,) of each. k: the number chosen. clear:
    whether the knee was clear. chosen: the mixture of k, by falling weight. fewer: the coarser
    cells that the search ran on. most: components at most."""

    fits: list[mix.Gaussians]
    bic: np.ndarray
    k: int
    clear: bool
    chosen: mix.Gaussians
    fewer: Cells
    most: int


def find(cells: Cells, progress: Progress = silent) -> Groups:
    """Mixtures of up to MOST components, fewer for few points, and the one at the knee."""
    most = max(1, min(MOST, math.isqrt(int(cells.counts.sum())) - 1, len(cells.counts)))
    with one_thread():
        fewer = coarse(cells, COARSE)
        fits, bic = mix.fit_path(fewer, most, progress)
        if fewer is not cells:
            levels = np.array([mix.level(cells, fit) for fit in fits])
            bic = mix.bic(levels, float(cells.counts.sum()))
        k, clear = knee(bic, most)
        chosen = fits[k - 1]
        for grain in (fewer, cells):
            chosen = mix.refine(grain, chosen, POLISH_STEPS, POLISH_TOLERANCE)[0]
    chosen = fits[k - 1] = chosen.take(_order(chosen))
    return Groups(fits, bic, k, clear, chosen, fewer, most)


def one_thread():
    """Context in which matrix products run on one thread: they are small here, and two threads
    take several times as long."""
    return _threads().limit(limits=1)


@functools.cache
def _threads():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # asks the system for its libraries, which takes milliseconds


def knee(bic: np.ndarray, most: int = 0) -> tuple[int, bool]:
    """Number of components (from 1) at the knee of a falling BIC curve (m,), and whether it is
    clear.

    most : components at most, when the curve was not followed so far because it only rose.

    After V. Satopaa et al., Finding a "Kneedle" in a Haystack, ICDCSW 2011: with both axes scaled
    to [0, 1], the knee is where the curve runs farthest below the line y = 1 - x; it is clear when
    that depth exceeds SENSITIVITY steps of the x axis. Otherwise the lowest BIC decides.
    """
    span = float(np.ptp(bic))
    if len(bic) < 3 or span == 0:
        return int(np.argmin(bic)) + 1, True
    steps = max(most, len(bic)) - 1
    depth = 1 - (bic - bic.min()) / span - np.arange(len(bic)) / steps
    best = int(np.argmax(depth))
    if depth[best] <= SENSITIVITY / steps:
        return int(np.argmin(bic)) + 1, False
    return best + 1, True


def members(found: Ambiguity, points: np.ndarray) -> np.ndarray:
    """The component that each point most likely belongs to: int32 (n,).

    points (n, 2), in the coordinates of ``found``.
    """
    best, which = np.full(len(points), -np.inf), np.zeros(len(points), np.int32)
    spread = found.covariances + 1e-12 * np.trace(found.covariances, axis1=1, axis2=2).max() * _EYE
    for k, (weight, mean, covariance) in enumerate(
        zip(found.weights, found.means, spread, strict=True)
    ):
        if (np.diag(covariance) <= 0).any():
            continue  # All points at one place: one component.
        root = np.linalg.inv(np.linalg.cholesky(covariance))
        away = (points - mean) @ root.T
        level = np.log(weight) + np.log(np.diag(root)).sum() - 0.5 * (away**2).sum(axis=1)
        nearer = level > best
        best[nearer], which[nearer] = level[nearer], k
    return which


def _order(fit: mix.Gaussians) -> np.ndarray:
    """Components by falling weight, ties by position."""
    return np.lexsort((fit.means[:, 1], fit.means[:, 0], -np.round(fit.weights, 9)))
