"""``python -m analytics backup`` and ``restore``."""

from pathlib import Path
from typing import Any


def backup(options) -> dict[str, Any]:
    """Write all that the settings' server keeps to a file. Raises BadInput, StoreError."""
    from analytics import settings
    from analytics.store import backup as taking
    from analytics.store.database import connect

    engine = connect()
    told = taking.backup(Path(options.out), engine, settings.home(), options.progress)
    empty = not told["files"] and not any(told["rows"].values())
    return {"backup_file": options.out, **told, **({"note": _empty(settings)} if empty else {})}


def _empty(settings) -> str:
    """What is said of a backup of nothing, which a forgotten setting makes without an error."""
    return (
        f"Nothing is kept in {settings.home()}, so nothing is in this backup: if another server "
        "was meant, set GESTALT_HOME and GESTALT_DATABASE_URL as it has them."
    )


def restore(options) -> dict[str, Any]:
    """Put a backup back where the settings point. Raises BadInput, StoreError."""
    from analytics import settings
    from analytics.store import restoring
    from analytics.store.database import connect

    engine, home = connect(), settings.home()
    return restoring.restore(Path(options.file), engine, home, options.replace, options.progress)
