"""One way to draw a map, or several of the same rows beside each other, on every page.

Which renderer draws them follows from how many points there are: plotly, and from 50,001 on the
large map (:mod:`pages.ui.largeview`). Both show the same and answer with the same geometry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from analytics import selection as geometry
from analytics.figures import shapes as marks
from analytics.figures.map import MAX_WEBGL
from analytics.results import Projection
from pages.ui import frame, in_view, letting_go, screen, ticking
from pages.ui.words import safe_md

QUIET = {"displaylogo": False, "displayModeBar": False}
BAR = 36  # px of the tools above large maps that stand beside each other
STACKED = 280  # px of each map where maps stand below each other: a thumb passes beside them


@dataclass(frozen=True, eq=False)
class Layer:
    """What one map shows: groups (n,) with their names, or values (n,), or one colour.

    seen : (n,) groups that are outlined and numbered without being the colour. title : above it.
    """

    groups: np.ndarray | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    values: np.ndarray | None = None
    values_name: str = ""
    seen: np.ndarray | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class Look:
    """How all maps of a place are drawn; words as of ``analytics.figures.map.map_figure``.

    lit : rows that stand out, bool (n,). zoom : (x0, x1, y0, y1) to show first, () for all.
    reading : the page is read by scrolling, so the wheel does not zoom. holds : the results that
    the page rests on, which stay in memory while the large map is on screen.
    """

    lit: np.ndarray | None = None
    selection: tuple = ()
    isolate: int | None = None
    hover: Any = None
    zoom: tuple[float, ...] = ()
    aspect: float = 1.0
    ellipses: tuple | None = None
    outlines: bool = False
    shapes: Any = None
    links: np.ndarray | None = None
    height: int = 640
    revision: str = ""
    reading: bool = False
    holds: tuple = ()

    @property
    def limits(self) -> tuple | None:
        """What to show first as ((x0, x1), (y0, y1))."""
        return (self.zoom[:2], self.zoom[2:]) if self.zoom else None


def large(n: int, maps: int = 1) -> bool:
    """Whether so many points in so many maps are drawn by the large map."""
    return n * maps > MAX_WEBGL


def show(
    projection: Projection,
    layers: list[Layer],
    look: Look,
    *,
    sentence: str,
    key: str,
    chosen=None,
    cleared=None,
    kept=None,
) -> None:
    """Draw the maps with their notes.

    sentence : says what they show. chosen : called with the shapes of a new selection, and where
    ``kept`` is given and the reader had zoomed with the limits shown then. cleared : when the
    reader lets the selection go on the map, kept : with (x0, x1, y0, y1) when what is in view is to
    be kept. Without ``chosen`` nothing can be selected.
    """
    draw = _large if large(len(projection.xy), len(layers)) else _plotly
    for note in draw(projection, layers, look, sentence, key, chosen, cleared, kept):
        st.caption(safe_md(note))


def heard(key: str, chosen) -> None:
    """Hand the outline that was drawn on a plotly chart on to ``chosen``.

    A page that draws a chart anew, as every selection does, gives the browser a new chart with an
    empty selection; what arrives from the former one late, with the next click, then reads as
    empty. So an event without an outline is never a wish: the selection is let go by its button, by
    Escape or a double click (:mod:`pages.ui.letting_go`).
    """
    shapes = geometry.from_plotly(st.session_state.get(key))
    if shapes:
        chosen(shapes)


def _large(projection, layers, look: Look, sentence, key, chosen, cleared, kept) -> tuple[str, ...]:
    """By WebGL; returns the notes."""
    from pages.ui import largeview

    rows = -(-len(layers) // largeview.columns(len(layers)))
    notes = largeview.draw(
        projection,
        layers,
        lit=look.lit,
        isolate=look.isolate,
        hover=look.hover,
        home=look.limits,
        revision=look.revision,
        selection=look.selection,
        ellipses=look.ellipses,
        outlines=look.outlines,
        aspect=look.aspect,
        height=look.height * rows + (BAR if len(layers) > 1 else 0),
        name=sentence,
        key=key,
        chosen=None if chosen is None else lambda event: _picked(event, chosen),
        cleared=None if cleared is None else lambda event: cleared(),
        kept=kept,
        reading=look.reading,
        holds=(projection, *look.holds),
    )
    links = f"Links are drawn up to {MAX_WEBGL:,} points." if look.links is not None else ""
    left_out = filter(None, (links, marks.too_many(look.shapes, len(projection.xy))))
    return (*notes, *left_out)


def _picked(event, chosen) -> None:
    shapes = geometry.from_browser(event)
    if shapes:
        chosen(shapes)


def _plotly(projection, layers, look: Look, sentence, key, chosen, cleared, kept) -> list[str]:
    """By plotly; returns the notes."""
    from analytics.figures.beside import beside

    views = [_figure(projection, layer, look, len(layers)) for layer in layers]
    several, figure = len(views) > 1, views[0].figure
    box: dict[str, Any] = {"key": f"{key}-sidebox"}
    if several:
        titles = [layer.title for layer in layers]
        stacked = {"across": 1, "height": STACKED} if screen.narrow() else {"height": look.height}
        figure = beside(views, titles, dark=frame.dark(), **stacked)
    else:
        # The box gives the height, so that assets/app.css can lower it on a narrow screen.
        figure.update_layout(height=None, autosize=True)
        box = {"key": f"{key}-plotbox", "height": look.height, "border": False}
    chart = f"{key}-chart"
    zooms = chosen is not None and kept is not None and not several

    def select(shapes) -> None:
        limits = in_view.shown(key, look.revision) if zooms else ()
        if limits:
            chosen(shapes, limits)
        else:
            chosen(shapes)

    selecting = {
        "on_select": lambda: heard(chart, select),
        "selection_mode": ("box", "lasso"),
        "config": {
            "displaylogo": False,
            "scrollZoom": not look.reading,
            "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
        },
    }
    st.container(**box).plotly_chart(
        figure,
        key=chart,
        theme=None,
        alt=sentence,
        **({} if several else {"height": "stretch"}),
        **(selecting if chosen is not None else {"config": QUIET}),
    )
    ticking.listen(key, projection.dated)
    if chosen is not None:
        in_view.listen(key, look.revision if zooms else "")
    if cleared is not None and look.selection:
        letting_go.listen(key, cleared)
    return list(dict.fromkeys(note for view in views for note in view.notes))


def _figure(projection, layer: Layer, look: Look, share: int):
    """One map as a plotly figure with its notes."""
    from analytics.figures.map import map_figure
    from analytics.figures.people import with_outlines

    drawn = map_figure(
        projection.xy,
        dark=frame.dark(),
        groups=layer.groups,
        group_names=layer.names,
        values=layer.values,
        values_name=layer.values_name,
        selected=look.lit,
        selection_shapes=look.selection,
        hover=look.hover,
        isolate=look.isolate,
        view=look.limits,
        axes=projection.axes,
        dated=projection.dated,
        aspect=look.aspect,
        ellipses=look.ellipses,
        outlines=look.outlines,
        shapes=look.shapes,
        links=look.links,
        height=look.height,
        revision=look.revision,
        share=share,
    )
    if layer.seen is not None:
        with_outlines(drawn, projection.xy, layer.seen, frame.dark())
    return drawn
