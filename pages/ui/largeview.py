"""The map of 50,001 to ten million points: drawn by the browser from points that it fetches once.

What goes through Streamlit is small: the colours, the names and outlines, and the addresses and
versions of what is fetched (:mod:`pages.ui.served`). What comes back is geometry, as from plotly.
"""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
import streamlit as st

from analytics.figures import dates, furniture, large, marks, people, theme
from analytics.figures.beside import columns
from analytics.selection import Shape
from pages.ui import frame, mounting, tickets

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "large"
SCRIPTS = (
    "camera.js",
    "webgl.js",
    "pixels.js",
    "picture.js",
    "ticks.js",
    "overlay.js",
    "points.js",
    "hand.js",
    "pane.js",
    "drawing.js",
    "view.js",
)
_SERVED = "so the server draws the points: after a move or a zoom the picture follows."
WITHOUT = f"This browser offers no WebGL, {_SERVED}"
LOST = f"The browser took the graphics away and did not give them back, {_SERVED}"
HELD = 8  # sheets, colours and overlays of the last maps, each
_held: dict[str, OrderedDict] = {"sheet": OrderedDict(), "colours": OrderedDict()}
_held["overlay"] = OrderedDict()
_lock = threading.Lock()


def _renderer():
    def text(name):
        return (ASSETS / name).read_text("utf-8")

    return st.components.v2.component(
        "gestalt_large_map",
        html=text("view.html"),
        css=text("view.css"),
        js="\n".join(map(text, SCRIPTS)),
    )


_component = _renderer()


def draw(
    projection,
    layers,
    *,
    lit: np.ndarray | None,
    isolate: int | None,
    hover,
    home: tuple | None,
    revision: str,
    selection: tuple[Shape, ...],
    ellipses,
    outlines: bool,
    aspect: float,
    height: int,
    name: str,
    key: str,
    chosen=None,
    cleared=None,
    kept=None,
    reading: bool = False,
    holds: tuple = (),
) -> tuple[str, ...]:
    """Draw a map, or several of the same points beside each other that move together, and return
    their notes; parameters as of ``analytics.figures.map.map_figure``.

    layers : what each map shows, see :class:`pages.ui.drawing.Layer`. home : limits to show first,
    None for all. chosen : called with the shapes of a new selection, cleared : when it is let go,
    kept : with (x0, x1, y0, y1) when the reader keeps what is in view; None for a map that offers
    none of this. reading : the page is read by scrolling, which the wheel is left to. holds : what
    else stays in memory while the browser may fetch from this map.
    """
    dark = frame.dark()
    sheet = _remember("sheet", projection.digest, lambda: large.sheet(projection.xy))
    limits = marks.padded(sheet.limits)
    lit = _lit(lit, layers[0].groups, isolate)
    look = (isolate, ellipses, outlines, limits, dark, len(layers) > 1)
    panes, scenes, notes = [], [], list(sheet.notes)
    for layer in layers:
        pane, scene, said = _pane(projection, sheet, layer, lit, hover, look)
        panes.append(pane)
        scenes.append(scene)
        notes += said
    version = "" if lit is None else _digest(lit)
    held = {"scenes": scenes, "codes": [pane["codes"] for pane in panes], "lit": version}
    held["holds"] = holds
    token, secret = tickets.grant(key, held)
    data = {
        "token": token,
        "secret": secret,
        "points": projection.digest,
        "n": len(sheet.rows),
        "lit": version,
        "panes": panes,
        "across": columns(len(panes)),
        "low": sheet.low.tolist(),
        "span": sheet.span.tolist(),
        "aspect": aspect,
        "all": [*limits[0], *limits[1]],
        "home": [*(home or limits)[0], *(home or limits)[1]],
        "revision": revision,
        "theme": theme.TOKENS["dark" if dark else "light"],
        "dated": [*projection.dated, False, False][:2],
        "axes": [theme.clean(axis, 60) for axis in projection.axes],
        "selection": _selection(selection, dark),
        "selects": chosen is not None,
        "keeps": kept is not None,
        "reading": reading,
        "name": name,
        "without": WITHOUT,
        "lost": LOST,
    }
    _mount(data, height, key, {"picked": chosen, "cleared": cleared, "kept": kept})
    return tuple(dict.fromkeys(notes))


def _mount(data: dict, height: int, key: str, hears: dict) -> None:
    """Put the component into a box of its own; hears : what to call for each event, or None."""
    chart = mounting.key(key, "large")

    def hear(what: str):
        def heard():
            state = st.session_state.get(chart)
            if hears[what] is not None:
                hears[what](None if state is None else state.get(what))

        return heard

    with st.container(key=f"{key}-plotbox", height=height, border=False):
        _component(
            key=chart,
            data=data,
            height="stretch",
            on_picked_change=hear("picked"),
            on_cleared_change=hear("cleared"),
            on_kept_change=hear("kept"),
            on_renew_change=lambda: None,
        )


def _pane(projection, sheet, layer, lit, hover, look) -> tuple[dict, large.Scene, tuple]:
    """What one map says to the browser, what answers the browser, and its notes."""
    isolate, ellipses, outlines, limits, dark, small = look
    version = _digest(layer.groups, layer.values, dark)
    colours = _remember(
        "colours",
        version,
        lambda: large.colours(len(projection.xy), layer.groups, layer.values, dark),
    )
    groups = layer.groups if layer.values is None else None
    scene = large.Scene(projection.xy, sheet, colours, lit, groups, layer.names, hover)
    shown = _remember(
        "overlay",
        _digest(sheet.limits, projection.digest, version, layer.names, layer.seen, *look),
        lambda: _overlay(scene, layer, isolate, ellipses, outlines, limits, dark, small),
    )
    pane = {
        "title": theme.clean(layer.title, 60),
        "codes": "" if colours.codes is None else version,
        "colors": list(colours.colors),
        "bar": _bar(colours, layer.values_name),
        **shown,
    }
    return pane, scene, colours.notes


def _remember(kind: str, name: str, make):
    """What was made under this name before, for any reader; the last ones used are held."""
    held = _held[kind]
    with _lock:
        if name in held:
            held.move_to_end(name)
            return held[name]
    made = make()
    with _lock:
        held[name] = made
        while len(held) > HELD:
            held.popitem(last=False)
    return made


def _digest(*parts) -> str:
    """A short name for arrays and small values by their content."""
    found = hashlib.sha256()
    for part in parts:
        array = isinstance(part, np.ndarray)
        # As bytes: dates cannot be read as a buffer.
        found.update(np.ascontiguousarray(part).view(np.uint8) if array else repr(part).encode())
        found.update(b"|")
    return found.hexdigest()[:24]


def _lit(lit, groups, isolate) -> np.ndarray | None:
    """The rows that stand out, or None for all: those given, of the one group shown."""
    lit = lit if lit is not None and lit.any() else None
    if isolate is None or groups is None:
        return lit
    one = np.asarray(groups) == isolate
    return one if lit is None else one & lit


def _overlay(scene, layer, isolate, ellipses, outlines, limits, dark, small) -> dict:
    """Outlines, names and the key, from the first points: a fair sample when there are many."""
    rows = scene.sheet.rows[: large.OVERLAY_SAMPLE]
    groups, names = scene.groups, layer.names
    kinds = None if groups is None else np.asarray(groups)[rows]
    lines, words = furniture.parts(
        scene.xy[rows], kinds, names, isolate, ellipses, outlines, True, limits, dark, small
    )
    if layer.seen is not None:
        found = people.outlined(scene.xy[rows].astype(float), np.asarray(layer.seen)[rows], dark)
        lines, words = [*lines, *found[0]], [*words, *found[1]]
    grey = marks.sentinel_counts(groups, names)
    key = [f"○ {theme.clean(name, 28)} {count:,}" for name, count in grey]
    codes = scene.colours.codes
    if scene.colours.ends is not None and np.any(codes == len(scene.colours.colors) - 1):
        key.append("○ no value")
    return {
        "lines": [
            {"rings": [ring.ring.tolist()], "color": ring.color, "width": ring.width}
            | {"fill": ring.fill}
            for ring in lines
        ],
        "words": [
            {"x": float(w.place[0]), "y": float(w.place[1]), "text": w.text}
            | {"color": w.color, "bold": w.bold, "ink": w.ink}
            for w in words
        ],
        "key": key,
    }


def _bar(colours: large.Colours, title: str) -> dict | None:
    """The key of a colour ramp."""
    if colours.ends is None:
        return None
    low, high = (dates.word(v) if colours.dated else f"{v:.4g}" for v in colours.ends)
    ramp = list(colours.colors[:-1][:: max(1, len(colours.colors) // 10)])
    return {"title": theme.clean(title, 40), "low": low, "high": high, "colors": ramp}


def _selection(shapes: tuple[Shape, ...], dark: bool) -> list[dict]:
    """The outlines of what is selected."""
    accent = theme.TOKENS["dark" if dark else "light"]["accent"]
    look = {"color": accent, "width": 1.5, "fill": theme.rgba(accent, 0.05), "dotted": True}
    return [
        {"rings": [np.stack(furniture.corners(shape), axis=1).tolist()], **look} for shape in shapes
    ]
