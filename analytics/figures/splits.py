"""A tree of halvings, from all rows at the top to the groups."""

from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank

MOST = 200  # sets drawn, the first ones


def split_tree(tree: Any, leaf: Any, *, dark: bool = False, height: int = 360) -> Any:
    """Each set as a dot (area by rows) above its halves; groups in their colours.

    tree (m, 5): parent (-1 for the first), size, stability, agreement, fall of the BIC per row;
    leaf (k,): the row of each group.
    """
    import plotly.graph_objects as go

    tree = np.asarray(tree, np.float64)
    if tree.ndim != 2 or tree.shape[1] != 5 or not len(tree):
        raise BadInput("The tree of splits has no sets: run PPP first.")
    group = np.full(len(tree), -1)
    group[np.asarray(leaf, int)] = np.arange(len(leaf))
    t, tree = theme.TOKENS["dark" if dark else "light"], tree[:MOST]
    parents, sizes = tree[:, 0].astype(int), tree[:, 1]
    x, depth = _places(parents)
    figure = blank(dark, height)
    lines = {"x": [], "y": []}
    for node, parent in enumerate(parents):
        if parent >= 0:
            lines["x"] += [x[parent], x[node], None]
            lines["y"] += [-depth[parent], -depth[node], None]
    style = {"color": t["rule"], "width": 2}
    figure.add_trace(go.Scatter(**lines, mode="lines", line=style, hoverinfo="skip"))
    shown = group[: len(tree)]
    colors = [theme.color_of(int(g)) if g >= 0 else t["muted"] for g in shown]
    names = [f"Group {g + 1}" if g >= 0 else "" for g in shown]
    figure.add_trace(
        go.Scatter(
            x=x,
            y=-depth,
            mode="markers+text",
            text=[f"{name}<br>{int(n):,}" if name else f"{int(n):,}" for name, n in zip(
                names, sizes, strict=True)],
            textposition="bottom center",
            textfont={"size": 11, "color": t["ink"]},
            marker={"size": 8 + 26 * np.sqrt(sizes / sizes[0]), "color": colors, "opacity": 1.0},
            hovertext=[_words(row) for row in tree],
            hoverinfo="text",
            cliponaxis=False,
        )
    )  # fmt: skip
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, range=[-depth.max() - 0.8, 0.5])
    return figure


def _places(parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place from left to right and depth of every set: (m,), (m,). Parents stand before halves."""
    m = len(parents)
    depth, halves = np.zeros(m), [[] for _ in range(m)]
    for node in range(1, m):
        depth[node] = depth[parents[node]] + 1
        halves[parents[node]].append(node)
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        waiting += halves[node][::-1]
        order.append(node)
    x, ends = np.zeros(m), 0
    for node in order:
        if not halves[node]:
            x[node], ends = ends, ends + 1
    for node in order[::-1]:
        if halves[node]:
            x[node] = np.mean(x[halves[node]])
    return x, depth


def _words(row: np.ndarray) -> str:
    """What was measured of one set."""
    _, size, stability, agreement, fall = row
    if not np.isfinite(stability):
        return f"{int(size):,} rows, too few or too alike to halve"
    return (
        f"{int(size):,} rows<br>same halves {stability:.2f}<br>mixture agrees {agreement:.2f}"
        f"<br>BIC falls by {fall:.3g} per row"
    )
