"""The flow of rows from the groups of one result to those of another."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.comparing.overlap import Pair
from analytics.figures import theme
from analytics.figures.base import blank

MOST_BANDS = 120


def flow(
    pairs: Sequence[Pair],
    names: tuple[Mapping[int, str], Mapping[int, str]],
    colors: tuple[Mapping[int, int], Mapping[int, int]],
    *,
    dark: bool = False,
    height: int = 460,
) -> tuple[Any, int]:
    """The figure, and how many of the smallest bands it leaves out.

    pairs : most rows first. names : group -> name of each side. colors : group -> number of its
    colour. Bands between partners have the colour of the group, the others are grey.
    """
    import plotly.graph_objects as go

    if not pairs:
        return blank(dark, height, "No row is in both results"), 0
    shown = pairs[:MOST_BANDS]
    left = sorted({p.a for p in shown}, key=lambda g: (g < 0, colors[0].get(g, g)))
    right = sorted({p.b for p in shown}, key=lambda g: (g < 0, colors[1].get(g, g)))
    t = theme.TOKENS["dark" if dark else "light"]
    grey = theme.rgba(t["muted"], 0.28)
    nodes = [(0, g) for g in left] + [(1, g) for g in right]
    place = {node: i for i, node in enumerate(nodes)}
    figure = blank(dark, height)
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [theme.escape(names[side].get(g, str(g)), 28) for side, g in nodes],
                "color": [theme.color_of(colors[side].get(g, g)) for side, g in nodes],
                "pad": 17,  # a name is 13 high: those of groups of few rows stand apart
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}: %{value:,.0f} rows<extra></extra>",
            },
            link={
                "source": [place[0, p.a] for p in shown],
                "target": [place[1, p.b] for p in shown],
                "value": [p.rows for p in shown],
                "color": [
                    theme.rgba(theme.color_of(colors[0].get(p.a, p.a)), 0.45)
                    if p.partners
                    else grey
                    for p in shown
                ],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,.0f} rows"
                "<extra></extra>",
            },
            textfont={"color": t["ink"], "size": 13, "family": theme.FONT, "shadow": "none"},
        )
    )
    figure.update_layout(margin={"l": 8, "r": 8, "t": 12, "b": 12})
    return figure, len(pairs) - len(shown)
