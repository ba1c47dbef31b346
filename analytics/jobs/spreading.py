"""The parts of one step, sent to the cluster by a process that is no server: the command line.

The step itself runs here and joins what comes back, so its result has the bits it has anywhere.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from analytics.jobs.desk import Desk
from analytics.jobs.job import Job
from analytics.operations import Request, Spread
from analytics.progress import Progress

MOST = 64  # parts under way at once
LOOK = 0.2  # seconds between two looks
QUIET = 4.0  # seconds in which a cluster may be silent: a connection takes its time


@contextmanager
def spreading(home: Path, say: Callable[[str], None]) -> Iterator[Spread]:
    """An :data:`analytics.operations.Spread` on the cluster of GESTALT_ENGINE. say : is told when
    the cluster cannot answer a part and no more are sent. The connection is made for the first
    parts. Raises BadInput, StoreError."""
    from analytics.jobs.dask_engine import DaskRunner

    runners: list[Desk] = []
    refused: list[str] = []

    def spread(requests: Sequence[Request], progress: Progress) -> Mapping[str, tuple[str, str]]:
        if refused:
            return {}
        if not runners:
            runners.append(DaskRunner(home))
        failed = sent(runners[0], requests, progress)
        refused.extend(words for kind, words in failed.values() if kind == "input")
        if refused:
            say(f"The cluster cannot do this ({refused[0].rstrip('.')}): it is done here.")
        return failed

    try:
        yield spread
    finally:
        for runner in runners:
            runner.close()


def sent(
    runner: Desk, requests: Sequence[Request], progress: Progress
) -> Mapping[str, tuple[str, str]]:
    """Have requests computed, a few at a time; (kind, sentence) by digest of those that failed. One
    whose worker was lost is tried once more."""
    waiting, under_way, tried, failed = list(requests[::-1]), {}, set(), {}
    begun = time.monotonic()
    while waiting or under_way:
        while waiting and len(under_way) < MOST:
            wanted = waiting.pop()
            under_way[runner.submit(wanted).id] = wanted
        runner.wait(next(iter(under_way)), LOOK)
        for digest in list(under_way):
            job = runner.job(digest)
            if job is not None and job.active:
                continue
            wanted = under_way.pop(digest)
            if job is None or job.state == "done":
                continue
            if job.state == "died" and digest not in tried:
                tried.add(digest)
                waiting.append(wanted)
            else:
                failed[digest] = _why(job)
                if failed[digest][0] != "input":  # the whole fails with it
                    _stop(runner, under_way)
                    return failed
        done = len(requests) - len(waiting) - len(under_way)
        words = runner.problem() if time.monotonic() - begun > QUIET else ""
        words = words or f"{done:,} of {len(requests):,} parts are ready"
        progress(done / len(requests), words)
    return failed


def _why(job: Job) -> tuple[str, str]:
    return job.error_kind or "crash", job.error


def _stop(runner: Desk, digests: Mapping[str, Request]) -> None:
    for digest in digests:
        runner.cancel(digest)
