"""The operations "projection", "faithfulness" and "reliability", and how to ask for them."""

from collections.abc import Sequence
from typing import Any

from analytics import registry
from analytics.errors import BadInput
from analytics.needs import require
from analytics.operations import Request, request
from analytics.params import validate
from analytics.progress import Progress
from analytics.projection.methods.chosen import check_columns
from analytics.results import Dataset, Projection, Record, ScoreCard


def projection_request(
    dataset: Dataset | Request | str,
    method: str,
    params: dict[str, Any] | None = None,
    seed: int = 0,
    columns: Sequence[str] | None = None,
) -> Request:
    """Ask for a map. ``dataset`` is the record, its request or its digest.

    columns : two names, only for method "columns"; None means the first two. Raises BadInput.
    """
    params = dict(params or {})
    if columns is not None and method != "columns":
        raise BadInput(f"Columns are chosen for the method 'columns' only, not for '{method}'.")
    if method == "columns":
        if isinstance(dataset, Dataset):
            columns = check_columns(columns, dataset)
        params["columns"] = None if columns is None else list(columns)
    digest = dataset if isinstance(dataset, str) else dataset.digest
    return request("projection", method, (digest,), params, seed)


def faithfulness_request(projection: Projection | Request, k: int = 15) -> Request:
    """Ask how faithful a map is. ``projection`` is the record or its request."""
    from analytics.projection.faithfulness import PARAMS

    params = validate(PARAMS, {"k": k})
    return request("faithfulness", "", (projection.parents[0], projection.digest), params)


def reliability_request(projection: Projection | Request, draws: int = 150) -> Request:
    """Ask how well a map keeps groups (steadiness, cohesiveness). ``projection`` is the record or
    its request."""
    from analytics.projection.reliability import PARAMS

    params = validate(PARAMS, {"draws": draws})
    return request("reliability", "", (projection.parents[0], projection.digest), params)


def projection(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Projection:
    """Run the method of a projection request on its dataset. Raises BadInput."""
    (dataset,) = parents
    row = registry.get("projection", wanted.method)
    if row.max_rows is not None and dataset.n > row.max_rows:
        raise BadInput(
            f"{row.label} takes at most {row.max_rows:,} rows, but there are {dataset.n:,}: "
            "take a sample when preparing the data, or choose PCA."
        )
    require(row, dataset)
    return row.run(dataset, dict(wanted.params), wanted.seed, progress)


def faithfulness(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> ScoreCard:
    """Score how well a map keeps the distances of its dataset. Raises BadInput."""
    from analytics.projection.faithfulness import PARAMS, score

    dataset, map_ = parents
    params = validate(PARAMS, wanted.params)
    return score(dataset.X, map_.xy, params["k"], wanted.seed, progress)


def reliability(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> ScoreCard:
    """Score how well groups of the data and of the map keep together. Raises BadInput."""
    from analytics.projection.reliability import PARAMS, score

    dataset, map_ = parents
    params = validate(PARAMS, wanted.params)
    return score(dataset.X, map_.xy, params["draws"], wanted.seed, progress)
