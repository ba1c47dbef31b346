"""Groups of a dataset, and how good they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.api.stored import default_store, keep
from analytics.api.tables import prepare
from analytics.clustering import operations as clusterings
from analytics.operations import execute
from analytics.progress import Progress, silent
from analytics.results import Clustering, Projection, ScoreCard
from analytics.store.artifacts import Artifacts


def cluster(
    source,
    method: str = "kmeans",
    *,
    seed: int = 0,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
    noise: str = "keep",
    examples: Mapping[str, Sequence[int]] | None = None,
    with_labels: bool = False,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **params: Any,
) -> Clustering:
    """Groups of a dataset (or of what :func:`prepare` takes).

    space : "full", "pca" (``components``) or "map" (``projection``). noise : "keep" or "nearest".
    examples : group name -> rows that belong to it, for methods that start from labels;
    ``with_labels`` keeps the labels of the other rows.
    """
    store = store or default_store()
    dataset = prepare(source, store=store, progress=progress)
    keep(store, projection)
    request = clusterings.clustering_request(
        dataset, method, params, seed, space, projection, components, noise, examples, with_labels
    )
    return execute(request, store, progress)


def validity(
    clustering: Clustering,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """How well the groups separate, and how they agree with the label column."""
    store = store or default_store()
    keep(store, clustering)
    return execute(clusterings.validity_request(clustering), store, progress)


def stability(
    clustering: Clustering,
    runs: int = 10,
    noise: float = 0.0,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """Whether the groups come back over other seeds and subsamples, and noisy copies."""
    store = store or default_store()
    keep(store, clustering)
    return execute(clusterings.stability_request(clustering, runs, noise), store, progress)


def compare(a: Clustering | Sequence[Any], b: Clustering | Sequence[Any]) -> dict[str, Any]:
    """How far two groupings of the same rows agree; see ``analytics.clustering.agreement``."""
    from analytics.clustering.agreement import compare as agreement

    return agreement(*(g.labels if isinstance(g, Clustering) else g for g in (a, b)))
