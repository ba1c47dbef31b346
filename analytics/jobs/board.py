"""Which jobs there are and what may run next: pure book-keeping, without processes or locks."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from analytics import logs, operations, settings
from analytics.errors import BadInput
from analytics.jobs import job as words
from analytics.jobs.estimates import LONG, Estimates
from analytics.jobs.job import Job
from analytics.jobs.shares import Shares
from analytics.jobs.turns import Turns
from analytics.operations import Request

MAX_ENDED = 500  # ended jobs remembered
FRESH = 0.5  # seconds for which the order of the line is not worked out anew


class Board:
    """Jobs by digest. ``stored(digest)`` tells whether a result is already there."""

    def __init__(self, stored: Callable[[str], bool], estimates: Estimates | None = None):
        self._stored = stored
        self._estimates = estimates or Estimates()
        self.shares = Shares()
        self._most_waiting = settings.number("GESTALT_USER_WAITING")
        self._line: tuple[float, dict[str, tuple[int, float]]] = (-1.0, {})
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._requests: dict[str, Request] = {}
        self._turns = Turns()
        self._for: dict[str, set[str]] = {}  # a part -> the jobs that wait for it
        self._askers: dict[str, set[str]] = {}  # active -> the owners that asked for it

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
        self.shares.seen(owner)
        if self.active(digest):
            self._askers.setdefault(digest, set()).add(owner)
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
        job = Job(
            wanted.digest,
            wanted.kind,
            wanted.method,
            label,
            owner,
            queued=now,
            part=part,
            asked=logs.current(),
        )
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
        if not job.part and self._turns.waiting(job.owner) >= self._most_waiting:
            raise BadInput(
                f"{self._most_waiting} of your steps are waiting already: wait for some of them or "
                "cancel them, then try again."
            )
        self._requests[job.id] = wanted
        self._askers[job.id] = {owner} - ({owner} if part else set())
        self._turns.add(job.owner, job.id, first=job.part)
        return self._add(replace(job, words=self._waiting_words(wanted)))

    def take(self, ready: Callable[[Request], bool]) -> Request | None:
        """The next request whose parents are there and which is ``ready``; it counts as running."""
        digest = self._turns.take(
            lambda d: (
                not self._waits(self._requests[d]) and ready(self._requests[d]) and self._may(d)
            ),
            self.shares.used,
        )
        if digest is None:
            return None
        self.shares.begin(digest, self._jobs[digest].owner, self._seconds(digest))
        self._update(digest, state="running", started=time.time(), words="Starting")
        return self._requests[digest]

    def give_back(self, digest: str) -> None:
        """Queue a job again that could not be handed to a worker."""
        self.shares.end(digest)
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
        ran = self.shares.end(digest)
        if state == "done" and ran:
            self._estimates.learn(self._requests[digest], ran)
        del self._requests[digest]
        self._askers.pop(digest, None)
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

    def forget_done(self) -> None:
        """Drop what is done: its stored result tells that. What failed keeps its sentence."""
        for digest in self._ended():
            if self._jobs[digest].state == "done":
                del self._jobs[digest]

    def let_go(
        self, digest: str, owner: str, gone: Callable[[str], bool] = lambda owner: False
    ) -> bool:
        """An owner does not want a job any more; whether nobody else does who is not ``gone`` by
        now, so it can be stopped."""
        asked = self._askers.get(digest, set())
        asked.difference_update([o for o in asked if o == owner or gone(o)])
        return not asked

    def place(self, digest: str) -> tuple[int, float] | None:
        """How many jobs are before a queued one, and about how many seconds it waits; None when it
        is not queued. Looked at anew twice a second at most."""
        now = time.monotonic()
        if digest not in self._turns:
            return None
        if digest not in self._line[1] or now - self._line[0] > FRESH:
            work, places = self.shares.left(), {}
            line = self._turns.order(self.shares.used, self._seconds)
            for before, (waiting, seconds) in enumerate(line):
                places[waiting] = (before, work / max(1, self.shares.slots))
                work += seconds
            self._line = (now, places)
        return self._line[1].get(digest)

    def crowded(self) -> bool:
        """Whether a short job waits while long ones hold all workers."""
        if not self.shares.slots or self.shares.long() < self.shares.slots:
            return False
        waiting = [r.digest for r in self.runnable()]
        return any(self._seconds(d) < LONG and self._may(d) for d in waiting)

    def _may(self, digest: str) -> bool:
        """Whether a job may begin now; a part of one that runs always may."""
        job = self._jobs[digest]
        return job.part or self.shares.may_begin(job.owner, self._seconds(digest))

    def _seconds(self, digest: str) -> float:
        return self._estimates.of(self._requests[digest])

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
        ended = self._ended()
        for digest in ended[: max(0, len(ended) - MAX_ENDED)]:
            del self._jobs[digest]

    def _ended(self) -> list[str]:
        """Digests of what has ended and is nobody's part, the oldest first."""
        return [d for d in self._jobs if not self.active(d) and d not in self._for]
