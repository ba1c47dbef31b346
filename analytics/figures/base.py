"""What every chart starts from."""

from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme


def blank(dark: bool, height: int, message: str = "") -> Any:
    """A figure with our template; with a message, an empty one that says it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(template=theme.template(dark), height=int(height))
    if message:
        color = theme.TOKENS["dark" if dark else "light"]["muted"]
        place = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
        figure.add_annotation(text=message, font={"color": color, "size": 14}, **place)
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    return figure


def numbers(values: Any, what: str) -> np.ndarray:
    """A float array (m,); what is infinite or beyond 1e300 becomes NaN. Raises BadInput."""
    try:
        array = np.asarray(values, dtype=np.float64).reshape(-1).copy()
    except (TypeError, ValueError):
        raise BadInput(f"The chart's {what} are not numbers: choose a numeric column.") from None
    array[~(np.abs(array) < 1e300)] = np.nan
    return array
