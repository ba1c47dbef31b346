"""How values are spread: silhouettes over groups, a column over all rows and the selected.

Every builder returns a plotly figure with our template, escaped texts and no legend; names stand
beside what they name. Empty input gives an empty chart that says so.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank, numbers
from analytics.results import NOISE
from analytics.shares import SIGN

MAX_BARS = 3_000


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
