"""The operations "ranking", "advice" and "trust", and how to ask for them."""

from collections.abc import Sequence
from typing import Any

from analytics import settings
from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.params import validate
from analytics.progress import Progress
from analytics.results import Dataset, Gallery, Projection, Record, ScoreCard


def columns_request(dataset: Dataset | Request | str, most: int = 60, seed: int = 0) -> Request:
    """Ask for the scatterplots of column pairs, ranked. ``seed``: which pairs, when many."""
    from analytics.pictures.columns import PARAMS

    params = validate(PARAMS, {"most": most})
    digest = dataset if isinstance(dataset, str) else dataset.digest
    return request("ranking", "columns", (digest,), params, seed)


def files_request(staged: dict[str, str]) -> Request:
    """Ask for the scatterplots in a staged zip, ranked."""
    return request("ranking", "files", params={"content": staged["content"]})


def maps_request(maps: Sequence[str]) -> Request:
    """Ask for stored maps, ranked; ``maps`` are digests."""
    if not maps:
        raise BadInput("There is no map to rank: draw one on the Map page first.")
    return request("ranking", "maps", tuple(dict.fromkeys(maps)))


def advice_request(
    dataset: Dataset | Request | str,
    methods: Sequence[str] = (),
    params: dict[str, Any] | None = None,
    seed: int = 0,
) -> Request:
    """Ask which map of a dataset to show. ``methods`` : empty for the usual ones."""
    from analytics.pictures.advising import PARAMS
    from analytics.pictures.sweep import DEFAULT_METHODS, check_methods

    checked = validate(PARAMS, params)
    checked["methods"] = list(check_methods(tuple(methods) or DEFAULT_METHODS))
    digest = dataset if isinstance(dataset, str) else dataset.digest
    return request("advice", "", (digest,), checked, seed)


def trust_request(gallery: Gallery | Request, seed: int = 0) -> Request:
    """Ask whether clusterers rank alike on the clear and on the ambiguous plots of a ranking."""
    return request("trust", "", (gallery.digest,), seed=seed)


def ranking(wanted: Request, parents: tuple[Record, ...], progress: Progress, run) -> Gallery:
    """Run a ranking request. Raises BadInput."""
    from analytics.pictures import columns, files
    from analytics.pictures.ranking import rank

    if wanted.method == "columns":
        (dataset,) = parents
        most = validate(columns.PARAMS, wanted.params)["most"]
        chosen, notes = columns.pairs(dataset, most, wanted.seed)
        plots = columns.plots(dataset, chosen)
        return rank(plots, len(chosen), wanted.seed, progress, notes)
    if wanted.method == "files":
        from analytics.data import uploads

        path = uploads.path_of(str(wanted.params.get("content", "")), settings.home())
        names = files.members(path)
        plots, notes = files.of_zip(path, names), files.left_out(path)
        return rank(plots, len(names), wanted.seed, progress, notes)
    if wanted.method == "maps":
        from analytics.pictures.maps import rank_maps

        if not parents or not all(isinstance(p, Projection) for p in parents):
            raise BadInput("Only stored maps can be ranked here: draw them again.")
        return rank_maps(parents, progress, run)
    raise BadInput(f"Plots are ranked from columns, files or maps, not from '{wanted.method}'.")


def advice(wanted: Request, parents: tuple[Record, ...], progress: Progress, run) -> Gallery:
    """Run an advice request. Raises BadInput."""
    from analytics.pictures.advising import PARAMS, advise
    from analytics.pictures.sweep import check_methods

    (dataset,) = parents
    given = dict(wanted.params)
    methods = check_methods(tuple(given.pop("methods", ())))
    return advise(dataset, methods, validate(PARAMS, given), wanted.seed, progress, run)


def trust(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> ScoreCard:
    """Run a trust request. Raises BadInput."""
    from analytics.pictures.trust import compare

    if len(parents) != 1 or not isinstance(parents[0], Gallery):
        raise BadInput("Clusterers are compared on ranked plots: rank some plots first.")
    return compare(parents[0], wanted.seed, progress)
