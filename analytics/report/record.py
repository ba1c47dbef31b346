"""The run record: what was done, in words and as data, so that anyone can do it again."""

import hashlib
import math
import platform
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from analytics import __version__, registry, selection
from analytics.digest import of_bytes
from analytics.errors import BadInput
from analytics.report.comparison import compared, under
from analytics.report.lineage import records
from analytics.report.steps import step_words
from analytics.results import (
    Ambiguity,
    Clustering,
    Projection,
    Record,
    ScoreCard,
    Table,
)
from analytics.store.artifacts import Artifacts

LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "umap-learn", "numba", "plotly", "torch")
_LABELS = {
    "table": "Read.",
    "dataset": "Prepared.",
    "ambiguity": "Ambiguity, CLAMS.",
    "faithfulness": "Faithfulness of the map.",
    "validity": "Quality of the groups.",
    "stability": "Stability of the groups.",
    "grouping": "The groups people would see, ClusterNet.",
    "match": "These groups against what people would see.",
    "reasons": "Why these groups.",
    "sentences": "Sentences on these groups, by a language model.",
    "explanation": "Texts explained in words.",
}


def versions() -> dict[str, str]:
    """The versions of everything that can change a result."""
    found = {"gestalt": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def content_hash(record: Record) -> str:
    """A hash of the numbers of a map or clustering, or "" for other results.

    The digest of a result names the request; this tells whether two machines got the same answer.
    """
    if isinstance(record, Projection):
        return of_bytes(np.ascontiguousarray(record.xy, "<f4").tobytes())
    if isinstance(record, Clustering):
        return of_bytes(np.ascontiguousarray(record.labels, "<i4").tobytes())
    return ""


def run_record(artifacts: Artifacts, state: dict[str, Any]) -> dict[str, Any]:
    """Plain JSON: data, every step with all parameters, seeds and notes, scores, versions.

    Raises BadInput when a result is no longer stored or the results do not belong together.
    """
    found = records(artifacts, state)
    shapes = list(selection.check(list(state.get("selection") or ())))
    projection = found.get("projection")
    selected = None
    if shapes and projection is not None:
        selected = int(selection.resolve(shapes, projection.xy).sum())
    return plain(
        {
            "format": 1,
            "data": _data(found["table"]),
            "steps": _steps(artifacts, found),
            "compared": [_step("clustering", r) for r in compared(artifacts, state)],
            "scores": {
                role: _scores(record)
                for role, record in found.items()
                if isinstance(record, (ScoreCard, Ambiguity))
            },
            "selection": shapes,
            "selected_rows": selected,
            "versions": versions(),
        }
    )


def _steps(artifacts: Artifacts, found: dict[str, Record]) -> list[dict[str, Any]]:
    """Every step, with the results behind one that was corrected or joined before it."""
    steps = []
    for role, record in found.items():
        steps += [_step(role, r) for r in under(artifacts, record)]
        steps.append(_step(role, record))
    return steps


def plain(value: Any) -> Any:
    """A value as JSON takes it: numbers of Python, lists, None for what is not finite."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _data(table: Table) -> dict[str, Any]:
    content = table.params.get("content", "")
    return {
        "name": table.name,
        "sha256": content or _values_hash(table.frame),
        "sha256_of": "file" if content else "values",
        "sample": table.params.get("sample", ""),
        "rows": len(table.frame),
        "columns": table.frame.shape[1],
        "links": 0 if table.edges is None else len(table.edges),
        "links_sha256": table.params.get("links", {}).get("content", ""),
        "source": table.source,
    }


def _values_hash(frame: pd.DataFrame) -> str:
    """SHA-256 of the names and cells of a table that was not read from a file."""
    cells = pd.util.hash_pandas_object(frame, index=False).to_numpy("<u8")
    names = "\n".join(map(str, frame.columns)).encode("utf-8", "replace")
    return hashlib.sha256(names + b"\n" + cells.tobytes()).hexdigest()


def _step(role: str, record: Record) -> dict[str, Any]:
    return {
        "kind": role,
        "label": _label(role, record),
        "words": step_words(role, record),
        "method": record.method,
        "params": record.params,
        "seed": record.seed,
        "digest": record.digest,
        "content": content_hash(record),
        "parents": list(record.parents),
        "notes": list(record.notes),
        "seconds": record.about.get("seconds"),
        "created": record.about.get("created", ""),
    }


def _label(role: str, record: Record) -> str:
    if role in _LABELS:
        return _LABELS[role]
    try:
        label = registry.get(role, record.method).label
    except BadInput:
        label = record.method
    return ("Map, " if role == "projection" else "Clusters, ") + label + "."


def _scores(record: Record) -> dict[str, Any]:
    if isinstance(record, Ambiguity):
        return {
            "ambiguity": record.ambiguity,
            "interval": list(record.interval),
            "n_components": record.n_components,
            "warnings": list(record.warnings),
        }
    return {
        name: {"value": s.value, "low": s.low, "high": s.high, "label": s.label}
        for name, s in record.values.items()
    }
