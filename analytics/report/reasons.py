"""The reasons for a clustering as taken away: a table, plain JSON, and lines of the report.

Groups are numbered from 1, as on the page; rows are zero-based rows of the source table.
"""

from typing import Any

import pandas as pd

from analytics.explanation import wording
from analytics.explanation.reasons import EARNED, chosen, earned
from analytics.results import Dataset, Reasons, Sentences


def reasons_table(found: Reasons, dataset: Dataset, told: Sentences | None = None) -> pd.DataFrame:
    """One line per statement, and one more for the sentence of a language model, whose recall is
    the share of members that all its claims together are true of.

    Scores are those on rows left out; "fitted_f1" is on the rows the statement was made from.
    "best": the statement that the group's tick rests on.
    """
    lines = []
    for cluster in found.clusters:
        differs = "; ".join(map(wording.contrast, cluster["profile"][:5]))
        for place, statement in enumerate(cluster["statements"]):
            held_out = statement["held_out"] or {}
            low, high = held_out.get("f1_interval", (None, None))
            lines.append(
                {
                    "cluster": cluster["label"] + 1,
                    "rows": cluster["size"],
                    "kind": statement["kind"],
                    "statement": statement["sentence"] or statement["note"],
                    **{k: held_out.get(k) for k in ("precision", "recall", "lift", "f1")},
                    "f1_low": low,
                    "f1_high": high,
                    "fitted_f1": (statement["fitted"] or {}).get("f1"),
                    "best": place == cluster["chosen"],
                    "differs": differs,
                    "key_terms": ", ".join(t["term"] for t in cluster["terms"]),
                    "typical_rows": " ".join(map(str, dataset.rows[cluster["typical"]])),
                    "borderline_rows": " ".join(map(str, dataset.rows[cluster["borderline"]])),
                }
            )
        entry = written_on(told, cluster["label"])
        lines += [_told_line(entry)] if entry and entry["sentence"] else []
    return pd.DataFrame(lines)


def _told_line(entry: dict[str, Any]) -> dict[str, Any]:
    """The line of a sentence that a language model wrote."""
    return {
        "cluster": entry["label"] + 1,
        "rows": entry["size"],
        "kind": f"language model, {entry['status']}",
        "statement": entry["sentence"],
        "best": False,
        "recall": (entry["together"] or {}).get("inside"),
        "differs": "; ".join(entry["why"]),
    }


def written_on(told: Sentences | None, label: int) -> dict[str, Any] | None:
    """What a language model wrote on a group, or None."""
    entries = told.written if told is not None else ()
    return next((e for e in entries if e["label"] == label), None)


def spent(told: Sentences) -> dict[str, Any]:
    """What the sentences cost, who wrote them, and their digest."""
    return {
        "usage": told.about.get("usage"),
        "written_notes": list(told.notes),
        "written_digest": told.digest,
    }


def reasons_json(found: Reasons, dataset: Dataset, told: Sentences | None = None) -> dict[str, Any]:
    """Everything, as plain JSON. told : sentences of a language model, if there are any."""
    clusters = [
        {
            **cluster,
            "cluster": cluster["label"] + 1,
            "explained": earned(cluster),
            "typical": dataset.rows[cluster["typical"]].tolist(),
            "borderline": dataset.rows[cluster["borderline"]].tolist(),
            **({} if told is None else {"written": written_on(told, cluster["label"])}),
        }
        for cluster in found.clusters
    ]
    return {
        "clusters": clusters,
        "threshold": EARNED,
        "notes": list(found.notes),
        "digest": found.digest,
        **({} if told is None else spent(told)),
    }


def reasons_short(found: Reasons, told: Sentences | None = None) -> list[dict[str, Any]]:
    """Per group the best statement with its scores on rows left out; label from 0, as in the file
    of labels that the command line writes."""
    lines = []
    for cluster in found.clusters:
        best = chosen(cluster)
        counts = best["held_out"] if best else {}
        names = ("precision", "recall", "lift", "f1", "f1_interval")
        lines.append(
            {
                "label": cluster["label"],
                "size": cluster["size"],
                "rule": best["sentence"] if best else None,
                "explained": earned(cluster),
                **{name: counts.get(name) for name in names},
                "note": "" if best else wording.sentence(cluster),
                **({} if told is None else {"written": written_on(told, cluster["label"])}),
            }
        )
    return lines
