"""The job runner: requests in, results by digest out, computed by worker processes.

One thread supervises: it alone starts workers (Linux ties a worker's life to the thread that
started it), hands out jobs and watches limits. Reading threads pass on what workers say. What
callers do with it is in ``desk``.
"""

import atexit
import logging
import threading
import time
from collections import Counter
from pathlib import Path

from analytics import logs, metrics, settings
from analytics.jobs import job as words
from analytics.jobs.desk import Desk
from analytics.jobs.process import WorkerProcess, environment
from analytics.operations import Request

log = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at memory and time
START_SECONDS = 120  # a worker not ready by then has failed to start
FAILED_STARTS = 3  # in a row; then waiting jobs fail instead of waiting for ever
START_AFTER = 1.5  # quiet seconds before the first worker starts; a job starts it at once
WARM_AFTER = 3.0  # quiet seconds before UMAP is warmed up
EXTRA_AFTER = 3.0  # seconds a short job waits for long ones before one more worker starts
WARM_SECONDS = 180  # a warm-up longer than this is given up for good
MEGABYTE = 1024 * 1024


class Runner(Desk):
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
        super().__init__(home, memory_mb, seconds)
        self.workers = workers or settings.number("GESTALT_WORKERS")
        self._board.shares.slots = self.workers
        self._env = environment(self.home, self.workers)
        self._crowded_since: float | None = None
        self._more = False
        self._pool: list[WorkerProcess] = []
        self._settle = self._warm_umap = warm
        self._failed_starts = 0
        self._looked = 0.0
        self._supervisor = threading.Thread(target=self._supervise, name="jobs", daemon=True)
        self._supervisor.start()
        atexit.register(self.close)

    def processes(self) -> dict[str, int]:
        """How many worker processes are in each state."""
        with self._work:
            return Counter(worker.state for worker in self._pool)

    def renew(self) -> None:
        with self._work:
            super().renew()
            for worker in [w for w in self._pool if w.state == "idle" and w.worked]:
                self._discard(worker)
            self._changed()

    def close(self) -> None:
        """Stop everything; no process is left. What is not done counts as cancelled."""
        with self._work:
            self._stop_all()
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
            elif said == "log":
                self._on_log(message)
            elif message.get("id") == worker.job:
                self._on_job(worker, said, message)
            self._changed()

    def _on_job(self, worker: WorkerProcess, said: str, message: dict) -> None:
        digest = worker.job
        if said == "progress":
            self._board.progress(digest, message["fraction"], message["words"])
            return
        worker.become("idle")
        worker.worked = True
        self._failed_starts = 0
        metrics.give(message.get("counted", ()))
        if said == "failed":
            if message["detail"]:
                told = {**self._numbers(digest), "trace": message["detail"]}
                log.error("the job stopped with a fault", extra=told)
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
                told = {**self._numbers(worker.job), "trace": logs.places(worker.log())}
                log.error("worker %d ended, exit code %s", worker.pid, worker.exit_code, extra=told)
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

    def _asked(self) -> None:
        self._failed_starts = min(self._failed_starts, FAILED_STARTS - 1)

    def _halt(self, digest: str) -> None:
        """Kill the worker that computes a job; a new one takes its place."""
        for worker in self._pool:
            if worker.job == digest:
                self._discard(worker)

    def _discard(self, worker: WorkerProcess) -> None:
        worker.become("gone")
        worker.kill()

    def _start_workers(self) -> None:
        """Keep the pool full.

        One worker at a time starts and loads its libraries, the first a little after the program,
        whose first page is not slowed down so on few cores; unless a job waits for one.
        """
        living = [w for w in self._pool if w.state != "gone"]
        many = len(living) - self.workers - self._extra()
        if many >= 0:
            self._send_home(many)
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

    def _extra(self) -> int:
        """One worker more while long jobs hold all and a short one has waited for some seconds; it
        takes no long one. So somebody who comes in the middle of long work is served."""
        now = time.monotonic()
        if self._board.shares.long() < self.workers:
            self._more = False
        if not self._board.crowded():
            self._crowded_since = None
        else:
            self._crowded_since = self._crowded_since or now
            self._more = self._more or now - self._crowded_since > EXTRA_AFTER
        return int(self._more)

    def _send_home(self, many: int) -> None:
        """End so many idle workers."""
        for worker in [w for w in self._pool if w.state == "idle"][:many]:
            self._discard(worker)

    def _hand_out(self) -> None:
        while request := self._board.take(lambda r: self._worker_for(r) is not None):
            worker = self._worker_for(request)
            digest = request.digest
            worker.become("busy", digest)
            command = {"do": "job", "id": digest, "request": request.to_json()}
            command["owner"] = self._board.job(digest).owner
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
