"""An explanation as files: a table, plain JSON, one HTML page that opens offline."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.results import Explanation, Record
from analytics.shares import share

SHOWN = 300  # letters of a text on the HTML page


def table(found: Explanation, source: Record) -> pd.DataFrame:
    """One line per row of the source: row, cluster (-1 unexplained), description, chance, text."""
    held = found.scores[np.maximum(found.place, 0)][:, found.chosen]
    grouped = found.labels >= 0
    chance = np.full(len(found.labels), np.nan)
    chance[grouped] = held[grouped, found.labels[grouped]]
    names = np.array([*(e["description"] for e in found.evidence), ""], object)
    rows = getattr(source, "rows", np.arange(len(found.labels)))
    return pd.DataFrame(
        {
            "row": rows,
            "cluster": found.labels,
            "description": names[found.labels],
            "chance": chance.round(4),
            "text": source.frame[found.column].astype("str").to_numpy(),
        }
    )


def clusters(found: Explanation, source: Record) -> list[dict[str, Any]]:
    """The groups as plain JSON, with texts in place of row numbers."""
    texts = source.frame[found.column].astype("str")
    rows = ("exemplars", "borderline")
    return [{**e, **{k: [texts.iloc[i] for i in e[k]] for k in rows}} for e in found.evidence]


def answer(found: Explanation, source: Record) -> dict[str, Any]:
    """What the command line prints and the page gives as JSON."""
    return {
        "clusters": clusters(found, source),
        "covered": found.selection["covered"],
        "covered_once": found.selection["covered_once"],
        "cost": found.selection["cost"],
        "unexplained": int((found.labels < 0).sum()),
        "candidates": len(found.descriptions),
        "column": found.column,
        "goal": found.goal,
        "provider": found.method,
        **({"usage": found.about["usage"]} if "usage" in found.about else {}),
        "edits": list(found.edits),
        "params": {k: v for k, v in found.params.items() if k != "edits"},
        "seed": found.seed,
        "digest": found.digest,
        "notes": list(found.notes),
    }


def html(found: Explanation, source: Record, title: str, colors: list[str]) -> str:
    """One page with a card per group. colors : one per group."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2"])
    )
    environment.filters["share"] = share
    groups = clusters(found, source)
    for group, color in zip(groups, colors, strict=True):
        group["color"] = color
        group["exemplars"] = [
            text if len(text) <= SHOWN else text[:SHOWN] + " …" for text in group["exemplars"]
        ]
    return environment.get_template("export.html.j2").render(
        title=title,
        created=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
        found=found,
        groups=groups,
        rows=len(found.labels),
        unexplained=int((found.labels < 0).sum()),
    )
