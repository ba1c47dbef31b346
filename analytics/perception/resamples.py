"""EM of one mixture on many resamples of its points at once.

A resample changes only how much each cell counts. So the densities of a block of resamples are one
matrix product, and the M step of all is the same few operations as that of one mixture
(``mixture``), with as many columns as there are components in all of them.
"""

import numpy as np

from analytics.perception.cells import Cells
from analytics.perception.mixture import (
    SMALL,
    TINY,
    Gaussians,
    exponentials,
    forms_of,
    from_rows,
    log_likelihood,
    maximise,
    rows_of,
)

_BLOCK = 1 << 17  # numbers handled at once: 1 MB, which stays in the processor's cache


def refine_all(
    cells: Cells, counts: np.ndarray, start: Gaussians, steps: int, tolerance: float
) -> Gaussians:
    """The mixture ``start`` (k components) refined by EM on each resample: weights (r, k), means
    (r, k, 2), covariances (r, k, 2, 2).

    counts (r, c): the points of each resample in each cell. Each one ends as in
    ``mixture.refine``: when a step adds less than ``tolerance`` to the mean log-likelihood per
    point, and after ``steps`` at the latest.
    """
    k = len(start.weights)
    moments = np.concatenate([cells.moments, log_likelihood(cells, start)[None]])
    share = counts / counts.sum(axis=1, keepdims=True)
    size = max(1, _BLOCK // (k * moments.shape[1]))
    blocks = [share[at : at + size] for at in range(0, len(share), size)]
    rows = [_refine_block(moments, block, rows_of(start), steps, tolerance) for block in blocks]
    found = from_rows(np.concatenate(rows, axis=1).reshape(6, -1))
    return Gaussians(*(v.reshape(len(counts), k, *v.shape[1:]) for v in found))


def _refine_block(
    moments: np.ndarray, share: np.ndarray, start: np.ndarray, steps: int, tolerance: float
) -> np.ndarray:
    """Rows (6, m, k) of m refined mixtures. moments (7, c), the last row the log density of the
    start; share (m, c), of the points in each cell; start (6, k)."""
    k = start.shape[1]
    found = np.repeat(start[:, None], len(share), axis=1)
    active, reached = np.arange(len(share)), np.full(len(share), -np.inf)
    for _ in range(steps):
        rows = found[:, active].reshape(6, -1)
        level, sums = _expect(moments, share, forms_of(rows), k)
        found[:, active] = maximise(sums.T, rows, TINY).reshape(6, -1, k)
        on = level - reached >= tolerance
        if not on.any():
            break
        if not on.all():
            active, share, level = active[on], share[on], level[on]
        reached = level
    return found


def _expect(
    moments: np.ndarray, share: np.ndarray, forms: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The E step: mean log-likelihoods (m,) and posterior-weighted moments (m k, 6).

    forms (m k, 7). Taken relative to the density of the start, exponentials stay near 1 without a
    search for the largest; where a mixture moved too far for that, the search is made.
    """
    m, c = share.shape
    terms = (forms @ moments).reshape(m, k, c)
    with np.errstate(over="ignore"):  # far from the start: taken again below
        np.exp(terms, out=terms)
    total = terms.sum(axis=1)
    if SMALL < total.min() <= total.max() < 1 / SMALL:
        level = moments[6] + np.log(total)
    else:
        terms = (forms[:, :6] @ moments[:6]).reshape(m, k, c)
        top, total = exponentials(terms, axis=1)
        level = top + np.log(total)
    np.divide(share, total, out=total)
    terms *= total[:, None]
    return (level * share).sum(axis=1), terms.reshape(m * k, c) @ moments[:6].T
