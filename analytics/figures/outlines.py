"""Lines round groups of points: density outlines, Gaussian ellipses, and where to write a name."""

import numpy as np

from analytics.results import NOISE

GRID = 72
MAX_OUTLINED = 24


def ellipse(mean: np.ndarray, covariance: np.ndarray, sigmas: float = 2.0) -> np.ndarray:
    """The outline of a Gaussian at ``sigmas`` standard deviations: (65, 2), closed."""
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    angle = np.linspace(0, 2 * np.pi, 65)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(mean, float) + sigmas * (circle * np.sqrt(np.maximum(values, 0))) @ vectors.T


def label_point(points: np.ndarray) -> np.ndarray:
    """Where to write a group's name: its member nearest the median, so a ring's is on the ring.

    points : (n, 2), n >= 1. The median itself when members lie within a fifth of the spread.
    """
    points = np.asarray(points, float)
    middle = np.median(points, axis=0)
    spread = points.std(axis=0)
    spread[spread == 0] = 1.0
    distance = np.hypot(*((points - middle) / spread).T)
    nearest = int(distance.argmin())
    return middle if distance[nearest] <= 0.2 else points[nearest]


def outline(points: np.ndarray, share: float = 0.95) -> list[np.ndarray]:
    """Closed lines round the densest ``share`` of a group: a list of (m, 2).

    The points are counted on a grid, the counts blurred by a Gaussian, and the line follows the
    density above which ``share`` of the points lie. Groups of fewer than 5 different places, or
    without extent, have no outline.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    points = np.asarray(points, float)
    low, high = points.min(axis=0), points.max(axis=0)
    size = high - low
    if len(points) < 5 or not np.all(size > 1e-9 * np.maximum(np.abs(low), np.abs(high))):
        return []
    low, size = low - 0.25 * size, 1.5 * size
    at = (points - low) / size * GRID
    cells = np.minimum(at.astype(int), GRID - 1)
    counts = np.bincount(cells[:, 0] * GRID + cells[:, 1], minlength=GRID * GRID)
    blur = np.clip(0.26 * GRID * len(points) ** (-1 / 5), 1.6, 6.5)
    density = gaussian_filter(counts.reshape(GRID, GRID).astype(float), blur, mode="constant")
    at_points = map_coordinates(density, (at - 0.5).T, order=1, mode="nearest")
    level = np.quantile(at_points, 1 - share) * 0.999
    if not level > 0:
        return []
    lines = _contour(density, level)
    return [low + (line + 0.5) / GRID * size for line in lines if len(line) >= 8]


# Marching squares: which sides of a cell the line joins, by which corners are inside. Corners count
# 1, 2, 4, 8 in the order of _CORNERS; side s runs between the two corners of _SIDE_ENDS[s].
_SIDES = {
    1: ((0, 3),), 2: ((0, 1),), 3: ((1, 3),), 4: ((1, 2),), 5: ((0, 1), (2, 3)), 6: ((0, 2),),
    7: ((2, 3),), 8: ((2, 3),), 9: ((0, 2),), 10: ((0, 3), (1, 2)), 11: ((1, 2),), 12: ((1, 3),),
    13: ((0, 1),), 14: ((0, 3),),
}  # fmt: skip
_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
_SIDE_ENDS = ((0, 1), (1, 2), (3, 2), (0, 3))


def _contour(field: np.ndarray, level: float) -> list[np.ndarray]:
    """Closed lines where ``field`` (r, c) crosses ``level``, in index coordinates."""
    field = np.pad(field, 1)
    inside = (field >= level).astype(int)
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    links: dict[tuple, list[tuple]] = {}
    place: dict[tuple, tuple[float, float]] = {}
    for i, j in np.argwhere((case > 0) & (case < 15)):
        for pair in _SIDES[int(case[i, j])]:
            ends = [_crossing(field, level, int(i), int(j), side) for side in pair]
            (key_a, place[key_a]), (key_b, place[key_b]) = ends
            links.setdefault(key_a, []).append(key_b)
            links.setdefault(key_b, []).append(key_a)
    lines = []
    while links:
        key = min(links)
        line = []
        while links.get(key):
            line.append(place[key])
            after = links[key].pop()
            links[after].remove(key)
            if not links[key]:
                del links[key]
            key = after
        links.pop(key, None)
        lines.append(np.array([*line, line[0]]) - 1)
    return lines


def _crossing(field: np.ndarray, level: float, i: int, j: int, side: int) -> tuple:
    a, b = (_CORNERS[c] for c in _SIDE_ENDS[side])
    p, q = (i + a[0], j + a[1]), (i + b[0], j + b[1])
    share = (level - field[p]) / (field[q] - field[p])
    return (p, q), (p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]))


def bulk(points: np.ndarray) -> np.ndarray:
    """Where the middle 80 % of a group lie, per axis: points (n, 2) -> low and high (2, 2)."""
    return np.quantile(points, [0.1, 0.9], axis=0)


def group_outlines(xy: np.ndarray, groups: np.ndarray) -> dict[int, list[np.ndarray]]:
    """Outlines of the largest groups, label -> closed lines; noise has none."""
    found = {}
    for label in largest(groups, MAX_OUTLINED):
        found[label] = outline(xy[groups == label])
    return found


def group_labels(xy: np.ndarray, groups: np.ndarray, above: bool = False) -> dict[int, np.ndarray]:
    """Where to write the name of each group: label -> (2,). Groups of under half a percent of the
    points are left out. above : at the upper end of the group, where a name covers few points."""
    found = {}
    for label in largest(groups, MAX_OUTLINED):
        points = xy[groups == label]
        if len(points) < 0.005 * len(xy):
            continue
        # A label needs no more than a rough middle.
        some = points[:: max(1, len(points) // 5000)]
        found[label] = label_point(some)
        if above:
            found[label] = np.array([found[label][0], np.quantile(some[:, 1], 0.98)])
    return found


def largest(groups: np.ndarray, most: int) -> list[int]:
    """The labels of the ``most`` largest groups, smallest label first; sentinels left out."""
    values, counts = np.unique(groups[groups > NOISE], return_counts=True)
    order = np.lexsort((values, -counts))[:most]
    return sorted(int(v) for v in values[order])


def spread_labels(
    places: np.ndarray, sizes: np.ndarray, box: tuple[float, float], rounds: int = 200
) -> np.ndarray:
    """Move label centres apart until their boxes no longer overlap, and into the plot.

    places (k, 2) in px, sizes (k, 2) width and height in px, box = plot width and height in px.
    Moves go up and down and never past each other, so what is apart on a small plot is apart on a
    larger one, too; the result is (k, 2).
    """
    half = np.asarray(sizes, float) / 2
    limit = np.maximum(np.asarray(box, float) - half, half)
    at = np.clip(np.asarray(places, float), half, limit)
    x, y = at[:, 0].tolist(), at[:, 1].tolist()
    order = np.argsort(at[:, 1], kind="stable").tolist()
    pairs = [
        (low, high, float(half[low, 1] + half[high, 1]))
        for i, low in enumerate(order)
        for high in order[i + 1 :]
        if abs(x[low] - x[high]) < half[low, 0] + half[high, 0]
    ]
    for _ in range(rounds):
        moved = False
        for low, high, apart in pairs:
            short = apart - (y[high] - y[low])
            if short > 1e-3:
                moved = True
                y[low] -= short / 2
                y[high] += short / 2
        y = np.clip(y, half[:, 1], limit[:, 1]).tolist()
        if not moved:
            break
    return np.column_stack([x, y])
