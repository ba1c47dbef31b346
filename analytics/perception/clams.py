"""CLAMS: how far people would disagree about the groups they see in a monochrome scatterplot.

H. Jeon, G. J. Quadri, H. Lee, P. Rosen, D. Albers Szafir, J. Seo, CLAMS: A Cluster Ambiguity
Measure for Estimating Perceptual Variability in Visual Clustering, IEEE TVCG (VIS 2023). A
Gaussian mixture stands for the groups that could be seen; for each pair of components the share of
people who see one group is predicted; the score is the mean binary entropy of those shares.

Differs from the original: no random labels or starts, a regression trained on simulated people (see
``separability``), a stated answer where the BIC curve has no knee, an interval, a form that never
holds all points, and words about where the score does not hold.
"""

import numpy as np

from analytics.errors import BadInput
from analytics.perception import interval as spread
from analytics.perception import limits
from analytics.perception.cells import GRID, MAX_POINTS, Cells, Drawing, from_tally, reduce
from analytics.perception.cells import tally as tally_cells
from analytics.perception.checks import check_number, check_points, check_whole
from analytics.perception.groups import find
from analytics.perception.heaps import heaps
from analytics.perception.mixture import Gaussians
from analytics.perception.separability import entropy, pairs
from analytics.progress import Progress, part, silent
from analytics.results import Ambiguity

ASPECT_RANGE = (1e-5, 1e5)
SMALLEST = 1e-140  # extents below it have squares that are 0


def clams(
    points,
    *,
    aspect: float = 1.0,
    seed: int = 0,
    bootstrap: int = spread.TIMES,
    progress: Progress = silent,
) -> Ambiguity:
    """The ambiguity of a scatterplot, in bits per pair of groups: 0 to 1.

    points : (n, 2) finite numbers.
    aspect : drawn length of one unit of y over that of one unit of x; 1 means equal units.
    seed : of the resamples; it moves the interval only.
    bootstrap : resamples of the points behind the 90 % interval; 0 gives no interval.

    Raises BadInput when the points cannot be used.
    """
    points = check_points(points)
    aspect = check_number("aspect", aspect, *ASPECT_RANGE)
    drawing = drawn_as(points.min(axis=0), points.max(axis=0), aspect)
    if drawing is None:
        return _one_place(points[0], len(points), aspect, seed, bootstrap)
    cells = reduce(points, drawing)
    found = _score(cells, drawing, aspect, seed, bootstrap, progress)
    return found.with_(warnings=(*found.warnings, *limits.of_points(points, drawing.stretch)))


def tally(points, low, high, *, aspect: float = 1.0) -> np.ndarray:
    """What the score needs of a part of the points: (6, cells), to be added to that of the others.

    points : (n, 2) finite numbers, a chunk or a partition. low, high : (2,), the smallest and the
    largest x and y of all parts. Raises BadInput.
    """
    points = check_points(points)
    drawing = _given(low, high, aspect)
    if (points < np.asarray(low)).any() or (points > np.asarray(high)).any():
        raise BadInput(
            "A point lies outside low and high: give the smallest and largest x and y of all parts."
        )
    return tally_cells(points, drawing)


def clams_of_tally(
    sums: np.ndarray,
    low,
    high,
    *,
    aspect: float = 1.0,
    seed: int = 0,
    bootstrap: int = spread.TIMES,
    progress: Progress = silent,
) -> Ambiguity:
    """The ambiguity of points that were tallied in parts, whose sums are added up.

    sums : the sum of :func:`tally` over all parts, made with the same low, high and aspect.
    Warnings about single points (repeated, on a grid, far away) are not given.
    """
    drawing = _given(low, high, aspect)
    return _score(from_tally(np.asarray(sums)), drawing, aspect, seed, bootstrap, progress)


def components(points, aspect: float = 1.0) -> Gaussians:
    """The mixture that the score of the points rests on, in units of the drawn plot's side."""
    points = check_points(points)
    drawing = drawn_as(points.min(axis=0), points.max(axis=0), aspect)
    if drawing is None:
        raise BadInput("All points lie at one place: there are no groups.")
    return find(reduce(points, drawing)).chosen


def drawn_as(low: np.ndarray, high: np.ndarray, aspect: float) -> Drawing | None:
    """How a plot with these smallest and largest x and y is drawn; None when it is one place."""
    stretch = np.array([1.0, aspect])
    low, high = low * stretch, high * stretch
    side = float((high - low).max())
    return Drawing(stretch, low / 2 + high / 2, side) if side >= SMALLEST else None


def _given(low, high, aspect: float) -> Drawing:
    drawing = drawn_as(check_points([low])[0], check_points([high])[0], aspect)
    if drawing is None:
        raise BadInput("All points lie at one place: there are no groups.")
    return drawing


def _score(
    cells: Cells, drawing: Drawing, aspect: float, seed: int, bootstrap: int, progress: Progress
) -> Ambiguity:
    seed = check_whole("seed", seed, 2**32 - 1)
    bootstrap = check_whole("bootstrap", bootstrap, 10_000)
    n = int(cells.counts.sum())
    groups = find(cells, part(progress, 0.0, 0.7))
    which, one_group = pairs(groups.chosen)
    bits = entropy(one_group)
    value = float(bits.mean()) if len(bits) else 0.0
    scores = spread.bootstrap(groups, seed, bootstrap, part(progress, 0.7, 1.0))
    in_data = undrawn(groups.chosen, drawing)
    progress(1.0, "Scored")
    return Ambiguity(
        method="clams",
        params={"aspect": aspect},
        seed=seed,
        aspect=aspect,
        ambiguity=value,
        interval=spread.interval(value, scores),
        n_components=groups.k,
        weights=in_data.weights,
        means=in_data.means,
        covariances=in_data.covariances,
        pairs=which,
        separability=1 - one_group,
        pair_ambiguity=bits,
        bic=groups.bic,
        n=n,
        notes=_notes(len(cells.counts), n, bootstrap),
        warnings=tuple(
            limits.of_fit(
                n, groups.k, groups.clear, groups.bic, which, one_group, heaps(groups.fewer)
            )
        ),
    )


def undrawn(fit: Gaussians, drawing: Drawing) -> Gaussians:
    """A mixture in data coordinates."""
    scale = drawing.side / drawing.stretch
    return Gaussians(
        fit.weights,
        fit.means * scale + drawing.centre / drawing.stretch,
        fit.covariances * np.outer(scale, scale),
    )


def _one_place(point: np.ndarray, n: int, aspect: float, seed: int, bootstrap: int) -> Ambiguity:
    return Ambiguity(
        method="clams",
        params={"aspect": aspect},
        seed=seed,
        aspect=aspect,
        interval=(0.0, 0.0) if bootstrap else (),
        means=point[None].copy(),
        covariances=np.zeros((1, 2, 2)),
        n=n,
        warnings=("All points lie at one place, so the score is 0 by definition.",),
    )


def _notes(cells: int, n: int, bootstrap: int) -> tuple[str, ...]:
    notes = []
    if cells < n and n > MAX_POINTS:
        notes.append(f"{n:,} points summed in {GRID} × {GRID} cells before fitting.")
    if bootstrap:
        notes.append(f"90 % interval from {bootstrap:,} resamples of the points.")
    return tuple(notes)
