"""What the tests of jobs share, whichever engine runs them."""

import itertools
import time

import psutil

from analytics.jobs.desk import Desk
from analytics.jobs.job import Job
from analytics.operations import Request, request

_numbers = itertools.count()


def ask(kind: str, parents: tuple = (), **params) -> Request:
    """A request nobody asked before."""
    return request(kind, "", tuple(p.digest for p in parents), {**params, "nr": next(_numbers)})


def until(condition, seconds: float = 60.0):
    """The first true value of ``condition()``."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return value


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def finish(runner: Desk, wanted: Request, owner: str = "", seconds: float = 60.0) -> Job:
    """The ended job of a request."""
    job = runner.wait(runner.submit(wanted, owner).id, seconds)
    assert not job.active
    return job


def traces(caplog):
    """What the log has of faults, beside its messages."""
    return "\n".join(getattr(record, "trace", "") for record in caplog.records)
