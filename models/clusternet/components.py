"""What scatterplots are made of: heaps, filled shapes, curves, trails; samplers of their points.

A sampler takes a random generator and a number m and gives m points (m, 2) within about the unit
circle.
"""

from collections.abc import Callable

import numpy as np

Sampler = Callable[[np.random.Generator, int], np.ndarray]


def blob(rng: np.random.Generator) -> Sampler:
    """A round or elongated heap, Gaussian or with lighter or heavier tails."""
    flat = np.exp(-abs(rng.normal(0, 0.7)))
    turn = turned_by(rng.uniform(0, np.pi))
    tail = rng.choice(["gauss", "gauss", "gauss", "t", "even"])

    def sample(rng, m):
        if tail == "t":
            z = rng.standard_t(5, (m, 2)) * 0.33
        elif tail == "even":
            z = on_circle(rng, m) * np.sqrt(rng.random((m, 1)))
        else:
            z = rng.normal(0, 0.42, (m, 2))
        return z * [1, flat] @ turn.T

    return sample


def filled(rng: np.random.Generator) -> Sampler:
    """An evenly filled polygon: rectangle, triangle, or a ragged many-sided one."""
    corners = int(rng.choice([3, 4, 4, 4, 6, 12]))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners)) if corners > 4 else corners_of(corners, rng)
    reach = rng.uniform(0.55, 1, corners) if corners > 4 else np.ones(corners)
    outline = np.c_[np.cos(angle), np.sin(angle)] * reach[:, None]
    outline *= [1, rng.uniform(0.3, 1)]
    outline = outline @ turned_by(rng.choice([0, rng.uniform(0, np.pi)])).T
    return lambda rng, m: inside_of(rng, m, lambda p: in_polygon(p, outline))


def frame(rng: np.random.Generator) -> Sampler:
    """An evenly filled band round a rectangle or a disc, with or without an opening, or an L."""
    wall = rng.uniform(0.08, 0.35)
    tall = rng.uniform(0.5, 1)
    form = rng.choice(["box", "disc", "open", "corner"])

    def inside(p):
        x, y = p[:, 0], p[:, 1] / tall
        far = np.hypot(x, y) if form == "disc" else np.maximum(abs(x), abs(y))
        band = (far < 0.95) & (far > 0.95 - wall)
        if form == "open":
            band &= ~((y > 0) & (abs(x) < 0.4))
        if form == "corner":
            band = (far < 0.95) & ((x < wall - 0.95) | (y < wall - 0.95))
        return band

    return lambda rng, m: inside_of(rng, m, inside)


def curve(rng: np.random.Generator, kind: str = "") -> Sampler:
    """Points along a curve: line, arc, ring, wave, zigzag, spiral or letter-like stroke."""
    kind = kind or str(rng.choice(["line", "arc", "ring", "wave", "zigzag", "spiral", "stroke"]))
    path = _path(rng, kind)
    thick = np.exp(rng.uniform(np.log(0.004), np.log(0.09)))
    even = rng.random() < 0.2  # equally spaced, as drawn
    fade = rng.random() < 0.2  # denser at one end

    def sample(rng, m):
        t = (np.arange(m) + 0.5) / m if even else rng.random(m)
        t = t**1.7 if fade else t
        step = np.r_[0, np.cumsum(np.hypot(*np.diff(path, axis=0).T))]
        p = np.c_[[np.interp(t * step[-1], step, axis) for axis in path.T]].T
        return p + rng.normal(0, thick * (0.15 if even else 1), (m, 2))

    return sample


def walk(rng: np.random.Generator) -> Sampler:
    """The trail of a random walk: a patch with ragged, branching edges."""
    origin = int(rng.integers(2**31))

    def sample(_, m):
        inner = np.random.default_rng(origin)
        p = np.cumsum(inner.normal(size=(max(m, 50), 2)), axis=0)[:m]
        p -= p.mean(axis=0)
        return p / (np.abs(p).max() + 1e-9)

    return sample


def _path(rng: np.random.Generator, kind: str) -> np.ndarray:
    t = np.linspace(0, 1, 240)
    turn = turned_by(rng.uniform(0, 2 * np.pi))
    if kind == "line":
        path = np.c_[2 * t - 1, 0 * t]
    elif kind == "arc":
        a = rng.uniform(0.5, 1.7) * np.pi * (t - 0.5)
        path = np.c_[np.cos(a), np.sin(a)]
        path = path - path.mean(axis=0)
    elif kind == "ring":
        path = np.c_[np.cos(2 * np.pi * t), rng.uniform(0.6, 1) * np.sin(2 * np.pi * t)] * 0.95
    elif kind == "wave":
        path = np.c_[2 * t - 1, rng.uniform(0.1, 0.5) * np.sin(rng.uniform(3, 14) * t)]
    elif kind == "zigzag":
        knots = int(rng.integers(3, 6))
        x = np.linspace(-1, 1, knots)
        path = np.c_[2 * t - 1, np.interp(2 * t - 1, x, 0.5 * (-1.0) ** np.arange(knots))]
    elif kind == "spiral":
        a = rng.uniform(1.0, 5) * np.pi * t + 0.5
        path = np.c_[np.cos(a), np.sin(a)] * (0.15 + 0.85 * t[:, None])
    else:
        knots = rng.uniform(-1, 1, (int(rng.integers(3, 6)), 2))
        s = np.linspace(0, 1, len(knots))
        path = np.c_[np.interp(t, s, knots[:, 0]), np.interp(t, s, knots[:, 1])]
        path = np.c_[
            [np.convolve(np.pad(v, 20, "edge"), np.ones(41) / 41, "valid") for v in path.T]
        ].T
    return path @ turn.T


def turned_by(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def on_circle(rng, m: int) -> np.ndarray:
    a = rng.uniform(0, 2 * np.pi, m)
    return np.c_[np.cos(a), np.sin(a)]


def corners_of(corners: int, rng) -> np.ndarray:
    return 2 * np.pi * (np.arange(corners) + 0.5) / corners


def inside_of(rng, m: int, inside: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """m points spread evenly over the part of the square where ``inside`` holds."""
    kept, total = [], 0
    for _ in range(60):
        p = rng.uniform(-1, 1, (max(4 * m, 200), 2))
        p = p[inside(p)]
        kept.append(p)
        total += len(p)
        if total >= m:
            break
    found = np.vstack(kept)[:m]
    return (
        found if len(found) == m else np.vstack([found, rng.normal(0, 0.05, (m - len(found), 2))])
    )


def in_polygon(p: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Even-odd rule: (m,) bool."""
    inside = np.zeros(len(p), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        crosses = (y0 > p[:, 1]) != (y1 > p[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (x1 - x0) * (p[:, 1] - y0) / (y1 - y0) + x0
        inside ^= crosses & (p[:, 0] < at)
    return inside
