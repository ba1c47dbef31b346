"""The engine that sends jobs to a Dask cluster: ``GESTALT_ENGINE=dask://host:port``.

The server keeps the book (``desk``, ``board``) and decides what runs next, so that owners take
turns as they do with worker processes; Dask finds a free worker, tells when one is lost, and
carries texts. What happens on a worker is in ``remote``; ``docs/engine.md`` has the rules.
One thread looks after the cluster; callbacks of the client and answers to workers have their own.
"""

import atexit
import contextlib
import json
import logging
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics import metrics, operations, settings
from analytics.errors import StoreError
from analytics.jobs import cluster, remote
from analytics.jobs.desk import Desk
from analytics.operations import Request

log = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at what may run
LOOK = 1.0  # seconds between two looks at the cluster
ANSWER = 3.0  # seconds within which a scheduler that is there answers
PATIENCE = 15.0  # seconds that a job waits for a scheduler that does not answer


@dataclass
class _Sent:
    """A job on the cluster. token : of this try. worker : address, once it has begun there.
    shared : that worker sees the data folder. spread : it waits for its parts; told : how many of
    them it was told are ready."""

    digest: str
    token: str
    future: Any
    worker: str = ""
    shared: bool = True
    spread: bool = False
    told: int = 0


class DaskRunner(Desk):
    """Runs requests on a Dask cluster.

    home, memory_mb, seconds : see :class:`analytics.jobs.desk.Desk`. address : as in
    GESTALT_ENGINE, which None reads. Raises BadInput for an address that is none, without the
    certificates of a tls:// address, and when Dask is not installed; an address where nobody
    answers is met by ``problem`` and by the jobs.
    """

    def __init__(
        self,
        home: Path,
        address: str | None = None,
        memory_mb: int | None = None,
        seconds: float | None = None,
    ):
        super().__init__(home, memory_mb, seconds)
        self.address = cluster.address(address or settings.text("GESTALT_ENGINE"))
        cluster.check_certificates(self.address)
        self._mark = cluster.mark(self.home)
        self._topic = f"gestalt-{secrets.token_hex(8)}"
        self._client: Any = None
        self._slots: dict[str, int] = {}  # threads by address of worker
        self._lost_since: float | None = time.time()  # when the scheduler was last unreachable
        self._answered = 0.0  # when the scheduler did last, on the clock of this process
        self._sent: dict[str, _Sent] = {}
        self._tried: set[str] = set()  # parts whose worker was lost once
        self._calls = ThreadPoolExecutor(4, "cluster-call")
        self._thread = threading.Thread(target=self._supervise, name="cluster", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def problem(self) -> str:
        """What keeps jobs from running, in one sentence; "" when nothing does."""
        with self._work:
            if self._lost_since is not None:
                return cluster.unreachable(self.address)
            return "" if self._slots else cluster.no_worker(self.address)

    def close(self) -> None:
        """Stop everything on the cluster. What is not done counts as cancelled."""
        with self._work:
            self._stop_all()
            client, self._client = self._client, None
            self._changed()
        self._thread.join(2 * ANSWER)
        self._calls.shutdown(wait=False, cancel_futures=True)
        _close(client)
        atexit.unregister(self.close)

    # The cluster; called by the supervising thread, without the lock while the network is used.

    def _supervise(self) -> None:
        looked = 0.0
        while not self._closed:
            try:
                if time.monotonic() - looked >= LOOK:
                    self._look()
                    looked = time.monotonic()
                with self._work:
                    self._hand_out()
                    self._give_up()
                    self._work.wait(TICK)
            except Exception:
                log.exception("the cluster's engine met an error and goes on")
                time.sleep(TICK)

    def _look(self) -> None:
        """See which workers there are; connect where there is no connection."""
        client, slots = self._client, None
        try:
            if client is None:
                client = cluster.connect(self.address, ANSWER)
                client.subscribe_topic(self._topic, self._on_event)
            if client.status == "running":
                slots = client.sync(client.scheduler.ncores, callback_timeout=ANSWER)
        except (OSError, TimeoutError, ValueError, ImportError) as error:
            log.debug("the cluster does not answer: %s", error)
        with self._work:
            if slots is not None and not self._closed:
                self._client, self._slots, self._lost_since = client, slots, None
                self._answered = time.monotonic()
                gone = [s for s in self._sent.values() if s.worker and s.worker not in slots]
                for sent in gone:
                    self._lose(sent, cluster.worker_lost(sent.worker))
                return
            connected = client is not None and client is self._client and client.status == "running"
            if connected and time.monotonic() - self._answered < PATIENCE:
                return  # one that has much to do answers late; what runs there goes on
            self._lost()
        _close(client)

    def _lost(self) -> None:
        """The scheduler is out of reach, and with it all that ran there."""
        if self._lost_since is None and not self._closed:
            log.error("%s", cluster.unreachable(self.address))
            self._lost_since = time.time()
        self._client, self._slots = None, {}
        for sent in list(self._sent.values()):
            self._drop(sent)
            self._end(sent.digest, "died", "", cluster.cut_off(self.address), "crash")

    def _give_up(self) -> None:
        """Fail what has waited long enough for a scheduler that does not answer."""
        if self._lost_since is None:
            return
        for digest in self._board.waiting():
            since = max(self._board.job(digest).queued, self._lost_since)
            if time.time() - since > PATIENCE:
                self._end(digest, "failed", "", cluster.unreachable(self.address), "crash")

    def _hand_out(self) -> None:
        """Send as many jobs as there are free threads; one that waits for its parts has left its
        own."""
        self._board.shares.slots = sum(self._slots.values())
        while self._client is not None:
            busy = sum(not sent.spread for sent in self._sent.values())
            if busy >= sum(self._slots.values()):
                return
            request = self._board.take(lambda r: True)
            if request is None:
                return
            self._send(request)

    def _send(self, request: Request) -> None:
        token = secrets.token_hex(8)
        job = {"token": token, "topic": self._topic, "home": str(self.home), "mark": self._mark}
        job |= {"memory_mb": self.memory_mb, "seconds": self.seconds}
        try:
            future = self._client.submit(
                remote.run, json.dumps(job), key=f"gestalt-{request.kind}-{token}", pure=False
            )
        except Exception as error:  # the client was closed at this moment
            log.warning("a job could not be sent: %s", error)
            self._board.give_back(request.digest)
            self._client = None
            return
        sent = _Sent(request.digest, token, future)
        self._sent[token] = sent
        self._board.progress(request.digest, None, "Waiting for the cluster")
        future.add_done_callback(lambda future: self._on_done(token, future))

    # What workers say; called by threads of the client.

    def _on_event(self, event: tuple[float, dict]) -> None:
        message = event[1]
        with self._work:
            sent = self._sent.get(message.get("token"))
            if sent is None:
                return
            if message["say"] == "here":
                self._begin(sent, message)
            elif message["say"] == "progress":
                self._board.progress(sent.digest, message["fraction"], message["words"])
            elif message["say"] == "log":
                self._on_log(message)
            elif message["say"] == "parts":
                wanted = [operations.from_json(r) for r in message["requests"]]
                sent.spread, sent.told = True, 0
                self._board.spread(sent.digest, wanted)
                self._look_at_parts()
            self._changed()

    def _begin(self, sent: _Sent, message: dict) -> None:
        """Send the command to a worker that is ready for it, unless it is the second one."""
        if sent.worker:  # Dask ran the task again, elsewhere
            self._lose(sent, cluster.worker_lost(sent.worker))
            return
        sent.worker, sent.shared = message["worker"], message["shared"]
        if other := cluster.differs(message["about"]):
            self._stop(sent.digest, "failed", "", cluster.mismatch(sent.worker, other), "crash")
            return
        request = self._board.request(sent.digest)
        nested = operations.OPERATIONS[request.kind].nested
        command = {"do": "job", "id": sent.digest, "request": request.to_json(), "spread": nested}
        command["owner"] = self._board.job(sent.digest).owner
        if held := self._keys.get(sent.digest):
            command["keys"] = {url: key.reveal() for url, key in held.items()}
        self._board.progress(sent.digest, None, "Starting")
        self._answer(sent, command, request.parents, cluster.uploads(request))

    def _answer(self, sent: _Sent, command: dict, digests=(), uploads=()) -> None:
        """Tell a task something, with the results and uploads it needs where it lacks them."""
        client, text = self._client, json.dumps(command)

        def call() -> None:
            try:
                files = {} if sent.shared else self._files(digests, uploads)
                client.run(remote.tell, sent.token, text, files, workers=[sent.worker])
            except Exception as error:  # without the text, which may hold keys
                log.warning("worker %s was not reached: %s", sent.worker, type(error).__name__)
                with self._work:
                    if self._sent.get(sent.token) is sent:
                        self._lose(sent, cluster.worker_lost(sent.worker))

        with contextlib.suppress(RuntimeError):  # closing
            self._calls.submit(call)

    def _files(self, digests, uploads) -> dict[str, bytes]:
        paths = [path for digest in digests for path in self._artifacts.files(digest)]
        paths += [self.home / name for name in uploads if (self.home / name).is_file()]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in paths}

    def _on_done(self, token: str, future) -> None:
        """A task has ended: by its answer, or because Dask could not run it."""
        try:
            text, files = future.result(timeout=60)
            ending = json.loads(text)
            cluster.adopt(files, self._artifacts)
        except StoreError as error:
            ending = {"say": "failed", "kind": "store", "error": str(error)}
        except Exception as error:
            ending = cluster.ending_of(error, self.address)
        with self._work:
            sent = self._sent.get(token)
            if sent is None:
                return
            error = ending.get("error", "")
            if detail := ending.get("detail"):
                told = {**self._numbers(sent.digest), "trace": detail}
                log.error("the job stopped with a fault", extra=told)
            metrics.give(ending.get("counted", ()))
            if ending["say"] == "done" and not self._artifacts.has(sent.digest):
                ending, error = cluster.NOT_SHARED, cluster.NOT_SHARED["error"]
            if ending["say"] in ("lost", "cancelled"):
                self._lose(sent, error or cluster.cut_off(self.address))
                return
            self._drop(sent)
            self._end(sent.digest, ending["say"], "", error, ending.get("kind", ""))

    # Called with the lock held.

    def _lose(self, sent: _Sent, sentence: str) -> None:
        """The worker of a job is gone. A part is tried once more, any other job has died."""
        job = self._board.job(sent.digest)
        self._drop(sent)
        # Not what to do: parts, of the command line too, are tried again by themselves.
        log.error("job %s: %s", sent.digest, sentence.rpartition(": ")[0])
        if job.part and sent.digest not in self._tried:
            self._tried.add(sent.digest)
            for gone in self._board.leave(sent.digest):
                self._halt(gone)
            self._board.give_back(sent.digest)
        else:
            self._end(sent.digest, "died", "", sentence, "crash")
        self._changed()

    def _drop(self, sent: _Sent) -> None:
        """Forget a task; Dask then stops it, wherever it is."""
        self._sent.pop(sent.token, None)
        with contextlib.suppress(Exception):
            sent.future.release()

    def _halt(self, digest: str) -> None:
        for sent in [s for s in self._sent.values() if s.digest == digest]:
            self._drop(sent)

    def _end(self, digest: str, *ending: str) -> tuple[str, ...]:
        ended = super()._end(digest, *ending)
        for gone in ended:
            self._halt(gone)
            self._tried.discard(gone)
        self._look_at_parts()
        return ended

    def _look_at_parts(self) -> None:
        """Tell each job that waits for parts how many are ready, and when all are."""
        for sent in [s for s in self._sent.values() if s.spread]:
            parts = self._board.parts(sent.digest)
            ready = sum(not job.active for job in parts)
            if ready < len(parts):
                if ready > sent.told:
                    sent.told = ready
                    self._answer(sent, {"do": "part", "done": ready})
                continue
            failed = {j.id: (j.error_kind or "crash", j.error) for j in parts if j.state != "done"}
            sent.spread = False
            self._board.leave(sent.digest)
            done = [j.id for j in parts if j.state == "done"]
            self._answer(sent, {"do": "parts", "failed": failed}, done)


def _close(client) -> None:
    """Close a connection, whatever state it is in."""
    if client is not None:
        with contextlib.suppress(Exception):
            client.close(timeout=1)
