"""What a review rests on, gathered from the stored results as plain JSON, with no words yet.

The state is that of ``analytics.report.lineage``.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.perception.match import seen_of, ticks
from analytics.perception.wording import sentence
from analytics.report.comparison import changes, name_of
from analytics.report.lineage import records
from analytics.report.record import content_hash, plain, run_record
from analytics.results import NOISE, Ambiguity, Clustering, Projection, ScoreCard
from analytics.store.artifacts import Artifacts

MOST_CLUSTERS = 60
MOST_TRIED = 24
MOST_CELLS = 4_000_000  # rows times runs that are compared with the clusters shown
FEATURES = 12  # columns named


def gather(
    artifacts: Artifacts, state: dict[str, Any], others: Iterable[str] = ()
) -> dict[str, Any]:
    """Everything a review says, as data. others : digests of the project's runs.

    Raises BadInput when a result is no longer stored or the results do not belong together.
    """
    found = records(artifacts, state, "projection")
    record = run_record(artifacts, state)
    return plain(
        {
            "data": _data(record, found),
            "map": _map(record, found["projection"]),
            "clustering": _clustering(record, found.get("clustering")),
            "clusters": _clusters(found),
            "numbers": _numbers(found),
            "clams_words": sentence(found["ambiguity"]) if "ambiguity" in found else "",
            "tried": _tried(artifacts, found, state, others),
            "goal": found["explanation"].goal if "explanation" in found else "",
            "descriptions": _descriptions(found.get("explanation")),
            "warnings": _warnings(found),
            "changes": changes(found.get("clustering"))[:MOST_TRIED],
            "steps": [{k: s[k] for k in ("kind", "label", "words")} for s in record["steps"]],
            "versions": record["versions"],
            "content": {
                role: content_hash(found[role])
                for role in ("projection", "clustering")
                if role in found
            },
        }
    )


def _data(record: dict, found: dict) -> dict[str, Any]:
    table, dataset = found["table"], found["dataset"]
    step = next(s for s in record["steps"] if s["kind"] == "dataset")
    features = list(dataset.params.get("features") or ())
    return {
        **{k: record["data"][k] for k in ("name", "rows", "columns", "links", "sha256", "sample")},
        "bytes": table.source.get("bytes"),
        "licence": table.source.get("licence", ""),
        "used": dataset.n,
        "features": [str(name) for name in features[:FEATURES]],
        "n_features": len(features),
        "label": dataset.label_column,
        "missing": table.profile.get("missing_cells", 0),
        "handling": {k: dataset.params.get(k) for k in ("missing", "scale", "encode", "sample")},
        "prepared": step["words"],
        "notes": [*table.notes, *dataset.notes],
        "problems": [p["words"] for p in table.profile.get("problems", ()) if p.get("words")],
    }


def _map(record: dict, projection: Projection) -> dict[str, Any]:
    step = next(s for s in record["steps"] if s["kind"] == "projection")
    return {
        "label": step["label"].removeprefix("Map, ").rstrip("."),
        "words": step["words"],
        "axes": list(projection.axes),
        "notes": list(projection.notes),
    }


def _clustering(record: dict, result: Clustering | None) -> dict[str, Any] | None:
    if result is None:
        return None
    step = next(s for s in record["steps"] if s["digest"] == result.digest)
    return {
        "label": step["label"].removeprefix("Clusters, ").rstrip("."),
        "words": step["words"],
        "groups": result.n_clusters,
        "noise": result.noise_share,
        "noise_rows": int((result.labels == NOISE).sum()),
        "names": {str(k): v for k, v in result.group_names.items()},
        "notes": list(result.notes),
    }


def _clusters(found: dict) -> list[dict[str, Any]]:
    """The three ticks of every cluster, with its name; the largest numbers of clusters are cut."""
    from analytics.explanation.reasons import ticks as explained

    result, match = found.get("clustering"), found.get("match")
    if result is None:
        return []
    told = explained(found["reasons"]) if "reasons" in found else None
    rows = ticks(
        match if match is not None else _nobody(result),
        found.get("validity"),
        found.get("stability"),
        told,
        result.group_names,
    )
    seen = {s.label: s for s in seen_of(match)} if match is not None else {}
    for row in rows:
        one = seen.get(row["label"])
        row["name"] = result.group_names[row["label"]]
        row["merged"] = list(one.merged) if one else []
        row["parts"] = one.parts if one else 1
        if one is None:
            row["visible"], row["words"] = None, ""
    return rows[:MOST_CLUSTERS]


def _nobody(result: Clustering) -> ScoreCard:
    """A card that says of each cluster how large it is, and of people nothing."""
    sizes = np.bincount(result.labels[result.labels != NOISE], minlength=result.n_clusters)
    rows = [(i, size, np.nan, np.nan, np.nan, 1) for i, size in enumerate(sizes)]
    k = result.n_clusters
    tables = {"seen": np.array(rows, float).reshape(-1, 6), "together": np.full((k, k), np.nan)}
    return ScoreCard(tables=tables)


def _numbers(found: dict) -> list[dict[str, Any]]:
    """The scores of the whole, each with its interval: id, label, value, low, high."""
    rows = []
    clams = found.get("ambiguity")
    if isinstance(clams, Ambiguity):
        rows.append(_number("clams", "Ambiguity (CLAMS)", clams.ambiguity, clams.interval))
    grouping = found.get("grouping")
    if grouping is not None:
        rows.append(
            _number("agreement", "Agreement of people (ClusterNet)", grouping.agreement,
                    grouping.interval)
        )  # fmt: skip
        rows.append(_number("two_people", "Two people (ARI)", grouping.two_people))
    for role, names in (
        ("match", ("match",)),
        ("stability", ("recovery", "seeds", "subsamples")),
        ("validity", ("silhouette",)),
        ("faithfulness", ("trustworthiness", "continuity")),
    ):
        card = found.get(role)
        for name in names if card is not None else ():
            score = card.values.get(name)
            if score is not None and score.value is not None:
                span = () if score.low is None else (score.low, score.high)
                rows.append(_number(name, score.label or name, score.value, span))
    return rows


def _number(name: str, label: str, value: float, span=()) -> dict[str, Any]:
    low, high = span if len(span) == 2 else (None, None)
    return {"id": name, "label": label, "value": value, "low": low, "high": high}


def _tried(artifacts: Artifacts, found: dict, state: dict, others: Iterable[str]) -> dict[str, Any]:
    """Other clusterings and maps of the same data, the newest first, with their stored scores."""
    dataset, shown = found["dataset"].digest, found.get("clustering")
    mine = {shown.digest if shown is not None else "", found["projection"].digest}
    runs = [artifacts.load(d) for d in dict.fromkeys(others) if d not in mine]
    runs = [r for r in runs if r is not None and r.parents and r.parents[0] == dataset]
    groups = [r for r in reversed(runs) if isinstance(r, Clustering)]
    maps = [r for r in reversed(runs) if isinstance(r, Projection)]
    most = max(1, min(MOST_TRIED, MOST_CELLS // max(1, found["dataset"].n)))
    return {
        "clusterings": [_tried_groups(artifacts, r, shown, state) for r in groups[:most]],
        "maps": [_tried_map(artifacts, r) for r in maps[:most]],
        "left_out": max(0, len(groups) - most) + max(0, len(maps) - most),
    }


def _tried_groups(
    artifacts: Artifacts, run: Clustering, shown: Clustering | None, state: dict
) -> dict[str, Any]:
    from analytics.clustering.agreement import compare
    from analytics.clustering.operations import stability_request, validity_request

    try:
        ari = compare(run.labels, shown.labels)["ari"] if shown is not None else None
    except BadInput:  # too many groups for a table of every two
        ari = None
    return {
        "name": name_of(run, state),
        "groups": run.n_clusters,
        "noise": run.noise_share,
        "silhouette": _stored(artifacts, validity_request(run).digest, "silhouette"),
        "stability": _stored(artifacts, stability_request(run).digest, "recovery"),
        "ari": ari,
    }


def _tried_map(artifacts: Artifacts, run: Projection) -> dict[str, Any]:
    from analytics import registry
    from analytics.perception.operations import ambiguity_request
    from analytics.projection.operations import faithfulness_request

    try:
        name = registry.get("projection", run.method).label
    except BadInput:
        name = run.method
    clams = artifacts.load(ambiguity_request(run).digest)
    trust = _stored(artifacts, faithfulness_request(run).digest, "trustworthiness")
    return {
        "name": name,
        "ambiguity": clams.ambiguity if isinstance(clams, Ambiguity) else None,
        "trustworthiness": trust,
    }


def _stored(artifacts: Artifacts, digest: str, name: str) -> float | None:
    """One number of a stored card, or None."""
    card = artifacts.load(digest)
    score = card.values.get(name) if isinstance(card, ScoreCard) else None
    return score.value if score is not None else None


def _descriptions(explanation) -> list[dict[str, Any]]:
    if explanation is None:
        return []
    return [
        {"words": e["description"], "size": e["size"]} for e in explanation.evidence[:MOST_TRIED]
    ]


def _warnings(found: dict) -> list[str]:
    """What the scores and the map warn of, each once."""
    said: list[str] = []
    for record in (found.get("ambiguity"), found.get("grouping")):
        said += list(record.warnings) if record is not None else []
    for role in ("stability", "validity"):
        said += [n for n in (found[role].notes if role in found else ()) if "sample" in n.lower()]
    return list(dict.fromkeys(said))
