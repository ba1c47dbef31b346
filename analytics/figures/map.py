"""The interactive map: one trace of points, drawn by N as measured, everything else as shapes."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.figures import dates, theme
from analytics.figures import links as linking
from analytics.figures import marks as marks_module
from analytics.figures.furniture import empty, furniture, selection_outlines
from analytics.figures.hover import hover_texts
from analytics.figures.marks import Limits, Marks
from analytics.figures.raster import fit, png, raster, spread_diameter
from analytics.figures.shapes import Shapes, too_many

MAX_SVG = 2_000
MAX_WEBGL = 50_000
# Each move of a lasso looks at all of these: 20,000 made a drag twice as slow without a GPU.
HOVER_SAMPLE = 5_000
# Widest and tallest plot, relative to its other side, that a re-drawn view must fill.
_WIDEST, _TALLEST = 2.2, 1.7


@dataclass(frozen=True, eq=False)
class MapView:
    """A drawn map. ``notes``: sentences about samples, cuts and missing rows, to show below it.
    ``drawn``: rows drawn. ``mode``: "svg", "webgl" or "raster"."""

    figure: Any
    notes: tuple[str, ...]
    drawn: int
    mode: str

    @property
    def sentence_parts(self) -> tuple[str, ...]:
        """The notes, to join with what the page says about the map."""
        return self.notes


def map_figure(
    xy: np.ndarray,
    *,
    dark: bool = False,
    groups: np.ndarray | None = None,
    group_names: Mapping[int, str] | None = None,
    values: np.ndarray | None = None,
    values_name: str = "",
    selected: np.ndarray | None = None,
    hover: pd.DataFrame | None = None,
    isolate: int | None = None,
    view: Limits | None = None,
    axes: Sequence[str] = (),
    dated: Sequence[bool] = (),
    aspect: float = 1.0,
    ellipses: tuple | None = None,
    outlines: bool = False,
    labels: bool = True,
    shapes: Shapes | None = None,
    height: int = 640,
    revision: str = "",
    faint_unselected: bool = True,
    selection_shapes: Sequence[Mapping] = (),
    links: np.ndarray | None = None,
    share: int = 1,
) -> MapView:
    """A map of n rows.

    xy : (n, 2) coordinates. groups : (n,) labels, sentinels below 0; group_names : label -> name.
    values : (n,) a continuous layer instead of groups, numbers with NaN where there is none or
    dates (datetime64); values_name : its title. selected : bool (n,), the others are dimmed unless
    ``faint_unselected`` is off. hover : n rows of the columns to show (at most 8 are).
    isolate : dims every group but this.
    view : ((x0, x1), (y0, y1)) to show, or None for all. axes : two names when the coordinates are
    real columns; a projection has none. dated : which of them are dates, in days.
    aspect : drawn length of one unit of y over one unit of x.
    ellipses : means (k, 2), covariances (k, 2, 2), k names.
    outlines : draws a density outline round each group. labels : names the groups on the map.
    height : px. revision : the reader's zoom is kept while this stays the same.
    shapes : marks by a second column, see :mod:`analytics.figures.shapes`.
    selection_shapes : see :mod:`analytics.selection`. links : (m, 2) row numbers that a line joins.
    share : how many such maps one figure holds; together they keep to what one may draw, and their
    names are short and stand above the groups.

    Raises BadInput when lengths disagree or coordinates cannot be drawn.
    """
    import plotly.graph_objects as go

    xy = marks_module.check_points(xy)
    if hover is not None and len(hover) != len(xy):
        raise BadInput(f"The map has {len(xy):,} rows but the hover table {len(hover):,}.")
    svg = len(xy) * share <= MAX_SVG
    drawn = marks_module.make(
        xy,
        dark=dark,
        groups=groups,
        values=values,
        selected=selected,
        isolate=isolate,
        shapes=shapes,
        faint_unselected=faint_unselected,
        edges=svg,
    )
    groups = None if groups is None or values is not None else np.asarray(groups)
    limits = _limits(drawn, view)
    drawn, notes = _near(drawn, None if view is None else _covering(limits))
    mode = "svg" if svg else "webgl" if len(drawn.rows) * share <= MAX_WEBGL else "raster"
    traces: list[dict] = []
    layout = _layout(dark, height, axes, aspect, limits, f"{revision}|{view}")
    for name, side, date in zip(("xaxis", "yaxis"), limits, dated, strict=False):
        layout[name] |= dates.as_ticks(*side) if date and len(axes) == 2 else {}
    # The tool used last stays in hand: the page builds the chart anew after a selection.
    boxed = bool(selection_shapes) and selection_shapes[-1].get("type") == "box"
    layout["dragmode"] = "select" if boxed else "lasso"
    if mode == "raster":
        notes += filter(None, [too_many(shapes, len(drawn.rows))])
        shapes = None
        layout["images"], shown = _raster_image(drawn, limits, view is not None)
        notes.append(
            f"{len(shown):,} of {len(drawn.rows):,} points answer to hover; all are drawn."
        )
    else:
        shown = np.arange(len(drawn.rows))
    kind = {"type": "scatter" if mode == "svg" else "scattergl"}
    if links is not None and mode == "raster":
        notes.append(f"Links are drawn up to {MAX_WEBGL:,} points: zoom in to see them.")
    elif links is not None:
        ends, more = linking.of_marks(links, len(xy), drawn)
        notes += more
        traces.append(kind | linking.trace(ends))  # first, and so under the points
    names = dict(group_names or {})
    traces.append(kind | _points(drawn, shown, mode, dark, groups, names, hover))
    traces.append(kind | _corners(limits, drawn, values_name, dark))
    lines, words = furniture(
        drawn,
        groups,
        names,
        isolate,
        ellipses,
        outlines,
        labels,
        shapes,
        limits,
        height,
        aspect,
        dark,
        share > 1,
    )
    layout["shapes"] = lines + selection_outlines(selection_shapes, dark)
    layout["annotations"] = words + empty(drawn, dark)
    # That plotly checks every value takes longer than all the rest (107 ms against 19 for 178
    # points); a test has it check what is made here.
    figure = go.Figure({"data": traces, "layout": layout}, _validate=False)
    return MapView(figure, tuple(notes), len(drawn.rows), mode)


def _limits(drawn: Marks, view: Limits | None) -> Limits:
    """The range to show. Raises BadInput for a view that is none."""
    if view is None:
        return marks_module.padded(drawn.limits)
    try:
        (x0, x1), (y0, y1) = (sorted(float(v) for v in side) for side in view)
    except (TypeError, ValueError):
        raise BadInput("The view of the map is not two pairs of numbers: reset the view.") from None
    if not (np.isfinite([x0, x1, y0, y1]).all() and max(map(abs, (x0, x1, y0, y1))) < 1e30):
        raise BadInput("The view of the map is not finite: reset the view.")
    return marks_module.padded(((x0, x1), (y0, y1)), 0.0)


def _near(drawn: Marks, area: Limits | None) -> tuple[Marks, list[str]]:
    """Of too many points for plotly, those near the view when they are few enough; and notes."""
    notes = list(drawn.notes)
    if area is None or len(drawn.rows) <= MAX_WEBGL:
        return drawn, notes
    near = marks_module.inside(drawn.xy, area)
    if near.sum() > MAX_WEBGL:
        return drawn, notes
    notes.append(f"{near.sum():,} of {len(near):,} points lie in and round this view.")
    return marks_module.only(drawn, near), notes


def _layout(
    dark: bool, height: int, axes: Sequence[str], aspect: float, limits: Limits, revision: str
) -> dict:
    """Axes, margins and interaction. A projection has bare axes."""
    t = theme.TOKENS["dark" if dark else "light"]
    named = len(axes) == 2
    x, y = (_range(side) | {"visible": named, "showgrid": named} for side in limits)
    y |= {"scaleanchor": "x", "scaleratio": aspect}
    if named:
        x["title"], y["title"] = ({"text": theme.escape(name, 60)} for name in axes)
    return {
        "template": theme.plain_template(dark),
        "height": int(height),
        "margin": {"l": 56, "r": 16, "t": 12, "b": 48} if named else dict.fromkeys("lrtb", 8),
        "xaxis": x,
        "yaxis": y,
        "hovermode": "closest",
        "hoverdistance": 12,
        "uirevision": revision,
        "selectionrevision": revision,
        "paper_bgcolor": t["paper"],
        "plot_bgcolor": t["paper"],
    }


def _range(side: tuple[float, float]) -> dict:
    """The range of an axis, found anew at every size: a fixed one only ever grows when the chart is
    drawn at one shape and then at another, as on a narrow screen, and the points get smaller."""
    low, high = side
    exact = {"minallowed": low, "maxallowed": high}
    return {"range": [low, high], "autorange": True, "autorangeoptions": exact}


def _raster_image(drawn: Marks, limits: Limits, zoomed: bool) -> tuple[list[dict], np.ndarray]:
    """All points as an image below the traces, and a seeded sample of them for hover."""
    area = _covering(limits) if zoomed else limits
    inside = marks_module.inside(drawn.xy, area)
    image = raster(
        drawn.xy,
        drawn.codes,
        drawn.colors,
        area,
        fit(area, 1400 if zoomed else 1000),
        layer=~drawn.faint,
        diameter=spread_diameter(int(inside.sum())),
    )
    source = "data:image/png;base64," + base64.b64encode(png(image)).decode()
    (x0, x1), (y0, y1) = area
    place = {"x": x0, "y": y1, "sizex": x1 - x0, "sizey": y1 - y0}
    fixed = {"xref": "x", "yref": "y", "sizing": "stretch", "layer": "below"}
    candidates = np.flatnonzero(inside)
    if len(candidates) > HOVER_SAMPLE:
        picked = np.random.default_rng(0).choice(len(candidates), HOVER_SAMPLE, replace=False)
        candidates = candidates[np.sort(picked)]
    return [{"source": source, **place, **fixed}], candidates


def _covering(limits: Limits) -> Limits:
    """The part of the plane that a plot of any usual shape shows around a view."""
    (x0, x1), (y0, y1) = limits
    wide = max(x1 - x0, _WIDEST * (y1 - y0))
    high = max(y1 - y0, _TALLEST * (x1 - x0))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return (x - wide / 2, x + wide / 2), (y - high / 2, y + high / 2)


def _points(
    drawn: Marks,
    shown: np.ndarray,
    mode: str,
    dark: bool,
    groups: np.ndarray | None,
    names: dict[int, str],
    hover: pd.DataFrame | None,
) -> dict:
    """The one trace of points; row ids are its customdata."""
    rows = drawn.rows[shown]
    marker: dict[str, Any] = {"size": drawn.size, "opacity": 1.0}
    if mode == "raster":
        # Seen only by the mouse: the image below shows every point.
        marker |= {"color": "rgba(128,128,128,0.01)", "size": 6}
    else:
        marker |= _looks(drawn, mode, dark)
    trace = {
        "x": np.ascontiguousarray(drawn.xy[shown, 0]),
        "y": np.ascontiguousarray(drawn.xy[shown, 1]),
        "mode": "markers",
        "marker": marker,
        "customdata": rows.astype(np.int32),
        "selected": {"marker": {"opacity": 1.0}},
        "unselected": {"marker": {"opacity": 1.0}},
        "name": "",
        "showlegend": False,
    }
    texts = hover_texts(rows, groups, names, hover)
    if texts is None:
        trace["hovertemplate"] = "Row %{customdata}<extra></extra>"
    else:
        trace |= {"hovertext": np.array(texts, dtype=object), "hoverinfo": "text"}
    return trace


def _looks(drawn: Marks, mode: str, dark: bool) -> dict:
    """Colours, edges and shapes as byte codes, so a point costs two bytes."""
    used = np.unique(drawn.codes)
    marker: dict[str, Any] = {}
    if len(used) <= 1:
        color, opacity = drawn.colors[int(used[0])] if len(used) else drawn.colors[0]
        marker["color"] = theme.rgba(color, opacity)
    else:
        steps = [theme.rgba(c, a) for c, a in drawn.colors]
        marker |= {"color": drawn.codes, **_stepped(steps)}
    shapes = np.unique(drawn.shapes)
    if len(shapes) > 1:
        marker["symbol"] = drawn.shapes
    elif len(shapes):
        # The number 0 would draw circles the slow way that other shapes need.
        marker["symbol"] = int(shapes[0]) or "circle"
    if mode == "svg":
        paper = theme.TOKENS["dark" if dark else "light"]["paper"]
        edges = [paper if c != theme.YELLOW or dark else theme.YELLOW_EDGE for c, _ in drawn.colors]
        many = len(used) > 1
        line = {"color": drawn.codes, **_stepped(edges)} if many else {"color": paper}
        marker["line"] = {"width": 0.7, **line}
    return marker


def _stepped(colors: list[str]) -> dict:
    """A colour scale that maps code c to ``colors[c]``."""
    count = len(colors)
    stops = [[(i + side) / count, c] for i, c in enumerate(colors) for side in (0, 1)]
    return {"colorscale": stops, "cmin": -0.5, "cmax": count - 0.5}


def _corners(limits: Limits, drawn: Marks, values_name: str, dark: bool) -> dict:
    """Two unseen marks at the corners: they let an empty selection through, and hold the bar."""
    (x0, x1), (y0, y1) = limits
    marker: dict[str, Any] = {"size": 1, "opacity": 0.0}
    if drawn.ends is not None:
        low, high = drawn.ends
        title = {"text": theme.escape(values_name, 40), "side": "top", "font": {"size": 12}}
        bar = {"title": title, "thickness": 10, "outlinewidth": 0, "len": 0.5, "x": 1.0}
        bar |= {"xanchor": "left", "y": 0.5, "tickformat": "~g"}
        ramp = theme.scale(theme.ramp(dark))
        if high <= low:  # one value has the colour of the middle, where its number stands
            bar |= {"tickmode": "array", "tickvals": [low]}
        room = 0.0 if high > low else max(abs(low), 1.0) * 1e-3
        marker |= {"color": [low, high], "colorscale": ramp}
        marker |= {"cmin": low - room, "cmax": high + room}
        if drawn.dated:
            bar |= dates.as_ticks(low, high)
        marker |= {"showscale": True, "colorbar": bar}
    return {
        "x": [x0, x1],
        "y": [y0, y1],
        "mode": "markers",
        "marker": marker,
        "selected": {"marker": {"opacity": 0.0}},
        "unselected": {"marker": {"opacity": 0.0}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
