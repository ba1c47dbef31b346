"""The functions of ``import analytics`` about several results, and about changing one by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.api import default_store, keep
from analytics.comparing import operations as requests
from analytics.correcting.operations import correction_request
from analytics.operations import execute
from analytics.progress import Progress, silent
from analytics.results import Clustering, Dataset, Gallery, Projection, ScoreCard
from analytics.store.artifacts import Artifacts


def agreement(
    dataset: Dataset,
    runs: Sequence[Clustering],
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """ARI and AMI of every two results, on the rows of ``dataset``; results made on other rows of
    its table are compared on the rows in both."""
    store = store or default_store()
    keep(store, dataset, *runs)
    made_on = [store.require(r.parents[0]) for r in runs]
    return execute(requests.matrix_request(dataset, runs, made_on), store, progress)


def consensus(
    dataset: Dataset,
    runs: Sequence[Clustering],
    *,
    cut: str = "half",
    k: int | None = None,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Clustering:
    """What results of the same rows have in common (Fred & Jain 2005); extras "changes" says how
    often each row changes sides."""
    store = store or default_store()
    keep(store, dataset, *runs)
    return execute(requests.consensus_request(dataset, runs, {"cut": cut, "k": k}), store, progress)


def grid(
    dataset: Dataset,
    k: int,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Gallery:
    """Every family of statistics of signals with every method, for ``k`` groups; one entry per
    cell. dataset : prepared with ``signals``."""
    from analytics.comparing.grid import grid_request

    store = store or default_store()
    keep(store, dataset)
    table = store.require(dataset.parents[0])
    return execute(grid_request(table, dataset, k), store, progress)


def sweep(
    dataset: Dataset,
    method: str,
    over: str,
    values: Sequence[Any],
    *,
    seed: int = 0,
    space: str = "full",
    projection: Projection | None = None,
    runs: int = 3,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **given: Any,
) -> Gallery:
    """One method at several values of one parameter, with the stability of each."""
    store = store or default_store()
    keep(store, dataset, projection)
    wanted = requests.sweep_request(
        dataset, method, over, values, given, seed, space, projection, runs=runs
    )
    return execute(wanted, store, progress)


def correct(
    clustering: Clustering,
    edits: Sequence[Mapping[str, Any]],
    *,
    maps: Sequence[Projection] = (),
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Clustering:
    """A clustering with changes by hand; see ``analytics.correcting.edits``. maps : those that
    selections in the edits were drawn on."""
    store = store or default_store()
    keep(store, clustering, *maps)
    return execute(correction_request(clustering, edits), store, progress)
