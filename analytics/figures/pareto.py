"""Maps by faithfulness and ambiguity, with the front of those that nothing else beats."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.figures import theme
from analytics.figures.base import blank

NAMED = 6  # labels on the chart at most
KEYS = 4  # methods in one line of the key, so that it fits a narrow screen


def pareto(
    maps: Sequence[Mapping[str, Any]],
    *,
    chosen: int = -1,
    least: float | None = None,
    labels: Mapping[str, str] | None = None,
    dark: bool = False,
    height: int = 380,
) -> Any:
    """One mark per map: faithful to the right, clear at the bottom.

    maps : dicts with "name", "method", "faithfulness", "ambiguity", "n_components", "front",
        "default". chosen : the recommended one, ringed and named. least : the faithfulness from
        which on a map counts as faithful, shaded. labels : method -> its name in the key.
    Maps that read as one group are hollow and take no part in the front.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    if not maps:
        return blank(dark, height, "No map was tried")
    figure = blank(dark, height)
    x = np.array([m["faithfulness"] for m in maps], float)
    y = np.array([m["ambiguity"] for m in maps], float)
    if least is not None:
        figure.add_vrect(x0=least, x1=1.02, fillcolor=theme.rgba(t["accent"], 0.07), line_width=0)
    _front(figure, maps, x, y, t)
    key = _marks(figure, maps, x, y, labels or {}, t)
    if 0 <= chosen < len(maps):
        ring = {"size": 20, "symbol": 100, "color": t["accent"], "line": {"width": 2.5}}
        mark = {"x": [x[chosen]], "y": [y[chosen]], "mode": "markers", "marker": ring}
        figure.add_trace(go.Scatter(hoverinfo="skip", **mark))
    _names(figure, maps, x, y, chosen, t)
    _key(figure, key, t)
    _axes(figure, x, y)
    return figure


def _front(figure: Any, maps, x: np.ndarray, y: np.ndarray, t: dict) -> None:
    """A line through the maps that no other beats in both."""
    import plotly.graph_objects as go

    on = np.flatnonzero([bool(m["front"]) for m in maps])
    on = on[np.argsort(x[on], kind="stable")]
    line = {"color": t["muted"], "width": 1.5, "dash": "dot"}
    figure.add_trace(go.Scatter(x=x[on], y=y[on], mode="lines", line=line, hoverinfo="skip"))


def _marks(figure: Any, maps, x: np.ndarray, y: np.ndarray, labels: Mapping, t: dict) -> list[str]:
    """The maps of each method in its colour and shape; returns the words of the key."""
    import plotly.graph_objects as go

    key = []
    for i, method in enumerate(dict.fromkeys(m["method"] for m in maps)):
        own = [j for j, m in enumerate(maps) if m["method"] == method]
        label = theme.escape(labels.get(method, method), 24)
        color = theme.color_of(i)
        shape = theme.SHAPE_NUMBERS[i % len(theme.SHAPE_NUMBERS)]
        symbols = [shape + 100 if maps[j]["n_components"] < 2 else shape for j in own]
        edge = {"color": t["paper"], "width": 0.6}
        figure.add_trace(
            go.Scatter(
                x=x[own],
                y=y[own],
                mode="markers",
                marker={"size": 10, "color": color, "symbol": symbols, "line": edge},
                text=[theme.escape(maps[j]["name"], 70) for j in own],
                name=label,
                hovertemplate="%{text}<br>faithfulness %{x:.2f}<br>ambiguity %{y:.2f}"
                "<extra></extra>",
            )
        )
        key.append(f"<span style='color:{color}'>●</span> {label} {len(own)}")
    return key


def _key(figure: Any, key: list[str], t: dict) -> None:
    """What the colours mean and how many maps each method has, above the chart."""
    rows = ["   ".join(key[i : i + KEYS]) for i in range(0, len(key), KEYS)]
    figure.add_annotation(
        text="<br>".join(rows),
        xref="paper",
        yref="paper",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        align="left",
        showarrow=False,
        font={"size": 12, "color": t["muted"]},
    )
    figure.update_layout(margin={"t": 14 + 18 * len(rows)})


def _axes(figure: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Axes that hold all marks, with room for a name to the right of the last."""
    low, high = float(x.min()), float(x.max())
    pad = 0.06 * max(high - low, 0.1)
    figure.update_xaxes(
        title={"text": "Faithfulness (F1 of steadiness and cohesiveness)"},
        range=[low - pad, min(1.01, high + 2.5 * pad)],
        showgrid=True,
    )
    top = max(float(y.max()) * 1.08, 0.1)
    figure.update_yaxes(
        title={"text": "Ambiguity (CLAMS)"}, range=[-0.06 * top, top], showgrid=True
    )


def _names(figure: Any, maps, x: np.ndarray, y: np.ndarray, chosen: int, t: dict) -> None:
    """The recommended map and the defaults by name, as far as they fit; hovering names the rest."""
    width, high = max(float(np.ptp(x)), 0.1), max(float(y.max()), 0.1)
    order = sorted(
        range(len(maps)),
        key=lambda i: (i != chosen, not maps[i]["front"], -x[i]),
    )
    taken: list[tuple[float, float]] = []
    for i in order:
        wanted = i == chosen or maps[i]["default"]
        near = any(abs(x[i] - a) < 0.5 * width and abs(y[i] - b) < 0.07 * high for a, b in taken)
        if not wanted or near or len(taken) == NAMED:
            continue
        taken.append((float(x[i]), float(y[i])))
        text = theme.escape(maps[i]["name"], 40)
        text = f"<b>{text}</b>" if i == chosen else text
        left = x[i] > x.min() + 0.6 * width
        side = {"xanchor": "right", "xshift": -12} if left else {"xanchor": "left", "xshift": 12}
        font = {"size": 12, "color": t["ink"] if i == chosen else t["muted"]}
        back = {"bgcolor": theme.rgba(t["paper"], 0.75), "borderpad": 1}
        figure.add_annotation(x=x[i], y=y[i], text=text, showarrow=False, font=font, **side, **back)
