"""Up to ten million points for a browser that draws them itself: what is sent, byte by byte.

A point costs 4 bytes (two steps of 65,536 over the range of the map), its colour 1 byte, whether it
is lit 1 bit. The points are sent in a seeded random order, so that the first ones are a fair sample
of all: the browser draws what has arrived, and draws fewer while the map moves. Selections never
rest on these steps: they are resolved on the full coordinates, see :mod:`analytics.selection`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.figures import dates, marks, theme
from analytics.figures import hover as hovering
from analytics.figures.marks import Limits
from analytics.figures.raster import png, raster, spread_diameter

STEPS = 65_536
MOST = 10_000_000
CHUNK = 500_000  # points sent in one go
MAX_PIXELS = 2_400  # of a picture's side
OVERLAY_SAMPLE = 200_000


@dataclass(frozen=True, eq=False)
class Sheet:
    """The places of a map's points.

    rows : uint32 (m,), the rows that have a place, in the order sent. low, span : (2,) float64, the
    range that the steps divide. limits : of the points. notes : sentences about rows left out.
    """

    rows: np.ndarray
    low: np.ndarray
    span: np.ndarray
    limits: Limits
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Colours:
    """What colours the points: codes uint8 (n,) or None for one colour, colors "#RRGGBB" by code;
    ends, notes and dated as of :class:`analytics.figures.marks.Marks`."""

    codes: np.ndarray | None
    colors: tuple[str, ...]
    ends: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    dated: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """All that answers the browser: the places, the colours, which rows are lit (bool (n,) or None
    for all), and what a point says of itself."""

    xy: np.ndarray
    sheet: Sheet
    colours: Colours
    lit: np.ndarray | None
    groups: np.ndarray | None
    names: Mapping[int, str]
    hover: pd.DataFrame | None


def sheet(xy: np.ndarray) -> Sheet:
    """The places of the rows of ``xy`` (n, 2). Raises BadInput for coordinates beyond 1e30 and for
    over ten million points."""
    xy = marks.check_points(xy)
    if len(xy) > MOST:
        raise BadInput(
            f"The map has {len(xy):,} points and at most {MOST:,} can be drawn: use a sample of "
            "the rows (on the Data page)."
        )
    rows, notes = marks.placed(xy)
    whole = len(rows) == len(xy)
    points = xy if whole else xy[rows]
    low, high = marks.extent(points).astype(float) if len(points) else (np.zeros(2), np.ones(2))
    span = np.where(high > low, high - low, np.maximum(np.abs(low), 1.0))
    order = _order(len(rows))
    limits = tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
    return Sheet(order if whole else rows[order].astype(np.uint32), low, span, limits, notes)


def _order(n: int) -> np.ndarray:
    """The numbers below n in a seeded random order, uint32 (n,): by random keys of 16 bits, which
    are sorted several times faster than ten million numbers are shuffled. Those of equal keys, some
    150 of ten million, follow each other by their size."""
    keys = np.random.default_rng(0).integers(0, STEPS, n, np.uint16)
    return np.argsort(keys, kind="stable").astype(np.uint32)


def places(found: Sheet, xy: np.ndarray, fine: bool = False) -> Iterator[bytes]:
    """The places in steps, uint16 x and y per point, little-endian, in pieces.

    fine : the next 16 binary digits instead, for a reader who zooms far in.
    """
    for start in range(0, len(found.rows), CHUNK):
        steps = np.take(xy, found.rows[start : start + CHUNK], axis=0).astype(np.float64)
        steps -= found.low
        steps *= STEPS / found.span
        np.minimum(steps, STEPS * (1 - 2.0**-32), out=steps)
        if fine:
            steps -= np.floor(steps)
            steps *= STEPS
        yield steps.astype("<u2").tobytes()  # which drops the digits after the point


def codes(scene: Scene) -> bytes:
    """The colour code of each point, 1 byte, in the order sent."""
    if scene.colours.codes is None:
        return bytes(len(scene.sheet.rows))
    return scene.colours.codes[scene.sheet.rows].tobytes()


def lights(scene: Scene) -> bytes:
    """Whether each point is lit, 1 bit, lowest bit first, in the order sent."""
    rows = scene.sheet.rows
    lit = np.ones(len(rows), bool) if scene.lit is None else scene.lit[rows]
    return np.packbits(lit, bitorder="little").tobytes()


def colours(n: int, groups: Any, values: Any, dark: bool) -> Colours:
    """The colours of n rows by groups or values, as every other picture of them has."""
    groups = marks.column(groups, n, "groups", np.int32)
    dated = dates.are_dates(values)
    values = marks.column(values, n, "values", np.float64)
    base, colors, ends, notes = marks.colors_of(n, groups, values, dark, False)
    plain = groups is None and values is None
    return Colours(None if plain else base, tuple(colors), ends, tuple(notes), dated)


def nearest(scene: Scene, x: float, y: float, rx: float, ry: float) -> int | None:
    """The row nearest to (x, y) within the ellipse of radii rx, ry; the lowest of equals."""
    if not (np.isfinite([x, y, rx, ry]).all() and rx > 0 and ry > 0):
        return None
    xy = scene.xy
    inside = np.flatnonzero(np.abs(xy[:, 0] - x) <= rx)
    inside = inside[np.abs(xy[inside, 1] - y) <= ry]
    far = ((xy[inside].astype(float) - (x, y)) / (rx, ry)) ** 2
    distance = far.sum(axis=1)
    if not len(distance) or not distance.min() <= 1:
        return None
    return int(inside[distance.argmin()])


def near(scene: Scene, x: float, y: float, rx: float, ry: float) -> dict[str, Any]:
    """What lies at (x, y): {} or its place and its lines of plain text; the group's name first."""
    row = nearest(scene, x, y, rx, ry)
    if row is None:
        return {}
    lines = hovering.lines(row, scene.groups, dict(scene.names), scene.hover)
    place = scene.xy[row].astype(float)
    named = scene.groups is not None
    return {"row": row, "x": place[0], "y": place[1], "group": named, "lines": lines}


def picture(scene: Scene, limits: Limits, size: tuple[int, int]) -> bytes:
    """A part of the map as a PNG with a clear background, for browsers that cannot draw it.

    limits : ((x0, x1), (y0, y1)). size : width and height in px. Raises BadInput on others.
    """
    values = np.array([*limits[0], *limits[1]], float)
    ordered = values[0] < values[1] and values[2] < values[3]
    if not (np.isfinite(values).all() and ordered and np.abs(values).max() < 1e30):
        raise BadInput("The part of the map to draw is not four finite numbers: load it again.")
    if not all(1 <= side <= MAX_PIXELS for side in size):
        raise BadInput(f"A picture is 1 to {MAX_PIXELS:,} px wide and high: load the page again.")
    inside = np.flatnonzero(marks.inside(scene.xy, limits))
    base = np.zeros(len(inside), np.uint8)
    if scene.colours.codes is not None:
        base = scene.colours.codes[inside]
    faint = np.zeros(len(inside), bool) if scene.lit is None else ~scene.lit[inside]
    table = tuple((c, f) for c in scene.colours.colors for f in (1.0, marks.FAINT))
    diameter = max(spread_diameter(len(inside)), theme.marker(len(inside))[0])
    image = raster(
        scene.xy[inside],
        2 * base + faint,
        table,
        limits,
        size,
        layer=~faint,
        diameter=diameter if len(inside) < 500_000 else 1.0,
    )
    return png(image)
