"""Which jobs there are and what may run next: pure book-keeping, without processes or locks."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from analytics import operations
from analytics.errors import BadInput
from analytics.jobs import job as words
from analytics.jobs.job import Job
from analytics.jobs.turns import Turns
from analytics.operations import Request

MAX_WAITING = 200  # jobs waiting per owner
MAX_ENDED = 500  # ended jobs remembered


class Board:
    """Jobs by digest. ``stored(digest)`` tells whether a result is already there."""

    def __init__(self, stored: Callable[[str], bool]):
        self._stored = stored
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._requests: dict[str, Request] = {}
        self._turns = Turns()
        self._for: dict[str, set[str]] = {}  # a part -> the jobs that wait for it

    def job(self, digest: str) -> Job | None:
        """The latest snapshot."""
        return self._jobs.get(digest)

    def jobs(self, owner: str | None = None) -> tuple[Job, ...]:
        """Snapshots in the order of submission, without parts of a job."""
        return tuple(j for j in self._jobs.values() if owner in (None, j.owner) and not j.part)

    def active(self, digest: str) -> bool:
        """Whether a digest is queued or running."""
        return digest in self._requests

    def request(self, digest: str) -> Request | None:
        """What is queued or running under a digest, or None."""
        return self._requests.get(digest)

    def waiting(self) -> tuple[str, ...]:
        """Digests in the queue, those that wait for a parent included."""
        return tuple(self._turns)

    def runnable(self) -> tuple[Request, ...]:
        """Requests in the queue whose parents are there."""
        waiting = (self._requests[digest] for digest in self._turns)
        return tuple(r for r in waiting if not self._waits(r))

    def submit(self, request: Request, owner: str) -> Job:
        """See :meth:`analytics.jobs.desk.Desk.submit`."""
        wanted = operations.from_json(request.to_json())
        digest = wanted.digest
        if self.active(digest):
            if self._jobs[digest].part:
                self._update(digest, part=False, owner=owner)
            return self._jobs[digest]
        return self._place(wanted, owner)

    def spread(self, whole: str, requests: Sequence[Request]) -> None:
        """Queue the parts of a running job, in front of what its owner waits for."""
        owner = self._jobs[whole].owner
        for wanted in reversed(requests):
            self._for.setdefault(wanted.digest, set()).add(whole)
            before = self._jobs.get(wanted.digest)
            ready = before is not None and before.state == "done" and self._stored(before.id)
            if not ready and not self.active(wanted.digest):
                self._place(wanted, owner, part=True)

    def parts(self, whole: str) -> tuple[Job, ...]:
        """The parts that a job waits for."""
        return tuple(self._jobs[d] for d, jobs in self._for.items() if whole in jobs)

    def leave(self, whole: str, note: str = "") -> tuple[str, ...]:
        """Wait for no part any more; those under way that nobody else waits for are cancelled.
        Returns their digests."""
        ended: list[str] = []
        for job in self.parts(whole):
            self._for[job.id].discard(whole)
            if self._for[job.id]:
                continue
            del self._for[job.id]
            if self._jobs[job.id].part:
                ended += self.end(job.id, "cancelled", note)
                del self._jobs[job.id]
        return tuple(ended)

    def _place(self, wanted: Request, owner: str, part: bool = False) -> Job:
        """Put a request that is not active on the board, in the queue if it can be computed."""
        now = time.time()
        label = words.label(wanted)
        job = Job(wanted.digest, wanted.kind, wanted.method, label, owner, queued=now, part=part)
        if self._stored(job.id):
            return self._add(replace(job, state="done", fraction=1.0, ended=now))
        missing = [p for p in wanted.parents if not self.active(p) and not self._stored(p)]
        if missing:
            before = self._jobs.get(missing[0])
            if before is not None and before.error:
                error, kind = words.step_before(before), before.error_kind
            else:
                error, kind = words.gone(missing[0]), "input"
            return self._add(replace(job, state="failed", ended=now, error=error, error_kind=kind))
        if not job.part and self._turns.waiting(job.owner) >= MAX_WAITING:
            raise BadInput(
                f"{MAX_WAITING} steps are waiting already: wait for some of them or cancel them, "
                "then try again."
            )
        self._requests[job.id] = wanted
        self._turns.add(job.owner, job.id, first=job.part)
        return self._add(replace(job, words=self._waiting_words(wanted)))

    def take(self, ready: Callable[[Request], bool]) -> Request | None:
        """The next request whose parents are there and which is ``ready``; it counts as running."""
        digest = self._turns.take(
            lambda d: not self._waits(self._requests[d]) and ready(self._requests[d])
        )
        if digest is None:
            return None
        self._update(digest, state="running", started=time.time(), words="Starting")
        return self._requests[digest]

    def give_back(self, digest: str) -> None:
        """Queue a job again that could not be handed to a worker."""
        self._turns.add(self._jobs[digest].owner, digest, first=self._jobs[digest].part)
        self._update(digest, state="queued", started=None, words="Waiting for a free worker")

    def progress(self, digest: str, fraction: float | None, note: str) -> None:
        """Note how far a running job is."""
        self._update(digest, fraction=fraction, words=note)

    def end(
        self, digest: str, state: str, note: str = "", error: str = "", error_kind: str = ""
    ) -> tuple[str, ...]:
        """End an active job, and with it all that now wait in vain: after a cancelled job they
        are cancelled, after any other failure they fail with its sentence. Returns their digests,
        the job's own first; nothing when it was not active."""
        if not self.active(digest):
            return ()
        self._turns.remove(digest)
        del self._requests[digest]
        changes = {"state": state, "words": note, "error": error, "error_kind": error_kind}
        if state == "done":
            changes["fraction"] = 1.0
        self._update(digest, ended=time.time(), **changes)
        ended = [digest, *self.leave(digest, note)]
        for child, request in list(self._requests.items()):
            if digest not in request.parents:
                continue
            if state == "done":
                self._update(child, words=self._waiting_words(request))
            elif state == "cancelled":
                ended += self.end(child, "cancelled", note)
            else:
                cause = self._jobs[digest]
                # A grandchild repeats the first cause, not a chain of sentences.
                why = error if error.startswith(words.BEFORE) else words.step_before(cause)
                ended += self.end(child, "failed", "", why, error_kind)
        self._forget()
        return tuple(ended)

    def _waits(self, request: Request) -> bool:
        return any(self.active(p) for p in request.parents)

    def _waiting_words(self, request: Request) -> str:
        return f"Waiting for {'the step before' if self._waits(request) else 'a free worker'}"

    def _add(self, job: Job) -> Job:
        self._jobs[job.id] = job
        self._jobs.move_to_end(job.id)
        self._forget()
        return job

    def _update(self, digest: str, **changes) -> None:
        self._jobs[digest] = replace(self._jobs[digest], **changes)

    def _forget(self) -> None:
        """Drop the oldest ended jobs beyond the limit."""
        ended = [d for d in self._jobs if not self.active(d) and d not in self._for]
        for digest in ended[: max(0, len(ended) - MAX_ENDED)]:
            del self._jobs[digest]
