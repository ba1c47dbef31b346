"""How far the ambiguity score would move with another sample of points from the same source."""

import numpy as np

from analytics.perception import mixture as mix
from analytics.perception.cells import Cells
from analytics.perception.groups import knee
from analytics.perception.separability import score
from analytics.progress import Progress

LEVEL = 0.9
TIMES = 100  # resamples
REFINE_STEPS = 10  # EM steps per resample, from the fit to all points


def bootstrap(
    cells: Cells, fits: list[mix.Gaussians], seed: int, times: int, progress: Progress
) -> np.ndarray:
    """Scores of resamples of the points with replacement: (times,).

    fits : mixtures of 1, 2, ... components of all points. In each resample the number of
    components is chosen again by their likelihood, and the chosen mixture is refined.
    """
    from threadpoolctl import threadpool_limits

    found, rng = np.zeros(times), np.random.default_rng(seed)
    with threadpool_limits(1):
        density = np.stack([mix.log_likelihood(cells, fit) for fit in fits])
        for i in range(times):
            if i % 10 == 0:
                progress(i / times, f"Resampling the points, {i} of {times}")
            found[i] = _resample(cells, fits, density, rng)
    return found


def _resample(
    cells: Cells, fits: list[mix.Gaussians], density: np.ndarray, rng: np.random.Generator
) -> float:
    """The score of one resample; density (k, c) is the log density of each fit in each cell."""
    n = int(cells.counts.sum())
    counts = rng.multinomial(n, cells.counts / n).astype(float)
    k, _ = knee(mix.bic(density @ counts / n, n))
    drawn = np.flatnonzero(counts)
    resample = Cells(counts[drawn], cells.moments[:, drawn])
    return score(mix.refine(resample, fits[k - 1], REFINE_STEPS)[0])


def interval(value: float, scores: np.ndarray) -> tuple[float, ...]:
    """Percentile interval at LEVEL, widened to hold the value; () without scores."""
    if len(scores) == 0:
        return ()
    low, high = np.percentile(scores, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return (min(float(low), value), max(float(high), value))
