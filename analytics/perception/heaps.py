"""How many separate heaps a plot shows, however many groups a few ellipses could follow."""

import numpy as np

from analytics.perception.cells import Cells, squares

GRID = 96  # squares along the longer side
WIDTH = 1.5  # smoothing, a standard deviation in squares
LEVELS = 10  # heights at which the plot is cut
SURE = 6.0  # standard deviations by which a heap must rise above the cut


def heaps(cells: Cells) -> int:
    """Heaps that rise beyond chance above the ground between them: the most at any height.

    The smoothed counts are cut at falling heights; what is connected above a cut is one heap when
    its top is higher by SURE standard deviations of a Poisson count. A count is that of the points
    under the kernel, 4 pi WIDTH ** 2 squares.
    """
    from scipy.ndimage import gaussian_filter, label, maximum

    counts = np.bincount(squares(cells.moments[1:3], GRID), cells.counts, GRID * GRID)
    height = gaussian_filter(counts.reshape(GRID, GRID), WIDTH, mode="constant")
    height *= 4 * np.pi * WIDTH**2
    most = 0
    for cut in np.geomspace(1.0, max(float(height.max()), 1.0), LEVELS, endpoint=False):
        parts, n = label(height > cut)
        tops = np.atleast_1d(maximum(height, parts, np.arange(1, n + 1)))
        most = max(most, int((tops - cut > SURE * np.sqrt(cut + 1)).sum()))
    return most
