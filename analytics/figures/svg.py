"""Pieces of an SVG map as text."""

from xml.sax.saxutils import escape

import numpy as np

from analytics.figures import links as linking
from analytics.figures import theme
from analytics.figures.marks import Limits, Marks
from analytics.figures.plan import to_px


def text(words: str) -> str:
    """Any words as one safe line of XML."""
    return escape(theme.clean(words, 400))


def dots(found: Marks, limits: Limits, box: tuple, dot: float) -> list[str]:
    """One element per point, in drawing order."""
    at = to_px(found.xy, limits, box)
    looks = [f'fill="{c}" fill-opacity="{a:g}"' for c, a in found.colors]
    hollow = [
        f'fill="none" stroke="{c}" stroke-opacity="{a:g}" stroke-width="{dot * 0.2:.2f}"'
        for c, a in found.colors
    ]
    out = []
    for (x, y), code, shape in zip(at, found.codes, found.shapes, strict=True):
        out.append(mark(int(shape), x, y, dot, (hollow if shape >= theme.HOLLOW else looks)[code]))
    return out


def links(ends: np.ndarray, unit: float) -> list[str]:
    """All links (m, 2, 2) as one path."""
    if not len(ends):
        return []
    path = "".join(f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for (a, b), (c, d) in ends)
    look = f'stroke="rgb{linking.COLOR}" stroke-opacity="{linking.opacity(len(ends)):.2f}"'
    return [f'<path d="{path}" fill="none" {look} stroke-width="{unit / 2:.2f}"/>']


def mark(shape: int, x: float, y: float, dot: float, look: str) -> str:
    """One mark by its plotly symbol number; ``look``: its fill and stroke."""
    if shape % theme.HOLLOW == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{dot / 2:.2f}" {look}/>'
    corners = polygon(shape % theme.HOLLOW) * dot / 2 + (x, y)
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    return f'<polygon points="{path}" {look}/>'


def key(marks: list[tuple], unit: float, color: str) -> list[str]:
    """The marks of a key."""
    size = 10 * unit
    empty = f'fill="none" stroke="{color}" stroke-width="{0.2 * size:.2f}"'
    return [
        mark(shape, x, y, size, empty if shape >= theme.HOLLOW else f'fill="{color}"')
        for shape, x, y in marks
    ]


def polygon(shape: int) -> np.ndarray:
    """Corners of a mark of radius 1 by plotly symbol number: (m, 2), y down."""
    if shape in (3, 4):
        a, b = 0.36, 1.1
        quarter = np.array([(a, -b), (a, -a), (b, -a)])
        cross = np.concatenate([quarter @ _turn(i * np.pi / 2).T for i in range(4)])
        return cross @ _turn(np.pi / 4).T if shape == 4 else cross
    # (corners, turn in degrees from the top, outer radius, inner radius or 0)
    corners, turn, outer, inner = {
        1: (4, 45, 1.2, 0),
        2: (4, 0, 1.2, 0),
        5: (3, 0, 1.2, 0),
        6: (3, 180, 1.2, 0),
        13: (5, 0, 1.15, 0),
        17: (5, 0, 1.25, 0.55),
        18: (6, 0, 1.25, 0.75),
    }[shape]
    count = corners * (2 if inner else 1)
    angle = np.radians(turn) + np.arange(count) * 2 * np.pi / count
    radius = np.where(np.arange(count) % 2 == 1, inner, outer) if inner else np.full(count, outer)
    return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1)


def _turn(angle: float) -> np.ndarray:
    """Rotation matrix."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def bar(box: tuple, dark: bool) -> list[str]:
    """The colour bar as a gradient."""
    x, y, w, h = box
    steps = theme.ramp(dark)
    stops = "".join(
        f'<stop offset="{i / (len(steps) - 1):.3f}" stop-color="{c}"/>'
        for i, c in enumerate(reversed(steps))
    )
    return [
        f'<linearGradient id="ramp" x2="0" y2="1">{stops}</linearGradient>',
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="url(#ramp)"/>',
    ]


def line(word: dict, paper: str) -> str:
    """One line of text, with its dot and halo."""
    weight = ' font-weight="600"' if word["strong"] else ""
    halo = ""
    if word["halo"]:
        halo = f' paint-order="stroke" stroke="{paper}" stroke-width="{word["size"] / 3:.1f}"'
    place = f'x="{word["x"]:.1f}" y="{word["y"]:.1f}" dy="0.35em" text-anchor="{word["anchor"]}"'
    look = f'font-size="{word["size"]:.1f}" fill="{word["color"]}"{weight}{halo}'
    dot = f'<tspan fill="{word["dot"]}">● </tspan>' if word["dot"] else ""
    return f"<text {place} {look}>{dot}{text(word['text'])}</text>"
