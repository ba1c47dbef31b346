"""One step of a clustering algorithm as a picture, and the tree of merges so far."""

from typing import Any

import numpy as np

from analytics.figures import outlines, theme
from analytics.figures.base import blank
from analytics.results import NOISE, UNLABELLED
from analytics.stepping.step import Step

_FEW = 30  # crosses that get a number
_NUMBERED = 12  # groups that get a number
_LIT_AS_RINGS = 40  # more points that a step is about are not marked one by one
_OPEN_CIRCLE = theme.HOLLOW_CIRCLE


def step_picture(points: np.ndarray, step: Step, dark: bool = False, height: int = 520) -> Any:
    """The points (n, 2) of the unit square, and what the step did.

    A group is a colour and a shape, and has its number; noise is hollow and grey; points not placed
    yet are small. Crosses are centres, rings what the step is about, dotted rings the queue.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    traces = [_dots(points, step, dark, t), *_rings(points, step, t)]
    if len(step.lines):
        x, y = _broken(step.lines)
        few = len(step.lines) <= _FEW
        style = {"color": t["accent"] if few else t["muted"], "width": 2 if few else 1}
        line = {"mode": "lines", "line": style, "opacity": 1 if few else 0.35}
        traces.insert(0, {"x": x, "y": y, "hoverinfo": "skip", **line})
    if len(step.centers):
        traces.append(_crosses(step, t))
    span = {"range": [-0.03, 1.03], "visible": False, "fixedrange": True, "constrain": "domain"}
    layout = {
        "template": theme.template(dark),
        "height": int(height),
        "xaxis": span,
        "yaxis": {**span, "scaleanchor": "x"},
        "shapes": [_circle(*circle, t) for circle in step.circles.tolist()],
        "annotations": _numbers(points, step, t),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "dragmode": False,
        "autosize": True,
    }
    # All at once: each further trace or mark would check those before it again.
    return go.Figure([go.Scatter(trace) for trace in traces], layout)


def _circle(x: float, y: float, radius: float, t: dict) -> dict:
    """A neighbourhood or window."""
    box = {"x0": x - radius, "x1": x + radius, "y0": y - radius, "y1": y + radius}
    look = {"line": {"color": t["accent"], "width": 1.5}, "layer": "below"}
    return {"type": "circle", "fillcolor": theme.rgba(t["accent"], 0.1), **box, **look}


def _broken(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines (m, 4) as one line with gaps: x and y, float32 (3 m,)."""
    gap = np.full(len(lines), np.nan)
    x = np.stack([lines[:, 0], lines[:, 2], gap], axis=1).ravel()
    y = np.stack([lines[:, 1], lines[:, 3], gap], axis=1).ravel()
    return x.astype(np.float32), y.astype(np.float32)


def _dots(points: np.ndarray, step: Step, dark: bool, t: dict) -> dict:
    """The points as a trace."""
    labels = step.labels
    placed = labels >= 0
    shapes = np.array(theme.SHAPE_NUMBERS, np.uint8)
    symbols = np.where(placed, shapes[np.maximum(labels, 0) % len(shapes)], _OPEN_CIRCLE)
    symbols[labels == UNLABELLED] = 0
    size = np.where(labels == UNLABELLED, 5.0, 9.0 if len(points) <= 200 else 7.5)
    if len(step.strong):
        size = np.where(placed & ~step.strong, size - 2.5, size)
    palette = list(theme.CLUSTER_COLORS)
    if not dark:
        palette[palette.index(theme.YELLOW)] = theme.YELLOW_ON_LIGHT
    colors = [
        palette[label % len(palette)] if label >= 0 else theme.NOISE_COLOR
        for label in labels.tolist()
    ]
    ink = labels == UNLABELLED
    colors = [t["ink"] if own else c for own, c in zip(ink.tolist(), colors, strict=True)]
    names = [f"Point {i + 1}, {group}" for i, group in enumerate(groups_of(step))]
    return {
        "x": points[:, 0].astype(np.float32),
        "y": points[:, 1].astype(np.float32),
        "mode": "markers",
        "marker": {"color": colors, "symbol": symbols, "size": size, "opacity": 0.9},
        "hovertext": names,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _group(label: int) -> str:
    if label >= 0:
        return f"group {label + 1}"
    return "noise" if label == NOISE else "not placed yet"


def groups_of(step: Step) -> list[str]:
    """The group of each point in words, as the table twin says it."""
    return [_group(label) for label in step.labels.tolist()]


def _rings(points: np.ndarray, step: Step, t: dict) -> list[dict]:
    """Rings round the points of the queue and of the step."""
    lit = step.lit if len(step.lit) <= _LIT_AS_RINGS else step.lit[:0]
    found = []
    for rows, size, width, color in (
        (step.waiting, 13, 1, t["muted"]),
        (lit, 16, 2, t["accent"]),
    ):
        if len(rows):
            line = {"width": width, "color": color}
            marker = {"symbol": _OPEN_CIRCLE, "size": size, "color": color, "line": line}
            place = {"x": points[rows, 0], "y": points[rows, 1], "mode": "markers"}
            found.append({**place, "marker": marker, "hoverinfo": "skip"})
    return found


def _crosses(step: Step, t: dict) -> dict:
    """Centres as crosses, many windows as small ones."""
    few = len(step.centers) <= _FEW
    line = {"color": t["paper"], "width": 1.5 if few else 0}
    marker = {"symbol": 4 if few else 3, "size": 15 if few else 5, "color": t["ink"], "line": line}
    place = {"x": step.centers[:, 0], "y": step.centers[:, 1]}
    return {**place, "mode": "markers", "marker": marker, "hoverinfo": "skip"}


def _numbers(points: np.ndarray, step: Step, t: dict) -> list[dict]:
    """The numbers of the centres, or where there are none of the largest groups."""
    places = dict(enumerate(step.centers)) if len(step.centers) <= _FEW else {}
    if not len(step.centers):
        for label in outlines.largest(step.labels, _NUMBERED):
            members = points[step.labels == label]
            if len(members) > 1:
                places[label] = outlines.label_point(members)
    look = {"font": {"size": 16, "color": t["ink"]}, "bgcolor": theme.rgba(t["paper"], 0.75)}
    look |= {"yshift": 18, "showarrow": False, "borderpad": 0}
    return [
        {"text": f"<b>{label + 1}</b>", "x": float(x), "y": float(y), **look}
        for label, (x, y) in places.items()
    ]


def tree_picture(tree: np.ndarray, merges: int, dark: bool = False, height: int = 200) -> Any:
    """The tree of merges (n - 1, 4), those done so far strong and the last one marked."""
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    if not len(tree):
        return blank(dark, height, "One point has no tree")
    figure = blank(dark, height)
    bows = _bows(tree)
    for part, color, width in (
        (bows[merges:], t["rule"], 1),
        (bows[:merges], t["ink"], 1.2),
        (bows[max(merges - 1, 0) : merges], t["accent"], 3),
    ):
        if len(part):
            ends = np.concatenate([part, np.full((len(part), 1, 2), np.nan)], axis=1)
            x, y = ends.reshape(-1, 2).astype(np.float32).T
            line = {"color": color, "width": width}
            figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip"))
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(
        title={"text": "Height"}, showgrid=True, fixedrange=True, rangemode="tozero"
    )
    figure.update_layout(margin={"l": 50, "r": 5, "t": 5, "b": 5}, dragmode=False)
    return figure


def _bows(tree: np.ndarray) -> np.ndarray:
    """The four corners of each merge: (n - 1, 4, 2)."""
    n = len(tree) + 1
    order, todo = [], [2 * n - 2]
    while todo:
        node = todo.pop()
        if node < n:
            order.append(node)
        else:
            todo += [int(tree[node - n, 1]), int(tree[node - n, 0])]
    x, y = np.zeros(2 * n - 1), np.zeros(2 * n - 1)
    x[order] = np.arange(n)
    bows = np.empty((n - 1, 4, 2))
    for i, ((a, b), top) in enumerate(zip(tree[:, :2].astype(int), tree[:, 2], strict=True)):
        x[n + i], y[n + i] = (x[a] + x[b]) / 2, top
        bows[i] = (x[a], y[a]), (x[a], top), (x[b], top), (x[b], y[b])
    return bows
