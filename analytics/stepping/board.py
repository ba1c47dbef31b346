"""Points on a board: what a reader may paint, and sets to start from."""

from collections.abc import Callable
from typing import Any

import numpy as np

from analytics.errors import BadInput

MOST_PAINTED = 1_000


def check(points: Any, most: int = MOST_PAINTED) -> np.ndarray:
    """Points that came from outside as float64 (n, 2) in the unit square, read-only; n may be 0.

    Raises BadInput for what is no list of pairs of finite numbers from 0 to 1, or too long.
    """
    if not isinstance(points, (list, tuple, np.ndarray)):
        raise BadInput("The painted points are no list: clear the board and paint again.")
    if len(points) > most:
        raise BadInput(
            f"There are {len(points):,} painted points, at most {most:,} fit: erase some."
        )
    xy = _pairs(points) if len(points) else np.zeros((0, 2))
    if not np.isfinite(xy).all() or xy.min(initial=0) < 0 or xy.max(initial=1) > 1:
        raise BadInput("A painted point lies outside the board: clear the board and paint again.")
    xy.flags.writeable = False
    return xy


def _pairs(points: Any) -> np.ndarray:
    """A sequence of pairs of numbers as float64 (n, 2)."""
    wrong = BadInput("A painted point is not a pair of numbers: clear the board and paint again.")
    if not isinstance(points, np.ndarray):
        for pair in points:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise wrong
            if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in pair):
                raise wrong
    try:
        xy = np.array(points, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise wrong
    return xy


def _along(rng: np.random.Generator, n: int) -> np.ndarray:
    """n places from 0 to 1 without large gaps: one at random in each n-th."""
    return (np.arange(n) + rng.random(n)) / n


def _empty(rng: np.random.Generator) -> np.ndarray:
    return np.zeros((0, 2))


def _moons(rng: np.random.Generator) -> np.ndarray:
    """Two half rings that reach into each other, 70 points each."""
    angle = np.pi * np.stack([_along(rng, 70), _along(rng, 70)])
    upper = np.stack([0.38 + 0.26 * np.cos(angle[0]), 0.45 + 0.3 * np.sin(angle[0])], axis=1)
    lower = np.stack([0.62 + 0.26 * np.cos(angle[1]), 0.55 - 0.3 * np.sin(angle[1])], axis=1)
    return np.concatenate([upper, lower]) + rng.normal(0, 0.018, (140, 2))


def _blobs(rng: np.random.Generator) -> np.ndarray:
    """Three round groups of 50 points."""
    middles = np.array([[0.25, 0.3], [0.72, 0.25], [0.52, 0.75]])
    return np.repeat(middles, 50, axis=0) + rng.normal(0, 0.06, (150, 2))


def _rings(rng: np.random.Generator) -> np.ndarray:
    """A ring of 100 points round a ring of 50."""
    radius = np.repeat([0.38, 0.15], [100, 50]) + rng.normal(0, 0.015, 150)
    angle = 2 * np.pi * np.concatenate([_along(rng, 100), _along(rng, 50)])
    return 0.5 + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _line_and_blob(rng: np.random.Generator) -> np.ndarray:
    """A long thin line of 70 points beside a round group of 60."""
    along = np.linspace(0.08, 0.92, 70)
    line = np.stack([along, 0.25 + 0.1 * along], axis=1) + rng.normal(0, 0.012, (70, 2))
    return np.concatenate([line, rng.normal((0.5, 0.7), 0.07, (60, 2))])


# What a board can start with, by name: a function of a random generator.
SETS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "Two moons": _moons,
    "Three blobs": _blobs,
    "Ring in a ring": _rings,
    "Line and blob": _line_and_blob,
    "Empty": _empty,
}


def start(name: str, seed: int = 0) -> np.ndarray:
    """One of :data:`SETS` as float64 (n, 2) in the unit square, read-only. Raises BadInput."""
    if name not in SETS:
        raise BadInput(f"There is no starting set '{name}': choose one of {', '.join(SETS)}.")
    made = SETS[name](np.random.default_rng(seed))
    # As fine as the board: what comes back from it is then the same.
    return check(np.round(np.clip(made, 0, 1), 4))
