"""Scatterplots of many families, made from a seed, each with what it was made of.

A plot is a mixture of components (blobs, filled shapes, curves) laid out by its family, with or
without background. The families follow the list in the docs; :data:`HELD_OUT` are never trained
on. Same version, family and seed give the same plot.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.clusternet.components import (
    Sampler,
    blob,
    curve,
    filled,
    frame,
    inside_of,
    on_circle,
    turned_by,
    walk,
)

VERSION = 3
BACKGROUND = -1
FEWEST, MOST = 50, 20_000


@dataclass(frozen=True)
class Scatterplot:
    """points (n, 2); components (n,) int16, numbered from 0, BACKGROUND for scattered points, or
    None where the plot was not made of parts; family; seed."""

    points: np.ndarray
    components: np.ndarray | None
    family: str
    seed: int


# --- families -----------------------------------------------------------------------------------


def _blobs(rng):
    return _placed(rng, [blob(rng) for _ in range(_few(rng, 1, 14))], rng.uniform(0.35, 1.5))


def _many(rng):
    """Many heaps of about one size, close together: on a grid, along a curve, or strewn."""
    k = round(np.exp(rng.uniform(np.log(9), np.log(100))))
    one = rng.random() < 0.7
    shared = blob(rng)
    layout = rng.choice(["grid", "grid", "curve", "strewn"])
    if layout == "grid":
        side = int(np.ceil(np.sqrt(k)))
        cells = rng.permutation(side * side)[:k]
        places = np.c_[cells % side, cells // side] + rng.normal(0, rng.uniform(0, 0.3), (k, 2))
    elif layout == "curve":
        places = _along(rng, k)
    else:
        places = _strewn(rng, k)
    reach = rng.uniform(0.3, 0.75) * np.exp(rng.normal(0, 0.15, k))
    return [(shared if one else blob(rng), places[i], reach[i]) for i in range(k)], 1.0


def _along(rng, k: int) -> np.ndarray:
    """k places one apart along a smooth bent path that does not turn back sharply."""
    t = np.arange(k)
    bend = rng.uniform(0.2, 1.2) * np.sin(2 * np.pi * (rng.uniform(0.5, 4) * t / k + rng.random()))
    return np.cumsum(np.c_[np.cos(bend), np.sin(bend)], axis=0)


def _strewn(rng, k: int) -> np.ndarray:
    """k places at random, none nearer than 0.85 to another."""
    side = 1.25 * np.sqrt(k)
    places = [rng.uniform(0, side, 2)]
    while len(places) < k:
        at = rng.uniform(0, side, 2)
        if np.hypot(*(np.array(places) - at).T).min() > 0.85:
            places.append(at)
        side *= 1.001
    return np.array(places)


def _touching(rng):
    """A few Gaussian heaps of unequal size and weight, each beside another, more or less apart."""
    k = int(rng.integers(2, 8))
    wide = np.exp(rng.normal(0, rng.choice([0.1, 0.6]), k)) * 0.4
    flat = np.exp(-abs(rng.normal(0, rng.choice([0.1, 0.8]), k)))
    turn = [turned_by(a) for a in rng.uniform(0, np.pi, k)]
    places = [np.zeros(2)]
    for i in range(1, k):
        j = int(rng.integers(i))
        a = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(a), np.sin(a)])
        thick = sum(wide[m] * np.hypot(*(turn[m].T @ way * [1, flat[m]])) for m in (i, j))
        places.append(places[j] + way * thick * rng.uniform(0.9, 2.6))

    def heap(i):
        return lambda rng, m: rng.normal(size=(m, 2)) * wide[i] * [1, flat[i]] @ turn[i].T

    parts = [(heap(i), places[i], 1.0) for i in range(k)]
    return parts, 0.0


def _shapes(rng):
    parts = [filled(rng) if rng.random() < 0.7 else blob(rng) for _ in range(_few(rng, 2, 9))]
    return _placed(rng, parts, rng.uniform(0.75, 1.15))


def _tiles(rng):
    """Filled rectangles side by side, some touching at corners, of equal or unequal density."""
    side = int(rng.integers(2, 4))
    gap = rng.uniform(0.0, 0.4)
    full = rng.random((side, side)) < rng.uniform(0.4, 0.9)
    full[0, 0] = full[-1, 0] = True

    def tile(rng, m):
        return rng.uniform(-0.5, 0.5, (m, 2)) * (1 - gap)

    parts = [(tile, np.array([i, j], float), 1.0) for i, j in np.argwhere(full)]
    return parts, float(rng.choice([0.0, 1.0]))


def _curves(rng):
    return _placed(rng, [curve(rng) for _ in range(_few(rng, 1, 6))], rng.uniform(0.5, 1.0))


def _nested(rng):
    """Rings or frames round other things."""
    parts = []
    reach = 1.0
    round_ = rng.random() < 0.6
    for _ in range(int(rng.integers(1, 4))):
        parts.append((curve(rng, "ring") if round_ else frame(rng), np.zeros(2), reach))
        reach *= rng.uniform(0.35, 0.75)
    inner = int(rng.integers(0, 5))
    parts += [
        (blob(rng) if rng.random() < 0.5 else filled(rng), place * 0.5 * reach, reach * size)
        for place, size in zip(
            rng.uniform(-1, 1, (inner, 2)), rng.uniform(0.15, 0.5, inner), strict=True
        )
    ]
    return parts, float(rng.choice([0.0, 0.5, 1.0]))


def _moons(rng):
    """Two or three crescents or half spirals that reach into each other."""
    arms = int(rng.integers(2, 4))
    turns = rng.uniform(0.5, 3.0)
    thick = rng.uniform(0.01, 0.1) / (1 + turns / 2)
    spiral = rng.random() < 0.5
    squeeze = rng.uniform(0.6, 1.2)

    def arm(i):
        def sample(rng, m):
            t = rng.random(m)
            if spiral:
                a = 2 * np.pi * (turns * np.sqrt(t) + i / arms)
                p = np.c_[np.cos(a), np.sin(a)] * (0.1 + 0.9 * np.sqrt(t)[:, None])
            else:
                a = np.pi * (t + i % 2)
                p = np.c_[np.cos(a) + 0.95 * i, np.sin(a) * squeeze + 0.35 * (i % 2)]
            return p + rng.normal(0, thick, (m, 2))

        return sample

    return [(arm(i), np.zeros(2), 1.0) for i in range(arms)], 1.0


def _crossing(rng):
    """Lines or curves that cross."""
    k = int(rng.integers(2, 5))
    return [
        (curve(rng, str(rng.choice(["line", "line", "wave", "ring"]))), p, s)
        for p, s in zip(rng.normal(0, 0.3, (k, 2)), rng.uniform(0.6, 1.1, k), strict=True)
    ], 1.0


def _trails(rng):
    return _placed(rng, [walk(rng) for _ in range(_few(rng, 2, 7))], rng.uniform(0.6, 1.1))


def _mixed(rng):
    kinds = (blob, filled, curve, frame, blob, filled, frame, walk)
    parts = [kinds[int(rng.integers(len(kinds)))](rng) for _ in range(_few(rng, 2, 10))]
    return _placed(rng, parts, rng.uniform(0.6, 1.2))


def _network(rng):
    """Heaps joined by straight lines of points, all or only neighbours."""
    k = int(rng.integers(3, 7))
    knots = rng.uniform(-1, 1, (k, 2))
    parts: list = [(blob(rng), p, rng.uniform(0.05, 0.25)) for p in knots]
    for i in range(k - 1):
        if rng.random() < 0.7:
            parts.append(
                (_bridge(knots[i], knots[i + 1], rng.uniform(0.005, 0.03)), np.zeros(2), 1.0)
            )
    return parts, float(rng.choice([0.0, 1.0]))


def _bridge(start, stop, thick) -> Sampler:
    return lambda rng, m: start + (stop - start) * rng.random((m, 1)) + rng.normal(0, thick, (m, 2))


def _islands(rng):
    """As t-SNE draws tables: patches of even density with ragged edges and narrow gaps."""
    k = _few(rng, 3, 18)
    seeds = rng.uniform(-1, 1, (k, 2))
    gap = rng.uniform(0.01, 0.12)
    bulge = rng.uniform(0, 0.3)
    wave = rng.normal(size=(4, 2)) * 3
    phase = rng.uniform(0, 6, 4)

    def cell(i):
        def inside(p):
            bent = p + bulge * 0.3 * np.c_[np.sin(p @ wave[0] + phase[0]), np.sin(p @ wave[1])]
            d = np.hypot(*(bent[:, None] - seeds).transpose(2, 0, 1))
            own = d[:, i]
            rest = np.delete(d, i, axis=1).min(axis=1)
            return (own + gap < rest) & (np.hypot(p[:, 0], p[:, 1]) < 1) & (own < 0.75)

        return lambda rng, m: inside_of(rng, m, inside)

    return [(cell(i), np.zeros(2), 1.0) for i in range(k)], rng.uniform(0.3, 1.0)


def _umap(rng):
    """As UMAP draws tables: dense elongated patches, filaments between some of them."""
    parts = [walk(rng) if rng.random() < 0.3 else blob(rng) for _ in range(_few(rng, 3, 14))]
    placed, weight = _placed(rng, parts, rng.uniform(0.45, 0.9))
    for _ in range(int(rng.integers(0, 3))):
        a, b = rng.choice(len(placed), 2, replace=False) if len(placed) > 1 else (0, 0)
        placed.append((_bridge(placed[a][1], placed[b][1], 0.02), np.zeros(2), 1.0))
    return placed, weight


def _projected(rng):
    """As PCA draws tables: a mixture in many dimensions, squeezed to its two widest directions."""
    k, d = int(rng.integers(1, 8)), int(rng.integers(4, 12))
    centres = rng.normal(0, rng.uniform(0.5, 3), (k, d))
    mixing = rng.normal(size=(k, d, d)) * np.exp(rng.normal(0, 0.6, d)) / np.sqrt(d)
    bend = rng.uniform(0, 0.6)
    view = np.linalg.qr(rng.normal(size=(d, 2)))[0]

    def part(i):
        def sample(rng, m):
            p = (centres[i] + rng.normal(size=(m, d)) @ mixing[i]) @ view
            return p + bend * 0.2 * np.c_[p[:, 1] ** 2, 0 * p[:, 1]] * np.sign(bend - 0.3)

        return sample

    return [(part(i), np.zeros(2), 1.0) for i in range(k)], 0.0


def _lattice(rng):
    """Values on a grid, as counts and ratings are."""
    parts, weight = _blobs(rng)
    step = rng.uniform(0.05, 0.2)

    def snapped(sampler, place, reach):
        return lambda rng, m: np.round((place + reach * sampler(rng, m)) / step) * step

    return [(snapped(*p), np.zeros(2), 1.0) for p in parts], weight


def _plain(rng):
    """One cloud without parts: even, heaped, skewed or fading."""
    kind = rng.choice(["even", "disc", "gauss", "heavy", "skewed", "fading"])

    def sample(rng, m):
        if kind == "even":
            return rng.uniform(-1, 1, (m, 2)) * [1, 0.7]
        if kind == "disc":
            return on_circle(rng, m) * np.sqrt(rng.random((m, 1)))
        if kind == "gauss":
            return rng.normal(size=(m, 2))
        if kind == "heavy":
            return rng.standard_t(3, (m, 2))
        if kind == "skewed":
            return np.c_[rng.gamma(1.5, 1, m), rng.gamma(2, 1, m)]
        return np.c_[rng.beta(1, 2.5, m), rng.uniform(0, 0.6, m)]

    return [(sample, np.zeros(2), 1.0)], 0.0


FAMILIES: dict[str, Callable] = {
    "blobs": _blobs,
    "many blobs": _many,
    "touching": _touching,
    "shapes": _shapes,
    "tiles": _tiles,
    "curves": _curves,
    "nested": _nested,
    "moons": _moons,
    "crossing": _crossing,
    "trails": _trails,
    "mixed": _mixed,
    "network": _network,
    "islands": _islands,
    "umap": _umap,
    "projected": _projected,
    "lattice": _lattice,
    "plain": _plain,
}
HELD_OUT = ("crossing", "trails")
SHARES = {
    "mixed": 2.5, "nested": 2.0, "shapes": 2.0, "many blobs": 2.0, "touching": 2.0,
    "blobs": 1.5, "curves": 1.5, "islands": 1.2, "plain": 0.5, "network": 0.5,
}  # fmt: skip


def make(seed: int, family: str = "", n: int = 0) -> Scatterplot:
    """The scatterplot of a seed. family, n : chosen by the seed when not given."""
    rng = np.random.default_rng([VERSION, seed])
    names = [f for f in FAMILIES if f not in HELD_OUT]
    weights = np.array([SHARES.get(f, 1.0) for f in names])
    drawn = str(rng.choice(names, p=weights / weights.sum()))
    family = family or drawn
    size = round(np.exp(rng.uniform(np.log(FEWEST), np.log(MOST))))
    n = n or min(size, MOST)
    parts, by_area = FAMILIES[family](rng)
    noise = rng.uniform(0.01, 0.25) if rng.random() < 0.2 and family != "plain" else 0.0
    background = int(noise * n)
    counts = _counts(rng, parts, by_area, n - background)
    points = [
        place + reach * sampler(rng, int(m))
        for (sampler, place, reach), m in zip(parts, counts, strict=True)
    ]
    of = np.repeat(np.arange(len(parts)), counts)
    points = np.vstack(points)
    points, of = _with_background(rng, points, of, n, noise)
    turn = turned_by(rng.uniform(0, 2 * np.pi)) if rng.random() < 0.5 else np.eye(2)
    stretch = np.exp(rng.normal(0, 0.25)) if rng.random() < 0.5 else 1.0
    points = (points @ turn.T) * [1, stretch]
    order = rng.permutation(len(points))
    return Scatterplot(points[order], of[order].astype(np.int16), family, seed)


def _counts(rng, parts, by_area: float, n: int) -> np.ndarray:
    """Points per component: shares of unequal weight, the more even in density the higher
    ``by_area`` (0: weight alone, 1: in proportion to area), at least 4 each."""
    area = np.array([reach**2 for _, _, reach in parts])
    uneven = np.exp(rng.normal(0, rng.choice([0.0, 0.3, 0.9]), len(parts)))
    weight = uneven * area**by_area
    counts = np.maximum(np.floor(n * weight / weight.sum()).astype(int), 4)
    return counts


def _with_background(rng, points, of, n, noise):
    extra = int(noise * n)
    outliers = int(rng.integers(1, 6)) if rng.random() < 0.2 else 0
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max()
    scattered = rng.uniform(low - 0.05 * side, high + 0.05 * side, (extra, 2))
    far = rng.uniform(low - 0.3 * side, high + 0.3 * side, (outliers, 2))
    points = np.vstack([points, scattered, far])
    return points, np.r_[of, np.full(extra + outliers, BACKGROUND)]


def _placed(rng, samplers: list[Sampler], room: float):
    """Components at random places with sizes of their own, kept apart by ``room`` times the sum of
    their reaches (below 1 they may overlap). Returns parts and the exponent of area in counts."""
    reach = np.exp(rng.normal(0, rng.choice([0.1, 0.4, 0.7]), len(samplers)))
    places: list[np.ndarray] = []
    spread = 1.2 * np.sqrt((reach**2).sum()) * max(room, 0.6)
    for i in range(len(samplers)):
        for _ in range(200):
            at = rng.uniform(-spread, spread, 2)
            apart = [
                np.hypot(*(at - p)) > room * (reach[i] + reach[j]) for j, p in enumerate(places)
            ]
            if all(apart):
                break
            spread *= 1.01
        places.append(at)
    parts = list(zip(samplers, places, reach, strict=True))
    return parts, float(rng.choice([0.0, 0.5, 1.0]))


def _few(rng, low: int, high: int) -> int:
    """A number from low to high, small ones more often."""
    return round(np.exp(rng.uniform(np.log(low), np.log(high + 0.49))))
