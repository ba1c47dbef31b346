"""The plots of a study: what is shown of a map, and where."""

from dataclasses import dataclass

import numpy as np

from analytics.errors import BadInput
from analytics.results import NOISE

MOST_POINTS = 2_000  # shown to a participant: a phone draws them at once, and a person sees no more
LEAST_POINTS = 10


@dataclass(frozen=True)
class Plot:
    """A plot as the participants get it.

    name : seen by the owner only. points : float32 (n, 2), where they are drawn: the unit box, y
    upwards, both axes to one scale. rows : int32 (n,), the rows of the map they stand for. total :
    points of the map. centre, span : the map's coordinates are centre + (points - 0.5) * span.
    projection : digest of the map, "" when it came from elsewhere.
    """

    name: str
    points: np.ndarray
    rows: np.ndarray
    total: int
    centre: tuple[float, float]
    span: float
    projection: str = ""

    @property
    def xy(self) -> np.ndarray:
        """The points in the coordinates of the map, float64 (n, 2)."""
        return np.asarray(self.centre) + (self.points.astype(float) - 0.5) * self.span


def plot_of(name: str, xy: np.ndarray, projection: str = "", most: int = MOST_POINTS) -> Plot:
    """The plot of a map xy (n, 2): at most ``most`` of its points, drawn by chance with a fixed
    seed. Raises BadInput for fewer than 10 points or points at one place."""
    xy = np.asarray(xy, float)
    if xy.ndim != 2 or xy.shape[1] != 2 or len(xy) < LEAST_POINTS:
        raise BadInput(f"The plot has {len(xy)} points: people need at least {LEAST_POINTS}.")
    if not np.isfinite(xy).all():
        raise BadInput("The plot has a point without a place: leave such rows out first.")
    low, high = xy.min(axis=0), xy.max(axis=0)
    centre, span = (low / 2 + high / 2), float((high / 2 - low / 2).max() * 2)
    if not 0 < span < np.inf:
        raise BadInput("All points of the plot lie at one place: there is nothing to group.")
    rows = np.arange(len(xy))
    if len(xy) > most:
        rows = np.sort(np.random.default_rng(0).choice(len(xy), most, replace=False))
    points = np.clip((xy[rows] - centre) / span + 0.5, 0, 1).astype(np.float32)
    place = (float(centre[0]), float(centre[1]))
    return Plot(name, points, rows.astype(np.int32), len(xy), place, span, projection)


def check(points: np.ndarray, labels: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and labels (people, n) of one annotated plot. Raises BadInput."""
    points, labels = np.asarray(points), np.atleast_2d(np.asarray(labels))
    for array, is_called in ((points, "points"), (labels, "labels")):
        if array.dtype.kind not in "fiu":
            raise BadInput(f"{name}: '{is_called}' must be numbers, and is of another kind.")
    if points.ndim != 2 or points.shape[1] != 2:
        raise BadInput(f"{name}: 'points' must be numbers of shape (n, 2), not {points.shape}.")
    if labels.shape[1:] != (len(points),):
        raise BadInput(
            f"{name}: 'labels' must be whole numbers of shape (annotators, {len(points)}), "
            f"not {labels.shape}."
        )
    if not len(labels):
        raise BadInput(f"{name}: 'labels' holds no annotator: give one row for each person.")
    if len(points) < 10:
        raise BadInput(f"{name} has too few points ({len(points)}): at least 10 are needed.")
    if not np.isfinite(points).all() or np.ptp(points.astype(float), axis=0).max() <= 0:
        raise BadInput(f"{name}: the points must be finite and not all at one place.")
    labels = labels.astype(float)
    if not np.isfinite(labels).all() or (labels != np.round(labels)).any():
        raise BadInput(f"{name}: 'labels' holds a value that is not a whole number.")
    if labels.min() < NOISE or labels.max() > np.iinfo(np.int16).max:
        raise BadInput(f"{name}: 'labels' must lie between -1 and 32767.")
    return points.astype(np.float64), labels.astype(np.int16)
