"""Files of any size: a sample of their rows, and its groups given to all of them."""

from pathlib import Path
from typing import Any

from analytics.api.stored import default_store, keep
from analytics.operations import Spread, execute
from analytics.progress import Progress, silent
from analytics.results import Applied, Clustering, Explanation, Grouping, Table
from analytics.store.artifacts import Artifacts


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
