"""CLAMS: how far people would disagree about the groups they see in a monochrome scatterplot.

H. Jeon, G. J. Quadri, H. Lee, P. Rosen, D. Albers Szafir, J. Seo, CLAMS: A Cluster Ambiguity
Measure for Estimating Perceptual Variability in Visual Clustering, IEEE TVCG (VIS 2023). A
Gaussian mixture stands for the groups that could be seen; for each pair of components the share of
people who see one group is predicted; the score is the mean binary entropy of those shares.

Differs from the original: no random labels or starts, separability by DEMP instead of a trained
regression (see ``separability``), an interval, and words about where the score does not hold.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.perception import mixture as mix
from analytics.perception import separability
from analytics.perception.mixture import Gaussians
from analytics.progress import Progress, part, silent
from analytics.results import Ambiguity

MOST = 17  # components at most, as in the original
BOOTSTRAP = 100
POLISH_STEPS, POLISH_TOLERANCE = 200, 1e-6  # EM of the chosen mixture, until it hardly moves
REFINE_STEPS = 10  # EM steps per resample, from the fit to all points
ASPECT_RANGE = (0.01, 100.0)
LARGEST = 1e140  # coordinates beyond it have squares that are not numbers
SMALLEST = 1e-140  # and so have extents below it
SENSITIVITY = 1.0  # of the knee, S in the Kneedle paper


class Drawing(NamedTuple):
    """How data coordinates become drawn ones: drawn = (data * stretch - centre) / side."""

    stretch: np.ndarray
    centre: np.ndarray
    side: float


def clams(
    points,
    *,
    aspect: float = 1.0,
    seed: int = 0,
    bootstrap: int = BOOTSTRAP,
    progress: Progress = silent,
) -> Ambiguity:
    """The ambiguity of a scatterplot, in bits per pair of groups: 0 to 1.

    points : (n, 2) finite numbers.
    aspect : drawn length of one unit of y over that of one unit of x; 1 means equal units.
    seed : of the resamples; it moves the interval only.
    bootstrap : resamples of the points behind the 95 % interval; 0 gives no interval. In each the
        number of groups is chosen again (among the fits to all points) and the fit refined.

    Raises BadInput when the points cannot be used.
    """
    points = _check_points(points)
    aspect = _check_number("aspect", aspect, *ASPECT_RANGE)
    seed = _check_whole("seed", seed, 2**32 - 1)
    bootstrap = _check_whole("bootstrap", bootstrap, 10_000)
    drawn, drawing = _draw(points, aspect)
    settings = {"method": "clams", "params": {"aspect": aspect}, "seed": seed, "aspect": aspect}
    if drawn is None:
        return _one_place(points, bootstrap, settings)
    cells = mix.reduce(drawn)
    most = max(1, min(MOST, math.isqrt(len(points)) - 1, len(cells.counts)))
    fits, bic = mix.fit_path(cells, most, part(progress, 0.0, 0.7))
    k, clear = knee(bic)
    fit = mix.refine(cells, fits[k - 1], POLISH_STEPS, POLISH_TOLERANCE)[0]
    fit = fits[k - 1] = fit.take(_order(fit))
    pairs, one_group = _pairs(fit)
    bits = separability.entropy(one_group)
    score = float(bits.mean()) if len(bits) else 0.0
    interval = _interval(score, cells, fits, seed, bootstrap, part(progress, 0.7, 1.0))
    in_data = _undraw(fit, drawing)
    progress(1.0, "Scored")
    return Ambiguity(
        ambiguity=score,
        interval=interval,
        n_components=k,
        weights=in_data.weights,
        means=in_data.means,
        covariances=in_data.covariances,
        pairs=pairs,
        separability=1 - one_group,
        pair_ambiguity=bits,
        bic=bic,
        n=len(points),
        notes=_notes(len(points), bootstrap),
        warnings=_warnings(points, drawn, k, clear, pairs, one_group),
        **settings,
    )


def knee(bic: np.ndarray) -> tuple[int, bool]:
    """Number of components (from 1) at the knee of a falling BIC curve (m,), and whether it is
    clear.

    After V. Satopaa et al., Finding a "Kneedle" in a Haystack, ICDCSW 2011: with both axes scaled
    to [0, 1], the knee is where the curve runs farthest below the line y = 1 - x; it is clear when
    that depth exceeds SENSITIVITY steps of the x axis. Otherwise the lowest BIC decides.
    """
    span = float(np.ptp(bic))
    if len(bic) < 3 or span == 0:
        return int(np.argmin(bic)) + 1, True
    depth = 1 - (bic - bic.min()) / span - np.linspace(0, 1, len(bic))
    best = int(np.argmax(depth))
    if depth[best] <= SENSITIVITY / (len(bic) - 1):
        return int(np.argmin(bic)) + 1, False
    return best + 1, True


def component_name(index: int) -> str:
    """A, B, C ... for components by falling weight."""
    return chr(ord("A") + index)


def sentence(ambiguity: Ambiguity, letters: bool = False) -> str:
    """What the score says, in one sentence to stand beside the number.

    ``letters``: the components are drawn with their letters, so the worst pair can be named.
    """
    a = ambiguity
    if a.n_components == 1:
        return "This plot reads as one group, so there are no groups to disagree about."
    if a.ambiguity < 0.2:
        words = "would largely agree on the groups in this plot"
    elif a.ambiguity < 0.5:
        words = "would agree on some groups in this plot and differ on others"
    else:
        words = "would see different groups in this plot"
    if a.ambiguity < 0.2 or not letters:
        return f"People {words}."
    i, j = (component_name(c) for c in a.pairs[int(np.argmax(a.pair_ambiguity))])
    return f"People {words}; most of all they would differ on whether {i} and {j} are one."


def pair_sentence(ambiguity: Ambiguity, pair: int) -> str:
    """What people would see in the pair in row ``pair`` of ``ambiguity.pairs``."""
    i, j = (component_name(c) for c in ambiguity.pairs[pair])
    tenths = round(10 * (1 - float(ambiguity.separability[pair])))
    if tenths == 0:
        return f"{i} and {j}: nearly everyone would see two groups."
    if tenths == 10:
        return f"{i} and {j}: nearly everyone would see one group."
    return f"{i} and {j}: about {tenths} of 10 people would see one group."


def _pairs(fit: Gaussians) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that count, int32 (p, 2), and the share of people who see one group in each."""
    pairs = np.stack(np.triu_indices(len(fit.weights), 1), axis=1).astype(np.int32)
    one_group = separability.predict(fit.take(pairs[:, 0]), fit.take(pairs[:, 1]))
    kept = separability.kept_pairs(fit.means, one_group)
    return pairs[kept], one_group[kept]


def _interval(
    score: float, cells: mix.Cells, fits: list[Gaussians], seed: int, times: int, progress: Progress
) -> tuple[float, ...]:
    """95 % percentile interval over resamples of the points, widened to hold the score."""
    if times == 0:
        return ()
    if len(fits) == 1:
        return (score, score)
    n = int(cells.counts.sum())
    rng = np.random.default_rng(seed)
    density = np.stack([mix.log_likelihood(cells, fit) for fit in fits])
    scores = []
    for i in range(times):
        if i % 10 == 0:
            progress(i / times, f"Resampling the points, {i} of {times}")
        counts = rng.multinomial(n, cells.counts / n).astype(float)
        k, _ = knee(mix.bic(density @ counts / n, n))
        drawn = np.flatnonzero(counts)
        resample = mix.Cells(counts[drawn], cells.moments[:, drawn])
        bits = separability.entropy(_pairs(mix.refine(resample, fits[k - 1], REFINE_STEPS)[0])[1])
        scores.append(bits.mean() if len(bits) else 0.0)
    low, high = np.percentile(scores, [2.5, 97.5])
    return (min(float(low), score), max(float(high), score))


def _check_points(points) -> np.ndarray:
    try:
        array = np.asarray(points)
        array = array.astype(float) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.ndim != 2 or array.shape[1] != 2:
        raise BadInput("The score takes a table of two columns of numbers, x and y, one per row.")
    if len(array) == 0:
        raise BadInput("There are no points to score: give at least one row.")
    wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(wrong):
        raise BadInput(
            f"{len(wrong):,} of {len(array):,} points have a missing or infinite coordinate (the "
            f"first in row {wrong[0]}, counting from 0): fill or remove them before scoring."
        )
    if np.abs(array).max() > LARGEST:
        raise BadInput(
            f"A coordinate reaches {np.abs(array).max():.3g}, but the score takes values up to "
            f"{LARGEST:g}: rescale or remove it."
        )
    return array


def _check_number(name: str, value, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise BadInput(f"'{name}' is {value!r}, but it takes a number from {low:g} to {high:g}.")
    return number


def _check_whole(name: str, value, high: int) -> int:
    number = _check_number(name, value, 0, high)
    if number != int(number):
        raise BadInput(f"'{name}' is {value!r}, but it takes a whole number from 0 to {high}.")
    return int(number)


def _draw(points: np.ndarray, aspect: float) -> tuple[np.ndarray | None, Drawing | None]:
    """Points centred and scaled by one factor, so that the longer side of their box is 1."""
    stretch = np.array([1.0, aspect])
    low, high = points.min(axis=0) * stretch, points.max(axis=0) * stretch
    side = float((high - low).max())
    if side < SMALLEST:
        return None, None
    centre = low / 2 + high / 2
    return (points * stretch - centre) / side, Drawing(stretch, centre, side)


def _undraw(fit: Gaussians, drawing: Drawing) -> Gaussians:
    scale = drawing.side / drawing.stretch
    return Gaussians(
        fit.weights,
        fit.means * scale + drawing.centre / drawing.stretch,
        fit.covariances * np.outer(scale, scale),
    )


def _order(fit: Gaussians) -> np.ndarray:
    """Components by falling weight, ties by position."""
    return np.lexsort((fit.means[:, 1], fit.means[:, 0], -np.round(fit.weights, 9)))


def _one_place(points: np.ndarray, bootstrap: int, settings: dict) -> Ambiguity:
    warnings = ("All points lie at one place, so the score is 0 by definition.",)
    return Ambiguity(
        interval=(0.0, 0.0) if bootstrap else (),
        means=points[:1].copy(),
        covariances=np.zeros((1, 2, 2)),
        n=len(points),
        warnings=warnings,
        **settings,
    )


def _notes(n: int, bootstrap: int) -> tuple[str, ...]:
    notes = []
    if n > mix.MAX_POINTS:
        notes.append(f"{n:,} points summed in {mix.GRID} × {mix.GRID} cells before fitting.")
    if bootstrap:
        notes.append(f"Interval from {bootstrap:,} resamples of the points.")
    return tuple(notes)


def _warnings(
    points: np.ndarray,
    drawn: np.ndarray,
    k: int,
    clear: bool,
    pairs: np.ndarray,
    one_group: np.ndarray,
) -> tuple[str, ...]:
    """Where the score does not hold for this plot, in words."""
    n = len(points)
    found = []
    if n < 30:
        found.append(f"Only {n} points: the score means little below 30.")
    if k == 1:
        found.append(
            "One group was found, so the score is 0 by definition; "
            "people may still differ on a broad or curved cloud."
        )
    elif _blob(k, pairs, one_group):
        found.append(
            "Most people would see one large group here: the score speaks of the parts of that "
            "group, not of separate ones."
        )
    if k == MOST:
        found.append(f"{MOST} groups is the most the score looks for; there may be more.")
    if not clear:
        found.append("The number of groups has no clear knee: the lowest BIC was used.")
    return tuple(found) + _data_warnings(points, drawn)


def _blob(k: int, pairs: np.ndarray, one_group: np.ndarray) -> bool:
    """Whether pairs that most people see as one group connect all components."""
    reached = {0}
    joined = [set(map(int, pair)) for pair in pairs[one_group > 0.5]]
    for _ in range(k):
        for pair in joined:
            if pair & reached:
                reached |= pair
    return len(reached) == k


def _data_warnings(points: np.ndarray, drawn: np.ndarray) -> tuple[str, ...]:
    n = len(points)
    found = []
    distinct = len(pd.unique(points[:, 0] + 1j * points[:, 1]))
    if n - distinct >= 0.1 * n and n > 1:
        found.append(
            f"{n - distinct:,} of {n:,} points lie exactly on another: people see one mark there, "
            "the score counts every point."
        )
    for axis, name in enumerate("xy"):
        levels = len(pd.unique(points[:, axis]))
        if n >= 30 and 1 < levels <= min(2 * math.sqrt(n), mix.GRID):
            found.append(
                f"{name} takes only {levels:,} different values: points on a grid show rows that "
                "the score reads as groups."
            )
    extent = np.ptp(drawn, axis=0)
    if extent.min() < 0.05:
        found.append(
            "Drawn with equal units this plot is nearly a line: if its axes are stretched, give "
            "the aspect it is drawn with."
        )
    return tuple(found)
