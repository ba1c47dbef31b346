"""Any number of points as one image, in numpy: nothing is sampled, overlap becomes depth."""

import io
from functools import lru_cache
from itertools import pairwise

import numpy as np

from analytics.figures import marks as marks_module
from analytics.figures import theme
from analytics.figures.marks import Limits

_STEPS = 16
_CHUNKS = 24
# Plotly symbol number -> number of points and inner radius of a star.
_STARS = {13: (5, 0.81), 17: (5, 0.45), 18: (6, 0.62)}


def raster(
    xy: np.ndarray,
    codes: np.ndarray,
    colors: tuple[tuple[str, float], ...],
    limits: Limits,
    size: tuple[int, int],
    *,
    shapes: np.ndarray | None = None,
    layer: np.ndarray | None = None,
    diameter: float = 1.0,
    floor: float = 0.4,
) -> np.ndarray:
    """Points as an image with a clear background: uint8 RGBA (height, width, 4), row 0 on top.

    xy (m, 2); codes (m,) index ``colors`` of (hexadecimal, opacity); ``layer`` (m,) of 0 and 1:
    1 is drawn over 0. Within a layer the points are painted in a seeded random order and the last
    one gives the pixel its colour, so where groups overlap each shows in its share. Depth is
    rank-equalised: the opacity of a pixel grows from ``floor`` to 1 times its colour's with the
    rank of its number of points among all pixels.
    """
    width, height = size
    column, row, kept = _pixels(xy, limits, size)
    canvas = np.full(width * height, -1, np.int16)
    touched = []
    order = np.random.default_rng(0).permutation(len(kept))
    if layer is not None:
        order = order[np.argsort(layer[kept[order]], kind="stable")]
    column, row, kept = column[order], row[order], kept[order]
    code = codes[kept].astype(np.int16)
    kinds = np.zeros(len(kept), np.uint8) if shapes is None else shapes[kept]
    present = np.unique(kinds)
    # Shapes are painted one after the other, in many small turns, so that none covers the rest.
    turns = 1 if len(present) <= 1 else _CHUNKS
    bounds = np.linspace(0, len(kept), turns + 1).astype(int)
    for start, stop in pairwise(bounds):
        for kind in present:
            part = start + np.flatnonzero(kinds[start:stop] == kind)
            offsets = stamp(int(kind), diameter)
            flat, painter = _stamped(column[part], row[part], offsets, size)
            canvas[flat] = code[part][painter]
            touched.append(flat)
    counts = np.bincount(np.concatenate([np.zeros(0, np.int64), *touched]), minlength=len(canvas))
    return _painted(canvas, counts, colors, floor).reshape(height, width, 4)


def _pixels(xy: np.ndarray, limits: Limits, size: tuple[int, int]) -> tuple:
    """Pixel column and row of the points inside the limits, and which points those are."""
    width, height = size
    (x0, x1), (y0, y1) = limits
    across = (xy[:, 0].astype(np.float64) - x0) * (width / (x1 - x0))
    down = (y1 - xy[:, 1].astype(np.float64)) * (height / (y1 - y0))
    kept = np.flatnonzero((across >= 0) & (across <= width) & (down >= 0) & (down <= height))
    column = np.minimum(across[kept].astype(np.int32), width - 1)
    row = np.minimum(down[kept].astype(np.int32), height - 1)
    return column, row, kept


def _stamped(column: np.ndarray, row: np.ndarray, offsets: np.ndarray, size: tuple) -> tuple:
    """Flat pixel numbers of all stamps, point after point, and the point each belongs to."""
    width, height = size
    if len(offsets) == 1:
        return row.astype(np.int64) * width + column, slice(None)
    c = column[:, None] + offsets[None, :, 0]
    r = row[:, None] + offsets[None, :, 1]
    ok = (c >= 0) & (c < width) & (r >= 0) & (r < height)
    painter = np.broadcast_to(np.arange(len(column))[:, None], c.shape)[ok]
    return r[ok].astype(np.int64) * width + c[ok], painter


def _painted(canvas: np.ndarray, counts: np.ndarray, colors: tuple, floor: float) -> np.ndarray:
    """Colour codes and counts per pixel to RGBA (pixels, 4)."""
    out = np.zeros((len(canvas), 4), np.uint8)
    used = np.flatnonzero(canvas >= 0)
    if not len(used):
        return out
    table = np.array([(*theme.rgb(c), 255 * a) for c, a in colors], np.float64)
    below = np.cumsum(np.bincount(counts[used])) / len(used)
    least = below[counts[used].min()]
    share = (below - least) / (1 - least) if least < 1 else np.ones(len(below))
    # Few steps of depth look the same and make the file much smaller.
    depth = floor + (1 - floor) * np.ceil(np.maximum(share, 0) * _STEPS) / _STEPS
    code = canvas[used]
    top = max(a for _, a in colors)
    out[used, :3] = table[code, :3]
    out[used, 3] = np.minimum(255, table[code, 3] / top * depth[counts[used]]).astype(np.uint8)
    return out


@lru_cache(maxsize=64)
def stamp(shape: int, diameter: float) -> np.ndarray:
    """The pixels of one mark as (column, row) steps from its middle: int32 (p, 2).

    ``shape`` is a plotly symbol number; ``diameter`` in px. A mark under 2 px is one pixel.
    """
    if diameter < 2:
        return np.zeros((1, 2), np.int32)
    radius = diameter / 2
    reach = int(np.ceil(radius * 1.4))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    inside = _inside(shape, x / radius, y / radius)
    inside[reach, reach] |= shape < theme.HOLLOW or diameter < 4
    rows, columns = np.nonzero(inside)
    return np.stack([columns - reach, rows - reach], axis=1).astype(np.int32)


def _inside(shape: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in a mark of radius 1; y points down."""
    far = np.hypot(x, y)
    if shape > theme.HOLLOW_CIRCLE:
        filled = shape - theme.HOLLOW
        return _inside(filled, x, y) & ~_inside(filled, x / 0.6, y / 0.6)
    if shape in _STARS:
        points, depth = _STARS[shape]
        turn = np.abs(((np.arctan2(x, -y) * points / (2 * np.pi) + 0.5) % 1) - 0.5) * 2
        return far <= 1.2 * (1 - (1 - depth) * turn)
    if shape == 4:
        x, y = (x + y) / np.sqrt(2), (x - y) / np.sqrt(2)
    if shape == 6:
        y = -y
    a, b = np.abs(x), np.abs(y)
    rules = {
        theme.HOLLOW_CIRCLE: (far <= 1.05) & (far >= 0.6),
        1: (a <= 0.86) & (b <= 0.86),
        2: a + b <= 1.2,
        3: (np.minimum(a, b) <= 0.36) & (np.maximum(a, b) <= 1.1),
        5: (y <= 0.62) & (y >= -1.15 + 1.6 * a),
    }
    return rules.get({4: 3, 6: 5}.get(shape, shape), far <= 1)


def fit(limits: Limits, most: int = 1000) -> tuple[int, int]:
    """Width and height in px of an image with square pixels over the limits."""
    across, down = (high - low for low, high in limits)
    ratio = min(max(across / down, 0.1), 10)
    return (
        (most, max(2, round(most / ratio))) if ratio >= 1 else (max(2, round(most * ratio)), most)
    )


def spread_diameter(n: int) -> float:
    """How wide a dot is on a raster of about a megapixel: sparse clouds need more than a pixel."""
    return 3.0 if n < 200_000 else 2.0 if n < 500_000 else 1.0


def png(image: np.ndarray) -> bytes:
    """RGBA uint8 (h, w, 4) as a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image, "RGBA").save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def thumbnail(
    xy: np.ndarray,
    groups: np.ndarray | None = None,
    size: tuple[int, int] = (320, 240),
    dark: bool = False,
    aspect: float = 1.0,
) -> bytes:
    """A small picture of a map as a PNG file.

    aspect : drawn length of one unit of y over one unit of x.
    """
    from PIL import Image

    xy = xy if aspect == 1.0 else xy * np.array([1.0, aspect])
    found = marks_module.make(xy, dark=dark, groups=groups)
    width, height = size[0] * 2, size[1] * 2
    limits = frame(marks_module.padded(found.limits), width / height)
    n = len(found.rows)
    wide = 2.0 * float(np.clip(5.2 * (100 / max(n, 1)) ** 0.2, 1.2, 4.5))
    image = raster(
        found.xy,
        found.codes,
        found.colors,
        limits,
        (width, height),
        shapes=found.shapes,
        layer=found.codes < len(found.colors) - 2 if groups is not None else None,
        diameter=wide,
        floor=0.7 if n < 5_000 else 0.35,
    )
    paper = Image.new("RGBA", (width, height), theme.TOKENS["dark" if dark else "light"]["paper"])
    paper.alpha_composite(Image.fromarray(image, "RGBA"))
    buffer = io.BytesIO()
    paper.convert("RGB").resize(size, Image.Resampling.BOX).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def frame(limits: Limits, ratio: float) -> Limits:
    """Limits widened to the ratio width / height of what they are drawn into, equal scales."""
    (x0, x1), (y0, y1) = limits
    across, down = x1 - x0, y1 - y0
    wide, high = max(across, down * ratio), max(down, across / ratio)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return (x - wide / 2, x + wide / 2), (y - high / 2, y + high / 2)
