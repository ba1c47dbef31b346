"""What groups rest on, and the file of labels they lead to."""

import shutil
from pathlib import Path

from analytics.bigdata.applying import file_of
from analytics.errors import BadInput
from analytics.operations import Request, Spread, execute
from analytics.progress import Progress, silent
from analytics.results import (
    Applied,
    Clustering,
    Dataset,
    Explanation,
    Grouping,
    Projection,
    Record,
    Table,
)
from analytics.store.artifacts import Artifacts
from analytics.store.files import atomic_file


def of(store: Artifacts, found: Record) -> list[Record]:
    """The table, the dataset (the table again where its own texts were explained) and, where the
    groups rest on one, the map. Raises BadInput."""
    if isinstance(found, Grouping):
        projection = store.require(found.parents[0])
        dataset = store.require(projection.parents[0])
        more = [projection]
    elif isinstance(found, Clustering):
        dataset = store.require(found.parents[0])
        others = [store.load(digest) for digest in found.parents[1:]]
        more = [r for r in others if isinstance(r, Projection)][:1]
    elif isinstance(found, Explanation):
        sources = (store.require(digest) for digest in found.parents)
        dataset, more = next(r for r in sources if isinstance(r, (Table, Dataset))), []
        if isinstance(dataset, Table):
            return [dataset, dataset]
    else:
        raise BadInput(
            "Only a clustering, the groups people would see, or descriptions of texts are given to "
            "all rows."
        )
    if not isinstance(dataset, Dataset) or not dataset.parents:
        raise BadInput("These groups do not rest on a table: cluster a sample of the file.")
    return [store.require(dataset.parents[0]), dataset, *more]


def whole(
    store: Artifacts, wanted: Request, progress: Progress = silent, spread: Spread | None = None
) -> Applied:
    """The result of a request with its labels, made again when their file was tidied away. spread :
    see ``analytics.operations.Run``."""
    if store.has(wanted.digest) and not file_of(wanted.digest).exists():
        store.remove(wanted.digest)
    return execute(wanted, store, progress, spread)


def copy(digest: str, target: Path) -> None:
    """Copy the labels of a result to a file the user named. Raises BadInput."""
    try:
        with file_of(digest).open("rb") as kept, atomic_file(target.absolute()) as file:
            shutil.copyfileobj(kept, file)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name"
        raise BadInput(f"{target} cannot be written ({why}): choose another place.") from None
