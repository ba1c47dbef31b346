"""What can be asked of this stage, and how each request is built."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics import registry
from analytics.clustering import space as spaces
from analytics.clustering.examples import checked, joined, said, switched, taken
from analytics.clustering.fit import check_noise, fit
from analytics.errors import BadInput
from analytics.operations import STAGE, Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Clustering, Dataset, Projection, ScoreCard

NOT_RERUN = ("corrected", "consensus")  # clusterings that no registered method made


def clustering_request(
    dataset: Dataset,
    method: str,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
    noise: str = "keep",
    examples: Mapping[str, Sequence[int]] | None = None,
    with_labels: bool = False,
) -> Request:
    """Ask for groups of a dataset. Raises BadInput.

    space : "full" (all columns), "pca" (the first ``components``; 10 when None) or "map" (needs
    ``projection``). noise : "keep" or "nearest". examples : group name -> rows of the source table
    that belong to it, for methods that start from labels; they stand in for the labels of the data,
    or join them ``with_labels``.
    """
    stage = spaces.stage_params(dataset, space, projection, components)
    check_noise(noise)
    if noise != "keep":
        stage["noise"] = noise
    params = dict(params or {})
    if examples:
        row = registry.get("clustering", method)
        if not taken(row):
            raise BadInput(f"{row.label} does not start from examples: leave them out.")
        stage["examples"] = checked(examples, dataset)
        if with_labels and dataset.labels is not None:
            stage["with_labels"] = True
        params = switched(row, params, stage["examples"])
    return request(
        "clustering",
        method,
        spaces.parents_of(dataset, space, projection),
        {**params, **stage},
        seed,
    )


def validity_request(clustering: Clustering) -> Request:
    """Ask how well the groups separate, and how they agree with known labels."""
    return request("validity", "", (*clustering.parents, clustering.digest))


def stability_request(clustering: Clustering, runs: int = 10, noise: float = 0.0) -> Request:
    """Ask whether the groups come back over ``runs`` seeds and ``runs`` subsamples, and with
    ``noise`` above 0 over as many copies with that share of each column's deviation added."""
    from analytics.clustering.stability import PARAMS
    from analytics.params import validate

    params = validate(PARAMS, {"runs": runs, "noise": noise})
    if not params["noise"]:
        del params["noise"]  # so that results without copies keep their digests
    return request("stability", "", (*clustering.parents, clustering.digest), params)


def suggestion_request(
    dataset: Dataset,
    what: str,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Request:
    """Ask for a number of groups (``what`` "k") or a distance ("eps"), with the curve behind it.

    params : see ``analytics.clustering.suggest.PARAMS[what]``.
    """
    from analytics.clustering.suggest import check

    stage = spaces.stage_params(dataset, space, projection, components)
    return request(
        "suggestion",
        what,
        spaces.parents_of(dataset, space, projection),
        {**check(what, params), **stage},
        seed,
    )


def clustering(wanted: Request, parents: Sequence[Any], progress: Progress) -> Clustering:
    """Groups of a dataset. parents : (dataset,) or (dataset, projection)."""
    row = registry.get("clustering", wanted.method)
    X, where = spaces.points(parents, dict(wanted.params))
    found = fit(
        row,
        X,
        _method_params(wanted.params),
        wanted.seed,
        _labelled(parents[0], wanted.params),
        part(progress, 0.05, 0.95),
        wanted.params.get("noise", "keep"),
    )
    progress(1.0, f"{found.n_clusters} groups")
    notes = found.notes if _elsewhere(row) else (where, *found.notes)
    if examples := wanted.params.get("examples"):
        notes = (*notes, f"Starts from {said(examples)}.")
    return found.with_(space=wanted.params.get("space", "full"), notes=notes)


def _labelled(dataset: Dataset, params: Mapping[str, Any]) -> Dataset:
    """The dataset with the labels that a run reads."""
    examples = params.get("examples")
    return joined(dataset, examples, params.get("with_labels", False)) if examples else dataset


def _elsewhere(row: registry.Method) -> bool:
    """Whether a method reads links or texts instead of the columns."""
    return row.family == "graphs" or "text" in row.needs


def validity(wanted: Request, parents: Sequence[Any], progress: Progress) -> ScoreCard:
    """Scores of a clustering. parents : (dataset, [projection,] clustering)."""
    from analytics.clustering.validity import scores

    groups = clustering_of(parents)
    X, where = spaces.points(parents[:-1], groups.params)
    card = scores(X, groups.labels, parents[0], wanted.seed, progress)
    return card.with_(notes=(where, *card.notes))


def stability(wanted: Request, parents: Sequence[Any], progress: Progress, run: Run) -> ScoreCard:
    """Whether the groups come back. parents : (dataset, [projection,] clustering)."""
    from analytics.clustering.stability import PARAMS, scores
    from analytics.params import validate

    asked = validate(PARAMS, wanted.params)
    row, X, groups, own, dataset, where = _rerun(parents)
    labels = None
    if run.spread is not None:
        parts = _stability_parts(wanted, asked, row.seeded)
        run.ahead(parts.values(), part(progress, 0.0, 0.9))
        labels = lambda kind, number: run(parts[kind, number]).labels  # noqa: E731
        progress = part(progress, 0.9, 1.0)
    card = scores(row, X, groups, own, dataset, asked["runs"], progress, asked["noise"], labels)
    fixed = {"map": " The map is kept as it is.", "pca": " The components are kept as they are."}
    return card.with_(notes=(where + fixed.get(groups.space, ""), *card.notes))


def _stability_parts(wanted: Request, asked: Mapping[str, Any], seeded: bool):
    """The request of each run of a test, by its kind and number."""
    kinds = ["seed"] * seeded + ["subsample"] + ["copy"] * (asked["noise"] > 0)
    return {
        (kind, i): request(
            "stability_run",
            "",
            wanted.parents,
            {"kind": kind, "number": i, "noise": asked["noise"] if kind == "copy" else 0.0},
        )
        for kind in kinds
        for i in range(asked["runs"])
    }


def stability_run(wanted: Request, parents: Sequence[Any], progress: Progress) -> Clustering:
    """One run of :func:`stability`, as a part of it; its labels are of the rows it used."""
    from analytics.clustering.stability import Refits

    row, X, groups, own, dataset, _ = _rerun(parents)
    params = wanted.params
    again = Refits(row, X, groups, own, dataset, params["noise"])
    labels = again.labels(params["kind"], params["number"])
    return Clustering(labels=labels, n_clusters=int(labels.max(initial=-1)) + 1)


def _rerun(parents: Sequence[Any]):
    """What running the method of a clustering again takes: its row, the points, the clustering, its
    own parameters, the data as it reads it, and where it was made, in words. Raises BadInput."""
    groups = clustering_of(parents)
    if groups.method in NOT_RERUN:
        raise BadInput(
            "These groups were changed by hand or joined from several results, so there is no "
            "method to run again: test the results they came from."
        )
    row = registry.get("clustering", groups.method)
    X, where = spaces.points(parents[:-1], groups.params)
    dataset = _labelled(parents[0], groups.params)
    return row, X, groups, _method_params(groups.params), dataset, where


def suggestion(wanted: Request, parents: Sequence[Any], progress: Progress) -> ScoreCard:
    """A suggested parameter with its curve. parents : (dataset,) or (dataset, projection)."""
    from analytics.clustering.suggest import check, suggest

    X, where = spaces.points(parents, dict(wanted.params))
    params = check(wanted.method, _method_params(wanted.params))
    card = suggest(wanted.method, X, params, wanted.seed, progress, parents[0])
    return card.with_(notes=(where, *card.notes))


def _method_params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in STAGE["clustering"]}


def clustering_of(parents: Sequence[Any]) -> Clustering:
    """The clustering among the parents of a result about it. Raises BadInput."""
    groups = parents[-1]
    if not isinstance(groups, Clustering) or len(groups.labels) != parents[0].n:
        raise BadInput("The groups do not belong to this data: cluster it again.")
    return groups
