"""Files for other people: reports, slides and bundles."""

from collections.abc import Sequence
from pathlib import Path

from analytics.api.stored import default_store, keep
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.results import Record
from analytics.store.artifacts import Artifacts


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
