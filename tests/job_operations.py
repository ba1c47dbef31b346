"""Operations that misbehave on request; loaded through GESTALT_PLUGINS by the tests of jobs."""

import logging
import os
import signal
import subprocess
import sys
import time

from analytics.bigdata import records, source, texts
from analytics.errors import BadInput, NotNow, StoreError
from analytics.language import connection
from analytics.operations import OPERATIONS, Operation
from analytics.results import Score, ScoreCard


def _card(value: float = 1.0) -> ScoreCard:
    return ScoreCard(values={"value": Score(value)})


def quick(request, parents, progress):
    """One more than its parents."""
    return _card(1.0 + sum(p.values["value"].value for p in parents))


def nap(request, parents, progress):
    """Sleep params["seconds"], with progress every 20 ms."""
    seconds = request.params["seconds"]
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        progress(1 - left / seconds, f"{left:.1f} s to sleep")
        time.sleep(0.02)
    return _card(seconds)


def stuck(request, parents, progress):
    """Say one thing quickly after another, then nothing for long, in one uninterruptible call."""
    progress(0.1, "first")
    progress(0.2, "second")
    time.sleep(0.5)
    while True:
        pow(3, 10_000_000)


def greedy(request, parents, progress):
    """Take memory until stopped."""
    held = []
    while True:
        held.append(b"x" * 20_000_000)
        time.sleep(0.02)


def family(request, parents, progress):
    """Start a child process, tell its id, and sleep."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    progress(None, f"child {child.pid}")
    time.sleep(600)


def keyed(request, parents, progress):
    """1 where a key was lent for params["url"], 0 where none was; or an error that repeats it."""
    key = connection.connection(request.params["url"], "m").key.reveal()
    if request.params.get("tell"):
        raise RuntimeError(f"the endpoint said {key}")
    if request.params.get("refuse"):
        raise BadInput(f"The endpoint refuses {key}.")
    return _card(float(key == "sk-lent-0123456789"))


def suicide(request, parents, progress):
    """End the process from inside."""
    progress(0.5, "about to end")
    os.kill(os.getpid(), signal.SIGKILL)


def noisy(request, parents, progress):
    """Write to standard output in every way there is, read from standard input."""
    print('{"say": "done", "id": "x"}')
    os.write(1, b"\xff\xfe raw bytes\n" * 1000)
    subprocess.run([sys.executable, "-c", "print('{')"], check=True)
    assert sys.stdin.read() == ""
    sys.stderr.write("x" * 200_000)
    progress(float("nan"), "w" * 1000)
    return _card()


def wordy(request, parents, progress):
    """Write a line to the log."""
    logging.getLogger("analytics.wordy").warning("a line of the job")
    return _card()


def wrong(request, parents, progress):
    """Raise what params["error"] names."""
    errors = {
        "input": BadInput("The eps is 0, but it takes a number above 0."),
        "later": NotNow("The model does not answer."),
        "store": StoreError("The disk is full."),
        "memory": MemoryError(),
        "crash": ZeroDivisionError("secret value 42"),
        "exit": SystemExit(3),
    }
    raise errors[request.params["error"]]


# Set for the workers of a test, so that a small file has many parts.
if rows := os.environ.get("TEST_SPAN_ROWS"):
    source.SPAN = int(rows)
    source.STRETCH, records.BLOCK, texts.HEAD = 200_000, 40_000, 20_000

OPERATIONS.update(
    {
        name: Operation(f"job_operations:{name}")
        for name in (
            "quick",
            "nap",
            "stuck",
            "greedy",
            "family",
            "suicide",
            "noisy",
            "wrong",
            "keyed",
            "wordy",
        )
    }
)
