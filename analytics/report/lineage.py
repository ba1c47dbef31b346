"""From one result to everything it rests on, as the roles of a report.

A state is ``{"table", "dataset", "projection", "clustering", "ambiguity", "faithfulness",
"validity", "stability": digest or "", "selection": shapes}``.
"""

from typing import Any

from analytics.errors import BadInput
from analytics.operations import execute
from analytics.progress import Progress, part, silent
from analytics.results import Clustering, Dataset, Projection, Table
from analytics.store.artifacts import Artifacts

ROLES = (
    "table",
    "dataset",
    "projection",
    "clustering",
    "ambiguity",
    "faithfulness",
    "validity",
    "stability",
)


def records(artifacts: Artifacts, state: dict[str, Any]) -> dict[str, Any]:
    """The stored record of every role that the state names. Raises BadInput when one is gone."""
    return {role: artifacts.require(state[role]) for role in ROLES if state.get(role)}


def complete_state(
    artifacts: Artifacts, digest: str, progress: Progress = silent
) -> dict[str, Any]:
    """The state of a stored map or clustering, computing the map and scores that are missing.

    A clustering without a map of its own is shown on a PCA map. Raises BadInput.
    """
    from analytics.clustering.operations import validity_request
    from analytics.perception.operations import ambiguity_request
    from analytics.projection.operations import faithfulness_request, projection_request

    result = artifacts.load(digest)
    if not isinstance(result, (Projection, Clustering)):
        raise BadInput(
            f"There is no stored map or clustering named {digest[:40]!r}: give the digest that "
            "project or cluster printed."
        )
    dataset = artifacts.require(result.parents[0])
    state = {"table": dataset.parents[0], "dataset": dataset.digest, "selection": []}
    if isinstance(result, Clustering):
        state["clustering"] = digest
        wanted = validity_request(result)
        state["validity"] = execute(wanted, artifacts, part(progress, 0.0, 0.3)).digest
        projection = _map_of(artifacts, result)
        if projection is None:
            wanted = projection_request(dataset, "pca")
            projection = execute(wanted, artifacts, part(progress, 0.3, 0.5))
    else:
        projection = result
    state["projection"] = projection.digest
    for role, wanted in (
        ("ambiguity", ambiguity_request(projection)),
        ("faithfulness", faithfulness_request(projection)),
    ):
        state[role] = execute(wanted, artifacts, part(progress, 0.5, 1.0)).digest
    return state


def _map_of(artifacts: Artifacts, clustering: Clustering) -> Projection | None:
    """The map a clustering was made on, or None."""
    for digest in clustering.parents[1:]:
        record = artifacts.load(digest)
        if isinstance(record, Projection):
            return record
    return None


def source_table(artifacts: Artifacts, dataset: Dataset) -> Table:
    """The table a dataset was made from."""
    return artifacts.require(dataset.parents[0])
