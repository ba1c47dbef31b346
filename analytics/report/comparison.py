"""What a report says of results beside each other, and of changes by hand."""

from typing import Any

import numpy as np

from analytics.comparing.matrix import agreements
from analytics.correcting.operations import edits_of, said
from analytics.data.words import count
from analytics.digest import is_digest
from analytics.results import Clustering, Record
from analytics.shares import percent
from analytics.store.artifacts import Artifacts
from analytics.view import MAX_COMPARED


def compared(artifacts: Artifacts, state: dict[str, Any]) -> list[Clustering]:
    """The results of the report's data that were compared, as far as they are stored."""
    digests = [d for d in state.get("compared") or () if is_digest(d)][:MAX_COMPARED]
    found = [artifacts.load(d) for d in digests]
    return [r for r in found if isinstance(r, Clustering) and r.parents[0] == state.get("dataset")]


def under(artifacts: Artifacts, record: Record | None) -> list[Clustering]:
    """The results that a corrected one or a consensus was made from."""
    if not isinstance(record, Clustering) or record.method not in ("corrected", "consensus"):
        return []
    found = [artifacts.load(d) for d in record.parents[1:]]
    return [r for r in found if isinstance(r, Clustering)]


def name_of(result: Clustering, state: dict[str, Any]) -> str:
    """The name a person gave a result, else its method and number of groups."""
    from analytics import registry
    from analytics.errors import BadInput

    called = dict(state.get("called") or ())
    if result.digest in called:
        return str(called[result.digest])
    try:
        label = registry.get("clustering", result.method).label
    except BadInput:
        label = result.method
    return f"{label}, {count(result.n_clusters, 'group')}"


def section(artifacts: Artifacts, state: dict[str, Any]) -> dict[str, Any] | None:
    """One line per compared result with its ARI to each, or None for fewer than two."""
    runs = compared(artifacts, state)
    if len(runs) < 2:
        return None
    card = agreements([r.labels for r in runs])
    lines = [
        {
            "name": name_of(r, state),
            "groups": r.n_clusters,
            "noise": percent(r.noise_share),
            "ari": [_shown(v) for v in card.tables["ari"][i]],
            "ami": _shown(card.groups["ami"][i]),
        }
        for i, r in enumerate(runs)
    ]
    return {"lines": lines, "ari": _shown(card.values["ari"].value)}


def _shown(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"


def changes(clustering: Clustering | None) -> list[dict[str, str]]:
    """One line per change by hand: when, who, what, why."""
    if clustering is None:
        return []
    return [
        {
            "when": e.get("at", "").replace("T", " ")[:16],
            "who": e.get("by", "") or "–",
            "what": said(e),
            "why": e.get("why", "") or "–",
        }
        for e in edits_of(clustering)
    ]
