"""A result as what is stored of it (a JSON document, arrays, a frame), and back."""

from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from analytics import results
from analytics.results import Record, Score

FORMAT = 1
RECORDS = {
    c.__name__: c
    for c in (
        results.Table,
        results.Survey,
        results.Applied,
        results.Partial,
        results.Dataset,
        results.Projection,
        results.Clustering,
        results.Graph,
        results.ScoreCard,
        results.Reasons,
        results.Sentences,
        results.Ambiguity,
        results.Gallery,
        results.Grouping,
        results.TextVectors,
        results.Explanation,
    )
}


def pack(record: Record) -> tuple[dict[str, Any], dict[str, np.ndarray], pd.DataFrame | None]:
    """A record as (JSON document, arrays by "field" or "field/key", frame)."""
    content: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    frame = None
    for f in fields(record):
        value = getattr(record, f.name)
        if isinstance(value, np.ndarray):
            arrays[f.name] = value
        elif isinstance(value, pd.DataFrame):
            frame = value
        elif isinstance(value, dict) and any(isinstance(v, np.ndarray) for v in value.values()):
            arrays.update({f"{f.name}/{key}": array for key, array in value.items()})
        elif isinstance(value, dict) and any(isinstance(v, Score) for v in value.values()):
            content[f.name] = {key: {"score": asdict(score)} for key, score in value.items()}
        elif f.name != "about":
            content[f.name] = value
    document = {
        "format": FORMAT,
        "record": type(record).__name__,
        "content": content,
        "about": record.about,
    }
    return document, arrays, frame


def unpack(document: dict[str, Any], arrays: dict[str, np.ndarray], frame) -> Record:
    """The record of what :func:`pack` gave."""
    cls = RECORDS[document["record"]]
    values: dict[str, Any] = {"about": document["about"]}
    content = document["content"]
    for f in fields(cls):
        nested = {k.split("/", 1)[1]: a for k, a in arrays.items() if k.startswith(f.name + "/")}
        if f.name in arrays:
            values[f.name] = arrays[f.name]
        elif nested:
            values[f.name] = nested
        elif f.name in content:
            value = content[f.name]
            if isinstance(value, list):
                value = tuple(value)
            elif isinstance(value, dict) and f.name == "values":
                value = {key: Score(**entry["score"]) for key, entry in value.items()}
            values[f.name] = value
        elif f.name == "frame" and frame is not None:
            values[f.name] = frame
    return cls(**values)


def plain(value: Any) -> Any:
    """Numbers of numpy as numbers of Python, for JSON."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot be stored in a result's JSON")
