"""More points than a picture can hold, as counts in squares."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.figures import furniture, theme
from analytics.figures.base import blank


def density(
    counts: np.ndarray,
    across: tuple[float, float],
    up: tuple[float, float],
    axes: Sequence[str],
    *,
    ellipses: tuple | None = None,
    aspect: float = 1.0,
    dark: bool = False,
    height: int = 420,
) -> Any:
    """Counts (r, c) of points in squares, row 0 at the smallest y, under ellipses.

    across, up : (middle of the first, width) of the squares in data units. ellipses : means (k, 2),
    covariances (k, 2, 2) and names. aspect : drawn length of a unit of y over one of x. Depth is by
    rank, as on large maps: the shade of a square is the share of squares that hold fewer points.
    """
    import plotly.graph_objects as go

    figure = blank(dark, height)
    held = counts > 0
    values, which, times = np.unique(counts[held], return_inverse=True, return_counts=True)
    rank = (np.cumsum(times) - 0.5 * times) / times.sum()
    shade = np.full(counts.shape, np.nan)
    shade[held] = 0.25 + 0.75 * (rank[which] if len(values) > 1 else 1.0)
    ink = theme.CLUSTER_COLORS[0]
    figure.add_trace(
        go.Heatmap(
            z=np.round(shade, 3),
            customdata=counts,
            x0=across[0],
            dx=across[1],
            y0=up[0],
            dy=up[1],
            zmin=0,
            zmax=1,
            colorscale=[[0, theme.rgba(ink, 0)], [1, theme.rgba(ink, 1)]],
            showscale=False,
            hoverongaps=False,
            hovertemplate="%{x:.4~g}, %{y:.4~g}: %{customdata:,} points<extra></extra>",
        )
    )
    rows, columns = counts.shape
    limits = tuple(
        (first - 0.5 * step, first + (n - 0.5) * step)
        for (first, step), n in ((across, columns), (up, rows))
    )
    rings, words = furniture.parts(None, None, None, None, ellipses, False, False, limits, dark)
    for ring in rings:
        line = {"color": ring.color, "width": ring.width}
        x, y = ring.ring.T
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    named = furniture.placed_words(words, limits, height, aspect)
    figure.update_layout(annotations=furniture.written(named, dark), dragmode="pan")
    x, y = ({"text": theme.escape(name, 60)} for name in axes)
    figure.update_xaxes(title=x, range=limits[0], constrain="domain")
    figure.update_yaxes(
        title=y, range=limits[1], scaleanchor="x", scaleratio=aspect, constrain="domain"
    )
    return figure
