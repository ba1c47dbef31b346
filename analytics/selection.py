"""Selections as geometry in data coordinates, resolved to row ids here and nowhere else.

A selection is a tuple of shapes, each ``{"type": "box", "x": [x0, x1], "y": [y0, y1]}`` or
``{"type": "lasso", "x": [...], "y": [...]}`` (a closed polygon). Rows inside any of them are
selected.
"""

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput

MAX_VERTICES = 2_000
MAX_SHAPES = 50
MAX_TEXT = 20_000
# Points from which on cells pay, cells per side, and points looked at in one go: as many as stay in
# the processor's memory.
_MANY, _CELLS, _CHUNK = 20_000, 512, 65_536
_OUT, _IN, _EDGE = 0, 1, 2  # what is known of the points of a cell

Shape = Mapping[str, Any]


def check(shapes: Any) -> tuple[dict[str, Any], ...]:
    """Canonical shapes with plain finite floats. Raises BadInput on anything else."""
    if not isinstance(shapes, (list, tuple)) or len(shapes) > MAX_SHAPES:
        raise BadInput(f"A selection is a list of at most {MAX_SHAPES} shapes: draw it again.")
    return tuple(_check_shape(shape) for shape in shapes)


def _check_shape(shape: Any) -> dict[str, Any]:
    wrong = BadInput("A selection holds a shape that is neither a box nor a lasso: draw it again.")
    if not isinstance(shape, Mapping) or shape.get("type") not in ("box", "lasso"):
        raise wrong
    xs, ys = shape.get("x"), shape.get("y")
    if not isinstance(xs, (list, tuple)) or not isinstance(ys, (list, tuple)):
        raise wrong
    try:
        x, y = [float(v) for v in xs], [float(v) for v in ys]
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    least, most = (2, 2) if shape["type"] == "box" else (3, MAX_VERTICES)
    if len(x) != len(y) or not least <= len(x) <= most or not all(map(math.isfinite, x + y)):
        raise wrong
    return {"type": shape["type"], "x": x, "y": y}


def from_plotly(event: Any) -> tuple[dict[str, Any], ...]:
    """The shapes of a plotly selection event; its list of points is never used."""
    selection = event.get("selection", {}) if isinstance(event, Mapping) else {}
    shapes = [
        {"type": "box", "x": list(s["x"]), "y": list(s["y"])} for s in selection.get("box", [])
    ]
    for lasso in selection.get("lasso", []):
        x, y = list(lasso["x"]), list(lasso["y"])
        step = math.ceil(len(x) / MAX_VERTICES)
        if len(x) >= 3:
            shapes.append({"type": "lasso", "x": x[::step], "y": y[::step]})
    return check(shapes)


def from_browser(event: Any) -> tuple[dict[str, Any], ...]:
    """The shape of an event of the large map, or () for none. Raises BadInput."""
    return check([event]) if event else ()


def resolve(shapes: Sequence[Shape], xy: np.ndarray) -> np.ndarray:
    """Which rows of ``xy`` (n, 2) lie in any of the shapes: bool (n,)."""
    inside = np.zeros(len(xy), bool)
    for shape in shapes:
        x, y = np.asarray(shape["x"]), np.asarray(shape["y"])
        cells = _cells(x, y) if shape["type"] == "lasso" and len(xy) >= _MANY else None
        unsure = []
        for start in range(0, len(xy), _CHUNK):
            points = xy[start : start + _CHUNK]
            near = np.flatnonzero(
                (points[:, 0] >= x.min())
                & (points[:, 0] <= x.max())
                & (points[:, 1] >= y.min())
                & (points[:, 1] <= y.max())
            )
            if shape["type"] == "box":
                inside[start + near] = True
            elif cells is None:
                unsure.append(start + near)
            elif len(near):
                state = cells(points, near)
                inside[start + near[state == _IN]] = True
                unsure.append(start + near[state == _EDGE])
        if unsure:
            rows = np.concatenate(unsure)
            inside[rows[_in_polygon(xy[rows], x, y)]] = True
    return inside


def _cells(x: np.ndarray, y: np.ndarray):
    """What tells of rows (m,) of points (n, 2) in the polygon's box by their cells whether they lie
    in it: ``_OUT``, ``_IN`` or ``_EDGE``, uint8 (m,); None for a polygon without an area.

    Rows in a cell that no edge comes near are all in or all out, as its middle is; only the others
    are tested one by one, so the answer is the same.
    """
    width, height = np.ptp(x), np.ptp(y)
    if not (width > 0 and height > 0):
        return None
    left, bottom, across, up = x.min(), y.min(), _CELLS / width, _CELLS / height
    edge = _edge_cells((x - left) * across, (y - bottom) * up)
    middle = np.stack(np.meshgrid(*[np.arange(_CELLS) + 0.5] * 2), axis=2).reshape(-1, 2)
    middle = middle / (across, up) + (left, bottom)
    state = np.where(edge.ravel(), _EDGE, _in_polygon(middle, x, y)).astype(np.uint8)

    def of(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        column = ((np.take(points[:, 0], rows) - left) * across).astype(np.int32)
        row = ((np.take(points[:, 1], rows) - bottom) * up).astype(np.int32)
        return state[np.minimum(row, _CELLS - 1) * _CELLS + np.minimum(column, _CELLS - 1)]

    return of


def _edge_cells(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cells that an edge of the polygon touches or has for a neighbour: bool (rows, columns).

    x, y : corners in units of cells, 0 .. ``_CELLS``.
    """
    opened = np.zeros((_CELLS, _CELLS + 1), np.int32)
    for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        low, high = min(y0, y1), max(y0, y1)
        rows = np.arange(max(int(low) - 1, 0), min(int(high) + 2, _CELLS))
        slope = (x1 - x0) / (y1 - y0) if y1 != y0 else 0.0
        ends = [x0 + (np.clip(rows + step, low, high) - y0) * slope for step in (-1, 2)]
        if y0 == y1:
            ends = [np.full(len(rows), x0), np.full(len(rows), x1)]
        first = np.clip(np.minimum(*ends).astype(int) - 1, 0, _CELLS - 1)
        last = np.clip(np.maximum(*ends).astype(int) + 1, 0, _CELLS - 1)
        opened[rows, first] += 1
        opened[rows, last + 1] -= 1
    return np.cumsum(opened, axis=1)[:, :_CELLS] > 0


def _in_polygon(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Even-odd rule, one pass per edge over the points whose height the edge spans."""
    px, py = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    by_height = np.argsort(py, kind="stable")
    heights = py[by_height]
    odd = np.zeros(len(points), bool)
    for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        if y0 == y1:
            continue
        low, high = min(y0, y1), max(y0, y1)
        span = by_height[np.searchsorted(heights, low) : np.searchsorted(heights, high)]
        crossing = x0 + (py[span] - y0) / (y1 - y0) * (x1 - x0)
        hit = span[px[span] < crossing]
        odd[hit] = ~odd[hit]
    return odd


def to_text(shapes: Sequence[Shape]) -> str:
    """A short URL-safe text for the shapes, each with some seven digits of its extent."""
    if not shapes:
        return ""
    short = [{"t": s["type"][0], "x": rounded(s["x"]), "y": rounded(s["y"])} for s in shapes]
    data = json.dumps(short, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def rounded(values: Sequence[float]) -> list[float]:
    """The places on one axis with some seven digits of what they span: an hour in days since 1970
    takes more digits than one that begins at 0."""
    far, span = max(map(abs, values)), max(values) - min(values)
    more = int(math.log10(far / span)) if 0 < span < far else 0
    return [float(f"{v:.{min(7 + more, 17)}g}") for v in values]


def from_text(text: str) -> tuple[dict[str, Any], ...]:
    """The shapes of :func:`to_text`. Raises BadInput on any other text."""
    if not text:
        return ()
    wrong = BadInput("The selection in this link is damaged: draw it again.")
    if len(text) > MAX_TEXT:
        raise wrong
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        data = zlib.decompressobj().decompress(packed, 2_000_000)
        shapes = json.loads(data)
        names = {"b": "box", "l": "lasso"}
        return check([{"type": names[s["t"]], "x": s["x"], "y": s["y"]} for s in shapes])
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error, BadInput):
        raise wrong from None
