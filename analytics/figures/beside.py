"""Several maps of the same points in one figure, so that a lasso on any of them means all."""

from collections.abc import Sequence
from typing import Any

from analytics.figures import theme
from analytics.figures.map import MapView

MOST = 6
_GAP = 0.012  # of the figure's width
_TITLE = 26  # px above each map


def beside(
    views: Sequence[MapView],
    titles: Sequence[str],
    *,
    dark: bool = False,
    across: int = 0,
    height: int = 420,
) -> Any:
    """One figure with a map per cell and a title above each; zooming one zooms all.

    views : drawn by ``map_figure`` with ``share`` set to their number. across : maps per row, 0 for
    what suits. height : px of one map. The figure takes over the views' traces.
    """
    import plotly.graph_objects as go

    across = across or columns(len(views))
    down = -(-len(views) // across)
    figure = go.Figure()
    layout: dict[str, Any] = {"shapes": [], "annotations": [], "images": []}
    total = down * (height + _TITLE)
    for i, (view, title) in enumerate(zip(views, titles, strict=True)):
        box = _box(i, across, down, total)
        name = "" if i == 0 else str(i + 1)
        for trace in view.figure.data:
            trace.update(xaxis=f"x{name}", yaxis=f"y{name}")
            figure.add_trace(trace)
        old = view.figure.layout
        layout[f"xaxis{name}"], layout[f"yaxis{name}"] = _axes(old, name, box)
        for kind in ("shapes", "annotations", "images"):
            layout[kind] += [_moved(part.to_plotly_json(), name) for part in old[kind] or ()]
        layout["annotations"].append(_title(title, box, dark))
    first = views[0].figure.layout
    figure.update_layout(
        template=theme.template(dark),
        height=total,
        margin=dict.fromkeys("lrtb", 4),
        dragmode=first.dragmode,
        hovermode="closest",
        hoverdistance=12,
        uirevision=first.uirevision,
        selectionrevision=first.selectionrevision,
        paper_bgcolor=first.paper_bgcolor,
        plot_bgcolor=first.plot_bgcolor,
        **layout,
    )
    return figure


def columns(count: int) -> int:
    """Maps per row: up to three."""
    return {1: 1, 2: 2, 3: 3, 4: 2}.get(count, 3)


def _box(i: int, across: int, down: int, total: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of cell i, as shares of the figure."""
    row, column = divmod(i, across)
    wide, high = 1 / across, 1 / down
    top = 1 - row * high
    return (
        column * wide + (_GAP if column else 0),
        (column + 1) * wide - (_GAP if column < across - 1 else 0),
        top - high + (0.01 if row < down - 1 else 0),
        top - _TITLE / total,
    )


def _axes(old: Any, name: str, box: tuple) -> tuple[dict, dict]:
    """The axes of one cell; all zoom with the first."""
    x, y = old.xaxis.to_plotly_json(), old.yaxis.to_plotly_json()
    x |= {"domain": [box[0], box[1]], "anchor": f"y{name}", "constrain": "domain"}
    y |= {"domain": [box[2], box[3]], "anchor": f"x{name}", "constrain": "domain"}
    for side in (x, y):
        for own in ("title", "autorange", "autorangeoptions"):
            side.pop(own, None)
    y["scaleanchor"] = f"x{name}"
    if name:
        x["matches"], y["matches"] = "x", "y"
    return x, y


def _moved(part: dict, name: str) -> dict:
    """A shape, word or image of a map at its place in the cell."""
    for axis in "xy":
        if part.get(f"{axis}ref") == "paper":
            part[f"{axis}ref"] = f"{axis}{name} domain"
        else:
            part[f"{axis}ref"] = f"{axis}{name}"
    return part


def _title(title: str, box: tuple, dark: bool) -> dict:
    ink = theme.TOKENS["dark" if dark else "light"]["ink"]
    place = {"xref": "paper", "yref": "paper", "x": box[0], "y": box[3], "xanchor": "left"}
    look = {"yanchor": "bottom", "showarrow": False, "font": {"size": 14, "color": ink}}
    return {"text": f"<b>{theme.escape(title, 60)}</b>", **place, **look}
