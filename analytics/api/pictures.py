"""Which of many pictures to look at."""

from collections.abc import Sequence
from pathlib import Path

from analytics.api.stored import default_store, keep
from analytics.api.tables import prepare
from analytics.operations import execute
from analytics.pictures import operations as pictures
from analytics.progress import Progress, silent
from analytics.results import Gallery, Projection, ScoreCard
from analytics.store.artifacts import Artifacts


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
