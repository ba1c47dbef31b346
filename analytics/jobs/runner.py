"""The job runner: requests in, results by digest out, computed by worker processes.

One thread supervises: it alone starts workers (Linux ties a worker's life to the thread that
started it), hands out jobs and watches limits. Reading threads pass on what workers say. One lock
guards all; what callers get are immutable snapshots.
"""

import atexit
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from analytics import settings
from analytics.errors import BadInput, StoreError
from analytics.jobs import job as words
from analytics.jobs import plugins
from analytics.jobs.board import Board
from analytics.jobs.job import Job
from analytics.jobs.process import WorkerProcess, environment
from analytics.language.connection import Secret
from analytics.operations import Request
from analytics.store.artifacts import Artifacts

log = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at memory and time
START_SECONDS = 120  # a worker not ready by then has failed to start
FAILED_STARTS = 3  # in a row; then waiting jobs fail instead of waiting for ever
START_AFTER = 1.5  # quiet seconds before the first worker starts; a job starts it at once
WARM_AFTER = 3.0  # quiet seconds before UMAP is warmed up
WARM_SECONDS = 180  # a warm-up longer than this is given up for good
MEGABYTE = 1024 * 1024


class Runner:
    """Runs requests in worker processes.

    home : data folder; results go to ``home / "results"``. workers, memory_mb (of one worker with
    its children), seconds (of one job) : None reads the settings. warm : load the common libraries
    before the first job, and run UMAP once in a quiet moment, so that the first real one is quick;
    False suits a runner that does not live long.
    Raises BadInput for an unusable setting and StoreError for an unusable folder.
    """

    def __init__(
        self,
        home: Path,
        workers: int | None = None,
        memory_mb: int | None = None,
        seconds: float | None = None,
        warm: bool = True,
    ):
        plugins.load()
        self.home = _folder(home)
        self.workers = workers or settings.number("GESTALT_WORKERS")
        self.memory_mb = memory_mb or settings.number("GESTALT_JOB_MEMORY_MB")
        self.seconds = seconds or settings.number("GESTALT_JOB_SECONDS")
        self._artifacts = Artifacts(self.home / "results")
        self._board = Board(self._artifacts.has)
        self._env = environment(self.home, self.workers)
        self._pool: list[WorkerProcess] = []
        self._keys: dict[str, dict[str, Secret]] = {}
        self._settle = self._warm_umap = warm
        self._failed_starts = 0
        self._quiet_since = time.monotonic()
        self._looked = 0.0
        self._closed = False
        lock = threading.RLock()
        self._work = threading.Condition(lock)  # the supervisor waits here
        self._news = threading.Condition(lock)  # callers of wait() wait here
        self._supervisor = threading.Thread(target=self._supervise, name="jobs", daemon=True)
        self._supervisor.start()
        atexit.register(self.close)

    # What callers use.

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
            self._failed_starts = min(self._failed_starts, FAILED_STARTS - 1)
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

    def cancel(self, digest: str) -> None:
        """Stop a job, for all its owners, and all that wait for it; nothing if it has ended.

        A running job is stopped by killing its worker, which is replaced.
        """
        with self._work:
            self._stop(digest, "cancelled", "Cancelled")

    def close(self) -> None:
        """Stop everything; no process is left. What is not done counts as cancelled."""
        with self._work:
            self._closed = True
            for job in self._board.jobs():
                self._stop(job.id, "cancelled", "The server stopped")
            pool = list(self._pool)
            for worker in pool:
                self._discard(worker)
            self._changed()
        for worker in pool:
            worker.join(5.0)
        self._supervisor.join(5.0)
        atexit.unregister(self.close)

    # What workers say; called by their reading threads.

    def _on_message(self, worker: WorkerProcess, message: dict) -> None:
        with self._work:
            if worker.state == "gone":
                return
            said = message.get("say")
            if said == "ready":
                worker.become("idle")
                worker.settled = not (self._settle and worker.send({"do": "settle"}))
            elif said == "settled":
                worker.settled = True
                self._failed_starts = 0
            elif said == "warm":
                worker.warm = True
                worker.become("idle")
            elif message.get("id") == worker.job:
                self._on_job(worker, said, message)
            self._changed()

    def _on_job(self, worker: WorkerProcess, said: str, message: dict) -> None:
        digest = worker.job
        if said == "progress":
            self._board.progress(digest, message["fraction"], message["words"])
            return
        worker.become("idle")
        self._failed_starts = 0
        if said == "failed":
            if message["detail"]:
                log.error("job %s: %s\n%s", digest, message["error"], message["detail"])
            self._end(digest, "failed", "", message["error"], message["kind"])
        elif self._artifacts.has(digest):
            self._end(digest, "done")
        else:
            self._end(digest, "failed", "", words.NOT_STORED, "store")
        if worker.memory() > self.memory_mb * MEGABYTE / 2:
            self._discard(worker)  # so that the next job does not start half full

    def _on_exit(self, worker: WorkerProcess) -> None:
        with self._work:
            self._pool.remove(worker)
            if worker.state == "warming":
                self._warm_umap = False
            elif worker.state in ("starting", "idle") and not worker.settled:
                self._failed_starts += 1
            if worker.state != "gone":
                log.error(
                    "worker %d ended, exit code %s\n%s", worker.pid, worker.exit_code, worker.log()
                )
                self._end(worker.job, "died", "", words.lost(worker.exit_code), "crash")
            self._changed()

    # The supervisor; everything below is called with the lock held.

    def _supervise(self) -> None:
        with self._work:
            while not self._closed:
                try:
                    self._start_workers()
                    self._hand_out()
                    self._warm_up()
                    self._look_at_limits()
                except Exception:
                    log.exception("the job runner met an error and goes on")
                self._work.wait(TICK)

    def _changed(self) -> None:
        self._work.notify_all()
        self._news.notify_all()

    def _end(self, digest: str, *ending: str) -> None:
        if ended := self._board.end(digest, *ending):
            for gone in ended:
                self._keys.pop(gone, None)
            self._quiet_since = time.monotonic()
            self._changed()

    def _stop(self, digest: str, *ending: str) -> None:
        """End an active job whatever it is doing."""
        for worker in self._pool:
            if worker.job == digest:
                self._discard(worker)
        self._end(digest, *ending)

    def _discard(self, worker: WorkerProcess) -> None:
        worker.become("gone")
        worker.kill()

    def _start_workers(self) -> None:
        """Keep the pool full.

        One worker at a time starts and loads its libraries, the first a little after the program,
        whose first page is not slowed down so on few cores; unless a job waits for one.
        """
        living = [w for w in self._pool if w.state != "gone"]
        if len(living) >= self.workers:
            return
        if self._failed_starts >= FAILED_STARTS:
            for digest in self._board.waiting():
                self._end(digest, "failed", "", words.NO_WORKER, "crash")
            return
        quiet = time.monotonic() - self._quiet_since
        if not living and quiet < START_AFTER and not self._board.waiting():
            return
        unsettled = any(not w.settled for w in living)
        if unsettled and not (self._board.waiting() and all(w.state == "busy" for w in living)):
            return
        try:
            self._pool.append(WorkerProcess(self._env, self._on_message, self._on_exit))
        except OSError as error:
            self._failed_starts += 1
            log.error("a worker process could not be started: %s", error)

    def _hand_out(self) -> None:
        while request := self._board.take(lambda r: self._worker_for(r) is not None):
            worker = self._worker_for(request)
            digest = request.digest
            worker.become("busy", digest)
            command = {"do": "job", "id": digest, "request": request.to_json()}
            if held := self._keys.get(digest):
                command["keys"] = {url: key.reveal() for url, key in held.items()}
            if not worker.send(command):
                self._discard(worker)
                self._board.give_back(digest)
        self._make_room()

    def _worker_for(self, request: Request) -> WorkerProcess | None:
        """A free worker that suits: the warm one for UMAP, any other for the rest.

        UMAP waits for a running warm-up, which does what it needs anyway.
        """
        idle = [w for w in self._pool if w.state == "idle"]
        umap = _is_umap(request)
        if umap and not any(w.warm for w in idle) and any(w.state == "warming" for w in self._pool):
            return None
        return min(idle, key=lambda w: w.warm != umap, default=None)

    def _make_room(self) -> None:
        """End a warm-up that another job would have to wait for: a new worker is sooner ready."""
        if any(w.state in ("idle", "starting") for w in self._pool):
            return
        if all(_is_umap(r) for r in self._board.runnable()):
            return
        for worker in self._pool:
            if worker.state == "warming":
                self._discard(worker)

    def _warm_up(self) -> None:
        """Let one worker run UMAP once when nothing else is to do."""
        full = len(self._pool) == self.workers
        if not (self._warm_umap and full) or any(w.warm for w in self._pool):
            return
        if time.monotonic() - self._quiet_since < WARM_AFTER:
            return
        if all(w.state == "idle" and w.settled for w in self._pool):
            self._pool[-1].become("warming")
            if not self._pool[-1].send({"do": "warm"}):
                self._discard(self._pool[-1])

    def _look_at_limits(self) -> None:
        now = time.monotonic()
        if now - self._looked < TICK:
            return
        self._looked = now
        for worker in list(self._pool):
            spent = now - worker.since
            if worker.state == "busy":
                if spent > self.seconds:
                    self._stop(worker.job, "failed", "", words.over_time(self.seconds), "time")
                elif worker.memory() > self.memory_mb * MEGABYTE:
                    note = words.over_memory(self.memory_mb)
                    self._stop(worker.job, "failed", "", note, "memory")
            elif worker.state == "warming" and spent > WARM_SECONDS:
                self._warm_umap = False
                self._discard(worker)
            elif worker.state == "starting" and spent > START_SECONDS:
                self._failed_starts += 1
                self._discard(worker)


def _is_umap(request: Request) -> bool:
    return request.kind == "projection" and request.method in ("umap", "densmap")


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
