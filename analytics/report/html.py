"""The one-page report: self-contained HTML that opens offline and asks nobody for anything.

The page carries a content security policy that forbids every request, so that the addresses which
the inlined plotly.js knows (of map tiles, fonts and the like) can never be used.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics import selection as geometry
from analytics.figures import shapes as marks
from analytics.graphs.operations import drawn
from analytics.perception.operations import drawn_aspect
from analytics.report.columns import chosen, left_out
from analytics.report.lineage import records
from analytics.report.tables import labels_table
from analytics.report.told import page, told
from analytics.results import Clustering
from analytics.store.artifacts import Artifacts

HEIGHT = 620
VECTOR_POINTS = 5_000
TABLE_ROWS = 200
TABLE_COLUMNS = 24
CELL = 80


def html_report(
    artifacts: Artifacts,
    state: dict[str, Any],
    *,
    title: str = "",
    columns: Sequence[str] | None = None,
) -> str:
    """The report of a state (see ``analytics.report.lineage``).

    columns : whose cells go along, None for those of ``analytics.report.columns.default``.
    Raises BadInput when a result is no longer stored or the results do not belong together.
    """
    found = records(artifacts, state, "projection")
    dataset, projection = found["dataset"], found["projection"]
    clustering = found.get("clustering")
    shapes = geometry.check(list(state.get("selection") or ()))
    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    kept = chosen(dataset, columns)
    look = {
        "shapes": marks.of_state(state, dataset, clustering),
        "links": drawn(dataset, state.get("links") or "", lambda r: artifacts.load(r.digest)),
        "axes": projection.axes,
        "dated": projection.dated,
        "aspect": drawn_aspect(projection),
    }
    values = told(artifacts, state, found, title)
    values["map"] = _map(dataset.frame[kept], projection, clustering, mask, shapes, look)
    values["selected"] = None if mask is None else int(mask.sum())
    values["rows"] = _rows(dataset.with_(frame=dataset.frame[kept]), projection, clustering, mask)
    values["left_out"] = left_out(dataset, kept)
    return page("report.html.j2", values)


def _map(
    hover: pd.DataFrame,
    projection,
    clustering: Clustering | None,
    mask,
    shapes,
    look: dict[str, Any],
) -> dict[str, Any]:
    """The map: plotly's code, the figure in light and dark, a picture for readers without scripts.

    All rows are given to the figure, which draws by N: beyond 50,000 points as an image of all
    with a sample that answers to the mouse. look : marker shapes, links, axes and aspect.
    """
    from plotly.offline import get_plotlyjs

    from analytics.figures.map import map_figure

    groups = clustering.labels if clustering is not None else None
    names = clustering.group_names if clustering is not None else None
    n = len(hover)
    light, dark = (
        map_figure(
            projection.xy,
            dark=dark,
            groups=groups,
            group_names=names,
            selected=mask,
            selection_shapes=shapes,
            **look,
            hover=None if dark else hover.reset_index(drop=True),
            height=HEIGHT,
        )
        for dark in (False, True)
    )
    figure = json.loads(light.figure.to_json())
    other = json.loads(dark.figure.to_json())
    swap = {"layout": other["layout"], "markers": [trace["marker"] for trace in other["data"]]}
    return {
        "plotly": get_plotlyjs(),
        "figure": _script_json(figure),
        "dark": _script_json(swap),
        "picture": _picture(projection.xy, groups=groups, group_names=names, **look),
        "note": _map_note(n, light),
        "words": f"Map of {n:,} rows" + (f" in {len(names) - 1} groups" if names else ""),
    }


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _picture(xy: np.ndarray, **drawn) -> str:
    """The map without scripts: vector marks for few points, else an image."""
    from analytics.figures.picture import map_png, map_svg

    if len(xy) <= VECTOR_POINTS:
        return map_svg(xy, **drawn)
    data = base64.b64encode(map_png(xy, **drawn)).decode()
    return f'<img alt="" src="data:image/png;base64,{data}">'


def _map_note(n: int, drawn) -> str:
    if drawn.notes:
        return " ".join(drawn.notes)
    return f"All {n:,} rows are drawn." if drawn.drawn == n else f"{drawn.drawn:,} of {n:,} drawn."


def _rows(dataset, projection, clustering, mask) -> dict[str, Any]:
    """The first (selected) rows as text cells."""
    table = labels_table(dataset, projection, clustering, mask)
    if mask is not None:
        table = table[mask]
    part = table.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
    cells = [[_cell(v) for v in row] for row in part.itertuples(index=False, name=None)]
    return {
        "names": [_cell(c) for c in part.columns],
        "right": ["n" if _is_number(kind) else "" for kind in part.dtypes],
        "cells": cells,
        "shown": len(part),
        "total": len(table),
        "columns": table.shape[1],
    }


def _is_number(kind: Any) -> bool:
    """Whether the cells of a column of this type stand to the right."""
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"
