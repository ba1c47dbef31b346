"""Groups as nodes on a circle, tied by what they have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.figures import theme
from analytics.figures.base import blank

LEAST = 0.25  # of what two groups share, for a line between them
MOST_NODES = 40


def strategies(
    shared: Any,
    names: Mapping[int, str],
    words: Sequence[str],
    *,
    least: float = LEAST,
    dark: bool = False,
    height: int = 420,
) -> Any:
    """The figure. shared : (k, k), 0 to 1, what groups have in common. names : group -> name.
    words : what is said of each group on hover. At most 40 groups, the first ones, are drawn.

    Neighbours on the circle share much: from the first group on, the next is always the one with
    most in common with the last.
    """
    import plotly.graph_objects as go

    shared = np.asarray(shared, np.float64)[:MOST_NODES, :MOST_NODES]
    k = len(shared)
    if not k:
        return blank(dark, height, "There is no group")
    t = theme.TOKENS["dark" if dark else "light"]
    turn = np.empty(k)
    turn[order(shared)] = np.arange(k)
    angle = np.pi / 2 - 2 * np.pi * turn / k
    x, y = np.cos(angle), np.sin(angle)
    figure = blank(dark, height)
    for i, j in zip(*np.nonzero(np.triu(shared >= least, 1)), strict=True):
        width = 1 + 7 * float(shared[i, j])
        line = {"color": theme.rgba(t["muted"], 0.5), "width": width}
        figure.add_trace(
            go.Scatter(x=x[[i, j]], y=y[[i, j]], mode="lines", line=line, hoverinfo="skip")
        )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="markers+text",
            marker={"size": 18, "color": [theme.color_of(i, k) for i in range(k)]},
            text=[theme.escape(names[i], 24) for i in range(k)],
            textposition=[_beside(a, b) for a, b in zip(x, y, strict=True)],
            hovertext=[theme.escape(w, 120) for w in words[:k]],
            hovertemplate="%{hovertext}<extra></extra>",
            cliponaxis=False,
        )
    )
    hidden = {"visible": False, "range": [-1.3, 1.3]}
    figure.update_layout(
        xaxis={**hidden, "range": [-1.9, 1.9]},
        yaxis=hidden,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    return figure


def _beside(x: float, y: float) -> str:
    """Where the name of a node at (x, y) on the circle lies outside of it."""
    if abs(x) > 0.3:
        return "middle right" if x > 0 else "middle left"
    return "top center" if y > 0 else "bottom center"


def order(shared: np.ndarray) -> list[int]:
    """Groups from the first on, each followed by the one left that shares most with it."""
    path, left = [0], list(range(1, len(shared)))
    while left:
        nearest = max(left, key=lambda j: (shared[path[-1], j], -j))
        path.append(nearest)
        left.remove(nearest)
    return path
