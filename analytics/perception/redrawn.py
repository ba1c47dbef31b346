"""How the groups people would see change with the way a picture is drawn.

Number of points, size and opacity of the marks, aspect. Marks enter through the ink they leave: the
picture is drawn on SIDE pixels, each mark a disc that lets part of the paper through, so that dense
places saturate; then as many points as the network looks at are drawn from the ink. No person
judged such pictures for us: the network reads the redrawn points as it reads any plot.
"""

import numpy as np

from analytics.perception.checks import check_points
from analytics.perception.clusternet import FEWEST, SAMPLE, group_as_people
from analytics.progress import Progress, silent
from analytics.results import Grouping, Score, ScoreCard

SIDE = 400  # pixels of the longer side
DIAMETERS = (2, 5, 10, 20)  # pixels
OPACITIES = (0.05, 0.2, 0.6, 1.0)
USUAL_DIAMETER, USUAL_OPACITY = 5, 0.6
ASPECTS = (0.5, 0.8, 1.25, 2.0)  # times that of the picture
SIZES = (50, 200, 1_000, 5_000)
SHOWN = 400  # points kept per picture, for small multiples

LABELS = {
    "sample_size": "points drawn",
    "mark_size": f"mark, pixels of {SIDE}",
    "opacity": f"opacity of marks {USUAL_DIAMETER} pixels wide",
    "aspect": "unit of y over unit of x",
}


def ink(points: np.ndarray, diameter: float, opacity: float) -> np.ndarray:
    """The picture of points in the unit square: ink (SIDE, SIDE), 0 (paper) to 1, x first.

    Each mark covers a disc and lets 1 - opacity of what is below it through.
    """
    from scipy.signal import fftconvolve

    cells = np.clip((points * SIDE).astype(int), 0, SIDE - 1)
    counts = np.bincount(cells[:, 0] * SIDE + cells[:, 1], minlength=SIDE * SIDE)
    reach = int(np.ceil(diameter / 2))
    offset = np.arange(-reach, reach + 1)
    disc = (offset[:, None] ** 2 + offset[None, :] ** 2 <= (diameter / 2) ** 2).astype(float)
    covered = fftconvolve(counts.reshape(SIDE, SIDE).astype(float), disc, mode="same")
    return 1.0 - (1.0 - min(opacity, 0.999)) ** np.maximum(np.round(covered, 6), 0)


def from_ink(picture: np.ndarray, m: int, rng: np.random.Generator) -> np.ndarray:
    """m points (m, 2) in the unit square, drawn where there is ink."""
    weight = picture.ravel() / picture.sum()
    cell = rng.choice(len(weight), m, p=weight)
    return (np.stack(np.divmod(cell, SIDE), axis=1) + rng.random((m, 2))) / SIDE


def redrawn(
    points, *, aspect: float = 1.0, seed: int = 0, progress: Progress = silent
) -> ScoreCard:
    """The groups seen in a picture drawn in other ways.

    points, aspect, seed : as for ``group_as_people``. tables : per way of drawing (LABELS) a table
    (r, 3) of its value, the number of groups and the agreement; and "NAME:i" (m, 3), x, y and group
    of up to SHOWN points of its i-th picture. Raises BadInput when the points cannot be used.
    """
    points = check_points(points)
    rng = np.random.default_rng(seed)
    low = points.min(axis=0)
    flat = (points - low) * [1.0, aspect]
    side = flat.max() or 1.0
    square = flat / side
    pictures = _pictures(square, aspect, rng)
    tables, rows = {}, {name: [] for name in LABELS}
    for i, (name, value, shown, stretch) in enumerate(pictures):
        progress(i / len(pictures), f"Looking at it with other {LABELS[name]}")
        found = group_as_people(shown, aspect=stretch, seed=seed)
        tables[f"{name}:{len(rows[name])}"] = _small(shown * [1.0, stretch], found, rng)
        rows[name].append((value, found.n_clusters, found.agreement))
    tables |= {name: np.array(row) for name, row in rows.items() if row}
    progress(1.0, "Done")
    spread = {
        n: Score(float(np.ptp(tables[n][:, 1])), label=LABELS[n]) for n in LABELS if n in tables
    }
    return ScoreCard(values=spread, tables=tables)


def _pictures(square: np.ndarray, aspect: float, rng: np.random.Generator) -> list[tuple]:
    """(way of drawing, its value, points, further stretch of y) of each picture."""
    n = len(square)
    m = min(max(n, 200), SAMPLE)
    found = []
    for size in sorted({min(s, n) for s in SIZES if min(s, n) >= FEWEST}):
        found.append(("sample_size", size, square[rng.choice(n, size, replace=False)], 1.0))
    for d in DIAMETERS:
        found.append(("mark_size", d, from_ink(ink(square, d, USUAL_OPACITY), m, rng), 1.0))
    for a in OPACITIES:
        found.append(("opacity", a, from_ink(ink(square, USUAL_DIAMETER, a), m, rng), 1.0))
    for times in ASPECTS:
        found.append(("aspect", aspect * times, square, times))
    return found


def _small(points: np.ndarray, found: Grouping, rng: np.random.Generator) -> np.ndarray:
    kept = rng.permutation(len(points))[:SHOWN]
    return np.c_[points[kept], found.labels[kept]]
