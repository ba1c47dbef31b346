"""From data to a dataset: reading, looking it over, preparing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.api.stored import default_store, keep
from analytics.data import operations as data
from analytics.data.staging import staged
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.progress import Progress, silent
from analytics.results import Dataset, Table
from analytics.store.artifacts import Artifacts

SAMPLE = "sample:"


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
