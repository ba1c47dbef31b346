"""Everything on a map that is not a dot: outlines, ellipses, names, the key, the selection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics import selection
from analytics.figures import marks as marks_module
from analytics.figures import outlines as lines
from analytics.figures import theme
from analytics.figures.marks import Limits, Marks

MAX_LABELS = 24
LETTERS, FEW_LETTERS = 28, 16  # of a name on a map, and on a small one
# px of a map on a narrow screen, and of one of several: the least that names must get along with.
NARROW, FEW_WIDE = (330, 400), 220
KEY_LETTERS = 44  # in one line of the key: what a narrow screen holds


@dataclass(frozen=True)
class Line:
    """A closed line: ring (m, 2) in data units; colours in CSS words, width in px."""

    ring: np.ndarray
    color: str
    width: float
    fill: str = ""


@dataclass(frozen=True)
class Word:
    """A name on the map: where, what, the colour of the dot before it, whether it stands out, the
    colour of its letters, "" for ink; where the bulk of its group lies, (2, 2), if it has one, and
    how far it is moved from its place, px to the right and up."""

    place: np.ndarray
    text: str
    color: str = ""
    bold: bool = True
    ink: str = ""
    bulk: np.ndarray | None = None
    shift: tuple[float, float] = (0.0, 0.0)


def furniture(
    drawn, groups, names, isolate, ellipses, outlines, labels, marks, limits, height, aspect,
    dark, small,
) -> tuple[list[dict], list[dict]]:  # fmt: skip
    """Outlines, ellipses and every word written on the map, for plotly. small : as of ``parts``;
    aspect : drawn length of one unit of y over one unit of x."""
    kinds = None if groups is None else groups[drawn.rows]
    found, words = parts(
        drawn.xy, kinds, names, isolate, ellipses, outlines, labels, limits, dark, small
    )
    shapes = [path(line.ring, line.color, line.width, line.fill) for line in found]
    annotations = written(placed_words(words, limits, height, aspect, small), dark, small)
    return shapes, annotations + _key(groups, names, drawn, marks, dark)


def parts(
    xy, kinds, names, isolate, ellipses, outlines, labels, limits, dark, small=False
) -> tuple[list[Line], list[Word]]:
    """Outlines, ellipses and names in data units; ``kinds`` (m,) are the groups of ``xy``.

    small : one of several maps beside each other; its names are short and stand above the groups.
    """
    found: list[Line] = []
    words: list[Word] = []
    if kinds is not None and outlines:
        for label, rings in lines.group_outlines(xy, kinds).items():
            color = theme.color_of(label)
            color = theme.YELLOW_ON_LIGHT if color == theme.YELLOW and not dark else color
            strength = 0.35 if isolate not in (None, label) else 1.0
            edge, fill = (theme.rgba(color, a * strength) for a in (0.9, 0.07))
            found += [Line(ring, edge, 1.4, fill) for ring in rings]
    if kinds is not None and labels:
        seen = marks_module.inside(xy, limits)
        if len(np.unique(kinds[kinds >= 0])) <= MAX_LABELS:
            letters = FEW_LETTERS if small else LETTERS
            for label, place in lines.group_labels(xy[seen], kinds[seen], small).items():
                name = theme.fitted(theme.group_name(label, names), letters)
                bold = isolate in (None, label)
                bulk = lines.bulk(xy[seen][kinds[seen] == label])
                words.append(Word(place, name, theme.color_of(label), bold, bulk=bulk))
    if ellipses is not None:
        muted = theme.TOKENS["dark" if dark else "light"]["muted"]
        for mean, covariance, title in zip(*ellipses, strict=True):
            ring = lines.ellipse(mean, covariance)
            found.append(Line(ring, muted, 1.3))
            words.append(Word(ring[ring[:, 1].argmax()], theme.clean(title, 12)))
    return found, words


def placed_words(
    words: list[Word], limits: Limits, height: int, aspect: float = 1.0, small: bool = False
) -> list[Word]:
    """Words moved off the group that they would cover, apart, and into the plot.

    The moves are px, reckoned for a narrow screen: a wider one draws the places further apart and
    the names as large, so what is apart here is apart there. aspect : as of
    :func:`furniture`; small : as of :func:`parts`.
    """
    if not words:
        return []
    (x0, x1), (y0, y1) = limits
    room = (FEW_WIDE if small else NARROW[0], min(NARROW[1], height))
    scale = min(room[0] / (x1 - x0), room[1] / (aspect * (y1 - y0)))
    px = np.array([scale, scale * aspect])
    plain = [theme.room(word.text) + 2 * bool(word.color) for word in words]
    sizes = np.array([(7.4 * n + 10, 22) for n in plain], float)
    at = np.array([(word.place - (x0, y0)) * px for word in words])
    box = ((x1 - x0) * px[0], (y1 - y0) * px[1])
    tops = box[1] - at[:, 1]
    own = [_off(*each, px) for each in zip(words, sizes, tops, strict=True)]
    moved = lines.spread_labels(at + own, sizes, box) - at
    return [replace(word, shift=tuple(by)) for word, by in zip(words, moved.tolist(), strict=True)]


def _off(word: Word, size: np.ndarray, top: float, px: np.ndarray) -> tuple[float, float]:
    """How far up a name goes, px, so as not to hide its group: not at all when enough is seen, and
    down below the group where it would be pushed back from the edge, ``top`` px above."""
    if word.bulk is None:
        return 0.0, 0.0
    low, high = word.bulk * px
    if np.any(high - low > size):
        return 0.0, 0.0
    up = float(high[1] - word.place[1] * px[1] + 0.75 * size[1])
    if up + size[1] / 2 <= top:
        return 0.0, up
    return 0.0, float(low[1] - word.place[1] * px[1] - 0.75 * size[1])


def written(words: list[Word], dark: bool, small: bool = False) -> list[dict]:
    """Words as plotly's annotations, which read a little HTML."""
    t = theme.TOKENS["dark" if dark else "light"]
    found = []
    for word in words:
        text = theme.escape(word.text, LETTERS)
        ink = word.ink or t["ink" if word.bold else "muted"]
        dot = f"<span style='color:{word.color}'>●</span> "
        found.append(
            {
                "x": float(word.place[0]),
                "y": float(word.place[1]),
                "text": dot + text if word.color else f"<b>{text}</b>",
                "xshift": round(word.shift[0], 1),
                "yshift": round(word.shift[1], 1),
                "showarrow": False,
                "font": {"size": 11 if small else 13, "color": ink},
                "bgcolor": theme.rgba(t["paper"], 0.8),
                "borderpad": 1 if small else 2,
                "opacity": 1.0 if word.bold else 0.55,
            }
        )
    return found


def _key(groups: Any, names: dict, drawn: Marks, marks: Any, dark: bool) -> list[dict]:
    """What shapes and grey mean, in the lower left corner."""
    t = theme.TOKENS["dark" if dark else "light"]
    counted = marks_module.sentinel_counts(groups, names)
    parts = [
        f"<span style='color:{theme.NOISE_COLOR}'>○</span> {theme.escape(name, 28)} {count:,}"
        for name, count in counted
    ]
    grey = theme.NOISE_COLOR
    if drawn.ends is not None and np.any(drawn.codes // 2 == len(drawn.colors) // 2 - 1):
        parts.append(f"<span style='color:{grey}'>○</span> no value")
    lines = ["   ".join(parts)] if parts else []
    if marks is not None:
        lines = [*_shape_lines(marks, dict(counted)), *lines]
    if not lines:
        return []
    place = {"xref": "paper", "yref": "paper", "x": 0, "align": "left", "y": 0, "xanchor": "left"}
    look = {"yanchor": "bottom", "showarrow": False, "bgcolor": theme.rgba(t["paper"], 0.78)}
    font = {"size": 12, "color": t["muted"]}
    return [{"text": "<br>".join(lines), "font": font, "borderpad": 3, **place, **look}]


def _shape_lines(marks: Any, counted: Mapping[str, int]) -> list[str]:
    """The key of the shapes, in lines short enough for a narrow screen; what is counted in a line
    of its own, as noise is, stands there only."""
    lines, width = [f"Shape: {theme.escape(marks.title, 40)}"], KEY_LETTERS
    for number, name in marks.key():
        if name in counted and number == theme.HOLLOW_CIRCLE:
            continue
        entry = f"{theme.GLYPHS.get(number, '○')} {theme.escape(name, 28)}"
        width += len(theme.clean(name, 28)) + 5
        if width > KEY_LETTERS:
            lines.append(entry)
            width = len(theme.clean(name, 28))
        else:
            lines[-1] += "   " + entry
    return lines


def empty(drawn: Marks, dark: bool) -> list[dict]:
    """One line in the middle of a map without points."""
    if len(drawn.rows):
        return []
    color = theme.TOKENS["dark" if dark else "light"]["muted"]
    place = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    return [{"text": "No points to draw", "font": {"size": 15, "color": color}, **place}]


def path(points: np.ndarray, color: str, width: float, fill: str = "") -> dict:
    """A closed line through points (m, 2) as a layout shape."""
    steps = " L ".join(f"{x:.12g},{y:.12g}" for x, y in points)
    shape = {"type": "path", "path": f"M {steps} Z", "line": {"color": color, "width": width}}
    return {**shape, "fillcolor": fill or "rgba(0,0,0,0)", "layer": "above"}


def corners(shape: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """The corners of a shape of :mod:`analytics.selection`: x (m,), y (m,)."""
    x, y = np.array(shape["x"], float), np.array(shape["y"], float)
    return (x[[0, 1, 1, 0]], y[[0, 0, 1, 1]]) if shape["type"] == "box" else (x, y)


def selection_outlines(shapes: Sequence[Mapping], dark: bool) -> list[dict]:
    """The outline of the selection, drawn as shapes: plotly's own would swallow the next lasso."""
    accent = theme.TOKENS["dark" if dark else "light"]["accent"]
    out = []
    for shape in selection.check(list(shapes)):
        drawn = path(np.stack(corners(shape), axis=1), accent, 1.5, theme.rgba(accent, 0.05))
        drawn["line"]["dash"] = "dot"
        out.append(drawn)
    return out
