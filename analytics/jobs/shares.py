"""How much of the workers each owner has had lately, and which jobs leave room for other people.

An owner's share is the time of its jobs that run, and of those that ended, which counts half after
each minute. Whoever has had least is served next. While several people are about, long jobs leave
one worker free for short ones.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from analytics import settings
from analytics.jobs.estimates import LONG

HALF = 60.0  # seconds after which work that is done counts half
ABOUT = 600.0  # seconds for which an owner counts as being about after asking for something
STEP = 2.0  # shares that differ by less than this many seconds are alike


@dataclass(frozen=True)
class _Running:
    owner: str
    seconds: float  # expected
    since: float


class Shares:
    """Not thread-safe; the runner's lock guards it. slots : jobs that can run at once, 0 when that
    is not known; the engine sets it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self.slots = 0
        self.most_of_one = settings.optional("GESTALT_USER_RUNNING")
        self._past: dict[str, tuple[float, float]] = {}
        self._seen: dict[str, float] = {}
        self._running: dict[str, _Running] = {}

    def seen(self, owner: str) -> None:
        """An owner asked for something."""
        now = self._clock()
        self._seen[owner] = now
        self._seen = {o: at for o, at in self._seen.items() if now - at <= ABOUT}
        self._past = {o: p for o, p in self._past.items() if self._worn(*p) > STEP / 10}

    def begin(self, digest: str, owner: str, seconds: float) -> None:
        """A job began that is expected to take so long."""
        self._running[digest] = _Running(owner, seconds, self._clock())

    def end(self, digest: str) -> float:
        """A job ended, or did not begin after all; returns the seconds it ran."""
        job = self._running.pop(digest, None)
        if job is None:
            return 0.0
        now = self._clock()
        self._past[job.owner] = (self._had(job.owner) + now - job.since, now)
        return now - job.since

    def used(self, owner: str) -> float:
        """Seconds an owner has had lately, in steps."""
        now = self._clock()
        mine = [j for j in self._running.values() if j.owner == owner]
        had = self._had(owner) + sum(max(j.seconds, now - j.since) for j in mine)
        return had // STEP * STEP

    def may_begin(self, owner: str, seconds: float) -> bool:
        """Whether a job of this length leaves the room that others have a right to."""
        mine = sum(j.owner == owner for j in self._running.values())
        if self.most_of_one is not None and mine >= self.most_of_one:
            return False
        if seconds < LONG or not self.slots:
            return True
        room = self.slots - 1 if self._others(owner) else self.slots
        return self.long() < max(1, room)

    def long(self) -> int:
        """How many running jobs are long, by what was expected or by now."""
        now = self._clock()
        return sum(max(j.seconds, now - j.since) >= LONG for j in self._running.values())

    def left(self) -> float:
        """Seconds of work that the running jobs still have before them, all in all."""
        now = self._clock()
        return sum(max(0.0, j.since + j.seconds - now) for j in self._running.values())

    def _others(self, owner: str) -> bool:
        now = self._clock()
        return any(o != owner and now - at <= ABOUT for o, at in self._seen.items())

    def _had(self, owner: str) -> float:
        return self._worn(*self._past.get(owner, (0.0, 0.0)))

    def _worn(self, seconds: float, at: float) -> float:
        return seconds * 0.5 ** ((self._clock() - at) / HALF)
