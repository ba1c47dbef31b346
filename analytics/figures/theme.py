"""Colours, letters and the plotly template: the one place that says how figures look.

Importing Streamlit changes plotly's default template to placeholder colours, so every figure sets
:func:`template` explicitly.
"""

import html
import re
from functools import lru_cache
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

from analytics.data.naming import TURNING
from analytics.results import SENTINELS

TOKENS: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#FFFFFF",
        "panel": "#F6F7F9",
        "ink": "#1B2330",
        "muted": "#5B6472",
        "rule": "#DDE1E7",
        "accent": "#3355CC",
    },
    "dark": {
        "paper": "#10141B",
        "panel": "#181E27",
        "ink": "#E8ECF2",
        "muted": "#9AA4B2",
        "rule": "#2A323E",
        "accent": "#8FA8FF",
    },
}
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NOISE_COLOR = "#9AA0A6"

# The first seven are Okabe and Ito's; the others come from bench/palette.py.
CLUSTER_COLORS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442",
    "#7000D8", "#803818", "#684060", "#B058F8", "#F80858", "#5040B8", "#C8A850",
    "#980088", "#78C080", "#507040", "#A84008", "#A05890", "#8888E8", "#205838",
    "#E820C0", "#6000F8", "#709828",
)  # fmt: skip
# Okabe and Ito's yellow wants a dark edge on white; dots too small for one take this instead.
YELLOW = "#F0E442"
YELLOW_EDGE = "#7A6F00"
YELLOW_ON_LIGHT = "#BDAA00"

# Filled shapes by plotly's numbers, the most different first: circle, square, triangle, diamond,
# cross, star, triangle down, x, pentagon, hexagram. The first eight can be told apart at a glance.
SHAPE_NUMBERS = (0, 1, 5, 2, 3, 17, 6, 4, 13, 18)
GLYPHS = dict(zip(SHAPE_NUMBERS, "●■▲◆✚★▼✖", strict=False))
HOLLOW = 100  # added to the number of a filled shape
HOLLOW_CIRCLE = HOLLOW

# Cividis (Nunez, Anderton, Renslow 2018, PLoS ONE 13(7)), ten even steps.
SEQUENTIAL = (
    "#00224E", "#123570", "#3B496C", "#575D6D", "#707173",
    "#8A8678", "#A59C74", "#C3B369", "#E1CC55", "#FEE838",
)  # fmt: skip
# Blue below, neutral at nought, orange above.
DIVERGING = (
    "#0B4F8A", "#3F7FB5", "#86B0D3", "#C3D6E6", "#EEF0F2",
    "#F0D9C0", "#E5AE78", "#CB7B33", "#97500F",
)  # fmt: skip


def cluster_colors(k: int) -> list[str]:
    """The colours of clusters 0 .. k - 1; they repeat after 24."""
    return [CLUSTER_COLORS[i % len(CLUSTER_COLORS)] for i in range(k)]


def color_of(label: int, k: int = 0) -> str:
    """The colour of one cluster, grey for noise and the other sentinels.

    A cluster's colour depends on its label only, so it stays when ``k`` changes.
    """
    return NOISE_COLOR if label < 0 else CLUSTER_COLORS[label % len(CLUSTER_COLORS)]


def marker(n: int) -> tuple[float, float]:
    """(size in px, opacity 0-1) of a dot when ``n`` are drawn."""
    n = max(int(n), 1)
    size = 9.0 * (100 / n) ** 0.19
    opacity = 0.9 * (1000 / n) ** 0.18
    return round(min(max(size, 2.4), 9.0), 2), round(min(max(opacity, 0.35), 0.9), 2)


def group_name(label: int, names: dict[int, str] | None = None) -> str:
    """The name to show for a label: the given one, a sentinel's, or "Group 3" counted from 1."""
    label = int(label)
    if names and label in names:
        return str(names[label])
    return SENTINELS.get(label) or f"Group {label + 1}"


def rgb(color: str) -> tuple[int, int, int]:
    """A hexadecimal colour as three numbers 0-255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def rgba(color: str, alpha: float) -> str:
    """A hexadecimal colour with an opacity 0-1, in CSS words."""
    r, g, b = rgb(color)
    return f"rgba({r},{g},{b},{alpha:.3g})"


def ramp(dark: bool, steps: int = 10) -> list[str]:
    """Cividis without the end that would vanish into the paper, as ``steps`` colours."""
    import numpy as np

    low, high = (0.2, 1.0) if dark else (0.0, 0.9)
    at = np.linspace(low, high, max(steps, 2)) * (len(SEQUENTIAL) - 1)
    channels = np.array([rgb(c) for c in SEQUENTIAL], float)
    mixed = [np.interp(at, np.arange(len(SEQUENTIAL)), channels[:, i]) for i in range(3)]
    whole = np.round(np.stack(mixed, axis=1)).astype(int)
    return ["#{:02X}{:02X}{:02X}".format(*color) for color in whole]


def scale(colors: list[str] | tuple[str, ...]) -> list[list[Any]]:
    """Even colours as a plotly colour scale."""
    return [[i / (len(colors) - 1), c] for i, c in enumerate(colors)]


_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]+")


def clean(text: Any, limit: int = 80) -> str:
    """Any value as one printable line of at most ``limit`` characters."""
    line = _UNPRINTABLE.sub(" ", TURNING.sub("", str(text)[: 4 * limit + 40])).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def room(text: str) -> float:
    """How many ordinary letters a text is as wide as: Chinese, Japanese and Korean letters and
    picture signs take nearly two."""
    return sum(1.75 if c in "MW@" or east_asian_width(c) in "WF" else 1.0 for c in text)


def fitted(text: Any, limit: int) -> str:
    """:func:`clean`, and no wider than ``limit`` ordinary letters."""
    line = clean(text, limit)
    if room(line) <= limit:
        return line
    widths = accumulate(room(c) for c in line)
    return line[: sum(width <= limit - 1 for width in widths)].rstrip() + "…"


def escape(text: Any, limit: int = 80) -> str:
    """:func:`clean`, safe where plotly reads a little HTML, and where it might read TeX."""
    return html.escape(clean(text, limit), quote=False).replace("$", "&#36;")


def template(dark: bool = False) -> Any:
    """The plotly layout template: quiet axes, no frame, Inter, our colours."""
    import plotly.graph_objects as go

    t = TOKENS["dark" if dark else "light"]
    axis = {
        "gridcolor": t["rule"],
        "linecolor": t["rule"],
        "zeroline": False,
        "showline": False,
        "ticks": "outside",
        "ticklen": 5,
        "tickcolor": "rgba(0,0,0,0)",
        "tickfont": {"color": t["muted"], "size": 12},
        "title": {"font": {"color": t["muted"], "size": 13}, "standoff": 10},
        "automargin": True,
    }
    bar = {
        "thickness": 10,
        "outlinewidth": 0,
        "ticks": "",
        "len": 0.6,
        "tickfont": axis["tickfont"],
    }
    layout = {
        "font": {"family": FONT, "size": 13, "color": t["ink"]},
        "title": {"font": {"size": 15, "color": t["ink"]}, "x": 0.0, "xanchor": "left"},
        "paper_bgcolor": t["paper"],
        "plot_bgcolor": t["paper"],
        "colorway": list(CLUSTER_COLORS[:7]),
        "colorscale": {"sequential": scale(ramp(dark)), "diverging": scale(DIVERGING)},
        "coloraxis": {"colorbar": bar},
        "xaxis": axis,
        "yaxis": axis,
        "showlegend": False,
        "hoverlabel": {
            "bgcolor": t["panel"],
            "bordercolor": t["rule"],
            "font": {"family": FONT, "size": 13, "color": t["ink"]},
            "align": "left",
            "namelength": -1,
        },
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": t["muted"],
            "activecolor": t["accent"],
        },
        "newselection": {"line": {"color": t["accent"], "width": 1.5, "dash": "dot"}},
        "activeselection": {"fillcolor": t["accent"], "opacity": 0.06},
        "margin": {"l": 56, "r": 20, "t": 28, "b": 48},
        "separators": ".,",
    }
    return go.layout.Template(layout=layout)


@lru_cache
def plain_template(dark: bool = False) -> dict[str, Any]:
    """The template as a dict, made once: not to be changed."""
    return template(dark).to_plotly_json()
