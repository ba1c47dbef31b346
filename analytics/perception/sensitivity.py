"""How the ambiguity score moves with what a designer can choose: how many points are drawn, how
large and how opaque their marks are, and the aspect of the plot.

The size and the opacity of marks enter through the ink they leave. Marks of diameter d blur the
density of the points by a disc, whose variance along each axis is d^2 / 16; a place that marks
cover k times on average is inked to 1 - exp(-opacity * k), as marks fall independently,
so dense places saturate and the valleys between them fill. Blur widens both Gaussians of a pair,
saturation enters the depth of the valley. The prediction for the changed pair is the usual one;
no people judged such plots for us.
"""

import math

import numpy as np

from analytics.perception.cells import reduce
from analytics.perception.checks import check_points
from analytics.perception.clams import clams, drawn_as
from analytics.perception.groups import find
from analytics.perception.mixture import Gaussians
from analytics.perception.ridge import highest
from analytics.perception.separability import entropy, kept_pairs, predict
from analytics.progress import Progress, part, silent
from analytics.results import Score, ScoreCard

SIDE = 600  # pixels along the longer side of the plot that marks are drawn on
DIAMETERS = (1, 2, 3, 5, 8, 12, 18)  # pixels
OPACITIES = (0.1, 0.2, 0.4, 0.7, 1.0)
USUAL_DIAMETER = 6  # pixels, of the marks whose opacity is varied
ASPECTS = (0.5, 0.7, 1.0, 1.4, 2.0)  # times that of the plot
SAMPLES = 8  # draws of each size
FEWEST, SIZES = 50, 6


def curves(points, *, aspect: float = 1.0, seed: int = 0, progress: Progress = silent) -> ScoreCard:
    """The score against sample size, mark size, opacity and aspect, as tables.

    points, aspect : as for :func:`clams`. Tables of the card: "sample_size" (r, 4), number of
    points, mean score of SAMPLES draws without replacement, their 5th and 95th percentile;
    "mark_size" (r, 2), diameter in pixels on a plot SIDE pixels long, score; "opacity" (r, 2),
    opacity of marks of USUAL_DIAMETER pixels, score; "aspect" (r, 2), aspect, score.
    """
    points = check_points(points)
    tables = {"sample_size": _sample_sizes(points, aspect, seed, part(progress, 0.0, 0.7))}
    drawing = drawn_as(points.min(axis=0), points.max(axis=0), aspect)
    if drawing is not None:
        fit = find(reduce(points, drawing), part(progress, 0.7, 0.8)).chosen
        n = len(points)
        tables["mark_size"] = np.array([(d, drawn_score(fit, n, d, 1.0)) for d in DIAMETERS])
        tables["opacity"] = np.array(
            [(a, drawn_score(fit, n, USUAL_DIAMETER, a)) for a in OPACITIES]
        )
        tables["aspect"] = _aspects(points, aspect, part(progress, 0.8, 1.0))
    progress(1.0, "Done")
    values = {name: Score(float(np.ptp(table[:, 1])), label=name) for name, table in tables.items()}
    return ScoreCard(values=values, tables=tables)


def drawn_score(fit: Gaussians, n: int, diameter: float, opacity: float) -> float:
    """The score of a mixture in drawn units when its n points are drawn as such marks.

    diameter : pixels on a plot SIDE pixels long. opacity : above 0, up to 1.
    """
    across = diameter / SIDE
    blurred = fit._replace(covariances=fit.covariances + across**2 / 16 * np.eye(2))
    i, j = np.triu_indices(len(fit.weights), 1)
    if len(i) == 0:
        return 0.0
    first, second = blurred.take(i), blurred.take(j)
    covered = n * np.exp(highest(first, second)) * math.pi * across**2 / 4
    one_group = predict(first, second, opacity * covered)
    bits = entropy(one_group)[kept_pairs(blurred.means, one_group)]
    return float(bits.mean()) if len(bits) else 0.0


def _sample_sizes(points: np.ndarray, aspect: float, seed: int, progress: Progress) -> np.ndarray:
    n = len(points)
    rng, rows = np.random.default_rng(seed), []
    sizes = np.unique(np.geomspace(min(FEWEST, n), n, SIZES).round().astype(int))
    for i, size in enumerate(sizes):
        progress(i / len(sizes), f"Scoring samples of {size:,} points")
        times = SAMPLES if size < n else 1
        found = [
            clams(
                points[rng.choice(n, size, replace=False)] if size < n else points,
                aspect=aspect,
                bootstrap=0,
            ).ambiguity
            for _ in range(times)
        ]
        rows.append((size, np.mean(found), *np.percentile(found, [5, 95])))
    return np.array(rows)


def _aspects(points: np.ndarray, aspect: float, progress: Progress) -> np.ndarray:
    rows = []
    for i, times in enumerate(ASPECTS):
        progress(i / len(ASPECTS), "Scoring other aspects")
        changed = min(max(aspect * times, 0.01), 100.0)
        rows.append((changed, clams(points, aspect=changed, bootstrap=0).ambiguity))
    return np.array(rows)
