"""Lines through points, with their names at their ends.

Every builder returns a plotly figure with our template, escaped texts and no legend; names stand
beside what they name. Empty input gives an empty chart that says so.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank, numbers

MAX_CURVE = 2_000


def curve(
    x: Any,
    y: Any,
    *,
    mark: float | None = None,
    mark_y: float | None = None,
    x_title: str = "",
    y_title: str = "",
    series: Mapping[str, Any] | None = None,
    dark: bool = False,
    height: int = 300,
) -> Any:
    """A line through (x, y), more lines from ``series`` (name -> values at x), named at their end.

    ``mark`` : an x position to point out, for example the suggested k; ``mark_y`` : a height, for
    example the suggested eps. ``y`` may be None when ``series`` has all the lines. Longer lines
    are drawn through 2,000 evenly spaced positions.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    x = numbers(x, "positions")
    lines = {"": y} if y is not None else {}
    lines |= dict(series or {})
    lines = {name: numbers(values, "values") for name, values in lines.items()}
    if any(len(values) != len(x) for values in lines.values()):
        raise BadInput("A curve needs one value per position: the lengths differ.")
    if not len(x) or not any(np.isfinite(v).any() for v in lines.values()):
        return blank(dark, height, "Nothing to draw")
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_CURVE)).astype(int))
    x, lines = x[kept], {name: values[kept] for name, values in lines.items()}
    figure = blank(dark, height)
    colors = [t["ink"], *theme.cluster_colors(len(lines))]
    offset = 0 if "" in lines else 1
    for i, (name, values) in enumerate(lines.items()):
        style = {"color": colors[i + offset], "width": 1.8}
        mode = "lines+markers" if len(x) <= 40 else "lines"
        label = theme.escape(name, 40)
        figure.add_trace(
            go.Scatter(x=x, y=values, mode=mode, line=style, marker={"size": 5}, name=label)
        )
        known = np.flatnonzero(np.isfinite(values))
        if name and len(known):
            last = known[-1]
            figure.add_annotation(
                x=x[last],
                y=values[last],
                text=label,
                showarrow=False,
                xanchor="left",
                xshift=8,
                font={"color": t["ink"], "size": 12},
            )
    named = max((len(theme.clean(name, 40)) for name in lines), default=0)
    figure.update_layout(
        margin={"r": 20 + 7 * named}, hovermode="x unified" if series else "closest"
    )
    if mark is not None and np.isfinite(mark):
        _mark(figure, float(mark), x, next(iter(lines.values())), t)
    if mark_y is not None and np.isfinite(mark_y):
        figure.add_hline(y=float(mark_y), line={"color": t["accent"], "width": 1.5, "dash": "dot"})
        word = {"text": f"{mark_y:.4g}", "font": {"color": t["accent"], "size": 13}}
        place = {"x": 0, "xref": "paper", "y": float(mark_y), "xanchor": "left"}
        figure.add_annotation(showarrow=False, yanchor="bottom", **word, **place)
    _titles(figure, x_title, y_title)
    figure.update_yaxes(showgrid=True)
    return figure


def _mark(figure: Any, mark: float, x: np.ndarray, y: np.ndarray, t: dict) -> None:
    """A dotted line and a dot at ``mark``."""
    import plotly.graph_objects as go

    figure.add_vline(x=mark, line={"color": t["accent"], "width": 1.5, "dash": "dot"})
    at = int(np.nanargmin(np.abs(x - mark)))
    if x[at] == mark and np.isfinite(y[at]):
        dot = {"size": 10, "color": t["accent"]}
        figure.add_trace(
            go.Scatter(x=[mark], y=[y[at]], mode="markers", marker=dot, hoverinfo="skip")
        )
    figure.add_annotation(
        x=mark,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"{mark:.4g}",
        showarrow=False,
        font={"color": t["accent"], "size": 13},
    )


def _titles(figure: Any, x_title: str, y_title: str) -> None:
    figure.update_xaxes(title={"text": theme.escape(x_title, 70)})
    figure.update_yaxes(title={"text": theme.escape(y_title, 70)})
