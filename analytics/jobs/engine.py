"""Which engine runs the jobs: worker processes here, or a Dask cluster (``GESTALT_ENGINE``)."""

from pathlib import Path

from analytics import settings
from analytics.jobs.desk import Desk


def check() -> None:
    """Raise BadInput when the setting names no engine."""
    if text := settings.text("GESTALT_ENGINE"):
        from analytics.jobs import cluster

        cluster.check_certificates(cluster.address(text))


def engine(home: Path) -> Desk:
    """The engine that the settings name. Raises BadInput, StoreError."""
    if settings.text("GESTALT_ENGINE"):
        from analytics.jobs.dask_engine import DaskRunner

        return DaskRunner(home)
    from analytics.jobs.runner import Runner

    return Runner(home)
