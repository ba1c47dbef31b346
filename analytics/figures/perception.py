"""Charts of the ambiguity score: pairs on the entropy curve and in matrices, curves with a band,
points under ellipses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank, numbers
from analytics.shares import percent


def pair_matrix(
    pairs: np.ndarray,
    values: Any,
    names: Sequence[str],
    *,
    meaning: str,
    chosen: int | None = None,
    dark: bool = False,
    height: int = 360,
) -> Any:
    """A symmetric matrix of one value per pair, each cell a mark that can be chosen by a click.

    pairs (p, 2) indices into ``names``; values (p,), 0 to 1; meaning : what a value is, for hover;
    chosen : the pair to point out. The customdata of a mark is its pair.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    values = numbers(values, "values")
    if len(values) != len(pairs):
        raise BadInput("The matrix needs one value per pair: the counts differ.")
    figure = blank(dark, height, "" if len(pairs) else "No pairs")
    if not len(pairs):
        return figure
    k = len(names)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    cells = np.concatenate([values, values])
    index = np.tile(np.arange(len(pairs)), 2)
    size = max(6.0, (height - 70) / k - 3)
    edge = np.where(index == (-1 if chosen is None else chosen), 3.0, 0.0)
    labels = [f"{theme.escape(names[i], 8)} and {theme.escape(names[j], 8)}" for i, j in both]
    ramp = theme.ramp(dark)
    figure.add_trace(
        go.Scatter(
            x=both[:, 1],
            y=both[:, 0],
            mode="markers+text" if k <= 9 else "markers",
            text=[f"{v:.2f}" for v in cells] if k <= 9 else None,
            textfont={"size": 12, "color": [_readable(v, ramp) for v in cells]},
            customdata=index,
            hovertext=labels,
            hovertemplate=f"%{{hovertext}}<br>{theme.escape(meaning)} %{{marker.color:.2f}}"
            "<extra></extra>",
            marker={
                "symbol": "square",
                "size": size,
                "color": cells,
                "cmin": 0,
                "cmax": 1,
                "colorscale": theme.scale(ramp),
                "opacity": 1.0,
                "line": {"width": edge, "color": t["accent"]},
            },
            selected={"marker": {"opacity": 1.0}},
            unselected={"marker": {"opacity": 1.0}},
        )
    )
    ticks = {"tickvals": list(range(k)), "ticktext": [theme.escape(n, 8) for n in names]}
    span = [-0.6, k - 0.4]
    figure.update_xaxes(**ticks, range=span, showgrid=False, side="top", constrain="domain")
    figure.update_yaxes(
        **ticks, range=span[::-1], showgrid=False, scaleanchor="x", constrain="domain"
    )
    figure.update_layout(margin={"l": 30, "r": 10, "t": 30, "b": 10}, dragmode=False)
    return figure


def _readable(value: float, ramp: list[str]) -> str:
    """Black or white, whichever is read better on the colour of a value from 0 to 1."""
    if not np.isfinite(value):
        return "#000000"
    red, green, blue = theme.rgb(ramp[round(float(value) * (len(ramp) - 1))])
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"


def banded(
    x: Any,
    y: Any,
    low: Any = None,
    high: Any = None,
    *,
    x_title: str,
    y_title: str = "Ambiguity",
    log: bool = False,
    mark: float | None = None,
    dark: bool = False,
    height: int = 240,
) -> Any:
    """A score from 0 to 1 along something, with the band between ``low`` and ``high`` when given.

    mark : where the shown plot is. log : x on a logarithmic axis.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    x, y = numbers(x, "positions"), numbers(y, "scores")
    figure = blank(dark, height)
    if low is not None and high is not None:
        around = np.concatenate([numbers(high, "scores"), numbers(low, "scores")[::-1]])
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([x, x[::-1]]),
                y=around,
                mode="lines",
                fill="toself",
                fillcolor=theme.rgba(t["accent"], 0.15),
                line={"width": 0},
                hoverinfo="skip",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": t["accent"], "width": 2},
            marker={"size": 6},
            hovertemplate="%{x:,.3~g}: %{y:.2f}<extra></extra>",
        )
    )
    if mark is not None:
        figure.add_vline(x=float(mark), line={"color": t["muted"], "width": 1, "dash": "dot"})
    figure.update_xaxes(
        title={"text": x_title}, type="log" if log else "linear", nticks=5, tickformat=",~r"
    )
    figure.update_yaxes(title={"text": y_title}, range=[-0.03, 1.03], nticks=5, showgrid=True)
    figure.update_layout(margin={"l": 50, "r": 14, "t": 10, "b": 44})
    return figure


def points_and_ellipses(
    xy: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    names: Sequence[str],
    *,
    dark: bool = False,
    height: int = 420,
) -> Any:
    """Points of one colour under the ellipses of their groups, at equal units."""
    from analytics.figures.map import map_figure

    drawn = map_figure(xy, dark=dark, ellipses=(means, covariances, list(names)), height=height)
    drawn.figure.update_layout(dragmode=False)
    return drawn.figure


def entropy_curve(
    separability: Any,
    ambiguity: Any,
    names: Sequence[str],
    *,
    chosen: int | None = None,
    dark: bool = False,
    height: int = 300,
) -> Any:
    """Pairs of groups on the curve that turns a share of people into ambiguity (bits).

    chosen : the pair that is drawn larger. Each point carries the number of its pair.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    share, bits = numbers(separability, "shares"), numbers(ambiguity, "ambiguities")
    if not len(share) == len(bits) == len(names):
        raise BadInput("The ambiguity chart needs one name per pair: the counts differ.")
    p = np.linspace(1e-9, 1 - 1e-9, 161)
    entropy = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    figure = blank(dark, height)
    line = {"color": t["rule"], "width": 2}
    figure.add_trace(go.Scatter(x=p, y=entropy, mode="lines", line=line, hoverinfo="skip"))
    texts = [theme.escape(name, 24) for name in names]
    sizes = [15 if i == chosen else 9 for i in range(len(share))]
    dot = {"size": sizes, "color": t["accent"], "line": {"color": t["paper"], "width": 1}}
    figure.add_trace(
        go.Scatter(
            x=share,
            y=bits,
            mode="markers",
            marker=dot,
            text=texts,
            customdata=list(range(len(share))),
            hovertext=[percent(s) for s in share],
            hovertemplate="%{text}<br>%{hovertext} see two groups<br>%{y:.2f} bits<extra></extra>",
        )
    )
    _name_pairs(figure, share, bits, texts, t)
    quarters = [0, 0.25, 0.5, 0.75, 1]
    ticks = {"tickvals": quarters, "ticktext": [percent(q) for q in quarters]}
    title = {"text": "Predicted share of people who see two groups"}
    figure.update_xaxes(title=title, range=[-0.16, 1.16], **ticks)
    figure.update_yaxes(title={"text": "Ambiguity (bits)"}, range=[-0.04, 1.12], showgrid=True)
    return figure


def _name_pairs(figure, share, bits, texts, t) -> None:
    """Names of the most ambiguous pairs, as long as they do not run into one another."""
    taken: list[tuple[float, float]] = []
    for i in np.argsort(-np.nan_to_num(bits, nan=-1), kind="stable"):
        x, y = share[i], bits[i]
        near = any(abs(x - a) < 0.14 and abs(y - b) < 0.09 for a, b in taken)
        if not np.isfinite(x + y) or near or len(taken) >= 12:
            continue
        taken.append((x, y))
        side = {"xanchor": "left", "xshift": 8} if x >= 0.5 else {"xanchor": "right", "xshift": -8}
        font = {"size": 12, "color": t["ink"]}
        figure.add_annotation(x=x, y=y, text=texts[i], showarrow=False, font=font, **side)
