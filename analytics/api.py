"""The functions of ``import analytics``: the same requests as the app and the command line.

Results are kept in the data folder by digest, so asking again for the same thing is instant and
gives the same bytes. ``store`` is an :class:`analytics.store.artifacts.Artifacts` to use instead.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import settings
from analytics.clustering import operations as clusterings
from analytics.data import operations as data
from analytics.data.uploads import stage
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.perception import operations as perception
from analytics.progress import Progress, silent
from analytics.projection import operations as projections
from analytics.results import (
    Ambiguity,
    Clustering,
    Dataset,
    Projection,
    Record,
    ScoreCard,
    Table,
)
from analytics.store.artifacts import Artifacts

SAMPLE = "sample:"


def default_store() -> Artifacts:
    """The results in the data folder."""
    return Artifacts(settings.home() / "results")


def read(
    source: str | Path | pd.DataFrame | np.ndarray,
    *,
    name: str = "",
    store: Artifacts | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Table:
    """A table from a file, "sample:NAME", a data frame or an array.

    options : see ``analytics.data.readers`` (encoding, separator, header, sheet, array).
    Raises BadInput.
    """
    store = store or default_store()
    if isinstance(source, str) and source.startswith(SAMPLE):
        return execute(data.sample_request(source.removeprefix(SAMPLE)), store, progress)
    if isinstance(source, (pd.DataFrame, np.ndarray)):
        staged = stage(*_serialised(source, name), settings.home())
    else:
        path = Path(source)
        try:
            with path.open("rb") as file:
                staged = stage(file, name or path.name, settings.home())
        except OSError as error:
            why = error.strerror or "it cannot be opened"
            raise BadInput(
                f"The file {path.name!r} cannot be read ({why}): check its path."
            ) from None
    return execute(data.file_request(staged, options), store, progress)


def _serialised(source: pd.DataFrame | np.ndarray, name: str) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if isinstance(source, np.ndarray):
        if source.dtype.hasobject:
            raise BadInput("The array holds Python objects: give numbers.")
        np.save(buffer, source, allow_pickle=False)
        return buffer.getvalue(), name or "array.npy"
    frame = source.rename(columns=str)
    try:
        frame.to_parquet(buffer, index=False)
    except (ValueError, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0][:120]
        raise BadInput(f"The data frame cannot be stored ({reason}): use plain columns.") from None
    return buffer.getvalue(), name or "frame.parquet"


def profile(source, **keywords: Any) -> dict[str, Any]:
    """What is in a table and what is wrong with it; see ``analytics.data.profile``."""
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
    ``label="species"``, ``scale="none"``. Raises BadInput.
    """
    if isinstance(source, Dataset):
        return source
    store = store or default_store()
    table = source if isinstance(source, Table) else read(source, store=store, progress=progress)
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
    request = projections.faithfulness_request(projection)
    return execute(request, store or default_store(), progress)


def cluster(
    source,
    method: str = "kmeans",
    *,
    seed: int = 0,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
    noise: str = "keep",
    store: Artifacts | None = None,
    progress: Progress = silent,
    **params: Any,
) -> Clustering:
    """Groups of a dataset (or of what :func:`prepare` takes).

    space : "full", "pca" (``components``) or "map" (``projection``). noise : "keep" or "nearest".
    """
    store = store or default_store()
    dataset = prepare(source, store=store, progress=progress)
    request = clusterings.clustering_request(
        dataset, method, params, seed, space, projection, components, noise
    )
    return execute(request, store, progress)


def validity(
    clustering: Clustering,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """How well the groups separate, and how they agree with the label column."""
    request = clusterings.validity_request(clustering)
    return execute(request, store or default_store(), progress)


def stability(
    clustering: Clustering,
    runs: int = 10,
    *,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> ScoreCard:
    """Whether the groups come back over other seeds and subsamples."""
    request = clusterings.stability_request(clustering, runs)
    return execute(request, store or default_store(), progress)


def clams(
    source: Projection | np.ndarray,
    *,
    aspect: float = 1.0,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Ambiguity:
    """The CLAMS ambiguity of a map, or of an array of points (n, 2)."""
    if isinstance(source, Projection) and source.digest:
        request = perception.ambiguity_request(source, aspect, seed)
        return execute(request, store or default_store(), progress)
    from analytics.perception.clams import clams as score

    points = source.xy if isinstance(source, Projection) else source
    return score(points, aspect=aspect, seed=seed, progress=progress)


def report(
    result: Record | str,
    path: str | Path,
    *,
    title: str = "",
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Path:
    """Write the one-page HTML report of a map or clustering (the record or its digest)."""
    from analytics.report.html import html_report
    from analytics.report.lineage import complete_state

    store = store or default_store()
    state = complete_state(store, result if isinstance(result, str) else result.digest, progress)
    path = Path(path)
    try:
        path.write_text(html_report(store, state, title=title), encoding="utf-8")
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise BadInput(
            f"The report cannot be written to {path} ({why}): choose another place."
        ) from None
    return path
