"""From one result to everything it rests on, as the roles of a report.

A state is ``{"table", "dataset", "projection", "clustering", "ambiguity", "faithfulness",
"validity", "stability", "grouping", "match", "reasons", "sentences", "explanation": digest or "",
"selection": shapes, "shape", "links": as in the view}``.
"""

from typing import Any

from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.operations import Request, execute
from analytics.progress import Progress, part, silent
from analytics.results import (
    Ambiguity,
    Clustering,
    Dataset,
    Explanation,
    Grouping,
    Projection,
    Reasons,
    Record,
    ScoreCard,
    Sentences,
    Table,
)
from analytics.store.artifacts import Artifacts

# Role -> the type of its record, and the role it must have been made from.
ROLES: dict[str, tuple[type[Record], str]] = {
    "table": (Table, ""),
    "dataset": (Dataset, "table"),
    "projection": (Projection, "dataset"),
    "clustering": (Clustering, "dataset"),
    "ambiguity": (Ambiguity, "projection"),
    "faithfulness": (ScoreCard, "projection"),
    "validity": (ScoreCard, "clustering"),
    "stability": (ScoreCard, "clustering"),
    "reasons": (Reasons, "clustering"),
    "sentences": (Sentences, "reasons"),
    "explanation": (Explanation, "dataset"),
}


# What people would see; a state on another map or clustering is read without it.
PEOPLE: dict[str, tuple[type[Record], tuple[str, ...]]] = {
    "grouping": (Grouping, ("projection",)),
    "match": (ScoreCard, ("grouping", "clustering")),
}


def records(artifacts: Artifacts, state: dict[str, Any], *needed: str) -> dict[str, Any]:
    """The stored record of every role that the state names, in the order of ROLES and PEOPLE.

    needed : roles, beside table and dataset, that must be there. Raises BadInput when one of them
    is not, when a result is no longer stored, or when results do not belong together.
    """
    for role in ("table", "dataset", *needed):
        if not state.get(role):
            raise BadInput(f"A report needs a {role}, and there is none: make it first.")
    found = {role: artifacts.require(state[role]) for role in ROLES if state.get(role)}
    for role, record in found.items():
        cls, parent = ROLES[role]
        rests = not parent or state.get(parent) in record.parents
        if not isinstance(record, cls) or not rests:
            raise BadInput(
                f"The {role} of this report was not made from its {parent or 'file'}: "
                "open the data again."
            )
    for role, (cls, parents) in PEOPLE.items():
        record = artifacts.load(state[role]) if state.get(role) else None
        if isinstance(record, cls) and all(
            p in found and state[p] in record.parents for p in parents
        ):
            found[role] = record
    return found


def complete_state(artifacts: Artifacts, name: str, progress: Progress = silent) -> dict[str, Any]:
    """The state of a stored map, clustering or sentences on a clustering (its digest) or of a saved
    view (its id).

    Scores that are missing are computed, but for the stability, which takes many runs, and the
    reasons of many groups; these are included when they are stored. A clustering without a map of
    its own is shown on a PCA map. A view with a title gives the state a "title". Raises BadInput.
    """
    if not is_digest(name):
        return _scored(artifacts, _of_view(artifacts, name), progress)
    result, told = artifacts.load(name), {}
    if isinstance(result, Sentences):
        told = {"reasons": result.parents[0], "sentences": name}
        name = result.parents[-1]
        result = artifacts.require(name)
    if not isinstance(result, (Projection, Clustering)):
        raise _unknown(name)
    dataset = artifacts.require(result.parents[0])
    state = {"table": dataset.parents[0], "dataset": dataset.digest, "selection": []} | told
    if isinstance(result, Clustering):
        state |= {"clustering": name, "projection": _map_of(artifacts, result)}
    else:
        state["projection"] = name
    return _scored(artifacts, state, progress)


def _unknown(name: str) -> BadInput:
    return BadInput(
        f"There is no stored map, clustering or view named {str(name)[:40]!r}: give the digest "
        "that project or cluster printed, or the id in a saved link."
    )


def _of_view(artifacts: Artifacts, name: str) -> dict[str, Any]:
    """The state of a saved view."""
    from analytics import view as views
    from analytics.store.database import connect
    from analytics.store.fields import is_id
    from analytics.store.projects import open_view

    if not is_id(name):
        raise _unknown(name)
    engine = connect()
    try:
        saved = open_view(engine, name)
    finally:
        engine.dispose()
    view = views.from_json(saved.state.get("view"))
    return {
        "table": view.table,
        "dataset": view.dataset,
        "projection": view.projection,
        "clustering": view.clustering,
        "explanation": view.explanation,
        "selection": list(view.selection),
        "shape": view.shape,
        "links": view.links,
        "title": saved.name,
    }


def _map_of(artifacts: Artifacts, clustering: Clustering) -> str:
    """The digest of the map a clustering was made on, or ""."""
    for digest in clustering.parents[1:]:
        if isinstance(artifacts.load(digest), Projection):
            return digest
    return ""


def _scored(artifacts: Artifacts, state: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The state with a map and the scores of map and clustering."""
    from analytics.clustering.operations import stability_request, validity_request
    from analytics.explanation.operations import MANY, reasons_request
    from analytics.perception.clusternet import FEWEST
    from analytics.perception.operations import ambiguity_request, grouping_request, match_request
    from analytics.projection.operations import faithfulness_request, projection_request

    def made(wanted: Request, start: float, stop: float) -> str:
        return execute(wanted, artifacts, part(progress, start, stop)).digest

    if state.get("dataset") and not state.get("projection"):
        state["projection"] = made(projection_request(state["dataset"], "pca"), 0.0, 0.1)
    found = records(artifacts, state, "projection")
    clustering = found.get("clustering")
    if clustering is not None:
        state["validity"] = made(validity_request(clustering), 0.1, 0.3)
        why = reasons_request(clustering)
        few = clustering.n_clusters <= MANY or artifacts.has(why.digest)
        if few and not state.get("reasons"):
            state["reasons"] = made(why, 0.3, 0.4)
        steady = stability_request(clustering).digest
        state["stability"] = steady if artifacts.has(steady) else ""
    state["faithfulness"] = made(faithfulness_request(found["projection"]), 0.4, 0.7)
    state["ambiguity"] = made(ambiguity_request(found["projection"]), 0.7, 0.8)
    if clustering is not None and len(clustering.labels) >= FEWEST:
        state["grouping"] = made(grouping_request(found["projection"]), 0.8, 0.95)
        state["match"] = made(match_request(state["grouping"], clustering), 0.95, 1.0)
    return state
