"""Numbers as coloured cells and as bars.

Every builder returns a plotly figure with our template, escaped texts and no legend; names stand
beside what they name. Empty input gives an empty chart that says so.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank, numbers

MAX_TEXT_CELLS = 400


def heatmap(
    matrix: Any,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    title: str = "",
    diverging: bool = False,
    limits: tuple[float, float] | None = None,
    text: bool = True,
    dark: bool = False,
    height: int | None = None,
) -> Any:
    """A matrix (r, c) as coloured cells, row 0 on top; numbers in the cells up to 400 of them.

    ``diverging`` : blue below and orange above nought. ``limits`` : the values at the ends of the
    ramp. ``title`` : what the colour means, beside the ramp, which is drawn when the cells hold no
    numbers.
    """
    import plotly.graph_objects as go

    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape != (len(row_names), len(column_names)):
        raise BadInput("A matrix chart needs one name per row and per column: the counts differ.")
    rows, columns = matrix.shape
    height = height or int(np.clip(28 * rows + 110, 200, 900))
    matrix = np.where(np.abs(matrix) < 1e300, matrix, np.nan)
    if not np.isfinite(matrix).any():
        return blank(dark, height, "Nothing to draw")
    whole = bool(np.all(np.isnan(matrix) | (matrix == np.round(matrix))))
    colors = theme.scale(theme.DIVERGING if diverging else theme.ramp(dark))
    numbered = text and rows * columns <= MAX_TEXT_CELLS
    cells = {"texttemplate": "%{z:,.0f}" if whole else "%{z:.2f}"} if numbered else {}
    low, high = limits or (None, None)
    figure = blank(dark, height)
    name = theme.escape(title, 60)
    figure.add_trace(
        go.Heatmap(
            z=matrix,
            colorscale=colors,
            zmid=0 if diverging else None,
            zmin=low,
            zmax=high,
            showscale=not numbered,
            xgap=1,
            ygap=1,
            hovertemplate="%{y} · %{x}<br>%{z:.4g}<extra></extra>",
            colorbar={
                "title": {"text": name, "side": "right", "font": {"size": 12}},
                "thickness": 10,
                "len": 0.9,
                "outlinewidth": 0,
            },
            **cells,
        )
    )
    ticks = {"tickmode": "array", "showgrid": False}
    for update, names in ((figure.update_yaxes, row_names), (figure.update_xaxes, column_names)):
        at = np.unique(np.linspace(0, len(names) - 1, min(len(names), 40)).astype(int))
        update(tickvals=at, ticktext=[theme.escape(names[i], 24) for i in at], **ticks)
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(margin={"t": 16, "r": 8})
    return figure


def bars(
    names: Sequence[str],
    values: Any,
    *,
    intervals: Any = None,
    x_title: str = "",
    colors: Sequence[str] | None = None,
    dark: bool = False,
    height: int | None = None,
) -> Any:
    """Horizontal bars, first on top, with their numbers; intervals (k, 2) of low and high."""
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    values = numbers(values, "values")
    if len(values) != len(names):
        raise BadInput("A bar chart needs one name per bar: the counts differ.")
    height = height or int(np.clip(26 * len(values) + 80, 140, 900))
    if not np.isfinite(values).any():
        return blank(dark, height, "Nothing to draw")
    error = None
    ends = values
    if intervals is not None:
        low, high = np.asarray(intervals, float).reshape(len(values), 2).T
        error = {
            "type": "data",
            "symmetric": False,
            "array": np.nan_to_num(np.maximum(high - values, 0)),
            "arrayminus": np.nan_to_num(np.maximum(values - low, 0)),
            "color": t["ink"],
            "thickness": 1.2,
            "width": 3,
        }
        ends = np.fmax(values, high)
    figure = blank(dark, height)
    place = np.arange(len(values))
    figure.add_trace(
        go.Bar(
            x=values,
            y=place,
            orientation="h",
            marker={"color": list(colors) if colors else t["accent"]},
            error_x=error,
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=np.maximum(np.nan_to_num(ends), 0),
            y=place,
            mode="text",
            text=[f" {_number(v)}" for v in values],
            textposition="middle right",
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    figure.update_yaxes(
        autorange="reversed",
        tickvals=place,
        ticktext=[theme.escape(name, 32) for name in names],
        showgrid=False,
    )
    figure.update_xaxes(title={"text": theme.escape(x_title, 70)}, showgrid=False, nticks=6)
    figure.update_layout(bargap=0.35, margin={"r": 60, "t": 12})
    return figure


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.2f}" if 0.01 <= abs(value) < 1e4 else f"{value:.3g}"
