"""Maps of what people would see: one colour, agreement as lightness, groups as outlines."""

from typing import Any

import numpy as np

from analytics.figures import outlines as lines
from analytics.figures import theme
from analytics.figures.furniture import Line, Word, path, written
from analytics.figures.map import MapView, map_figure
from analytics.shares import SIGN


def seen_figure(
    xy: np.ndarray,
    groups: np.ndarray,
    *,
    agreement: np.ndarray | None = None,
    marked: np.ndarray | None = None,
    dark: bool = False,
    aspect: float = 1.0,
    height: int = 460,
) -> MapView:
    """A map in one colour with a density outline and a number for each group.

    xy (n, 2); groups (n,), counted from 0, noise below. agreement (n,), 0 to 1 : the paler a point,
    the less people agree about it. marked : bool (n,), points that stand out, the others faint.
    """
    values = None if agreement is None else np.asarray(agreement, float)
    found = map_figure(
        xy,
        dark=dark,
        values=values,
        values_name="people agree" if values is not None else "",
        selected=marked if marked is not None and marked.any() else None,
        aspect=aspect,
        height=height,
    )
    with_outlines(found, xy, groups, dark)
    return found


def with_outlines(drawn: MapView, xy: np.ndarray, groups: np.ndarray, dark: bool) -> None:
    """Add an outline and a number for each group to a map."""
    shapes, words = outlined(np.asarray(xy, float), groups, dark)
    layout = drawn.figure.layout
    drawn.figure.update_layout(
        shapes=[*layout.shapes, *(path(s.ring, s.color, s.width, s.fill) for s in shapes)],
        annotations=[*layout.annotations, *written(words, dark)],
    )


def outlined(xy: np.ndarray, groups: np.ndarray, dark: bool) -> tuple[list[Line], list[Word]]:
    """An outline and a number for each group; groups (n,) counted from 0, noise below."""
    accent = theme.TOKENS["dark" if dark else "light"]["accent"]
    shapes = [
        Line(ring, accent, 1.6)
        for rings in lines.group_outlines(xy, groups).values()
        for ring in rings
    ]
    places = lines.group_labels(xy, groups)
    return shapes, [Word(np.array(at), str(label + 1), ink=accent) for label, at in places.items()]


def count_bars(counts: Any, shares: Any, dark: bool = False, height: int = 180) -> Any:
    """How many groups people would see: a bar per number, its height the share of people."""
    import plotly.graph_objects as go

    from analytics.figures.base import blank

    figure = blank(dark, height, "" if len(counts) else "No groups")
    if not len(counts):
        return figure
    t = theme.TOKENS["dark" if dark else "light"]
    figure.add_trace(
        go.Bar(
            x=[str(c) for c in counts],
            y=100 * np.asarray(shares, float),
            marker={"color": t["accent"]},
            hovertemplate=f"%{{x}} groups: %{{y:.0f}}{SIGN} of people<extra></extra>",
        )
    )
    figure.update_xaxes(title={"text": "groups seen"}, type="category")
    figure.update_yaxes(ticksuffix=SIGN, rangemode="tozero")
    return figure
