"""The small charts beside a map: curves, matrices, bars, histograms, silhouettes.

Every builder returns a plotly figure with our template, escaped texts and no legend; names stand
beside what they name. Empty input gives an empty chart that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank, numbers
from analytics.figures.trees import condensed_tree, dendrogram, reachability
from analytics.results import NOISE
from analytics.shares import SIGN

__all__ = [
    "bars",
    "condensed_tree",
    "curve",
    "dendrogram",
    "heatmap",
    "histogram",
    "reachability",
    "silhouette",
]

MAX_BARS = 3_000
MAX_TEXT_CELLS = 400
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


def silhouette(
    values: Any,
    labels: Any,
    *,
    names: Mapping[int, str] | None = None,
    dark: bool = False,
    height: int = 420,
) -> Any:
    """Silhouette of every point, sorted within its group, best on top; at most 3,000 bars.

    values (n,) in -1 .. 1, NaN where not scored; labels (n,). Noise is left out.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    values, labels = numbers(values, "values"), np.asarray(labels)
    if len(values) != len(labels):
        raise BadInput("A silhouette chart needs one value per label: the lengths differ.")
    used = np.isfinite(values) & (labels > NOISE)
    if not used.any():
        return blank(dark, height, "No silhouette values")
    groups = np.unique(labels[used])
    share = min(1.0, MAX_BARS / used.sum())
    lengths, places, colors, centres = [], [], [], []
    at = 0
    for label in groups:
        own = np.sort(values[used & (labels == label)])[::-1]
        count = max(1, round(share * len(own)))
        own = own[np.linspace(0, len(own) - 1, count).astype(int)]
        lengths.append(own)
        places.append(at + np.arange(count))
        colors += [theme.color_of(int(label))] * count
        centres.append(at + count / 2)
        at += count + max(2, round(0.015 * MAX_BARS * share))
    figure = blank(dark, height)
    bar = {"color": colors, "line": {"width": 0}}
    figure.add_trace(
        go.Bar(
            x=np.concatenate(lengths).astype(np.float32),
            y=np.concatenate(places).astype(np.int32),
            orientation="h",
            marker=bar,
            width=1.0,
            hovertemplate="%{x:.2f}<extra></extra>",
        )
    )
    texts = [_group_line(int(g), names, values[used & (labels == g)]) for g in groups]
    step = max(1, -(-len(groups) // 30))
    figure.update_yaxes(
        autorange="reversed", tickvals=centres[::step], ticktext=texts[::step], showgrid=False
    )
    mean = float(values[used].mean())
    figure.add_vline(x=mean, line={"color": t["accent"], "width": 1.5, "dash": "dot"})
    word = {"text": f"mean {mean:.2f}", "font": {"color": t["accent"], "size": 12}}
    figure.add_annotation(x=mean, y=1, yref="paper", yanchor="bottom", showarrow=False, **word)
    figure.update_xaxes(title={"text": "Silhouette"}, showgrid=True)
    figure.update_layout(bargap=0)
    return figure


def _group_line(label: int, names: Mapping[int, str] | None, values: np.ndarray) -> str:
    name = theme.escape(theme.group_name(label, dict(names or {})), 24)
    return f"{name}  {values.mean():.2f}"


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


def histogram(
    values: Any,
    selected: Any = None,
    *,
    name: str = "",
    numeric: bool = True,
    dark: bool = False,
    height: int = 220,
) -> Any:
    """How a column is spread over all rows and over the selection, as shares of each.

    values (n,) numbers, or anything with ``numeric=False`` (the 16 most frequent are shown);
    selected bool (n,) or None.
    """
    import plotly.graph_objects as go

    from analytics.figures.bins import categories, number_bins

    t = theme.TOKENS["dark" if dark else "light"]
    binned = number_bins(numbers(values, "values")) if numeric else categories(values)
    if binned is None:
        return blank(dark, height, "No values in this column")
    codes, edges, texts = binned
    count = len(texts) if texts else len(edges) - 1
    parts = [("All rows", codes, theme.rgba(t["muted"], 0.45))]
    chosen = None if selected is None else np.asarray(selected, bool)
    if chosen is not None and len(chosen) != len(codes):
        raise BadInput("The selection has another number of rows than the column: select again.")
    if chosen is not None and chosen.any():
        parts.append(("Selected", codes[chosen], theme.rgba(t["accent"], 0.6)))
    figure = blank(dark, height)
    at = np.arange(count) if texts else (edges[:-1] + edges[1:]) / 2
    key = []
    for label, own, color in parts:
        inside = own[own >= 0]
        share = 100 * np.bincount(inside, minlength=count) / max(len(inside), 1)
        axes = {"x": share, "y": at, "orientation": "h"} if texts else {"x": at, "y": share}
        width = 0.8 if texts else np.diff(edges)
        figure.add_trace(go.Bar(**axes, width=width, marker={"color": color}, name=label))
        key.append(f"<span style='color:{color}'>■</span> {label} {len(inside):,}")
    _histogram_axes(figure, name, texts, "   ".join(key), int((codes < 0).sum()), t)
    return figure


def _histogram_axes(figure, name, texts, key, missing, t) -> None:
    """Titles, the key above the plot, and how many rows have no value."""
    key += f"   no value {missing:,}" if missing else ""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left"}
    font = {"size": 12, "color": t["muted"]}
    figure.add_annotation(text=key, yanchor="bottom", showarrow=False, font=font, **place)
    figure.update_layout(barmode="overlay", bargap=0)
    named = "<extra>%{fullData.name}</extra>"
    if texts:
        ticks = {"tickvals": list(range(len(texts))), "ticktext": texts}
        figure.update_yaxes(autorange="reversed", showgrid=False, **ticks)
        figure.update_xaxes(ticksuffix=SIGN, showgrid=True, nticks=5)
        figure.update_layout(height=max(figure.layout.height, 22 * len(texts) + 90))
        figure.update_traces(hovertemplate=f"%{{y}}: %{{x:.1f}}{SIGN}{named}")
    else:
        figure.update_yaxes(ticksuffix=SIGN, showgrid=True, nticks=4)
        figure.update_xaxes(showgrid=False, title={"text": theme.escape(name, 60)})
        figure.update_traces(hovertemplate=f"%{{x:.4~g}}: %{{y:.1f}}{SIGN}{named}")
