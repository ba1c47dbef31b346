"""The one-page report: self-contained HTML that opens offline and asks nobody for anything."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import selection as geometry
from analytics.perception.clams import sentence
from analytics.report.lineage import records
from analytics.report.record import run_record
from analytics.report.tables import labels_table
from analytics.results import NOISE, Clustering
from analytics.store.artifacts import Artifacts

INTERACTIVE_POINTS = 20_000
TABLE_ROWS = 200
TABLE_COLUMNS = 12
CELL = 80


def html_report(artifacts: Artifacts, state: dict[str, Any], *, title: str = "") -> str:
    """The report of a state (see ``analytics.report.lineage``). Raises BadInput when a result is
    no longer stored."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    found = records(artifacts, state)
    record = run_record(artifacts, state)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2", "html"])
    )
    dataset, projection = found["dataset"], found["projection"]
    clustering = found.get("clustering")
    shapes = geometry.check(list(state.get("selection") or ()))
    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    ambiguity = found.get("ambiguity")
    return environment.get_template("report.html.j2").render(
        title=title or dataset.name or "Report",
        created=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
        record=record,
        record_json=json.dumps(record, indent=2, ensure_ascii=False),
        map_html=_map(dataset, projection, clustering, mask, shapes),
        map_note=_map_note(dataset.n),
        ambiguity=ambiguity,
        ambiguity_words=sentence(ambiguity) if ambiguity is not None else "",
        groups=_groups(clustering, found.get("validity"), found.get("stability")),
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
        total_rows=dataset.n,
    )


def _map(dataset, projection, clustering: Clustering | None, mask, shapes) -> str:
    """The map as interactive plotly with a static twin for readers without scripts."""
    from analytics.figures.map import map_figure
    from analytics.figures.picture import map_svg

    keep = _sample(dataset.n)
    names = _names(clustering) if clustering is not None else None
    labels = clustering.labels[keep] if clustering is not None else None
    figure = map_figure(
        projection.xy[keep],
        groups=labels,
        group_names=names,
        selected=None if mask is None else mask[keep],
        selection_shapes=shapes,
        hover=dataset.frame.iloc[keep, :5].reset_index(drop=True),
        axes=projection.axes,
        height=620,
    ).figure
    interactive = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        config={"displaylogo": False, "displayModeBar": False},
    )
    static = map_svg(projection.xy[keep], groups=labels, group_names=names)
    return f"{interactive}<noscript>{static}</noscript>"


def _sample(n: int) -> np.ndarray:
    """The rows drawn: all, or a fixed random part in their order."""
    if n <= INTERACTIVE_POINTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, INTERACTIVE_POINTS, replace=False))


def _map_note(n: int) -> str:
    if n <= INTERACTIVE_POINTS:
        return f"All {n:,} rows are drawn."
    return f"{INTERACTIVE_POINTS:,} of {n:,} rows are drawn, chosen at random; scores use all."


def _names(clustering: Clustering) -> dict[int, str]:
    return {**{i: f"Group {i + 1}" for i in range(clustering.n_clusters)}, NOISE: "Noise"}


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
                "name": f"Group {i + 1}",
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
