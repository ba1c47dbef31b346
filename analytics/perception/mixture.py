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
_BLOCK = 1 << 15  # numbers handled at once
TINY = 1e-12  # the least weight of a component
_LOST = 1e-6  # the same for a half, whose moments come from a difference
SMALL = 1e-200  # sums of exponentials below it are taken again
_LOG_TURN = np.log(2 * np.pi)
_HALF = np.array([[-0.5], [1.0], [-0.5]])
_FLOORS = np.array([[FLOOR], [0.0], [FLOOR]])


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
    top, total = exponentials(forms_of(rows_of(mixture))[:, :6] @ cells.moments)
    return top + np.log(total)


def level(cells: Cells, mixture: Gaussians) -> float:
    """Mean log-likelihood per point."""
    return float(log_likelihood(cells, mixture) @ cells.counts / cells.counts.sum())


def refine(
    cells: Cells, mixture: Gaussians, steps: int = MAX_STEPS, tolerance: float = TOLERANCE
) -> tuple[Gaussians, float]:
    """EM from a start until it settles. Returns the mixture and the mean log-likelihood per point
    that it reached one step before."""
    share = cells.counts / cells.counts.sum()
    weighted = cells.moments * share
    moments = np.concatenate([cells.moments, log_likelihood(cells, mixture)[None]])
    rows, reached = rows_of(mixture), -np.inf
    for _ in range(steps):
        level, sums = _expect(moments, weighted, share, forms_of(rows))
        rows = maximise(sums.T, rows, TINY)
        if level - reached < tolerance:
            break
        reached = level
    return from_rows(rows), float(level)


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
    k, parents = len(mixture.weights), rows_of(mixture)
    own = forms_of(parents)[:, :6] @ cells.moments
    _, total = exponentials(own)
    own *= cells.counts / total
    points = own.sum(axis=1)
    own /= np.maximum(points, TINY)[:, None]
    whole = own @ cells.moments.T
    parents[0] = 1.0
    before = (forms_of(parents)[:, :6] * whole).sum(axis=1)
    halves = rows_of(_halves(mixture))
    for _ in range(_SPLIT_STEPS):
        halves = _parted(cells.moments, own, whole, halves)
    gain = _both(cells.moments, own, whole, halves) - before
    best = int(np.argmax(gain * points))
    pair = from_rows(halves[:, [best, best + k]])
    pair = pair._replace(weights=pair.weights * mixture.weights[best])
    return _joined(mixture.take(np.arange(k) != best), pair)


def _parted(
    moments: np.ndarray, own: np.ndarray, whole: np.ndarray, halves: np.ndarray
) -> np.ndarray:
    """One EM step of k mixtures of two side by side.

    own (k, c): how much each cell counts for each mixture, rows summing to 1; whole (k, 6): the
    moments under it; halves (6, 2 k): the first components of all mixtures, then the second ones.
    A cell's share in the first is own / (1 + ratio of the densities), the second has the rest.
    """
    lean = _lean(halves) @ moments
    with np.errstate(over="ignore"):  # a cell far on the side of the second: share 1 / inf
        np.exp(lean, out=lean)
    lean += 1
    np.divide(own, lean, out=lean)
    first = lean @ moments.T
    return maximise(np.concatenate([first, whole - first]).T, halves, _LOST)


def _both(
    moments: np.ndarray, own: np.ndarray, whole: np.ndarray, halves: np.ndarray
) -> np.ndarray:
    """Mean log-likelihood of each of the k mixtures of two: (k,); arguments as in ``_parted``."""
    lean = _lean(halves) @ moments
    more = np.log(1 + np.exp(-np.abs(lean))) + np.maximum(lean, 0)
    first = forms_of(halves)[: len(own), :6]
    return (first * whole).sum(axis=1) + (own * more).sum(axis=1)


def _lean(halves: np.ndarray) -> np.ndarray:
    """Log density of the second over that of the first as forms in the moments: (k, 6)."""
    forms = forms_of(halves)[:, :6]
    k = len(forms) // 2
    return forms[k:] - forms[:k]


def _halves(parents: Gaussians) -> Gaussians:
    """Each parent as two, all the first and then all the second: weights one half, 0.8 standard
    deviations to either side along the longest axis, so that the pair keeps the parent's variance
    (nearly)."""
    values, vectors = np.linalg.eigh(parents.covariances)
    reach = np.sqrt(values[:, 1, None]) * vectors[:, :, 1]
    narrowed = parents.covariances - 0.6 * reach[:, :, None] * reach[:, None, :]
    sides = np.concatenate([parents.means - 0.8 * reach, parents.means + 0.8 * reach])
    return Gaussians(np.full(len(sides), 0.5), sides, np.concatenate([narrowed, narrowed]))


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


def _expect(
    moments: np.ndarray, weighted: np.ndarray, share: np.ndarray, forms: np.ndarray
) -> tuple[float, np.ndarray]:
    """The E step: mean log-likelihood and the posterior-weighted moments of each component (k, 6).

    moments (7, c), whose last row is the log density of the mixture before and is brought up to
    date: shifted by it, exponentials stay near 1 without a search for the largest. weighted (6, c):
    moments times share (c,). Cells pass in blocks that stay in the processor's cache.
    """
    block = max(_BLOCK // len(forms), 512)
    level, sums = 0.0, np.zeros((len(forms), 6))
    for start in range(0, len(share), block):
        at = slice(start, start + block)
        part = moments[:, at]
        terms = forms @ part
        np.exp(terms, out=terms)
        total = terms.sum(axis=0)
        if not SMALL < total.min() <= total.max() < 1 / SMALL:
            part[6] = 0
            terms = forms @ part
            part[6], total = exponentials(terms)
        part[6] += np.log(total)
        level += part[6] @ share[at]
        sums += terms @ (weighted[:, at] / total).T
    return level, sums


def exponentials(terms: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Turn log terms (..., k, c) in place into exp(terms - top); returns top and their sum over
    the components along ``axis``."""
    top = terms.max(axis=axis)
    terms -= np.expand_dims(top, axis)
    np.exp(terms, out=terms)
    return top, terms.sum(axis=axis)


def rows_of(mixture: Gaussians) -> np.ndarray:
    """weight, mean x and y, variance of x, covariance, variance of y: (6, k), what EM works on."""
    (x, y), cov = mixture.means.T, mixture.covariances
    return np.array([mixture.weights, x, y, cov[:, 0, 0], cov[:, 0, 1], cov[:, 1, 1]])


def from_rows(rows: np.ndarray) -> Gaussians:
    weight, x, y, xx, xy, yy = rows
    covariances = np.array([[xx, xy], [xy, yy]]).transpose(2, 0, 1)
    return Gaussians(weight, np.array([x, y]).T, covariances)


def forms_of(rows: np.ndarray) -> np.ndarray:
    """Log of weight times density of each component as a form in the moments, less the last of
    them: (k, 7). Few operations, since they cost more than the k numbers in each."""
    weight, x, y, xx, xy, yy = rows
    forms = np.empty((7, len(weight)))
    det = xx * yy - xy * xy
    forms[3:6] = rows[:2:-1] / det
    c, b, a = forms[3:6]  # here 1 / det times yy, xy, xx
    forms[1] = c * x - b * y
    forms[2] = a * y - b * x
    forms[0] = np.log(weight / np.sqrt(det)) - 0.5 * (forms[1] * x + forms[2] * y) - _LOG_TURN
    forms[3:6] *= _HALF
    forms[6] = -1.0
    return forms.T


def maximise(sums: np.ndarray, before: np.ndarray, lost: float) -> np.ndarray:
    """The M step: sums (6, k) of posterior-weighted moments -> rows of the components.

    A component whose weight is not above ``lost`` keeps its place and shape.
    """
    weight = sums[0]
    dead = weight.min() <= lost
    rows = sums / (np.maximum(weight, lost) if dead else weight)
    x = rows[1]
    rows[3:5] -= x * rows[1:3]
    rows[5] -= rows[2] * rows[2]
    rows[3:] += _FLOORS
    rows[0] = weight
    if dead:
        gone = weight <= lost
        rows[:, gone] = before[:, gone]
        rows[0, gone] = lost
    return rows
