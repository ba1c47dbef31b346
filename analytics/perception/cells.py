"""Planar points as the mixture reads them: distinct points or, when there are many, the cells of a
histogram, so that everything after one pass over the points costs the same for any number.

All that EM needs of a cell are the sums of 1, x, y, x^2, xy and y^2 over its points. Sums add up,
so the histogram of a chunk, a file or a partition joins those of others (:func:`tally`).
"""

from typing import NamedTuple

import numpy as np

GRID = 192  # cells along the longer side, twice those of the search in ``groups``
MAX_POINTS = 5_000  # more points than this are put into cells
_CHUNK = 1 << 18  # points tallied at once, so that the sums need little memory


class Drawing(NamedTuple):
    """How data coordinates become drawn ones: drawn = (data * stretch - centre) / side, so that
    the longer side of the points' box is 1 and its middle the origin."""

    stretch: np.ndarray
    centre: np.ndarray
    side: float


class Cells(NamedTuple):
    """counts (c,), points per cell, and moments (6, c), the mean of 1, x, y, x^2, xy and y^2 over
    the points of each cell, in drawn coordinates."""

    counts: np.ndarray
    moments: np.ndarray


def drawn(points: np.ndarray, drawing: Drawing) -> np.ndarray:
    """Points (n, 2) in drawn coordinates."""
    return (points * drawing.stretch - drawing.centre) / drawing.side


def reduce(points: np.ndarray, drawing: Drawing) -> Cells:
    """Points (n, 2) as cells, in an order free of the order of the points.

    Up to MAX_POINTS points, a cell is a distinct point; beyond, it is a square of side 1 / GRID,
    whose moments keep the scatter inside it.
    """
    if len(points) > MAX_POINTS:
        return from_tally(tally(points, drawing))
    places, counts = np.unique(drawn(points, drawing), axis=0, return_counts=True)
    return Cells(counts.astype(float), _monomials(places))


def tally(points: np.ndarray, drawing: Drawing) -> np.ndarray:
    """Sums of 1, x, y, x^2, xy and y^2 over the points in each square: (6, GRID * GRID).

    Points outside the box of the drawing are counted in the squares along its edge.
    """
    sums = np.zeros((6, GRID * GRID))
    for start in range(0, len(points), _CHUNK):
        part = drawn(points[start : start + _CHUNK], drawing)
        cell = squares(part.T, GRID)
        for i, values in enumerate(_monomials(part)):
            sums[i] += np.bincount(cell, values, GRID * GRID)
    return sums


def from_tally(sums: np.ndarray) -> Cells:
    """The squares that hold points."""
    sums = sums[:, sums[0] > 0]
    return Cells(sums[0].copy(), sums / sums[0])


def coarse(cells: Cells, grid: int) -> Cells:
    """The same points in fewer cells, squares of side 1 / grid; itself when it has no more cells
    than a quarter of those squares."""
    if len(cells.counts) <= grid * grid / 4:
        return cells
    cell = squares(cells.moments[1:3], grid)
    sums = [np.bincount(cell, m, grid * grid) for m in cells.moments * cells.counts]
    return from_tally(np.stack(sums))


def squares(place: np.ndarray, grid: int) -> np.ndarray:
    """The square of a grid x grid board that each place (2, n) in drawn coordinates lies in."""
    column, row = np.clip((place + 0.5) * grid, 0, grid - 1).astype(np.int64)
    return column * grid + row


def _monomials(points: np.ndarray) -> np.ndarray:
    x, y = points.T
    return np.stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
