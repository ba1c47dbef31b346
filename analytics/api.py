"""The functions of ``import analytics``: the same requests as the app and the command line.

Results are kept in the data folder by digest, so asking again for the same thing is instant and
gives the same bytes. ``store`` is an :class:`analytics.store.artifacts.Artifacts` to use instead.
Every function raises BadInput, with one sentence, for what the caller can change, and StoreError
when the data folder cannot be read or written.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import settings
from analytics.clustering import operations as clusterings
from analytics.data import operations as data
from analytics.data.staging import staged
from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.operations import Spread, execute
from analytics.perception import operations as perception
from analytics.pictures import operations as pictures
from analytics.progress import Progress, silent
from analytics.projection import operations as projections
from analytics.results import (
    Ambiguity,
    Applied,
    Clustering,
    Dataset,
    Explanation,
    Gallery,
    Grouping,
    Projection,
    Record,
    ScoreCard,
    Table,
)
from analytics.store.artifacts import Artifacts

SAMPLE = "sample:"


def default_store() -> Artifacts:
    """The results in the data folder. Raises StoreError."""
    return Artifacts(settings.home() / "results")


def keep(store: Artifacts, *given: Record | None) -> None:
    """Put records that were made with another store into this one, which must hold them."""
    for record in given:
        if record is not None and is_digest(record.digest) and not store.has(record.digest):
            store.save(record)


def read(
    source: str | Path | pd.DataFrame | np.ndarray,
    *,
    name: str = "",
    graph: str | Path | pd.DataFrame | np.ndarray | None = None,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Table:
    """A table from a file, "sample:NAME", a data frame or an array.

    name : what the data is called; the file's own name when empty. It is part of the digest.
    graph : a list of links between the rows (two columns that name rows, and maybe weights), like
    ``source``. options : see ``analytics.data.readers`` (encoding, separator, header, sheet, array,
    decimal, rows, entity, time, event, value).
    """
    store = store or default_store()
    if isinstance(source, str) and source.startswith(SAMPLE):
        if options or graph is not None:
            raise BadInput("A sample takes no reading options and no links: leave them out.")
        return execute(data.sample_request(source.removeprefix(SAMPLE)), store, progress)
    links = None if graph is None else staged(graph, "")
    return execute(data.file_request(staged(source, name), options, links), store, progress)


def sample(
    path: str | Path,
    rows: int = 20_000,
    *,
    by: str = "",
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Table:
    """A seeded sample of a Parquet or CSV file of any size, read in one pass, as a table; of a
    folder of such files with the same columns, too.

    by : a column whose proportions are kept. options : encoding, separator, header, decimal. The
    column "file row" says where each row stands in the file.
    """
    from analytics.bigdata import sampling, where

    path = where.named(path)
    place = where.tell(path)
    content = where.identify(path, progress)
    request = sampling.sample_request(content, place.name, rows, by, seed, options)
    return execute(request, store or default_store(), progress)


def apply(
    result: Clustering | Grouping | Explanation | str,
    path: str | Path,
    out: str | Path | None = None,
    *,
    how: str = "method",
    store: Artifacts | None = None,
    progress: Progress = silent,
    spread: Spread | None = None,
    **options: Any,
) -> Applied:
    """Give the groups of a sample to every row of a Parquet or CSV file (or folder of files) of any
    size.

    result : a clustering, the groups people would see, an explanation of texts by meaning, or its
    digest. how : "method", "rules" for the readable rules, "fit" to fit k-means or a Gaussian
    mixture to all rows first, or "minibatch" to move the centres of k-means over them once.
    out : where to write the labels (``row``, ``label``) as Parquet; they are kept in the data
    folder too. spread : computes parts side by side, see
    ``analytics.operations.Run``. options : as for :func:`sample`.
    """
    from analytics.bigdata import applying, lineage, where

    store, path = store or default_store(), where.named(path)
    found = store.require(result) if isinstance(result, str) else result
    keep(store, found)
    parents = lineage.of(store, found)
    place = where.tell(path)
    content = where.identify(path, progress)
    request = applying.applied_request(found, parents, content, place.name, how, options)
    made = lineage.whole(store, request, progress, spread)
    if out is not None:
        lineage.copy(made.digest, Path(out))
    return made


def profile(source, *, stream: bool = False, **keywords: Any) -> dict[str, Any]:
    """What is in a table and what is wrong with it; see ``analytics.data.profile``.

    stream : read a path of Parquet or CSV, or a folder of them, piece by piece and not whole, see
    ``analytics.bigdata.survey.look`` for what is said then; ``store`` and ``progress`` as for
    :func:`sample`, other keywords are how a CSV is read.
    """
    if stream:
        from analytics.bigdata import survey, where

        store = keywords.pop("store", None) or default_store()
        progress = keywords.pop("progress", silent)
        wanted = survey.survey_request(where.tell(where.named(source)), keywords)
        return dict(execute(wanted, store, progress).facts)
    return (source if isinstance(source, Table) else read(source, **keywords)).profile


def prepare(
    source,
    recipe: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **choices: Any,
) -> Dataset:
    """A dataset from a table (or what :func:`read` takes), by the suggested recipe with changes.

    recipe, choices : see ``analytics.data.prepare``, for example ``features=["a", "b"]``,
    ``label="species"``, ``scale="none"``. A dataset is given back as it is.
    """
    store = store or default_store()
    if isinstance(source, Dataset):
        if recipe or choices:
            raise BadInput("A dataset is prepared already: prepare its table with these choices.")
        keep(store, source)
        return source
    table = source if isinstance(source, Table) else read(source, store=store, progress=progress)
    keep(store, table)
    request = data.dataset_request(table, {**dict(recipe or {}), **choices}, seed)
    return execute(request, store, progress)


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


def clams(
    source: Projection | pd.DataFrame | np.ndarray | str | Path,
    *,
    axes: Sequence[str] = (),
    aspect: float | None = None,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Ambiguity:
    """The CLAMS ambiguity of a map, or of points (n, 2), which are not stored; or of two columns
    (``axes``) of all rows of a path of Parquet or CSV, which is read piece by piece.

    For points that are too many to hold, add up ``analytics.perception.clams.tally`` over their
    parts and give the sum to ``clams_of_tally`` there.
    """
    if isinstance(source, (str, Path)):
        from analytics.bigdata import scoring, where

        place = where.tell(where.named(source))
        shape = 1.0 if aspect is None else aspect
        wanted = scoring.large_ambiguity_request(place, axes, shape, seed)
        return execute(wanted, store or default_store(), progress)
    if isinstance(source, Projection) and source.digest:
        store = store or default_store()
        keep(store, source)
        return execute(perception.ambiguity_request(source, aspect, seed), store, progress)
    from analytics.perception.clams import clams as score

    points = source.xy if isinstance(source, Projection) else source
    aspect = 1.0 if aspect is None else aspect
    return score(points, aspect=aspect, seed=seed, progress=progress)


def perceive(
    source: Projection | pd.DataFrame | np.ndarray,
    *,
    aspect: float | None = None,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Grouping:
    """The groups people would see in a map, or in points (n, 2), which are not stored."""
    if isinstance(source, Projection) and source.digest:
        store = store or default_store()
        keep(store, source)
        return execute(perception.grouping_request(source, aspect, seed), store, progress)
    from analytics.perception.clusternet import group_as_people

    points = source.xy if isinstance(source, Projection) else source
    aspect = 1.0 if aspect is None else aspect
    return group_as_people(points, aspect=aspect, seed=seed, progress=progress)


def rank(
    source,
    *,
    most: int = 60,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Gallery:
    """Scatterplots in the order of their ambiguity, the clearest first.

    source : a list of projections; the path of a folder or of a zip of data files, of which the
        first two numeric columns are drawn; or what :func:`prepare` takes, of which the pairs of
        numeric features are drawn, at most ``most`` of them, chosen by ``seed``.
    """
    from analytics.pictures import files, ranking

    store = store or default_store()
    if isinstance(source, (list, tuple)) and all(isinstance(p, Projection) for p in source):
        keep(store, *source)
        return execute(pictures.maps_request([p.digest for p in source]), store, progress)
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        paths = files.in_folder(Path(source))
        return ranking.rank(files.of_folder(paths), len(paths), seed, progress)
    if isinstance(source, (str, Path)) and str(source).lower().endswith(".zip"):
        path = Path(source)
        names = files.members(path)
        if len(names) > 1:
            plots, notes = files.of_zip(path, names), files.left_out(path)
            return ranking.rank(plots, len(names), seed, progress, notes)
    dataset = prepare(source, store=store, progress=progress)
    return execute(pictures.columns_request(dataset, most, seed), store, progress)


def advise(
    source,
    *,
    seconds: int = 120,
    search: str = "sweep",
    methods: Sequence[str] = (),
    within: float = 0.05,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Gallery:
    """Try maps of a dataset and recommend the clearest of those that keep its groups.

    seconds : time budget. search : "sweep" or "bayes". methods : empty for the usual ones. within :
    share of the best faithfulness that may be given up. Each entry names its map by "projection".
    """
    store = store or default_store()
    dataset = prepare(source, store=store, progress=progress)
    params = {"seconds": seconds, "search": search, "within": within}
    return execute(pictures.advice_request(dataset, methods, params, seed), store, progress)


def trust(
    ranked: Gallery,
    *,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """Whether clusterers can be ranked on the plots of :func:`rank`, clear and ambiguous ones."""
    if not ranked.digest:
        from analytics.pictures.trust import compare as across

        return across(ranked, seed, progress)
    store = store or default_store()
    keep(store, ranked)
    return execute(pictures.trust_request(ranked, seed), store, progress)


def report(
    result: Record | str,
    path: str | Path,
    *,
    title: str = "",
    linked: bool = False,
    columns: Sequence[str] | None = None,
    size: str = "16:9",
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Path:
    """Write a map or clustering (the record or its digest) or a saved view (its id), as the ending
    of the path says: ``.zip`` all tables, ``.png`` or ``.svg`` a slide of a ``size`` (16:9 or 4:3),
    else the one-page HTML report; ``linked`` gives it a map and table that select each other.

    columns : whose cells go along, None for the text, the label and the first, five in all.
    """
    from analytics.report.lineage import complete_state
    from analytics.report.written import written

    store = store or default_store()
    if isinstance(result, Record):
        keep(store, result)
        result = result.digest
    state = complete_state(store, result, progress)
    title = title or state.get("title", "")
    kind = Path(path).suffix.lower().removeprefix(".")
    return write(path, written(store, state, kind, title, linked, columns, size))


def write(path: str | Path, content: bytes) -> Path:
    """Write a file the user named. Raises BadInput when that is not possible."""
    path = Path(path)
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name"
        raise BadInput(f"{path} cannot be written ({why}): choose another place.") from None
    return path
