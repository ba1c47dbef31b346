"""What every page that is taken away says of the results, as values for its templates.

The words are those of ``head.html.j2`` and ``told.html.j2``; pages differ in their map and rows.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analytics.explanation import wording
from analytics.figures.theme import CLUSTER_COLORS, YELLOW, YELLOW_EDGE
from analytics.perception.wording import HOW, sentence
from analytics.report import ticks
from analytics.report.comparison import changes, section
from analytics.report.reasons import written_on
from analytics.report.record import run_record
from analytics.results import NOISE, Clustering
from analytics.shares import percent, share
from analytics.store.artifacts import Artifacts

CARDS = 60


def page(template: str, values: Mapping[str, Any]) -> str:
    """A filled template of this folder; what is put in is escaped."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2", "html"])
    )
    environment.filters["share"] = share
    return environment.get_template(template).render(**values)


def told(artifacts: Artifacts, state: dict[str, Any], found: dict, title: str) -> dict[str, Any]:
    """The values of the templates. found : see ``analytics.report.lineage.records``."""
    record = run_record(artifacts, state)
    clustering, ambiguity = found.get("clustering"), found.get("ambiguity")
    return {
        "title": title or found["dataset"].name or "Report",
        "created": datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
        "record": record,
        "record_json": json.dumps(record, indent=2, ensure_ascii=False),
        "dot_colors": CLUSTER_COLORS,
        "dot_edges": {YELLOW: YELLOW_EDGE},
        "ambiguity": ambiguity,
        "ambiguity_how": HOW,
        "ambiguity_words": sentence(ambiguity) if ambiguity is not None else "",
        "groups": _groups(clustering, found.get("validity"), found.get("stability")),
        "ticks": _ticks(clustering, found),
        "ticks_how": ticks.HOW,
        "reasons": _reasons(found.get("reasons"), found.get("sentences")),
        "sentences": found.get("sentences"),
        "reasons_how": wording.HOW,
        "explanation": found.get("explanation"),
        "explained": _explained(found.get("explanation")),
        "changes": changes(clustering),
        "compared": section(artifacts, state),
        "validity": "validity" in found,
        "stability": "stability" in found,
        "cards": [
            (heading, _values(found[role]), found[role].notes)
            for role, heading in (
                ("faithfulness", "Faithfulness of the map"),
                ("validity", "Quality of the groups"),
                ("stability", "Stability of the groups"),
            )
            if role in found
        ],
        "problems": found["table"].profile.get("problems", []),
    }


def slot(label: int) -> int:
    """The number of a group's colour among ``CLUSTER_COLORS``."""
    return label % len(CLUSTER_COLORS)


def _ticks(clustering: Clustering | None, found: dict) -> list[dict[str, Any]]:
    """One line per cluster: each tick as its sign, word and number, and what they rest on."""
    lines = []
    for row in ticks.rows(clustering, found)[:CARDS]:
        line = {
            "name": clustering.group_names[row["label"]],
            "slot": slot(row["label"]),
            "rows": f"{row['size']:,}",
            "interval": "–".join(f"{v:.2f}" for v in row["interval"]),
            "words": row["words"],
            "rule": row["rule"],
        }
        for tick, grade in row["grades"].items():
            number = "" if row[tick] is None else f"{row[tick]:.2f}"
            shown = {"sign": ticks.sign(tick, grade), "word": ticks.WORDS[grade], "number": number}
            line[tick] = shown
        lines.append(line)
    return lines


def _groups(clustering: Clustering | None, validity, stability) -> list[dict[str, str]]:
    """One line per group, noise last."""
    if clustering is None:
        return []
    n = max(len(clustering.labels), 1)
    silhouette = validity.groups.get("silhouette") if validity is not None else None
    steady = stability.groups.get("stability") if stability is not None else None
    lines = []
    for i in range(clustering.n_clusters):
        size = int((clustering.labels == i).sum())
        lines.append(
            {
                "name": clustering.group_names[i],
                "slot": slot(i),
                "rows": f"{size:,}",
                "share": percent(size / n, 1),
                "silhouette": _at(silhouette, i),
                "stability": _at(steady, i),
            }
        )
    noise = int((clustering.labels == NOISE).sum())
    if noise:
        lines.append({"name": "Noise", "rows": f"{noise:,}", "share": percent(noise / n, 1)})
    return lines


def _reasons(found, told) -> list[dict[str, Any]]:
    """One entry per group: name, colour number, lines, and the sentence of a language model."""
    if found is None:
        return []
    return [
        {
            "name": f"Group {cluster['label'] + 1}",
            "slot": slot(cluster["label"]),
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


def _explained(found) -> list[dict[str, Any]]:
    """One entry per description: its words, colour number, numbers."""
    if found is None:
        return []
    return [
        {
            "name": entry["description"],
            "slot": slot(int(place)),
            "rows": entry["size"],
            "coverage": entry["coverage"] or 0.0,
            "words": ", ".join(entry["words"]),
        }
        for place, entry in zip(found.slots, found.evidence, strict=True)
    ]
