"""Small tables made to a recipe: points whose groups, or lack of them, are known.

Lessons and experiments need data of which the truth is known and one number can be moved at a time.
A recipe is a declared row with typed parameters, like a method; the same parameters and seed give
the same table. Columns ``x``, ``y``, then ``x3`` ..., and ``group``: how each point was made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.params import Param, validate

MOST_DRAWN = 2_000
Parts = list[tuple[str, np.ndarray]]  # name of each group and its points (m, d)


@dataclass(frozen=True)
class Recipe:
    """One kind of table. ``build(params, rng)`` gives its groups; ``params`` hold "points"."""

    id: str
    label: str
    params: tuple[Param, ...]
    build: Callable[[dict[str, Any], np.random.Generator], Parts]


def get(recipe_id: str) -> Recipe:
    """One recipe. Raises BadInput naming the known ones."""
    for recipe in RECIPES:
        if recipe.id == recipe_id:
            return recipe
    known = ", ".join(r.id for r in RECIPES)
    raise BadInput(f"There is no recipe '{recipe_id[:40]}': choose one of {known}.")


def check(recipe_id: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Canonical parameters of a recipe. Raises BadInput."""
    return validate(get(recipe_id).params, given)


def frame(recipe_id: str, given: Mapping[str, Any] | None = None, seed: int = 0) -> pd.DataFrame:
    """The table of a recipe, its rows in mixed order, numbers with three decimals."""
    recipe, rng = get(recipe_id), np.random.default_rng(seed)
    parts = recipe.build(check(recipe_id, given), rng)
    points = np.concatenate([p for _, p in parts]).round(3)
    groups = np.repeat([name for name, _ in parts], [len(p) for _, p in parts])
    order = rng.permutation(len(points))
    names = ["x", "y", *(f"x{i}" for i in range(3, points.shape[1] + 1))]
    return pd.DataFrame(points[order], columns=names).assign(group=groups[order])


def drawn(points: Any) -> pd.DataFrame:
    """The table of points drawn by hand, rows [x, y].

    Raises BadInput for fewer than 2 or more than 2,000 points and for what is no number.
    """
    try:
        array = np.array([[float(v) for v in row] for row in points], float)
    except (TypeError, ValueError, OverflowError):
        raise BadInput("The drawn points are no rows of numbers: draw them again.") from None
    if not 2 <= len(array) <= MOST_DRAWN:
        raise BadInput(
            f"{len(array):,} points are drawn, but it takes from 2 to {MOST_DRAWN:,}: "
            "draw more, or clear some."
        )
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise BadInput("Each drawn point takes x and y: draw them again.")
    return pd.DataFrame(array.round(4), columns=["x", "y"])


def _number(name: str, default: float, low: float, high: float, label: str, help_: str = ""):
    return Param(name, "float", default, label, help_, low, high)


def _count(name: str, default: int, low: int, high: int, label: str):
    return Param(name, "int", default, label, "", low, high)


def _shares(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in these proportions that add up to ``total``."""
    ends = np.round(np.cumsum(weights) / np.sum(weights) * total).astype(int)
    return np.diff([0, *ends]).tolist()


def _blobs(p: dict, rng: np.random.Generator) -> Parts:
    """Round clouds of one size on a circle, as far from their neighbours as asked."""
    k, angle = p["groups"], 2 * np.pi * np.arange(p["groups"]) / p["groups"]
    radius = 0.0 if k == 1 else p["distance"] / (2 * np.sin(np.pi / k))
    centers = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    sizes = _shares(p["points"], [1.0] * k)
    return [
        (f"cloud {i + 1}", rng.normal(center, 1.0, (n, 2)))
        for i, (center, n) in enumerate(zip(centers, sizes, strict=True))
    ]


def _pair(p: dict, rng: np.random.Generator) -> Parts:
    """Two round clouds; B may be wider and may hold more or fewer of the points."""
    a, b = _shares(p["points"], [1 - p["share"], p["share"]])
    return [
        ("A", rng.normal((0, 0), 1.0, (a, 2))),
        ("B", rng.normal((p["distance"], 0), p["width"], (b, 2))),
    ]


def _ring(p: dict, rng: np.random.Generator) -> Parts:
    """A ring round a core."""
    core, ring = _shares(p["points"], [0.35, 0.65])
    angle = rng.uniform(0, 2 * np.pi, ring)
    radius = rng.normal(p["radius"], p["thickness"], ring)
    around = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return [("core", rng.normal(0, 0.6, (core, 2))), ("ring", around)]


def _uneven(p: dict, rng: np.random.Generator) -> Parts:
    """A wide cloud beside two narrow ones."""
    wide, first, second = _shares(p["points"], [p["share"], *[(1 - p["share"]) / 2] * 2])
    gap = p["width"] * 2.2 + 1.2
    return [
        ("wide", rng.normal((0, 0), p["width"], (wide, 2))),
        ("narrow, above", rng.normal((gap, 2.4), 0.45, (first, 2))),
        ("narrow, below", rng.normal((gap, -2.4), 0.45, (second, 2))),
    ]


def _densities(p: dict, rng: np.random.Generator) -> Parts:
    """Two dense clouds, a thin one, and points scattered over all the plane between them."""
    scattered = round(p["scattered"] * p["points"])
    first, second, thin = _shares(p["points"] - scattered, [0.38, 0.38, 0.24])
    return [
        ("dense, left", rng.normal((-3.2, 1.6), 0.42, (first, 2))),
        ("dense, right", rng.normal((0.4, 2.4), 0.42, (second, 2))),
        ("thin", rng.normal((2.6, -2.6), 1.05, (thin, 2))),
        ("scattered", rng.uniform((-6, -6), (6, 6), (scattered, 2))),
    ]


def _even(p: dict, rng: np.random.Generator) -> Parts:
    """Points spread evenly over a square (or cube ...): no groups at all."""
    return [("spread evenly", rng.uniform(0, 10, (p["points"], p["columns"])))]


def _cloud(p: dict, rng: np.random.Generator) -> Parts:
    """One Gaussian cloud in many columns: no groups at all."""
    return [("one cloud", rng.normal(0, 1, (p["points"], p["columns"])))]


RECIPES = (
    Recipe("blobs", "Round clouds of one size",
           (_count("groups", 3, 1, 12, "Clouds"),
            _count("points", 300, 12, 2000, "Points"),
            _number("distance", 7.0, 0, 20, "Distance of neighbours")), _blobs),
    Recipe("pair", "Two round clouds",
           (_count("points", 400, 30, 2000, "Points"),
            _number("distance", 3.0, 0, 10, "Distance of the clouds"),
            _number("share", 0.5, 0.05, 0.95, "Share of the points in B"),
            _number("width", 1.0, 0.2, 4, "Width of B over A")), _pair),
    Recipe("ring", "A ring round a core",
           (_count("points", 400, 30, 2000, "Points"), _number("radius", 4.0, 0, 10, "Radius"),
            _number("thickness", 0.3, 0.05, 2, "Thickness of the ring")), _ring),
    Recipe("uneven", "A wide cloud beside two narrow ones",
           (_count("points", 500, 30, 2000, "Points"),
            _number("width", 2.4, 0.45, 5, "Width of the wide cloud"),
            _number("share", 0.7, 0.1, 0.95, "Share of the points in it")), _uneven),
    Recipe("densities", "Dense and thin clouds among scattered points",
           (_count("points", 500, 60, 2000, "Points"),
            _number("scattered", 0.2, 0, 0.8, "Share of scattered points")), _densities),
    Recipe("even", "Points spread evenly",
           (_count("points", 300, 12, 2000, "Points"), _count("columns", 2, 2, 20, "Columns")),
           _even),
    Recipe("cloud", "One cloud in many columns",
           (_count("points", 300, 12, 2000, "Points"), _count("columns", 10, 2, 50, "Columns")),
           _cloud),
)  # fmt: skip
