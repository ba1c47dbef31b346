"""What every engine of jobs has in common: the book of jobs, and what callers do with it.

One lock guards all; what callers get are immutable snapshots.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analytics import metrics, settings
from analytics.errors import BadInput, StoreError
from analytics.jobs import plugins
from analytics.jobs.board import Board
from analytics.jobs.estimates import Estimates
from analytics.jobs.job import Job
from analytics.language.connection import Secret
from analytics.operations import Request
from analytics.store.artifacts import Artifacts

log = logging.getLogger(__name__)


class Desk:
    """Takes requests and tells of their jobs. An engine is a subclass: it computes what is on
    ``_board``, wakes up by ``_work``, and stops one job by ``_halt``.

    home : data folder; results go to ``home / "results"``. memory_mb (of one job with its
    children), seconds (of one job) : None reads the settings.
    Raises BadInput for an unusable setting and StoreError for an unusable folder.
    """

    def __init__(self, home: Path, memory_mb: int | None = None, seconds: float | None = None):
        plugins.load()
        self.home = _folder(home)
        self.memory_mb = memory_mb or settings.number("GESTALT_JOB_MEMORY_MB")
        self.seconds = seconds or settings.number("GESTALT_JOB_SECONDS")
        self._artifacts = Artifacts(self.home / "results")
        self._board = Board(self._artifacts.has, Estimates(self._artifacts))
        self._keys: dict[str, dict[str, Secret]] = {}
        self._quiet_since = time.monotonic()
        self._closed = False
        lock = threading.RLock()
        self._work = threading.Condition(lock)  # the engine waits here
        self._news = threading.Condition(lock)  # callers of wait() wait here

    def submit(
        self, request: Request, owner: str = "", keys: Mapping[str, Secret] | None = None
    ) -> Job:
        """Ask for a result.

        A stored result gives a done job at once; a job that is queued or running for the same
        digest is returned as it is. A request whose parents are still being computed waits for
        them; one whose parents are nowhere gives a failed job. A job that failed, died or was
        cancelled is tried again, once per call and never by itself. keys : of language models by
        address; they are held in memory until the job ends, beside the request and no part of it.
        Raises BadInput for an unknown request, a full queue and a closed runner.
        """
        with self._work:
            if self._closed:
                raise BadInput("The server is stopping: try again when it is back.")
            job = self._board.submit(request, owner)
            if keys and job.active:
                self._keys.setdefault(job.id, dict(keys))
            self._asked()
            self._changed()
            return job

    def submit_chain(self, requests: Iterable[Request], owner: str = "") -> tuple[Job, ...]:
        """Submit requests that build on one another, parents before children."""
        with self._work:
            return tuple(self.submit(request, owner) for request in requests)

    def job(self, digest: str) -> Job | None:
        """The job of a digest, or None when this runner has not heard of it (lately)."""
        with self._work:
            return self._board.job(digest)

    def request(self, digest: str) -> Request | None:
        """What is queued or running under a digest, or None."""
        with self._work:
            return self._board.request(digest)

    def jobs(self, owner: str | None = None) -> tuple[Job, ...]:
        """Jobs in the order of submission, of one owner or (None) of all."""
        with self._work:
            return self._board.jobs(owner)

    def wait(self, digest: str, timeout: float | None = None) -> Job | None:
        """Wait at most ``timeout`` seconds for a job to end; returns its latest snapshot."""
        with self._news:
            self._news.wait_for(lambda: not self._board.active(digest), timeout)
            return self._board.job(digest)

    def place(self, digest: str) -> tuple[int, float] | None:
        """How many jobs are before a queued one, and about how many seconds it waits; None when it
        is not queued."""
        with self._work:
            return self._board.place(digest)

    def cancel(
        self,
        digest: str,
        owner: str | None = None,
        gone: Callable[[str], bool] = lambda owner: False,
    ) -> bool:
        """Stop a job and all that wait for it; nothing if it has ended.

        owner : who does not want it any more; it goes on while somebody else asked for it too, who
        is not ``gone`` by now. None stops it for all. What computes a running job is killed.
        Returns whether it was stopped.
        """
        with self._work:
            if owner is not None and not self._board.let_go(digest, owner, gone):
                return False
            self._stop(digest, "cancelled", "Cancelled")
            return True

    def processes(self) -> dict[str, int]:
        """How many worker processes of this server are in each state."""
        return {}

    def renew(self) -> None:
        """Nobody is there: forget the jobs that are done, and let go what idle processes of this
        server have loaded and kept for the jobs they ran; new ones take their place."""
        with self._work:
            self._board.forget_done()

    def problem(self) -> str:
        """What keeps all jobs from running, in one sentence; "" when nothing does."""
        return ""

    # What an engine is asked and tells; called with the lock held.

    def _asked(self) -> None:
        """A job was asked for."""

    def _halt(self, digest: str) -> None:
        """Stop what computes an active job, if anything does."""
        raise NotImplementedError

    def _stop(self, digest: str, *ending: str) -> None:
        """End an active job whatever it is doing."""
        self._halt(digest)
        self._end(digest, *ending)

    def _stop_all(self) -> None:
        """Take no more jobs; what is not done counts as cancelled."""
        self._closed = True
        for job in self._board.jobs():
            self._stop(job.id, "cancelled", "The server stopped")

    def _changed(self) -> None:
        self._work.notify_all()
        self._news.notify_all()

    def _end(self, digest: str, *ending: str) -> tuple[str, ...]:
        """End an active job; returns the digests of all that ended with it."""
        if ended := self._board.end(digest, *ending):
            for gone in ended:
                self._keys.pop(gone, None)
                self._count(gone)
            self._quiet_since = time.monotonic()
            self._changed()
        return ended

    def _count(self, digest: str) -> None:
        """One line and one entry in the metrics for a job that ended."""
        job = self._board.job(digest)
        if job is None:
            return
        metrics.observe("gestalt_job_seconds", job.seconds, kind=job.kind, state=job.state)
        if job.error_kind == "crash":
            metrics.add("gestalt_faults", where="job")
        told = (job.kind, job.method, job.state, job.seconds)
        log.info("job %s %s %s after %.3f s", *told, extra=self._numbers(digest))

    def _on_log(self, message: dict) -> None:
        """A line that a worker wrote while it ran a job."""
        told = {**self._numbers(message["id"]), "trace": message["trace"]}
        logger = logging.getLogger(message["logger"])
        if logger.isEnabledFor(message["level"]):
            logger.log(message["level"], "%s", message["message"], extra=told)

    def _numbers(self, digest: str) -> dict[str, str]:
        """What joins the lines of a job with those of the page that asked for it."""
        job = self._board.job(digest)
        return {"request": job.asked if job else "", "job": digest}


def _folder(home: Path) -> Path:
    """The data folder, made if need be."""
    path = Path(home).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {path} cannot be made ({error.strerror}): set GESTALT_HOME to a "
            "folder that can be written."
        ) from None
    return path
