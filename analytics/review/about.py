"""What a comment speaks of: the whole, one cluster, an outline on the map, or rows of the table.

A plain dict: ``{"kind": "whole"}``, ``{"kind": "cluster", "cluster": 0}`` (-1 for noise),
``{"kind": "selection", "shapes": [...]}`` of ``analytics.selection``, or
``{"kind": "rows", "rows": [...]}``, rows of the map.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics import selection
from analytics.errors import BadInput
from analytics.results import NOISE

MOST_ROWS = 1_000
MOST_BYTES = 200_000
WHOLE = {"kind": "whole"}


def check(about: Any) -> dict[str, Any]:
    """What a comment speaks of, in canonical form. Raises BadInput."""
    kind = about.get("kind") if isinstance(about, Mapping) else None
    if kind == "whole":
        return dict(WHOLE)
    if kind == "cluster" and _is_row(about.get("cluster"), NOISE):
        return {"kind": kind, "cluster": about["cluster"]}
    if kind == "selection":
        shapes = list(selection.check(about.get("shapes")))
        if shapes and len(json.dumps(shapes)) <= MOST_BYTES:
            return {"kind": kind, "shapes": shapes}
        raise BadInput("The outline is empty or has too many corners: draw it again.")
    if kind == "rows" and isinstance(about.get("rows"), (list, tuple)):
        rows = about["rows"]
        if len(rows) > MOST_ROWS:
            raise BadInput(
                f"A comment speaks of at most {MOST_ROWS:,} rows chosen in the table, and "
                f"{len(rows):,} are: draw an outline on the map instead."
            )
        if rows and all(_is_row(row, 0) for row in rows):
            return {"kind": kind, "rows": sorted(set(rows))}
    raise BadInput("What the comment speaks of cannot be read: choose it again.")


def _is_row(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**31


def mask(about: Mapping[str, Any], xy: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    """The rows a comment speaks of, bool (n,); None for the whole.

    xy : float (n, 2) of the map. labels : (n,) of the clusters, or None.
    """
    if about["kind"] == "selection":
        return selection.resolve(about["shapes"], xy)
    found = np.zeros(len(xy), bool)
    if about["kind"] == "cluster":
        return found if labels is None else np.asarray(labels) == about["cluster"]
    if about["kind"] == "rows":
        found[[row for row in about["rows"] if row < len(xy)]] = True
        return found
    return None


def words(about: Mapping[str, Any], names: Mapping[int, str], rows: int | None = None) -> str:
    """What a comment speaks of, in words. names : of the clusters. rows : how many there are."""
    if about["kind"] == "cluster":
        return str(names.get(about["cluster"], f"Group {about['cluster'] + 1}"))
    if about["kind"] == "whole":
        return "The whole review"
    rows = len(about["rows"]) if rows is None and about["kind"] == "rows" else rows
    many = "" if rows is None else f" of {rows:,} row{'' if rows == 1 else 's'}"
    return ("Rows chosen in the table" if about["kind"] == "rows" else "A selection") + many
