"""What every dot of a map looks like: which rows are drawn, in which order, colour and shape.

The interactive map, the raster and the static pictures all draw from these marks, so they agree.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import dates, theme
from analytics.figures.shapes import Shapes, check
from analytics.results import SENTINELS

Limits = tuple[tuple[float, float], tuple[float, float]]

LEVELS = 100
LARGEST = 1e30
FAINT = 0.22


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of m drawn rows out of n, in drawing order: faint ones first, noise before groups.

    rows : int64 (m,) row ids. xy : (m, 2) float32, or float64 where float32 would merge points.
    codes : uint8 (m,), index into ``colors``. colors : ((hexadecimal, opacity), ...).
    shapes : uint8 (m,) plotly symbol numbers. faint : bool (m,).
    limits : ((x0, x1), (y0, y1)) of the drawn rows. ends : values at the two ends of the colour
    ramp, or None. size : dot diameter in px. notes : sentences about what is not as it seems.
    dated : the values are dates, in days.
    """

    rows: np.ndarray
    xy: np.ndarray
    codes: np.ndarray
    colors: tuple[tuple[str, float], ...]
    shapes: np.ndarray
    faint: np.ndarray
    limits: Limits
    size: float
    ends: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    dated: bool = False


def check_points(xy: Any) -> np.ndarray:
    """Coordinates as a (n, 2) float array. Raises BadInput."""
    try:
        xy = np.asarray(xy)
        xy = xy if xy.dtype in (np.float32, np.float64) else xy.astype(np.float64)
    except (TypeError, ValueError):
        raise BadInput(
            "The map's coordinates are not numbers: choose two numeric columns."
        ) from None
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise BadInput(
            f"A map needs two coordinates per row, but the array has shape {xy.shape}: "
            "choose two columns or a projection."
        )
    return xy


def column(values: Any, n: int, what: str, dtype: Any) -> np.ndarray | None:
    """One value per row as an array (n,), or None; dates become days. Raises BadInput."""
    if values is None:
        return None
    try:
        array = dates.days(values) if dates.are_dates(values) else np.asarray(values).astype(dtype)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"The {what} of the map cannot be read: give one number per row.") from None
    if array.shape != (n,):
        raise BadInput(f"The map has {n:,} rows but {len(array):,} {what}: give one per row.")
    return array


def make(
    xy: np.ndarray,
    *,
    dark: bool = False,
    groups: np.ndarray | None = None,
    values: np.ndarray | None = None,
    selected: np.ndarray | None = None,
    isolate: int | None = None,
    shapes: Shapes | None = None,
    faint_unselected: bool = True,
    edges: bool = False,
) -> Marks:
    """The marks of a map; parameters as in :func:`analytics.figures.map.map_figure`.

    ``edges``: whether dots get an edge, so that yellow stays yellow on white.
    """
    xy = check_points(xy)
    n = len(xy)
    groups = column(groups, n, "groups", np.int32)
    dated = dates.are_dates(values)
    values = column(values, n, "values", np.float64)
    selected = column(selected, n, "selection marks", bool)
    rows, notes = placed(xy)
    size, opacity = theme.marker(len(rows))
    faint = np.zeros(n, bool)
    if faint_unselected and selected is not None and selected.any():
        faint |= ~selected
    if isolate is not None and groups is not None:
        faint |= groups != isolate
    base, colors, ends, more = colors_of(n, groups, values, dark, edges)
    unknown = base == LEVELS if values is not None else None if groups is None else groups < 0
    symbols = _symbols(groups if values is None else None, unknown, check(shapes, n), n)
    loose = base == len(colors) - 1 if len(colors) > 1 else np.zeros(n, bool)
    rows = rows[np.argsort(2 * (~faint[rows]) + ~loose[rows], kind="stable")]
    table = tuple((c, round(opacity * f, 3)) for c in colors for f in (1.0, FAINT))
    points, limits = _compact(xy[rows])
    return Marks(
        rows=rows,
        xy=points,
        codes=(2 * base[rows] + faint[rows]).astype(np.uint8),
        colors=table,
        shapes=symbols[rows],
        faint=faint[rows],
        limits=limits,
        size=size,
        ends=ends,
        notes=(*notes, *more),
        dated=dated,
    )


def inside(xy: np.ndarray, limits: Limits) -> np.ndarray:
    """Which points lie within the limits: bool (m,)."""
    (x0, x1), (y0, y1) = limits
    return (xy[:, 0] >= x0) & (xy[:, 0] <= x1) & (xy[:, 1] >= y0) & (xy[:, 1] <= y1)


def only(marks: Marks, kept: np.ndarray) -> Marks:
    """The marks where ``kept`` (m,) is true, drawn as large as their smaller number allows."""
    size, opacity = theme.marker(int(kept.sum()))
    stronger = opacity / theme.marker(len(marks.rows))[1]
    return replace(
        marks,
        rows=marks.rows[kept],
        xy=marks.xy[kept],
        codes=marks.codes[kept],
        shapes=marks.shapes[kept],
        faint=marks.faint[kept],
        colors=tuple((c, round(min(1.0, a * stronger), 3)) for c, a in marks.colors),
        size=size,
    )


def placed(xy: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """The rows that have a position, and a note about the others."""
    finite = np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
    rows = np.flatnonzero(finite)
    if len(rows) and np.abs(extent(xy if finite.all() else xy[rows])).max() > LARGEST:
        raise BadInput(
            "The map's coordinates go beyond 1e30, which cannot be drawn: scale the columns first."
        )
    lost = len(xy) - len(rows)
    if not lost:
        return rows, ()
    return rows, (f"{lost:,} of {len(xy):,} rows have no position and are not drawn.",)


def extent(points: np.ndarray) -> np.ndarray:
    """The lowest and the highest x and y, ((x0, y0), (x1, y1)). Column by column, which numpy does
    many times faster than along the rows of two."""
    return np.array([[c.min() for c in points.T], [c.max() for c in points.T]])


def _compact(points: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Float32 where that keeps points apart (half the bytes sent), and the limits."""
    if not len(points):
        return np.zeros((0, 2), np.float32), ((0.0, 1.0), (0.0, 1.0))
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    reach = np.maximum(np.abs(low), np.abs(high))
    fine = np.all((high - low >= 1e-3 * reach) | (high == low)) and reach.max() > 1e-30
    limits = tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
    return points.astype(np.float32 if fine or not reach.any() else np.float64), limits


def colors_of(n: int, groups: Any, values: Any, dark: bool, edges: bool) -> tuple:
    """(base code per row uint8, base colours with grey last, ends of the ramp, notes)."""
    if values is not None:
        return _ramp_codes(values, dark)
    if groups is None:
        return np.zeros(n, np.uint8), [theme.TOKENS["dark" if dark else "light"]["ink"]], None, ()
    palette = list(theme.CLUSTER_COLORS)
    if not dark and not edges:
        palette[palette.index(theme.YELLOW)] = theme.YELLOW_ON_LIGHT
    base = np.where(groups < 0, len(palette), groups % len(palette)).astype(np.uint8)
    k = int(groups.max(initial=-1)) + 1
    notes = ()
    if k > len(palette):
        notes = (f"There are {k:,} groups and {len(palette)} colours: colours repeat.",)
    return base, [*palette, theme.NOISE_COLOR], None, notes


def _ramp_codes(values: np.ndarray, dark: bool) -> tuple:
    """Codes of a continuous layer: 0 .. LEVELS - 1 along the ramp, LEVELS where there is no value.

    When a few extreme values stretch the range more than threefold, the ramp runs from the 1st to
    the 99th percentile and says so.
    """
    known = np.isfinite(values) & (np.abs(values) < 1e300)
    colors = [*theme.ramp(dark, LEVELS), theme.NOISE_COLOR]
    notes = []
    if not known.any():
        notes.append("No row has a value in this layer: all dots are grey.")
        return np.full(len(values), LEVELS, np.uint8), colors, None, tuple(notes)
    shown = values[known]
    low, high = float(shown.min()), float(shown.max())
    inner = [float(v) for v in np.quantile(shown, (0.01, 0.99))]
    if inner[1] > inner[0] and (high - low) > 3 * (inner[1] - inner[0]):
        low, high = inner
        notes.append("The colours run from the 1st to the 99th percentile; values beyond are cut.")
    if not known.all():
        lost = int((~known).sum())
        some = "1 row has" if lost == 1 else f"{lost:,} rows have"
        notes.append(f"{some} no value in this layer and {'is' if lost == 1 else 'are'} grey.")
    share = np.clip((shown - low) / (high - low), 0, 1) if high > low else np.full(len(shown), 0.5)
    codes = np.full(len(values), LEVELS, np.uint8)
    codes[known] = np.minimum(share * LEVELS, LEVELS - 1).astype(np.uint8)
    return codes, colors, (low, high), tuple(notes)


def _symbols(groups: Any, unknown: Any, shapes: Shapes | None, n: int) -> np.ndarray:
    """Plotly symbol numbers uint8 (n,): those of ``shapes``, else a new one when colours repeat;
    hollow for rows of ``unknown`` (n,) colour."""
    found = np.zeros(n, np.uint8)
    if shapes is not None:
        found = shapes.marks()
    elif groups is not None:
        numbers = np.array(theme.SHAPE_NUMBERS, np.uint8)
        turn = np.maximum(groups, 0) // len(theme.CLUSTER_COLORS)
        found = numbers[turn % len(numbers)]
    if unknown is not None:
        found[unknown & (found < theme.HOLLOW)] += theme.HOLLOW
    return found


def sentinel_counts(groups: Any, names: dict[int, str] | None) -> list[tuple[str, int]]:
    """(name, number of rows) of noise and the other sentinels that occur."""
    if groups is None:
        return []
    groups = np.asarray(groups)
    counts = [(label, int((groups == label).sum())) for label in SENTINELS]
    return [(theme.group_name(label, names), count) for label, count in counts if count]


def padded(limits: Limits, share: float = 0.05) -> Limits:
    """Limits widened by ``share`` of their extent; a flat side gets an extent of its own."""
    out = []
    sizes = [high - low for low, high in limits]
    for (low, high), size in zip(limits, sizes, strict=True):
        flat = size <= 1e-9 * max(abs(low), abs(high), 1e-30)
        room = max(max(sizes) / 2, 1e-6 * max(abs(low), abs(high))) or 0.5
        pad = room if flat else share * size
        out.append((low - pad, high + pad))
    return out[0], out[1]
