"""The two operations of this stage, "table" and "dataset", and the requests for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics import settings
from analytics.data import made, matrices, prepare, profile, samples, types
from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.progress import Progress, part, silent
from analytics.results import Dataset, Record, Table

DISTANCES = (
    "This looks like a table of the distances between its rows. It is left unscaled; k-medoids can "
    "take it as it is (Distance: precomputed)."
)


def file_request(
    staged: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
) -> Request:
    """The request for a staged file, ``{"content": sha256, "name": file name}``.

    links : a second staged file, which lists the links between its rows. Options that are None or
    "" (detect) are left out, so that they cannot make a second digest. Raises BadInput for an
    unknown option.
    """
    from analytics.data import readers

    chosen = readers.check_options({k: v for k, v in (options or {}).items() if v != ""})
    params = {"content": staged["content"], "name": staged["name"], "options": chosen}
    if links:
        params["links"] = {"content": links["content"], "name": links["name"]}
    return request("table", "file", params=params)


def sample_request(sample: str) -> Request:
    """The request for a built-in sample. Raises BadInput for an unknown id."""
    return request("table", "sample", params={"sample": samples.get(sample).id})


def made_request(recipe: str, params: Mapping[str, Any] | None = None, seed: int = 0) -> Request:
    """The request for a table made to a recipe (see ``analytics.data.made``). Raises BadInput."""
    return request("table", "made", (), {"recipe": recipe, **made.check(recipe, params)}, seed)


def drawn_request(points: Sequence[Sequence[float]]) -> Request:
    """The request for a table of points drawn by hand (see ``made.drawn``). Raises BadInput."""
    return request("table", "drawn", (), {"points": made.drawn(points).to_numpy().tolist()})


def dataset_request(
    table: Table, recipe: Mapping[str, Any] | None = None, seed: int = 0
) -> Request:
    """The request for a dataset; missing keys of the recipe take the table's suggestion.

    A seed that cannot change the result becomes 0.
    """
    canonical = prepare.check(recipe, table)
    made = request("dataset", parents=(table.digest,), params=canonical, seed=seed)
    if prepare.uses_seed(canonical, table):
        return made
    return request("dataset", parents=(table.digest,), params=canonical)


def table(wanted: Request, parents: tuple[Record, ...], progress: Progress = silent) -> Table:
    """A file or a sample with its types, profile and suggested recipe."""
    read, name = _read(wanted, part(progress, 0.0, 0.6))
    frame, links, notes = read.frame, read.links, list(read.notes)
    progress(0.6, "Finding the types of the columns")
    frame, kinds, vectors, more = types.infer(frame)
    if "sampled" in read.source:
        kinds[read.source["sampled"]["row"]] = "identifier"
    recipe = prepare.suggest(frame, kinds, vectors, read.source)
    if links is not None and not recipe["features"]:
        from analytics.graphs.reading import with_coordinates

        progress(0.65, "Finding coordinates of the nodes")
        frame, note = with_coordinates(frame, links)
        notes.append(note)
        frame, kinds, vectors, more = types.infer(frame)
        recipe = prepare.suggest(frame, kinds, vectors, read.source)
    progress(0.75, "Profiling the columns")
    facts = profile.profile(frame, kinds, vectors)
    progress(0.95, "Looking at the features")
    if recipe["scale"] == "none" and matrices.are_distances(frame, recipe["features"], kinds):
        more = (*more, DISTANCES)
    return Table(
        frame=frame,
        name=name,
        kinds=kinds,
        vectors=vectors,
        profile=facts,
        recipe=recipe,
        source=read.source,
        notes=(*notes, *more),
        edges=None if links is None else links.edges,
        edge_weights=None if links is None else links.weights,
    )


def _read(wanted: Request, progress: Progress) -> tuple[Any, str]:
    """What a file or a sample holds (see ``analytics.graphs.reading.Read``), and its name."""
    from analytics.graphs import reading

    params = wanted.params
    if wanted.method == "file":
        from analytics.data import uploads

        path = uploads.path_of(str(params.get("content", "")), settings.home())
        name = str(params.get("name", "")) or "file"
        second = params.get("links")
        beside = None
        if second:
            beside = (uploads.path_of(second["content"], settings.home()), second["name"])
        return reading.read(path, name, params.get("options") or {}, beside, progress), name
    if wanted.method == "sample":
        sample = samples.get(str(params.get("sample", "")))
        progress(0.1, f"Making the sample {sample.label}")
        frame, pairs = samples.parts(sample.id)
        source = {"format": "sample", "sample": sample.id, "licence": sample.licence}
        if sample.kind == "events":
            return reading.of_events(frame, source, (), {}), sample.label
        return reading.sampled(frame, pairs, source), sample.label
    if wanted.method == "rows":
        from analytics.bigdata import sampling

        name = str(params.get("name", "")) or "file"
        return sampling.read(dict(params), wanted.seed, progress), name
    if wanted.method in ("made", "drawn"):
        source = {"format": wanted.method}
        if wanted.method == "drawn":
            return reading.sampled(made.drawn(params.get("points", ())), None, source), "Drawn"
        recipe = made.get(str(params.get("recipe", "")))
        given = {k: v for k, v in params.items() if k != "recipe"}
        frame = made.frame(recipe.id, given, wanted.seed)
        return reading.sampled(frame, None, source), recipe.label
    raise BadInput(f"A table comes from a file or a sample, not from '{wanted.method}'.")


def dataset(wanted: Request, parents: tuple[Record, ...], progress: Progress = silent) -> Dataset:
    """The dataset of a table by the recipe in ``wanted.params``."""
    if len(parents) != 1 or not isinstance(parents[0], Table):
        raise BadInput("A dataset is made from one table: open the data again.")
    return prepare.prepare(parents[0], wanted.params, wanted.seed, progress)
