"""The one-page report: self-contained HTML that opens offline and asks nobody for anything.

The page carries a content security policy that forbids every request, so that the addresses which
the inlined plotly.js knows (of map tiles, fonts and the like) can never be used.
"""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import selection as geometry
from analytics.explanation import wording
from analytics.figures import shapes as marks
from analytics.graphs.operations import drawn
from analytics.perception.wording import HOW, sentence
from analytics.report.comparison import changes, section
from analytics.report.lineage import records
from analytics.report.reasons import written_on
from analytics.report.record import run_record
from analytics.report.tables import labels_table
from analytics.results import NOISE, Clustering
from analytics.store.artifacts import Artifacts

HEIGHT = 620
VECTOR_POINTS = 5_000
HOVER_COLUMNS = 5
TABLE_ROWS = 200
TABLE_COLUMNS = 12
CELL = 80
CARDS = 60


def html_report(artifacts: Artifacts, state: dict[str, Any], *, title: str = "") -> str:
    """The report of a state (see ``analytics.report.lineage``).

    Raises BadInput when a result is no longer stored or the results do not belong together.
    """
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    found = records(artifacts, state, "projection")
    record = run_record(artifacts, state)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2", "html"])
    )
    dataset, projection = found["dataset"], found["projection"]
    clustering = found.get("clustering")
    shapes = geometry.check(list(state.get("selection") or ()))
    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    marked = marks.of_state(state, dataset, clustering)
    ambiguity = found.get("ambiguity")
    return environment.get_template("report.html.j2").render(
        title=title or dataset.name or "Report",
        created=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
        record=record,
        record_json=json.dumps(record, indent=2, ensure_ascii=False),
        map=_map(
            dataset,
            projection,
            clustering,
            mask,
            shapes,
            {
                "shapes": marked,
                "links": drawn(
                    dataset, state.get("links") or "", lambda r: artifacts.load(r.digest)
                ),
            },
        ),
        ambiguity=ambiguity,
        ambiguity_how=HOW,
        ambiguity_words=sentence(ambiguity) if ambiguity is not None else "",
        groups=_groups(clustering, found.get("validity"), found.get("stability")),
        reasons=_reasons(found.get("reasons"), found.get("sentences")),
        sentences=found.get("sentences"),
        reasons_how=wording.HOW,
        explanation=found.get("explanation"),
        explained=_explained(found.get("explanation")),
        changes=changes(clustering),
        compared=section(artifacts, state),
        validity="validity" in found,
        stability="stability" in found,
        cards=[
            (heading, _values(found[role]), found[role].notes)
            for role, heading in (
                ("faithfulness", "Faithfulness of the map"),
                ("validity", "Quality of the groups"),
                ("stability", "Stability of the groups"),
            )
            if role in found
        ],
        problems=found["table"].profile.get("problems", []),
        selected=None if mask is None else int(mask.sum()),
        rows=_rows(dataset, projection, clustering, mask),
    )


def _map(
    dataset, projection, clustering: Clustering | None, mask, shapes, look: dict[str, Any]
) -> dict[str, Any]:
    """The map: plotly's code, the figure in light and dark, a picture for readers without scripts.

    All rows are given to the figure, which draws by N: beyond 50,000 points as an image of all
    with a sample that answers to the mouse. look : the marker shapes and the links drawn.
    """
    from plotly.offline import get_plotlyjs

    from analytics.figures.map import map_figure

    groups = clustering.labels if clustering is not None else None
    names = _names(clustering) if clustering is not None else None
    hover = dataset.frame.iloc[:, :HOVER_COLUMNS].reset_index(drop=True)
    light, dark = (
        map_figure(
            projection.xy,
            dark=dark,
            groups=groups,
            group_names=names,
            selected=mask,
            selection_shapes=shapes,
            **look,
            hover=None if dark else hover,
            axes=projection.axes,
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
        "note": _map_note(dataset.n, light),
        "words": f"Map of {dataset.n:,} rows" + (f" in {len(names) - 1} groups" if names else ""),
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


def _names(clustering: Clustering) -> dict[int, str]:
    return clustering.group_names


def _groups(clustering: Clustering | None, validity, stability) -> list[dict[str, str]]:
    """One line per group, noise last."""
    from analytics.figures.theme import cluster_colors

    if clustering is None:
        return []
    colors = cluster_colors(max(clustering.n_clusters, 1))
    n = max(len(clustering.labels), 1)
    silhouette = validity.groups.get("silhouette") if validity is not None else None
    steady = stability.groups.get("stability") if stability is not None else None
    lines = []
    for i in range(clustering.n_clusters):
        size = int((clustering.labels == i).sum())
        lines.append(
            {
                "name": clustering.group_names[i],
                "color": colors[i],
                "rows": f"{size:,}",
                "share": f"{size / n:.1%}",
                "silhouette": _at(silhouette, i),
                "stability": _at(steady, i),
            }
        )
    noise = int((clustering.labels == NOISE).sum())
    if noise:
        lines.append({"name": "Noise", "rows": f"{noise:,}", "share": f"{noise / n:.1%}"})
    return lines


def _reasons(found, told) -> list[dict[str, Any]]:
    """One entry per group: name, colour, lines, and the sentence of a language model."""
    from analytics.figures.theme import cluster_colors

    if found is None:
        return []
    colors = cluster_colors(max(len(found.clusters), 1))
    return [
        {
            "name": f"Group {cluster['label'] + 1}",
            "color": colors[cluster["label"]],
            "lines": wording.facts(cluster),
            "told": written_on(told, cluster["label"]),
        }
        for cluster in found.clusters[:CARDS]
    ]


def _at(values, i: int) -> str:
    if values is None or i >= len(values) or not np.isfinite(values[i]):
        return ""
    return f"{values[i]:.2f}"


def _values(card) -> list[tuple[str, str, str]]:
    """Label, value with interval, and help of every score."""
    lines = []
    for name, s in card.values.items():
        shown = "–" if s.value is None else f"{s.value:.2f}"
        if s.value is not None and s.low is not None and s.high is not None:
            shown += f" ({s.low:.2f}–{s.high:.2f})"
        lines.append((s.label or name, shown, s.help))
    return lines


def _rows(dataset, projection, clustering, mask) -> dict[str, Any]:
    """The first (selected) rows as text cells."""
    table = labels_table(dataset, projection, clustering, mask)
    if mask is not None:
        table = table[mask]
    part = table.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
    cells = [[_cell(v) for v in row] for row in part.itertuples(index=False, name=None)]
    return {
        "names": [_cell(c) for c in part.columns],
        "cells": cells,
        "shown": len(part),
        "total": len(table),
        "columns": table.shape[1],
    }


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _explained(found) -> list[dict[str, Any]]:
    """One entry per description: its words, colour, numbers."""
    from analytics.figures.theme import color_of

    if found is None:
        return []
    return [
        {
            "name": entry["description"],
            "color": color_of(int(slot)),
            "rows": entry["size"],
            "coverage": entry["coverage"] or 0.0,
            "words": ", ".join(entry["words"]),
        }
        for slot, entry in zip(found.slots, found.evidence, strict=True)
    ]
