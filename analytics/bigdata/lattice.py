"""CLAMS of all points in one pass that need not know their range: sums over squares of a lattice.

The squares have a side that is a power of two and edges at whole multiples of it, the same for
every piece, so that four of them fill one of the next size. A piece is summed in the smallest
squares of which at most 768 lie side by side; joined pieces take the larger squares of the two, and
larger ones still where they reach further. A square holds what the mixture reads of it: the sums of
1, x, y, x^2, xy and y^2 from its middle.

At the end the squares, at least twice as fine as the 192 by which CLAMS sees more than 5,000
points, are put into those by the mean place of their points: no point is further than one of these
fine squares from where ``clams.tally`` would count it, and the sums stay exact.
"""

from typing import NamedTuple

import numpy as np

from analytics.errors import BadInput
from analytics.perception.cells import GRID, squares
from analytics.perception.clams import clams_of_tally, drawn_as
from analytics.progress import Progress, silent
from analytics.results import Ambiguity

MOST = 768  # squares side by side
_EXACT = 2.0**50  # numbers of squares that a float64 tells apart
_SMALLEST = -1000  # exponent


class Lattice(NamedTuple):
    """exponent: squares of side 2**exponent; cells int64 (m, 2), which ones; sums (6, m), of 1, u,
    v, u^2, uv and v^2 over their points, u and v counted in sides from the middle; low, high (2,),
    of the points; left_out: rows without two finite numbers. All in data units with y times
    ``aspect``."""

    exponent: int
    cells: np.ndarray
    sums: np.ndarray
    low: np.ndarray
    high: np.ndarray
    left_out: int = 0
    aspect: float = 1.0

    @property
    def points(self) -> int:
        """How many points were summed."""
        return int(self.sums[0].sum())


def empty(aspect: float = 1.0) -> Lattice:
    """Of no points."""
    ends = np.full(2, np.inf)
    return Lattice(_SMALLEST, np.zeros((0, 2), np.int64), np.zeros((6, 0)), ends, -ends, 0, aspect)


def of_points(points: np.ndarray, aspect: float = 1.0) -> Lattice:
    """Of a piece, points (n, 2); those that are not finite are left out and counted."""
    points = np.asarray(points, np.float64) * [1.0, aspect]
    finite = np.isfinite(points).all(axis=1)
    left_out = int(len(points) - finite.sum())
    points = points if not left_out else points[finite]
    if not len(points):
        return empty(aspect)._replace(left_out=left_out)
    low, high = points.min(axis=0), points.max(axis=0)
    exponent = _fitting(low, high)
    places = np.ldexp(points, -exponent)
    cells = np.floor(places)
    inside = places - cells - 0.5
    u, v = inside.T
    ones = np.stack([np.ones(len(u)), u, v, u * u, u * v, v * v])
    found = _summed(cells.astype(np.int64), ones)
    return Lattice(exponent, *found, low, high, left_out, aspect)


def merge(a: Lattice, b: Lattice) -> Lattice:
    """Of the points of both. Raises ValueError for lattices of different aspects."""
    if a.aspect != b.aspect:
        raise ValueError("lattices of different aspects cannot be joined")
    left_out = a.left_out + b.left_out
    if not len(a.cells) or not len(b.cells):
        return (a if len(a.cells) else b)._replace(left_out=left_out)
    low, high = np.minimum(a.low, b.low), np.maximum(a.high, b.high)
    exponent = max(a.exponent, b.exponent, _fitting(low, high))
    a, b = _coarser(a, exponent), _coarser(b, exponent)
    cells, sums = _summed(
        np.concatenate([a.cells, b.cells]), np.concatenate([a.sums, b.sums], axis=1)
    )
    return Lattice(exponent, cells, sums, low, high, left_out, a.aspect)


def ambiguity(
    found: Lattice, seed: int = 0, bootstrap: int = 100, progress: Progress = silent
) -> Ambiguity:
    """The CLAMS score of all points. Raises BadInput when they lie at one place."""
    stretch = np.array([1.0, found.aspect])
    low, high = found.low / stretch, found.high / stretch
    drawing = drawn_as(low, high, found.aspect) if len(found.cells) else None
    if drawing is None:
        raise BadInput("There are no two different places among the points: choose other columns.")
    side = np.ldexp(1.0, found.exponent)
    middle = ((found.cells.T + 0.5) * side - drawing.centre[:, None]) / drawing.side
    sums = _moved(found.sums, middle, side / drawing.side)
    at = squares(sums[1:3] / sums[0], GRID)
    tally = np.stack([np.bincount(at, s, GRID * GRID) for s in sums])
    scored = clams_of_tally(
        tally,
        low,
        high,
        aspect=found.aspect,
        seed=seed,
        bootstrap=bootstrap,
        progress=progress,
    )
    words = f"All {found.points:,} points, summed in one pass."
    if found.left_out:
        words += f" {found.left_out:,} rows without two finite numbers left out."
    return scored.with_(notes=(words, *scored.notes))


def counts(found: Lattice, most: int = GRID) -> tuple[np.ndarray, tuple, tuple]:
    """How many points lie where, in at most ``most`` squares side by side.

    Returns the counts (rows, columns), row 0 at the smallest y, and where the columns and the rows
    of squares are in data units: (middle of the first, width) each.
    """
    reach = int((found.cells.max(axis=0) - found.cells.min(axis=0)).max()) + 1
    # One step more where the larger squares' edges do not meet those of the first.
    exponent = found.exponent + max(0, int(np.ceil(np.log2(reach / (most - 1)))))
    cells, sums = _coarser(found, exponent)[1:3]
    first = cells.min(axis=0)
    across, up = cells.max(axis=0) - first + 1
    image = np.zeros((int(up), int(across)))
    image[tuple((cells - first).T[::-1])] = sums[0]
    side = float(np.ldexp(1.0, exponent))
    x, y = ((first + 0.5) * side).tolist()
    return image, (x, side), (y / found.aspect, side / found.aspect)


def _fitting(low: np.ndarray, high: np.ndarray) -> int:
    """The exponent of the smallest squares of which MOST reach from low to high."""
    with np.errstate(over="ignore"):
        reach = max(float((high / 2 - low / 2).max()) * 2 / (MOST - 2), 2.0**_SMALLEST)
    far = max(np.abs(low).max(), np.abs(high).max()) / _EXACT
    reach = min(max(reach, far), np.finfo(float).max)
    return max(_SMALLEST, int(np.ceil(np.log2(reach))))


def _coarser(found: Lattice, exponent: int) -> Lattice:
    """The same points in larger squares."""
    cells, sums, left = found.cells, found.sums, exponent - found.exponent
    while left > 0:
        step = min(left, 30)
        whole = cells >> step
        offset = (cells - (whole << step)).T + 0.5 - 2.0 ** (step - 1)
        cells, sums = _summed(whole, _moved(sums, offset / 2.0**step, 2.0**-step))
        left -= step
    return found._replace(exponent=exponent, cells=cells, sums=sums)


def _moved(sums: np.ndarray, middle: np.ndarray, scale: float) -> np.ndarray:
    """Sums of places w = middle + scale * u from those of u. middle (2, m)."""
    one, u, v, uu, uv, vv = sums
    x, y = middle
    return np.stack(
        [
            one,
            x * one + scale * u,
            y * one + scale * v,
            x * x * one + 2 * x * scale * u + scale * scale * uu,
            x * y * one + x * scale * v + y * scale * u + scale * scale * uv,
            y * y * one + 2 * y * scale * v + scale * scale * vv,
        ]
    )


def _summed(cells: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each square once, with its sums added up."""
    first = cells.min(axis=0)
    width = int((cells[:, 1] - first[1]).max()) + 1
    key = (cells[:, 0] - first[0]) * width + (cells[:, 1] - first[1])
    size = int(key.max()) + 1
    if size > 4 * MOST * MOST:  # far apart, before they are joined in larger squares
        kept, place = np.unique(key, return_inverse=True)
        added = np.stack([np.bincount(place, s, len(kept)) for s in sums])
    else:
        kept = np.flatnonzero(np.bincount(key, minlength=size))
        added = np.stack([np.bincount(key, s, size)[kept] for s in sums])
    return np.stack([kept // width, kept % width], axis=1) + first, added
