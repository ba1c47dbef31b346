"""Where the results of a call are kept."""

from analytics import settings
from analytics.digest import is_digest
from analytics.results import Record
from analytics.store.artifacts import Artifacts


def default_store() -> Artifacts:
    """The results in the data folder. Raises StoreError."""
    return Artifacts(settings.home() / "results")


def keep(store: Artifacts, *given: Record | None) -> None:
    """Put records that were made with another store into this one, which must hold them."""
    for record in given:
        if record is not None and is_digest(record.digest) and not store.has(record.digest):
            store.save(record)
