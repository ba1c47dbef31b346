"""The run record: what was done, in words and as data, so that anyone can do it again."""

import platform
from importlib import metadata
from typing import Any

from analytics import __version__, registry
from analytics.errors import BadInput
from analytics.report.lineage import records
from analytics.results import Ambiguity, Clustering, Dataset, Projection, Record, ScoreCard, Table
from analytics.store.artifacts import Artifacts

LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "umap-learn", "numba", "plotly", "torch")


def versions() -> dict[str, str]:
    """The versions of everything that can change a result."""
    found = {"gestalt": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def run_record(artifacts: Artifacts, state: dict[str, Any]) -> dict[str, Any]:
    """Plain JSON: data, every step with all parameters, seeds and notes, scores, versions."""
    found = records(artifacts, state)
    table: Table = found["table"]
    return {
        "format": 1,
        "data": {
            "name": table.name,
            "sha256": table.params.get("content", ""),
            "sample": table.params.get("sample", ""),
            "rows": len(table.frame),
            "columns": table.frame.shape[1],
            "source": table.source,
        },
        "steps": [_step(role, record) for role, record in found.items()],
        "scores": {
            role: _scores(record)
            for role, record in found.items()
            if isinstance(record, (ScoreCard, Ambiguity))
        },
        "selection": list(state.get("selection") or ()),
        "versions": versions(),
    }


def _step(role: str, record: Record) -> dict[str, Any]:
    return {
        "kind": role,
        "label": _label(role, record),
        "words": _words(record),
        "method": record.method,
        "params": record.params,
        "seed": record.seed,
        "digest": record.digest,
        "parents": list(record.parents),
        "notes": list(record.notes),
        "seconds": record.about.get("seconds"),
        "created": record.about.get("created", ""),
    }


def _label(role: str, record: Record) -> str:
    names = {
        "table": "Read.",
        "dataset": "Prepared.",
        "ambiguity": "Ambiguity, CLAMS.",
        "faithfulness": "Faithfulness of the map.",
        "validity": "Quality of the groups.",
        "stability": "Stability of the groups.",
    }
    if role in names:
        return names[role]
    try:
        label = registry.get(role, record.method).label
    except BadInput:
        label = record.method
    return ("Map, " if role == "projection" else "Clusters, ") + label + "."


def _words(record: Record) -> str:
    """One sentence for a step."""
    if isinstance(record, Table):
        rows, columns = record.frame.shape
        return f"{record.name}: {rows:,} rows and {columns:,} columns."
    if isinstance(record, Dataset):
        words = f"{record.n:,} of {record.total_rows:,} rows and {record.X.shape[1]:,} features"
        scale = record.params.get("scale", "none")
        return words + ("." if scale == "none" else f", scaled: {scale}.")
    settings = ", ".join(f"{k} = {_value(v)}" for k, v in record.params.items())
    settings = settings + "; " if settings else ""
    if isinstance(record, Clustering):
        noise = f", {record.noise_share:.0%} noise" if record.noise_share else ""
        return f"{settings}seed {record.seed}: {record.n_clusters} groups{noise}."
    if isinstance(record, Projection):
        return f"{settings}seed {record.seed}."
    if isinstance(record, Ambiguity):
        return f"{record.ambiguity:.2f} for {record.n:,} points, {record.n_components} components."
    return f"{settings}seed {record.seed}."


def _value(value: Any) -> str:
    return "automatic" if value is None else str(value)


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
