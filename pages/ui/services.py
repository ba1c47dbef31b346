"""What the whole server shares: the job runner, the stored results and the database."""

import logging
import threading
import time

from analytics import settings
from analytics.errors import StoreError

log = logging.getLogger(__name__)
_lock = threading.Lock()
DAY = 86_400.0  # seconds
TIDY_AFTER, TIDY_EVERY = 20.0, DAY
_shared: dict = {}


def _get(name: str, make):
    with _lock:
        if name not in _shared:
            _shared[name] = make()
        return _shared[name]


def artifacts():
    """The stored results."""
    from analytics.store.artifacts import Artifacts

    return _get("artifacts", lambda: Artifacts(settings.home() / "results"))


def runner():
    """The job runner, with its worker processes or a cluster."""
    from analytics.jobs.engine import engine as made

    return _get("runner", lambda: made(settings.home()))


def engine():
    """The database. Raises StoreError when it cannot be opened; the next call tries again."""
    from analytics.store.database import connect

    return _get("engine", connect)


def rest() -> None:
    """Let go what was loaded for visitors: results in memory, and what workers have gathered."""
    artifacts().forget()
    runner().renew()


def start() -> None:
    """Start the workers, and tidy up once the first visitor has been served and then every day."""
    runner()
    _tidy_in(TIDY_AFTER)


def _tidy_in(seconds: float) -> None:
    def turn() -> None:
        _tidy_in(TIDY_EVERY)  # first, so that a fault does not end it
        tidy()

    tidying = threading.Timer(seconds, turn)
    tidying.daemon = True
    tidying.start()


def tidy() -> None:
    """Drop what was deleted long ago, and results and files that nothing saved uses, when they are
    over the size limit or unused for too long."""
    from analytics.bigdata import applying
    from analytics.data import uploads
    from analytics.review import store as reviews
    from analytics.store import restoring
    from analytics.store.projects import purge
    from analytics.store.runs import kept_digests, kept_uploads
    from analytics.study import store as studies

    restoring.look_for_stopped(settings.home())
    try:
        purge(engine())
        studies.purge(engine())
        reviews.purge(engine())
        limit = settings.number("GESTALT_CACHE_MB") * 2**20
        days = settings.optional("GESTALT_KEEP_DAYS")
        since = time.time() - days * DAY if days else 0.0
        artifacts().trim(limit, kept_digests(engine()), since)
        uploads.trim(settings.home(), limit, kept_uploads(engine()), since)
        applying.trim(limit, since)
    except StoreError as error:
        log.error("%s", error)


def stop() -> None:
    """Stop the workers."""
    with _lock:
        shared = _shared.pop("runner", None)
    if shared is not None:
        shared.close()


def problems() -> dict[str, str]:
    """What does not work, by name; empty when all is well."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    found = {}
    try:
        with engine().connect() as connection:
            connection.execute(text("SELECT 1"))
    except (StoreError, SQLAlchemyError):
        found["database"] = "not reachable"
    if words := runner().problem():
        found["engine"] = words
    return found


def home():
    """The data folder."""
    return settings.home()
