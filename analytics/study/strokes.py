"""What a participant drew, and the groups it makes.

A stroke is ``{"group": g, "outline": [[x, y], ...]}`` in the unit box of the plot: the points
inside the outline join group g, or none when g is -1. Strokes count in order, a later one wins, so
that undo is dropping the last. The outline is resolved to points here, on the server, and nowhere
else.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics import selection
from analytics.errors import BadInput
from analytics.results import NOISE

MAX_STROKES = 200
MAX_VERTICES = 300
MAX_GROUPS = 100
_WRONG = "A drawn outline could not be read: draw it again."


def check(strokes: Any) -> list[dict[str, Any]]:
    """Canonical strokes with plain finite floats. Raises BadInput."""
    if not isinstance(strokes, (list, tuple)):
        raise BadInput(_WRONG)
    if len(strokes) > MAX_STROKES:
        raise BadInput(f"At most {MAX_STROKES} outlines can be drawn on one plot: undo some.")
    return [_check(stroke) for stroke in strokes]


def _check(stroke: Any) -> dict[str, Any]:
    if not isinstance(stroke, Mapping):
        raise BadInput(_WRONG)
    group, outline = stroke.get("group"), stroke.get("outline")
    if isinstance(group, bool) or not isinstance(group, int) or not NOISE <= group < MAX_GROUPS:
        raise BadInput(f"A group has a number from 0 to {MAX_GROUPS - 1}: draw fewer groups.")
    if not isinstance(outline, (list, tuple)) or not 3 <= len(outline) <= MAX_VERTICES:
        raise BadInput(_WRONG)
    try:
        points = [[round(float(x), 5), round(float(y), 5)] for x, y in outline]
    except (TypeError, ValueError, OverflowError):
        raise BadInput(_WRONG) from None
    if not all(math.isfinite(v) and abs(v) <= 10 for point in points for v in point):
        raise BadInput(_WRONG)
    return {"group": group, "outline": points}


def labels_of(strokes: Sequence[Mapping[str, Any]], points: np.ndarray) -> np.ndarray:
    """The group of each point (n,) int16, NOISE where it is in none.

    Groups are numbered as they were drawn, without gaps: one whose points were all taken away
    leaves no number behind.
    """
    drawn = np.full(len(points), NOISE, np.int16)
    for stroke in strokes:
        outline = np.asarray(stroke["outline"], float)
        shape = {"type": "lasso", "x": outline[:, 0], "y": outline[:, 1]}
        drawn[selection.resolve([shape], points)] = stroke["group"]
    kept = np.unique(drawn[drawn != NOISE])
    labels = np.full(len(points), NOISE, np.int16)
    labels[drawn != NOISE] = np.searchsorted(kept, drawn[drawn != NOISE])
    return labels
