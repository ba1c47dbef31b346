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
    share = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, STEPS))
    one, other = np.linalg.inv(first.covariances), np.linalg.inv(second.covariances)
    a, b = (1 - share)[:, None, None], share[:, None, None]
    form = a * one[:, None] + b * other[:, None]
    pull = (1 - share)[:, None] * np.einsum("mij,mj->mi", one, first.means)[:, None]
    pull = pull + share[:, None] * np.einsum("mij,mj->mi", other, second.means)[:, None]
    det = form[..., 0, 0] * form[..., 1, 1] - form[..., 0, 1] ** 2
    x = (form[..., 1, 1] * pull[..., 0] - form[..., 0, 1] * pull[..., 1]) / det
    y = (form[..., 0, 0] * pull[..., 1] - form[..., 0, 1] * pull[..., 0]) / det
    place = np.stack([x, y], axis=-1)
    return np.logaddexp(_log_density(place, first, one), _log_density(place, second, other))


def _log_density(place: np.ndarray, gaussians: Gaussians, precision: np.ndarray) -> np.ndarray:
    away = place - gaussians.means[:, None]
    squared = np.einsum("msi,mij,msj->ms", away, precision, away)
    level = np.log(np.maximum(gaussians.weights, 1e-300))
    level = level + 0.5 * np.linalg.slogdet(precision)[1]
    return level[:, None] - 0.5 * squared
