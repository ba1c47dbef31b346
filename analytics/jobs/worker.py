"""The worker process: ``python -m analytics.jobs.worker PARENT_PID``.

Reads one JSON command per line from standard input and answers with one JSON message per line on
standard output. Commands: ``{"do": "job", "id", "request"}``, with ``"keys"`` of language models by
address where the job needs them, ``{"do": "settle"}`` (load the
common libraries in the pauses) and ``{"do": "warm"}`` (run UMAP once). Messages: "ready" (a job can
come), "settled", "warm", "log" (a line for the server's log), "progress", "done" and "failed". A
result never travels here; it is stored under its digest. A job with ``"spread": true`` may say
"parts", with "requests" to be computed elsewhere, and waits for ``{"do": "parts", "failed"}``, with
``{"do": "part", "done"}`` in between.

A worker computes one job at a time in its main thread, so no numeric library is ever entered by
two threads (numba's workqueue layer aborts the process when that happens).
"""

import contextlib
import ctypes
import faulthandler
import importlib
import json
import logging
import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable

PULSE = 0.1  # seconds between two progress messages
MAX_WORDS = 160
MAX_ERROR = 600
MAX_DETAIL = 8_000

# Loaded one by one while nothing is asked for, so a job waits for one of them at most.
COMMON = (
    "pyarrow.parquet",
    "scipy.linalg",
    "scipy.sparse.csgraph",
    "scipy.spatial",
    "scipy.optimize",
    "scipy.interpolate",
    "scipy.ndimage",
    "scipy.stats",
    "sklearn.base",
    "sklearn.metrics",
    "sklearn.neighbors",
    "sklearn.decomposition",
    "sklearn.cluster",
    "sklearn.mixture",
)

Say = Callable[[dict], None]


def claim_pipes() -> tuple[int, int]:
    """Descriptors (commands, messages) of their own, out of reach of libraries and children.

    Afterwards whatever prints goes to standard error, and whatever reads finds nothing.
    """
    commands, messages = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, messages


def end_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when the thread that started it ends.

    Works even while a library holds the interpreter; elsewhere the end of standard input does it.
    """
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it ended before the call above
        os._exit(1)


def listen(descriptor: int, commands: queue.SimpleQueue) -> None:
    """Pass commands on; at the end of the input, end this process and all it started."""
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            commands.put(json.loads(line))
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def speaker(descriptor: int) -> Say:
    """A function that writes one message as one line, from any thread."""
    lock = threading.Lock()

    def say(message: dict) -> None:
        data = json.dumps(message, allow_nan=False).encode() + b"\n"
        with lock:
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except OSError:
                os._exit(1)  # nobody listens any more

    return say


class Reporter:
    """The progress callback of one job, thinned to about ten messages a second.

    The last state is always sent, by a small thread if need be: a quick loop followed by a long
    silent step must not leave the words of the loop on the screen.
    """

    def __init__(self, say: Say, job: str):
        self._say, self._job = say, job
        self._lock = threading.Lock()
        self._pending: dict | None = None
        self._sent = -math.inf
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._flush, daemon=True)
        self._thread.start()

    def __call__(self, fraction: float | None, words: str) -> None:
        if fraction is not None:
            fraction = float(fraction)
            fraction = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else None
        message = {"say": "progress", "id": self._job, "fraction": fraction}
        message["words"] = _cut(words, MAX_WORDS)
        with self._lock:
            self._pending = message
            if time.monotonic() - self._sent >= PULSE:
                self._send()

    def close(self) -> None:
        """Stop reporting."""
        self._over.set()
        self._thread.join()

    def _flush(self) -> None:
        while not self._over.wait(PULSE):
            with self._lock:
                self._send()

    def _send(self) -> None:
        if self._pending is not None:
            self._say(self._pending)
            self._pending, self._sent = None, time.monotonic()


def spreading(job: str, commands: queue.SimpleQueue, say: Say) -> Callable:
    """An :data:`analytics.operations.Spread` that hands parts to whoever gives the commands."""

    def spread(requests, progress) -> dict[str, tuple[str, str]]:
        say({"say": "parts", "id": job, "requests": [r.to_json() for r in requests]})
        while True:
            command = commands.get()
            if command["do"] == "parts":
                return {digest: tuple(why) for digest, why in command["failed"].items()}
            done = command["done"]
            progress(done / len(requests), f"{done:,} of {len(requests):,} parts are ready")

    return spread


class Teller(logging.Handler):
    """Hands log lines to the server, which writes them with its own."""

    def __init__(self, say: Say):
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; its texts are cut as those of a failure are."""
        from analytics import logs

        told = logs.parts(record)
        message = {"say": "log", "id": told.get("job", ""), "level": record.levelno}
        message["logger"], message["message"] = (
            record.name,
            _cut(told.get("message", ""), MAX_ERROR),
        )
        self._say({**message, "trace": told.get("trace", "")[-MAX_DETAIL:]})


def run_job(command: dict, artifacts, say: Say, commands: queue.SimpleQueue) -> None:
    """Execute one request and say how it ended."""
    from analytics import allowance, logs, metrics, operations
    from analytics.errors import BadInput, NotNow, PartFailed, StoreError
    from analytics.jobs import job as words
    from analytics.language import connection

    report = Reporter(say, command["id"])
    kind = error = detail = ""
    owner, numbers = allowance.of(command.get("owner", "")), logs.tagged("", command["id"])
    with owner, numbers, connection.lent(command.pop("keys", {})) as hide:
        try:
            wanted = operations.from_json(command["request"])
            if wanted.digest != command["id"]:
                kind, error = "crash", words.CHANGED
            else:
                spread = spreading(command["id"], commands, say) if command.get("spread") else None
                operations.execute(wanted, artifacts, report, spread)
        except BadInput as problem:
            kind = "later" if isinstance(problem, NotNow) else "input"
            error = str(problem)
        except StoreError as problem:
            kind, error = "store", str(problem)
        except PartFailed as problem:
            kind, error = problem.kind, str(problem)
        except MemoryError as problem:
            kind, error, detail = "memory", words.NO_MEMORY, logs.trace(problem)
        except (Exception, SystemExit) as problem:
            kind, error = "crash", words.internal(type(problem).__name__)
            detail = logs.trace(problem)
        finally:
            report.close()
    if kind:
        error, detail = _cut(hide(error), MAX_ERROR), hide(detail)[-MAX_DETAIL:]
        ending = {"say": "failed", "kind": kind, "error": error, "detail": detail}
    else:
        ending = {"say": "done"}
    say({**ending, "id": command["id"], "counted": metrics.take()})


def warm_umap() -> None:
    """Import UMAP and compile what it compiles, on a few random rows."""
    import numpy as np

    from analytics import registry
    from analytics.progress import silent
    from analytics.results import Dataset

    X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    dataset = Dataset(X=X, columns=("a", "b", "c", "d"), rows=np.arange(len(X)))
    row = registry.get("projection", "umap")
    row.run(dataset, row.check({}), 0, silent)


def serve(commands: queue.SimpleQueue, say: Say) -> None:
    """Answer commands for ever; load libraries while there are none."""
    from analytics import logs, settings
    from analytics.jobs import plugins
    from analytics.operations import OPERATIONS
    from analytics.store.artifacts import Artifacts

    logs.set_up(Teller(say))
    plugins.load()
    artifacts = Artifacts(settings.home() / "results", remembered=4)
    steps: list[str] = []
    say({"say": "ready"})
    while True:
        if steps and commands.empty():
            _quietly(importlib.import_module, steps.pop(0))
            if not steps:
                say({"say": "settled"})
            continue
        command = commands.get()
        if command["do"] == "job":
            run_job(command, artifacts, say, commands)
        elif command["do"] == "settle":
            own = dict.fromkeys(row.target.split(":")[0] for row in OPERATIONS.values())
            steps = [*own, *COMMON]
        elif command["do"] == "warm":
            _quietly(warm_umap)
            say({"say": "warm"})


def _quietly(function: Callable, *arguments) -> None:
    """Call something that only saves time: a failure is logged and will show in the job."""
    try:
        function(*arguments)
    except Exception as problem:
        logging.getLogger(__name__).warning("could not be prepared", exc_info=problem)


def _cut(text: str, most: int) -> str:
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


# On a small machine the server, and the reader's browser beside it, come before the jobs.
NICE = 5


def main() -> None:
    """Take over the pipes, then serve."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("This program is started by the job runner: python -m analytics.jobs.worker PID")
    faulthandler.enable()
    if hasattr(os, "nice"):
        os.nice(NICE)
    received, sent = claim_pipes()
    end_with_parent(int(sys.argv[1]))
    commands: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=listen, args=(received, commands), daemon=True).start()
    serve(commands, speaker(sent))


if __name__ == "__main__":
    main()
