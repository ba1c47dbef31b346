"""The links of a graph under the points of a map."""

from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures.marks import Marks

MOST = 20_000
COLOR = (128, 138, 152)


def of_marks(edges: np.ndarray | None, n: int, drawn: Marks) -> tuple[np.ndarray, list[str]]:
    """The two ends, float32 (m, 2, 2), of the links between drawn rows, and notes.

    edges : (m, 2) row numbers below n, or None. Of more than 20,000 links a seeded sample is drawn.
    """
    if edges is None:
        return np.zeros((0, 2, 2), np.float32), []
    edges = np.asarray(edges)
    if edges.ndim != 2 or edges.shape[1] != 2 or (len(edges) and edges.max() >= n):
        raise BadInput("The links do not belong to the rows of this map: draw it again.")
    place = np.full(n, -1, np.int64)
    place[drawn.rows] = np.arange(len(drawn.rows))
    ends = place[edges]
    ends = ends[(ends >= 0).all(axis=1)]
    notes = []
    if len(ends) > MOST:
        kept = np.sort(np.random.default_rng(0).choice(len(ends), MOST, replace=False))
        notes.append(f"{MOST:,} of {len(ends):,} links are drawn, chosen at random.")
        ends = ends[kept]
    return np.asarray(drawn.xy, np.float32)[ends], notes


def opacity(count: int) -> float:
    """How dark a line is: many links are lighter, so that points stay in front."""
    return float(np.clip(0.55 - 0.1 * np.log10(max(count, 1) / 100), 0.22, 0.55))


def trace(ends: np.ndarray) -> dict[str, Any]:
    """All links as one line for plotly."""
    gap = np.full((len(ends), 1), np.nan, np.float32)
    x, y = (np.concatenate([ends[:, :, axis], gap], axis=1).ravel() for axis in (0, 1))
    color = f"rgba({','.join(map(str, COLOR))},{opacity(len(ends)):.2f})"
    return {
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": color, "width": 1},
        "marker": {"size": 1},
        "hoverinfo": "skip",
        "name": "",
        "showlegend": False,
    }
