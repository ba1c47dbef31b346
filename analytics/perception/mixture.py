"""Gaussian mixtures of planar points, fitted by EM, the same on every run and every way round.

The data comes as :class:`Cells`, distinct points or the squares of a histogram. All that EM needs
of a cell are the means of 1, x, y, x^2, xy and y^2 in it, so both cases are one and every step is a
matrix product.

No start is drawn at random. The mixture of k + 1 components grows out of that of k by splitting
one component along its longest axis, which moves with the data under shifts, mirrors and turns.
Growing by best split: J. Verbeek et al., Efficient greedy learning of Gaussian mixture models,
Neural Computation 15(2), 2003.
"""

from typing import NamedTuple

import numpy as np

from analytics.perception.cells import Cells
from analytics.progress import Progress, silent

FLOOR = 1e-6  # added to every variance; the drawn box has length 1, so 1/1000 of it
MAX_STEPS = 200  # EM steps of one fit
TOLERANCE = 1e-4  # EM ends when a step adds less than this to the mean log-likelihood
PATIENCE = 4  # rises of the BIC in a row after which larger mixtures are not tried
_SPLIT_STEPS = 12  # EM steps that judge one split
_BLOCK = 4096  # cells handled at once
_TINY = 1e-12


class Gaussians(NamedTuple):
    """weights (k,), means (k, 2), covariances (k, 2, 2)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def take(self, index: np.ndarray) -> "Gaussians":
        """The chosen ones, in that order."""
        return Gaussians(*(values[index] for values in self))


def log_likelihood(cells: Cells, mixture: Gaussians) -> np.ndarray:
    """Log density of the mixture at each cell, averaged over the cell: (c,)."""
    top, total = _exponentials(_coefficients(mixture) @ cells.moments)
    return top + np.log(total)


def refine(
    cells: Cells, mixture: Gaussians, steps: int = MAX_STEPS, tolerance: float = TOLERANCE
) -> tuple[Gaussians, float]:
    """EM from a start until it settles. Returns the mixture and the mean log-likelihood per point
    that it reached one step before."""
    share = (cells.counts / cells.counts.sum())[None]
    reached = -np.inf
    for _ in range(steps):
        (level,), mixture = _step(cells.moments, share, mixture)
        if level - reached < tolerance:
            break
        reached = level
    return mixture, float(level)


def fit_path(
    cells: Cells, most: int, progress: Progress = silent
) -> tuple[list[Gaussians], np.ndarray]:
    """Mixtures of 1 .. ``most`` components and the BIC of each (lower is better).

    First each grows from the one before by a split, until the BIC has risen PATIENCE times in a
    row; then each is tried again as a merger of the one after, and the likelier of the two is kept.
    """
    n = float(cells.counts.sum())
    one = Gaussians(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
    fits = [refine(cells, one)]
    for k in range(2, most + 1):
        progress(0.6 * k / most, f"Looking for {k} of at most {most} groups")
        fits.append(refine(cells, split(cells, fits[-1][0])))
        rises = np.diff(bic(np.array([level for _, level in fits]), n)[-PATIENCE - 1 :])
        if len(rises) == PATIENCE and (rises > 0).all():
            break
    for k in range(len(fits) - 1, 1, -1):
        progress(1 - 0.4 * k / most, f"Checking {k} groups from above")
        merged = refine(cells, merge(fits[k][0]))
        if merged[1] > fits[k - 1][1] + TOLERANCE:
            fits[k - 1] = merged
    mixtures, levels = zip(*fits, strict=True)
    return list(mixtures), bic(np.array(levels), n)


def bic(levels: np.ndarray, n: float) -> np.ndarray:
    """Bayesian information criterion of mixtures of 1, 2, ... planar Gaussians.

    levels (..., m): mean log-likelihoods. k components have 6 k - 1 free parameters.
    """
    k = np.arange(1, levels.shape[-1] + 1)
    return -2 * n * levels + (6 * k - 1) * np.log(n)


def split(cells: Cells, mixture: Gaussians) -> Gaussians:
    """The mixture with that component in two which gains the most likelihood by it.

    Each component's share of the data is fitted by a mixture of two on its own, begun to either
    side of its mean along its longest axis. All of them run together.
    """
    k = len(mixture.weights)
    terms = _coefficients(mixture) @ cells.moments
    _, total = _exponentials(terms)
    own = terms * (cells.counts / total)
    points = own.sum(axis=1)
    own /= np.maximum(points, _TINY)[:, None]
    alone = mixture._replace(weights=np.ones(k))
    before = ((_coefficients(alone) @ cells.moments) * own).sum(axis=1)
    halves = _halves(mixture)
    for _ in range(_SPLIT_STEPS):
        after, halves = _step(cells.moments, own, halves)
    best = int(np.argmax((after - before) * points))
    pair = halves.take(np.array([2 * best, 2 * best + 1]))
    pair = pair._replace(weights=pair.weights * mixture.weights[best])
    return _joined(mixture.take(np.arange(k) != best), pair)


def _halves(parents: Gaussians) -> Gaussians:
    """Each parent as two, side by side in the output: weights one half, 0.8 standard deviations to
    either side along the longest axis, so that the pair keeps the parent's variance (nearly)."""
    values, vectors = np.linalg.eigh(parents.covariances)
    reach = np.sqrt(values[:, 1, None]) * vectors[:, :, 1]
    narrowed = parents.covariances - 0.6 * reach[:, :, None] * reach[:, None, :]
    sides = np.stack([parents.means - 0.8 * reach, parents.means + 0.8 * reach], axis=1)
    half = np.full(2 * len(reach), 0.5)
    return Gaussians(half, sides.reshape(-1, 2), np.repeat(narrowed, 2, axis=0))


def _joined(one: Gaussians, other: Gaussians) -> Gaussians:
    return Gaussians(*(np.concatenate(both) for both in zip(one, other, strict=True)))


def merge(mixture: Gaussians) -> Gaussians:
    """The mixture with the two components joined that lose the least by it.

    The loss is the bound of A. Runnalls, Kullback-Leibler approach to Gaussian mixture reduction,
    IEEE Trans. Aerospace and Electronic Systems 43(3), 2007, eq. 33.
    """
    i, j = np.triu_indices(len(mixture.weights), 1)
    a, b = mixture.take(i), mixture.take(j)
    weights = a.weights + b.weights
    u, v = (a.weights / weights)[:, None], (b.weights / weights)[:, None]
    gap = a.means - b.means
    spread = (u * v)[:, :, None] * gap[:, :, None] * gap[:, None, :]
    covariances = u[:, :, None] * a.covariances + v[:, :, None] * b.covariances + spread
    log_det = [np.linalg.slogdet(c)[1] for c in (covariances, a.covariances, b.covariances)]
    loss = weights * log_det[0] - a.weights * log_det[1] - b.weights * log_det[2]
    best = int(np.argmin(loss))
    joined = Gaussians(weights, u * a.means + v * b.means, covariances).take(np.array([best]))
    rest = mixture.take(np.delete(np.arange(len(mixture.weights)), [i[best], j[best]]))
    return _joined(rest, joined)


def _step(
    moments: np.ndarray, shares: np.ndarray, mixtures: Gaussians
) -> tuple[np.ndarray, Gaussians]:
    """One EM step of g mixtures of equal size side by side.

    moments (6, c); shares (g, c): how much each cell counts for each mixture, rows summing to 1;
    mixtures: g runs of components. Returns the mean log-likelihoods before the step (g,) and the
    mixtures after it. Cells pass in blocks that stay in the processor's cache.
    """
    groups, coefficients = len(shares), _coefficients(mixtures)
    level, sums = np.zeros(groups), np.zeros((len(coefficients), 6))
    for start in range(0, moments.shape[1], _BLOCK):
        block, share = moments[:, start : start + _BLOCK], shares[:, start : start + _BLOCK]
        terms = (coefficients @ block).reshape(groups, -1, block.shape[1])
        top, total = _exponentials(terms)
        level += ((top + np.log(total)) * share).sum(axis=1)
        terms *= (share / total)[:, None, :]
        sums += terms.reshape(len(coefficients), -1) @ block.T
    return level, _from_moments(sums, mixtures, groups)


def _coefficients(mixture: Gaussians) -> np.ndarray:
    """Log of weight times density of each component as a form in the moments: (k, 6)."""
    (x, y), cov = mixture.means.T, mixture.covariances
    det = cov[:, 0, 0] * cov[:, 1, 1] - cov[:, 0, 1] ** 2
    a, b, c = cov[:, 1, 1] / det, -cov[:, 0, 1] / det, cov[:, 0, 0] / det
    right, up = a * x + b * y, b * x + c * y
    constant = np.log(mixture.weights) - np.log(2 * np.pi) - 0.5 * np.log(det)
    constant = constant - 0.5 * (right * x + up * y)
    return np.array([constant, right, up, -0.5 * a, -b, -0.5 * c]).T


def _exponentials(terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn log terms (..., k, c) in place into exp(terms - top); returns top and their sum, both
    (..., c)."""
    top = terms.max(axis=-2)
    np.subtract(terms, top[..., None, :], out=terms)
    np.exp(terms, out=terms)
    return top, terms.sum(axis=-2)


def _from_moments(sums: np.ndarray, before: Gaussians, groups: int) -> Gaussians:
    """The M step: sums (k, 6) of posterior-weighted moments -> the components.

    The weights of each of ``groups`` equal runs of components sum to 1. A component that lost all
    its weight keeps its place and shape.
    """
    alive = sums[:, 0] > _TINY
    _, x, y, xx, xy, yy = (sums / np.where(alive, sums[:, 0], 1.0)[:, None]).T
    xx, yy = np.maximum(xx - x * x, 0), np.maximum(yy - y * y, 0)
    most = np.sqrt(xx * yy)
    xy = np.clip(xy - x * y, -most, most)
    covariances = np.array([[xx + FLOOR, xy], [xy, yy + FLOOR]]).transpose(2, 0, 1)
    weights = np.maximum(sums[:, 0], _TINY).reshape(groups, -1)
    return Gaussians(
        (weights / weights.sum(axis=1, keepdims=True)).ravel(),
        np.where(alive[:, None], np.array([x, y]).T, before.means),
        np.where(alive[:, None, None], covariances, before.covariances),
    )
