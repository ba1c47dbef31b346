"""Merge tree of the plotted density, followed point by point on the Delaunay graph.

Perceived groups as the peaks of a density that are deeper than what texture makes by chance, after
Quadri & Rosen, Modeling the Influence of Visual Density on Cluster Perception in Scatterplots
Using Topology, IEEE TVCG 27(2), 2021. There the density is a histogram; here it is read at every
point and in the middle of every Delaunay edge, so that thin curves and narrow gaps count in full.
Two kinds of smoothing are used: over the k nearest points (distance to a measure, Chazal,
Cohen-Steiner & Merigot 2011), which sees gaps at any density, and over a fixed blur of the picture,
which sees necks and shallow valleys.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

MOST_NEIGHBOURS = 80
GRID = 256  # cells of the blurred picture along its longer side
CHANCE = 1.3  # contrast that an even texture makes by chance, in standard deviations of its density
_MARGIN = 0.12


@dataclass(frozen=True)
class Plot:
    """A scatterplot made ready: points (n, 2) scaled to a longer side of 1, its Delaunay edges
    (m, 2), their middles (m, 2), and per point and per middle the mean squared distance to the
    1 .. K nearest points, (n, K) and (m, K)."""

    points: np.ndarray
    edges: np.ndarray
    middles: np.ndarray
    near: np.ndarray
    near_middle: np.ndarray


@dataclass(frozen=True)
class Level:
    """Log density at points (n,) and middles (m,); per point the unit of contrast (1 for area, 2
    for a line, where the squared distance grows twice as fast) and its chance level."""

    at_points: np.ndarray
    at_middles: np.ndarray
    unit: np.ndarray
    chance: np.ndarray


def scaled(points: np.ndarray) -> np.ndarray:
    """Points (n, 2) moved to the origin and scaled to a longer side of 1."""
    low = points.min(axis=0)
    side = float((points - low).max())
    return (points - low) / (side if side > 0 else 1.0)


def prepare(points: np.ndarray) -> Plot:
    """Make a scatterplot of at least 10 distinct points ready."""
    from scipy.spatial import Delaunay

    points = scaled(np.asarray(points, float))
    # Equal points would drop out of the triangulation.
    points = points + np.random.default_rng(0).normal(0, 1e-5, points.shape)
    triangles = Delaunay(points).simplices
    edges = np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]))
    return joined_by(points, np.unique(edges, axis=0), MOST_NEIGHBOURS)


def joined_by(points: np.ndarray, edges: np.ndarray, most: int) -> Plot:
    """A scatterplot of scaled points (n, 2) with given edges, ready for up to ``most``
    neighbours."""
    from scipy.spatial import cKDTree

    middles = points[edges].mean(axis=1)
    tree = cKDTree(points)
    k = min(most, len(points) - 1)
    count = np.arange(1, k + 1)
    near = np.cumsum(tree.query(points, k + 1)[0][:, 1:] ** 2, axis=1) / count
    near_middle = np.cumsum(tree.query(middles, k)[0].reshape(len(edges), k) ** 2, axis=1) / count
    return Plot(points, edges, middles, near, near_middle)


def neighbour_level(plot: Plot, k: int, mark: float) -> Level:
    """Density from the k nearest points. ``mark``: size below which distances look alike (the
    radius of a drawn mark), as a share of the longer side."""
    k = min(k, plot.near.shape[1])
    wide = min(max(2 * k, 12), plot.near.shape[1])
    tight = max(wide // 3, 2)
    growth = np.log((plot.near[:, wide - 1] + 1e-9) / (plot.near[:, tight - 1] + 1e-9)) / 2
    unit = 2 / np.clip(np.log(wide / tight) / np.maximum(growth, 0.1), 1, 2)
    return Level(
        -np.log(plot.near[:, k - 1] + mark**2),
        -np.log(plot.near_middle[:, k - 1] + mark**2),
        unit,
        CHANCE * unit**0.75 / np.sqrt(k),
    )


def blurred_level(plot: Plot, blur: float) -> Level:
    """Density of the picture blurred by a Gaussian of ``blur``, a share of the longer side."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    cell = (1 + 2 * _MARGIN) / GRID
    at = (plot.points + _MARGIN) / cell
    cells = np.minimum(at.astype(int), GRID - 1)
    counts = np.bincount(cells[:, 0] * GRID + cells[:, 1], minlength=GRID * GRID)
    density = gaussian_filter(
        counts.reshape(GRID, GRID).astype(float), blur / cell, mode="constant"
    )
    area = 4 * np.pi * (blur / cell) ** 2  # density times area: points that count at one place
    here = map_coordinates(density, at.T - 0.5, order=1)
    middle = map_coordinates(density, ((plot.middles + _MARGIN) / cell).T - 0.5, order=1)
    chance = 1.2 * CHANCE / np.sqrt(np.maximum(here * area, 1))
    floor = 0.5 / area
    return Level(np.log(here + floor), np.log(middle + floor), np.ones(len(here)), chance)


def split(
    plot: Plot, levels: list[Level], depth: float, caution: float, dominance: float, smallest: float
) -> np.ndarray:
    """Groups (n,) of a plot, any whole numbers, split at each level in turn inside the groups so
    far.

    depth : log contrast that a valley needs. caution : how many times the chance level it needs
    beside that. dominance : a valley below this share of the deepest one is overlooked.
    smallest : points; smaller groups join the neighbour they touch at the highest density.
    """
    groups = np.zeros(len(plot.points), np.int64)
    deepest = 0.0
    for level in levels:
        needed = level.unit * (depth + caution * level.chance)
        if dominance > 0:
            _, found = _grow(*_walk(plot, level, None), level.unit, needed, smallest)
            deepest = max(deepest, found)
        needed = np.maximum(needed, level.unit * dominance * deepest)
        walk = _walk(plot, level, groups)
        roots, _ = _grow(*walk, level.unit, needed, 1.0)
        groups = _absorb(roots, *walk[1:], smallest)
    return groups


def _walk(plot: Plot, level: Level, groups: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Log density, and the edges (inside groups) with their saddles, highest saddle first."""
    a, b = plot.edges.T
    middle = level.at_middles
    if groups is not None:
        kept = groups[a] == groups[b]
        a, b, middle = a[kept], b[kept], middle[kept]
    f = level.at_points
    saddle = np.minimum(np.minimum(f[a], f[b]), middle)
    order = np.argsort(-saddle, kind="stable")
    return f, a[order], b[order], saddle[order]


@njit(cache=True)
def find_root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True)
def _grow(f, a, b, saddle, unit, needed, smallest):
    """Join along falling saddles unless both sides stand out by their needed mean contrast.

    Returns roots (n,) and the largest contrast that was kept apart, in units.
    """
    n = len(f)
    parent = np.arange(n)
    total, count, need, units = f.copy(), np.ones(n), needed.copy(), unit.copy()
    deepest = 0.0
    for e in range(len(saddle)):
        i, j = find_root(parent, a[e]), find_root(parent, b[e])
        if i == j:
            continue
        over_i, over_j = total[i] - count[i] * saddle[e], total[j] - count[j] * saddle[e]
        shallow = over_i < need[i] or over_j < need[j]
        if shallow or count[i] < smallest or count[j] < smallest:
            if count[i] < count[j]:
                i, j = j, i
            parent[j] = i
            total[i] += total[j]
            count[i] += count[j]
            need[i] += need[j]
            units[i] += units[j]
        else:
            deepest = max(deepest, min(over_i / units[i], over_j / units[j]))
    for i in range(n):
        parent[i] = find_root(parent, i)
    return parent, deepest


@njit(cache=True)
def _absorb(roots, a, b, saddle, smallest):
    """Join groups smaller than ``smallest`` to the neighbour with the highest saddle."""
    n = len(roots)
    size = np.zeros(n)
    for i in range(n):
        size[roots[i]] += 1
    parent = np.arange(n)
    changed = True
    while changed:
        changed = False
        for e in range(len(saddle)):
            i, j = find_root(parent, roots[a[e]]), find_root(parent, roots[b[e]])
            if i != j and (size[i] < smallest or size[j] < smallest):
                if size[i] < size[j]:
                    i, j = j, i
                parent[j] = i
                size[i] += size[j]
                changed = True
    return np.array([find_root(parent, g) for g in roots])


def contrasts(plot: Plot, level: Level) -> tuple[np.ndarray, np.ndarray]:
    """What parts the two ends of every edge: (m,) contrast and (m,) share of the points.

    All points are joined along falling saddles. Where two sets meet, the smaller mean contrast of
    the two above the saddle is noted, with the size of that set. Of an edge, the deepest such
    meeting on the way between its ends counts: 0 where they rise to one peak.
    """
    f, a, b, saddle = _walk(plot, level, None)
    contrast, size, used = _meetings(f, a, b, saddle, level.unit)
    order = used[np.argsort(contrast[used], kind="stable")]
    at = _deepest_between(len(f), a, b, order, plot.edges)
    return contrast[at], size[at] / len(f)


@njit(cache=True)
def _meetings(f, a, b, saddle, unit):
    n = len(f)
    parent = np.arange(n)
    total, count, units = f.copy(), np.ones(n), unit.copy()
    contrast, size = np.zeros(len(a)), np.ones(len(a))
    used = np.empty(n - 1, np.int64)
    joined = 0
    for e in range(len(a)):
        i, j = find_root(parent, a[e]), find_root(parent, b[e])
        if i == j:
            continue
        over_i = (total[i] - count[i] * saddle[e]) / units[i]
        over_j = (total[j] - count[j] * saddle[e]) / units[j]
        contrast[e] = min(over_i, over_j)
        size[e] = count[i] if over_i < over_j else count[j]
        used[joined] = e
        joined += 1
        if count[i] < count[j]:
            i, j = j, i
        parent[j] = i
        total[i] += total[j]
        count[i] += count[j]
        units[i] += units[j]
    return contrast, size, used[:joined]


@njit(cache=True)
def _deepest_between(n, a, b, order, edges):
    """For every edge the last of ``order`` (rising contrast) on the tree path between its ends."""
    parent = np.arange(n)
    member_next, member_last = np.full(n, -1), np.arange(n)
    # Edges wait at their ends; a join answers those that have one end on each side.
    first, after = np.full(n, -1), np.full(2 * len(edges), -1)
    for e in range(len(edges)):
        for side in range(2):
            after[2 * e + side] = first[edges[e, side]]
            first[edges[e, side]] = 2 * e + side
    count = np.ones(n, np.int64)
    found = np.full(len(edges), -1)
    for e in order:
        i, j = find_root(parent, a[e]), find_root(parent, b[e])
        if count[i] < count[j]:
            i, j = j, i
        at = j
        while at >= 0:
            waiting = first[at]
            while waiting >= 0:
                edge, side = waiting // 2, waiting % 2
                if found[edge] < 0 and find_root(parent, edges[edge, 1 - side]) == i:
                    found[edge] = e
                waiting = after[waiting]
            at = member_next[at]
        member_next[member_last[i]] = j
        member_last[i] = member_last[j]
        parent[j] = i
        count[i] += count[j]
    return found
