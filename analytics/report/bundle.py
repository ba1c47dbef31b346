"""Everything as tables in one zip: labels, coordinates, scores, groups, run record, README."""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics import selection as geometry
from analytics.report import ticks
from analytics.report.columns import chosen, left_out
from analytics.report.lineage import records
from analytics.report.record import run_record
from analytics.report.snippet import python_snippet
from analytics.report.tables import labels_table, to_csv
from analytics.results import NOISE, Ambiguity, ScoreCard
from analytics.store.artifacts import Artifacts

README = """{title}

Tables in UTF-8 with a header line; a cell that a spreadsheet would run as a formula has an
apostrophe before it.

labels.csv       one line per row: row (of the source, from 0), cluster (from 1; -1 is noise),
                 names, tags and selection where there are some, then the columns handed out
coordinates.csv  row, x, y: where each row lies on the map
groups.csv       one line per cluster: size, silhouette, how often it comes back, its three ticks
                 (visible, real, explainable: 0 to 1 and yes, half or no), how to tell it
scores.csv       every score with its interval where one is known
run.json         the run record: hash of the data, every parameter, seed, version
run.py           Python that makes the same results again

{columns}
How the ticks are computed: {how}
"""
_EPOCH = (2020, 1, 1, 0, 0, 0)


def bundle(
    artifacts: Artifacts,
    state: dict[str, Any],
    *,
    title: str = "",
    columns: Sequence[str] | None = None,
) -> bytes:
    """The zip of a state (see ``analytics.report.lineage``); the same bytes for the same state.

    columns : whose cells go along, None for those of ``analytics.report.columns.default``. Raises
    BadInput like ``records``.
    """
    found = records(artifacts, state, "projection")
    dataset, projection, clustering = found["dataset"], found["projection"], found.get("clustering")
    kept = chosen(dataset, columns)
    shapes = geometry.check(list(state.get("selection") or ()))
    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    handed = dataset.with_(frame=dataset.frame[kept])
    places = {"row": dataset.rows, "x": projection.xy[:, 0], "y": projection.xy[:, 1]}
    record = json.dumps(run_record(artifacts, state), indent=2, ensure_ascii=False)
    readme = README.format(
        title=title or dataset.name, columns=left_out(dataset, kept), how=ticks.HOW
    )
    files = {
        "README.txt": readme.encode("utf-8", "replace"),
        "labels.csv": to_csv(labels_table(handed, None, clustering, mask)),
        "coordinates.csv": to_csv(pd.DataFrame(places)),
        "scores.csv": to_csv(scores(found)),
        "run.json": record.encode("utf-8", "replace"),
        "run.py": python_snippet(artifacts, state).encode("utf-8", "replace"),
    }
    if clustering is not None:
        files["groups.csv"] = to_csv(groups(clustering, found))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def scores(found: dict[str, Any]) -> pd.DataFrame:
    """One line per score of the results."""
    lines = []
    for role, record in found.items():
        if isinstance(record, Ambiguity):
            low, high = record.interval if len(record.interval) == 2 else (None, None)
            name = "Ambiguity of the picture (CLAMS)"
            lines.append((role, "ambiguity", name, record.ambiguity, low, high, "90 %", "lower"))
        if isinstance(record, ScoreCard):
            for key, s in record.values.items():
                level = "" if s.low is None else "95 %"
                line = (role, key, s.label or key, s.value, s.low, s.high, level, s.better)
                lines.append(line)
    names = ["of", "id", "score", "value", "low", "high", "interval", "better"]
    return pd.DataFrame(lines, columns=names)


def groups(clustering, found: dict[str, Any]) -> pd.DataFrame:
    """One line per cluster, noise last."""
    names = clustering.group_names
    told = {row["label"]: row for row in ticks.rows(clustering, found)}
    lines = []
    for label in range(clustering.n_clusters):
        row = told.get(label, {})
        line = {
            "cluster": label + 1,
            "name": names[label],
            "rows": int((clustering.labels == label).sum()),
            "silhouette": row.get("separation"),
            "stability": row.get("stability"),
        }
        for tick, grade in (row.get("grades") or {}).items():
            line |= {tick: row[tick], f"{tick}_tick": ticks.WORDS[grade]}
        line |= {"in_words": row.get("words", ""), "how_to_tell_it": row.get("rule", "")}
        lines.append(line)
    noise = int(np.sum(clustering.labels == NOISE))
    if noise:
        lines.append({"cluster": NOISE, "name": names[NOISE], "rows": noise})
    return pd.DataFrame(lines)
