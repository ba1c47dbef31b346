"""What can be asked of this stage, and how each request is built."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics import registry, settings
from analytics.clustering import space as spaces
from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.progress import Progress
from analytics.results import Clustering, Dataset, Gallery, Projection, ScoreCard
from analytics.shares import percent

METHOD = "consensus"
FEWEST, MOST = 2, 24
CONSENSUS = (
    Param(
        "cut",
        "choice",
        "half",
        "Groups",
        "half: together in over half; lifetime: as many as live longest (Fred & Jain 2005), which "
        "wants dozens of results.",
        choices=("half", "lifetime"),
    ),
    Param("k", "int", None, "Number of groups", "Instead of the cut.", 1, 1000, optional=True),
)


def matrix_request(here: Dataset, runs: Sequence[Clustering], datasets: Sequence[Dataset]):
    """Ask how far every two results agree, on the rows of ``here``.

    datasets : those that the runs were made from, where they are others than ``here``.
    """
    _check_count(runs)
    others = sorted({d.digest for d in datasets} - {here.digest})
    return request("agreement", "", (here.digest, *(r.digest for r in runs), *others))


def consensus_request(
    dataset: Dataset, runs: Sequence[Clustering], params: Mapping[str, Any] | None = None
) -> Request:
    """Ask for what several results of one dataset have in common. Raises BadInput."""
    _check_count(runs)
    if any(r.parents[0] != dataset.digest for r in runs):
        raise BadInput(
            "A consensus joins results of the same rows: leave out those made on other rows."
        )
    parents = (dataset.digest, *dict.fromkeys(r.digest for r in runs))
    return request("consensus", METHOD, parents, validate(CONSENSUS, params))


def _check_count(runs: Sequence[Clustering]) -> None:
    if not FEWEST <= len(runs) <= MOST:
        raise BadInput(f"{len(runs)} results are given, but a comparison takes {FEWEST} to {MOST}.")


def sweep_request(
    dataset: Dataset,
    method: str,
    over: str,
    values: Sequence[Any],
    given: Mapping[str, Any] | None = None,
    seed: int = 0,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
    noise: str = "keep",
    runs: int = 3,
) -> Request:
    """Ask for one method at several values of one parameter. Raises BadInput."""
    from analytics.clustering.fit import check_noise
    from analytics.comparing.sweep import RUNS, checked

    row = registry.get("clustering", method)
    param = next((p for p in row.params if p.name == over), None)
    if param is None:
        known = ", ".join(p.name for p in row.params)
        raise BadInput(f"{row.label} has no parameter '{over}': choose one of {known}.")
    if runs and not RUNS[0] <= runs <= RUNS[1]:
        raise BadInput(f"{runs} reruns are asked for, but it takes 0 or {RUNS[0]} to {RUNS[1]}.")
    check_noise(noise)
    kept = {k: v for k, v in dict(given or {}).items() if k != over}
    values = checked(values, param)
    row.check({**kept, over: values[0]})
    params = {"over": over, "values": values, "given": kept, "runs": runs, "noise": noise}
    params |= spaces.stage_params(dataset, space, projection, components)
    parents = spaces.parents_of(dataset, space, projection)
    return request("sweep", method, parents, params, seed if row.seeded else 0)


def collected_request(projection: Projection, staged: Mapping[str, str]) -> Request:
    """Ask for people's groupings of a map from a staged file (see ``analytics.data.uploads``)."""
    params = {"content": staged["content"], "name": staged["name"]}
    return request("collected", "", (projection.digest,), params)


def agreement(wanted: Request, parents: Sequence[Any], progress: Progress) -> ScoreCard:
    """Run :func:`matrix_request`. parents : (dataset, *runs, *other datasets)."""
    from analytics.comparing.align import aligned
    from analytics.comparing.matrix import agreements

    here, runs = parents[0], [p for p in parents if isinstance(p, Clustering)]
    made_on = {p.digest: p for p in parents if isinstance(p, Dataset)}
    if any(r.parents[0] not in made_on for r in runs):
        raise BadInput("A result to compare was made from data that is not there: open it again.")
    labels = [aligned(r.labels, made_on[r.parents[0]].rows, here.rows) for r in runs]
    return agreements(labels, progress)


def consensus(wanted: Request, parents: Sequence[Any], progress: Progress) -> Clustering:
    """Run :func:`consensus_request`. parents : (dataset, *runs)."""
    from analytics.clustering.relabel import canonical
    from analytics.comparing import consensus as joining

    dataset, runs = parents[0], parents[1:]
    if any(not isinstance(r, Clustering) or len(r.labels) != dataset.n for r in runs):
        raise BadInput("The results to join do not belong to this data: cluster it again.")
    params = validate(CONSENSUS, wanted.params)
    found = joining.consensus([r.labels for r in runs], params["cut"], params["k"], progress)
    labels, old = canonical(found.labels)
    cells = f"All {dataset.n:,} rows are used, as {found.cells:,} joint label cells."
    if found.kept < found.cells:
        cells += (
            f" The {found.kept:,} largest cells were joined; rows of the others went to the group "
            "they are most similar to, or to noise."
        )
    note = f"{len(runs)} results, cut where rows are together in {percent(found.cut)} of them."
    return Clustering(
        labels=labels,
        n_clusters=len(old),
        extras={"changes": found.changes},
        notes=(note, cells),
        params={**params, "space": "full"},
    )


def sweep(wanted: Request, parents: Sequence[Any], progress: Progress, run) -> Gallery:
    """Run :func:`sweep_request`. parents : (dataset,) or (dataset, projection)."""
    from analytics.comparing.sweep import sweep as swept

    projection = parents[1] if len(parents) > 1 else None
    params = dict(wanted.params)
    return swept(parents[0], projection, wanted.method, params, wanted.seed, progress, run)


def collected(wanted: Request, parents: Sequence[Any], progress: Progress) -> ScoreCard:
    """Run :func:`collected_request`. parents : (projection,)."""
    from analytics.comparing.people import collected as read
    from analytics.data.uploads import path_of

    if len(parents) != 1 or not isinstance(parents[0], Projection):
        raise BadInput("People's groupings belong to a map: make the map they were shown.")
    path = path_of(str(wanted.params.get("content", "")), settings.home())
    return read(path, parents[0].xy, progress)
