"""How deep the valley is between two Gaussians: the merge tree of their density.

All peaks and saddles of a mixture of two Gaussians lie on one curve between the means (S. Ray,
B. Lindsay, The topography of multivariate normal mixtures, Annals of Statistics 33(5), 2005,
theorem 1), so the merge tree that G. J. Quadri and P. Rosen (Modeling the Influence of Visual
Density on Cluster Perception in Scatterplots Using Topology, IEEE TVCG 27(2), 2021) read off a
picture of the density is known here from a walk along that curve.
"""

import numpy as np

from analytics.perception.mixture import Gaussians

STEPS = 129  # places looked at along the ridge, denser towards both ends
_BATCH = 128  # pairs handled at once, so that the arrays stay in the processor's cache


def valley(first: Gaussians, second: Gaussians, ink: float | np.ndarray = 0.0) -> np.ndarray:
    """Log of the density at the saddle over that at the lower peak: (m,), 0 where there is one
    peak and falling without bound as the two move apart.

    first, second : m Gaussians each, paired in order; only their relative weights matter.
    ink : how far marks cover each other: the mean number of marks on one place at the higher peak,
        one number or (m,). Ink saturates there, ``1 - exp(-ink * density / highest density)``,
        which fills valleys. 0 counts every mark in full.
    """
    if len(first.weights) == 0:
        return np.zeros(0)
    height = _along(first, second)
    inked = np.broadcast_to(ink, len(height)) > 0
    if inked.any():
        above = height[inked] - height[inked].max(axis=1, keepdims=True)
        marks = np.broadcast_to(ink, len(inked))[inked, None] * np.exp(np.maximum(above, -600))
        height[inked] = np.log(np.maximum(-np.expm1(-marks), 1e-300))
    left = np.maximum.accumulate(height, axis=1)
    right = np.maximum.accumulate(height[:, ::-1], axis=1)[:, ::-1]
    return (height - np.minimum(left, right)).min(axis=1)


def highest(first: Gaussians, second: Gaussians) -> np.ndarray:
    """Log of the highest density of each pair's mixture: (m,)."""
    return _along(first, second).max(axis=1)


def _along(first: Gaussians, second: Gaussians) -> np.ndarray:
    """Log density of each pair's mixture along its ridge: (m, STEPS)."""
    height = np.empty((len(first.weights), STEPS))
    for start in range(0, len(height), _BATCH):
        at = slice(start, start + _BATCH)
        height[at] = _walked(_columns(first, at), _columns(second, at))
    return height


def _columns(gaussians: Gaussians, at: slice) -> tuple[np.ndarray, ...]:
    """Means x and y, entries xx, xy and yy of the inverse covariance, and the log of the weight
    times the root of its determinant, each (m, 1)."""
    (x, y), cov = gaussians.means[at].T, gaussians.covariances[at]
    xx, xy, yy = cov[:, 0, 0], cov[:, 0, 1], cov[:, 1, 1]
    det = xx * yy - xy * xy
    level = np.log(np.maximum(gaussians.weights[at], 1e-300)) - 0.5 * np.log(det)
    return tuple(v[:, None] for v in (x, y, yy / det, -xy / det, xx / det, level))


def _walked(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> np.ndarray:
    """:func:`_along` of pairs given by their columns. The place at a share s of the way solves
    ((1 - s) P + s Q) place = (1 - s) P p + s Q q, with P and Q the inverse covariances and p and q
    the means (Ray and Lindsay, equation 4)."""
    share = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, STEPS))
    ends = []
    for x, y, xx, xy, yy, _ in (one, other):
        ends.append((xx, xy, yy, xx * x + xy * y, xy * x + yy * y))
    xx, xy, yy, to_x, to_y = (a + (b - a) * share for a, b in zip(*ends, strict=True))
    det = xx * yy - xy * xy
    x, y = (yy * to_x - xy * to_y) / det, (xx * to_y - xy * to_x) / det
    a, b = _log_density(x, y, one), _log_density(x, y, other)
    return np.maximum(a, b) + np.log1p(np.exp(-np.abs(a - b)))


def _log_density(x: np.ndarray, y: np.ndarray, columns: tuple[np.ndarray, ...]) -> np.ndarray:
    mean_x, mean_y, xx, xy, yy, level = columns
    x, y = x - mean_x, y - mean_y
    return level - 0.5 * (x * (xx * x + 2 * xy * y) + yy * y * y)
