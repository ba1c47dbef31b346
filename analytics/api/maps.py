"""Maps of a dataset, and how far they can be believed."""

from collections.abc import Sequence
from typing import Any

from analytics.api.stored import default_store, keep
from analytics.api.tables import prepare
from analytics.operations import execute
from analytics.progress import Progress, silent
from analytics.projection import operations as projections
from analytics.results import Projection, ScoreCard
from analytics.store.artifacts import Artifacts


def project(
    source,
    method: str = "pca",
    *,
    seed: int = 0,
    columns: Sequence[str] | None = None,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **params: Any,
) -> Projection:
    """A map of a dataset (or of what :func:`prepare` takes). ``columns``: for method "columns"."""
    store = store or default_store()
    dataset = prepare(source, store=store, progress=progress)
    request = projections.projection_request(dataset, method, params, seed, columns)
    return execute(request, store, progress)


def faithfulness(
    projection: Projection,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """How well a map keeps the distances of its dataset."""
    store = store or default_store()
    keep(store, projection)
    return execute(projections.faithfulness_request(projection), store, progress)


def reliability(
    projection: Projection,
    draws: int = 150,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """How well a map keeps the groups of its dataset (steadiness, cohesiveness)."""
    store = store or default_store()
    keep(store, projection)
    return execute(projections.reliability_request(projection, draws), store, progress)
