"""Where everything on a static picture of a map stands; PNG and SVG are drawn from this plan."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import dates, theme
from analytics.figures import links as linking
from analytics.figures import marks as marks_module
from analytics.figures import outlines as lines
from analytics.figures.marks import Limits
from analytics.figures.raster import frame
from analytics.figures.shapes import Shapes, too_many

EDGE = 20  # empty on all sides, in units of the picture


def plan(
    xy: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    group_names: Mapping[int, str] | None = None,
    values: np.ndarray | None = None,
    values_name: str = "",
    selected: np.ndarray | None = None,
    isolate: int | None = None,
    view: Limits | None = None,
    axes: Sequence[str] = (),
    dated: Sequence[bool] = (),
    aspect: float = 1.0,
    outlines: bool = False,
    labels: bool = True,
    shapes: Shapes | None = None,
    width: int = 1600,
    height: int = 1200,
    dark: bool = False,
    title: str = "",
    caption: str = "",
    links: np.ndarray | None = None,
    zoom: float = 1.0,
) -> dict[str, Any]:
    """Everything a static picture shows, in px from the upper left corner.

    The parameters are those of :func:`analytics.figures.map.map_figure`; ``title`` stands above
    and ``caption`` below the points, ``zoom`` makes words and marks larger for a far reader.
    Returns the marks, the limits and box of the plot, rings [(points, colour)], links float
    (m, 2, 2), words, the marks of the key of shapes [(symbol number, x, y)] and the box of the
    colour bar. Raises BadInput for a side outside 200 to 6000 px and for what the map itself
    refuses.
    """
    if not (200 <= width <= 6000 and 200 <= height <= 6000):
        raise BadInput(f"A picture is {width} x {height} px, but each side takes 200 to 6000 px.")
    found = marks_module.make(
        xy,
        dark=dark,
        groups=groups,
        values=values,
        selected=selected,
        isolate=isolate,
        shapes=shapes,
    )
    unit = min(width / 1600, height / 1200) * 2 * zoom
    t = theme.TOKENS["dark" if dark else "light"]
    real = len(axes) == 2
    box = _box((width, height), unit, real, bool(title), bool(caption), bool(found.ends))
    limits = marks_module.padded(found.limits if view is None else tuple(map(tuple, view)))
    limits = frame(limits, aspect * box[2] / box[3])
    out: dict[str, Any] = {"marks": found, "limits": limits, "box": box, "unit": unit, "tokens": t}
    out["dot"] = max(1.0, found.size * 0.9 * unit)
    out |= {"size": (width, height), "dark": dark, "title": title}
    out |= {"bar": None, "rings": [], "words": [], "grid": [], "key": []}
    ends, more = linking.of_marks(links, len(xy), found)
    out["links"] = to_px(ends.reshape(-1, 2), limits, box).reshape(-1, 2, 2)
    caption = " ".join([caption, *more]) if caption else caption
    if groups is not None and values is None:
        kinds, names = np.asarray(groups)[found.rows], dict(group_names or {})
        out["rings"] = _rings(out, kinds, dark) if outlines else []
        out["words"] = _names(out, kinds, names, dark) if labels else []
        out["words"] += _key(out, groups, names)
    elif values is not None and np.any(found.shapes == theme.HOLLOW_CIRCLE):
        out["words"].append(_corner(out, "○ no value"))
    if shapes is not None:
        note = too_many(shapes, len(found.rows))
        caption = f"{caption} {note}".strip() if caption or real else caption
        out["key"], words = ([], []) if note else _shape_key(out, shapes)
        out["words"] += words
    out["words"] += _frame_words(out, title, caption, axes, (width, height))
    if real:
        out["grid"], ticked = _grid(out, [*dated, False, False])
        out["words"] += ticked
    if found.ends:
        high = round(min(220 * unit, box[3] * 0.6))
        beside = box[0] + box[2] + round(EDGE * unit)
        out["bar"] = (beside, box[1] + (box[3] - high) // 2, round(10 * unit), high)
        out["words"] += _bar_words(out, values_name)
    return out


def _box(
    size: tuple[int, int], unit: float, real: bool, title: bool, caption: bool, bar: bool
) -> tuple[int, int, int, int]:
    """Left, top, width and height of the plot: what stands round it leaves it that."""
    edge, numbers = round(EDGE * unit), round(44 * unit) if real else 0
    left = edge + numbers
    top = edge + (round(34 * unit) if title else 0)
    foot = edge + (round(26 * unit) if caption else 0) + numbers
    side = edge + (round(96 * unit) if bar else 0)
    return left, top, size[0] - left - side, size[1] - top - foot


def _grid(plan: dict, dated: list[bool]) -> tuple[list, list[dict]]:
    """Grid lines and the numbers or dates beside them, for real columns."""
    (x, y, w, h), unit, limits = plan["box"], plan["unit"], plan["limits"]
    grid, words = [], []
    color = plan["tokens"]["muted"]
    for value, text in _ticked(*limits[0], dated[0]):
        at = x + (value - limits[0][0]) / (limits[0][1] - limits[0][0]) * w
        grid.append(((at, y), (at, y + h)))
        place = (at, y + h + 11 * unit)
        words.append(_word(text, place, 12 * unit, color, "middle"))
    for value, text in _ticked(*limits[1], dated[1]):
        at = y + (limits[1][1] - value) / (limits[1][1] - limits[1][0]) * h
        grid.append(((x, at), (x + w, at)))
        words.append(_word(text, (x - 6 * unit, at), 12 * unit, color, "end"))
    return grid, words


def _ticked(low: float, high: float, dated: bool) -> list[tuple[float, str]]:
    """Where lines stand and what stands beside them."""
    if dated:
        return dates.ticks(low, high)
    values = ticks(low, high)
    words = [f"{value:.6g}" for value in values]
    if len(set(words)) < len(words):  # far from 0, in small steps
        words = [f"{value:.15g}" for value in values]
    return list(zip(values, words, strict=True))


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """At most ``most`` round numbers between two limits, in steps of 1, 2 or 5 times 10^e."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough)
    first = int(np.ceil(low / step))
    return [float(i * step) for i in range(first, first + most + 1) if i * step <= high]


def to_px(points: np.ndarray, limits: Limits, box: tuple) -> np.ndarray:
    """Data coordinates (m, 2) to px from the upper left corner."""
    x, y, w, h = box
    (x0, x1), (y0, y1) = limits
    points = np.asarray(points, float)
    across = x + (points[:, 0] - x0) * (w / (x1 - x0))
    return np.stack([across, y + (y1 - points[:, 1]) * (h / (y1 - y0))], axis=1)


def _rings(plan: dict, kinds: np.ndarray, dark: bool) -> list[tuple[np.ndarray, str]]:
    """Outlines of groups with their colours."""
    found = lines.group_outlines(plan["marks"].xy, kinds)
    return [
        (to_px(ring, plan["limits"], plan["box"]), _readable(label, dark))
        for label, rings in found.items()
        for ring in rings
    ]


def _key(plan: dict, groups: Any, names: dict) -> list[dict]:
    """What the hollow grey marks are."""
    parts = [
        f"○ {theme.clean(n, 40)} {c:,}" for n, c in marks_module.sentinel_counts(groups, names)
    ]
    return [_corner(plan, "   ".join(parts))] if parts else []


def _shape_key(plan: dict, shapes: Shapes) -> tuple[list[tuple], list[dict]]:
    """The marks of the key of shapes, in the lower left corner above what hollow marks mean, and
    the words beside them."""
    (x, y, _, h), unit = plan["box"], plan["unit"]
    key, muted = shapes.key(), plan["tokens"]["muted"]
    top = y + h - (30 + 19 * len(key)) * unit
    words = [_word(theme.clean(shapes.title, 40), (x, top), 12 * unit, muted, "start", strong=True)]
    marks = []
    for i, (number, name) in enumerate(key, 1):
        at = top + 19 * i * unit
        marks.append((number, x + 6 * unit, at))
        place = (x + 18 * unit, at)
        words.append(_word(theme.clean(name, 40), place, 12 * unit, muted, "start"))
    return marks, words


def _corner(plan: dict, text: str) -> dict:
    """Words in the lower left corner of the plot."""
    (x, y, _, h), unit = plan["box"], plan["unit"]
    place = (x, y + h - 8 * unit)
    return _word(text, place, 12 * unit, plan["tokens"]["muted"], "start")


def _readable(label: int, dark: bool) -> str:
    """A cluster's colour for lines and words."""
    color = theme.color_of(label)
    return theme.YELLOW_ON_LIGHT if color == theme.YELLOW and not dark else color


def _names(plan: dict, kinds: np.ndarray, names: dict, dark: bool) -> list[dict]:
    """Group names on the groups, moved apart; none when there are more than 24."""
    found, limits, box, unit = plan["marks"], plan["limits"], plan["box"], plan["unit"]
    if len(np.unique(kinds[kinds >= 0])) > lines.MAX_OUTLINED:
        return []
    seen = marks_module.inside(found.xy, limits)
    places = lines.group_labels(found.xy[seen], kinds[seen])
    if not places:
        return []
    texts = [theme.fitted(theme.group_name(label, names), 28) for label in places]
    sizes = np.array([(8 * unit * theme.room(text) + 8 * unit, 20 * unit) for text in texts])
    at = to_px(np.array(list(places.values())), limits, box) - box[:2]
    at = lines.spread_labels(at, sizes, box[2:]) + box[:2]
    ink = plan["tokens"]["ink"]
    return [
        _word(
            text,
            place,
            14 * unit,
            ink,
            "middle",
            strong=True,
            halo=True,
            dot=_readable(label, dark),
        )
        for text, place, label in zip(texts, at, places, strict=True)
    ]


def _frame_words(plan: dict, title: str, caption: str, axes: Sequence, size: tuple) -> list[dict]:
    """Title, caption and the names of real axes."""
    t, unit, (x, y, w, h) = plan["tokens"], plan["unit"], plan["box"]
    edge, words = EDGE * unit, []
    if title:
        most = int(size[0] / (10.5 * unit))
        words.append(
            _word(
                theme.clean(title, most),
                (edge, edge + 10 * unit),
                18 * unit,
                t["ink"],
                "start",
                strong=True,
            )
        )
    if caption:
        most = int(size[0] / (7 * unit))
        place = (edge, size[1] - edge)
        words.append(_word(theme.clean(caption, most), place, 13 * unit, t["muted"], "start"))
    if len(axes) == 2:
        across = f"→ {theme.clean(axes[0], 40)}    ↑ {theme.clean(axes[1], 40)}"
        words.append(_word(across, (x, y + h + 32 * unit), 13 * unit, t["muted"], "start"))
    if not len(plan["marks"].rows):
        words.append(
            _word("No points to draw", (x + w / 2, y + h / 2), 15 * unit, t["muted"], "middle")
        )
    return words


def _bar_words(plan: dict, name: str) -> list[dict]:
    """The ends and the name of the colour bar."""
    (bx, by, bw, bh), unit, t = plan["bar"], plan["unit"], plan["tokens"]
    low, high = plan["marks"].ends
    at = bx + bw + 6 * unit
    dated = plan["marks"].dated
    last, first = (dates.word(end) if dated else f"{end:.4g}" for end in (high, low))
    words = [
        _word(last, (at, by + 6 * unit), 12 * unit, t["muted"], "start"),
        _word(first, (at, by + bh - 6 * unit), 12 * unit, t["muted"], "start"),
    ]
    if name:
        end = (plan["box"][0] + plan["box"][2] + 96 * unit, by - 14 * unit)
        words.append(_word(theme.clean(name, 24), end, 12 * unit, t["ink"], "end"))
    return words


def _word(text, place, size, color, anchor, *, strong=False, halo=False, dot="") -> dict[str, Any]:
    """One line of text; ``place`` is the middle of its height, ``anchor`` as in SVG."""
    x, y = (float(v) for v in place)
    return {
        "text": text,
        "x": x,
        "y": y,
        "size": float(size),
        "color": color,
        "anchor": anchor,
        "strong": strong,
        "halo": halo,
        "dot": dot,
    }
