"""What runs on a Dask worker: it keeps worker processes of ours and stands between one of them and
the server for each job.

:func:`run` is the task that Dask schedules, :func:`tell` brings it what the server says meanwhile.
Both take texts (JSON) and bytes, so nothing of ours is pickled but these two functions' names. The
computing is done by ``analytics.jobs.worker`` in a process of its own, as on the server's machine:
that can be killed at any moment, which a task of Dask cannot.

A job: the task says "here"; the server sends the command (with keys, where the job has some), once;
the task passes on what the process says; its answer is how the job ended. A task that Dask no
longer wants (its server stopped it, or is gone) kills its process within a quarter of a second.
"""

import json
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analytics import __version__, settings
from analytics.jobs import job as words
from analytics.jobs.process import WorkerProcess, environment

LOOK = 0.25  # seconds between two looks at memory, time, and whether the job is still wanted
MEGABYTE = 1024 * 1024
MARK = "cluster.mark"  # the file by which a worker sees that it shares the server's folder
# What must be the same everywhere for the same request to give the same result.
ALIKE = ("numpy", "scipy", "scikit-learn", "pandas", "umap-learn", "torch")
ANSWER = {"kind": "", "error": "", "detail": "", "counted": []}

_boxes: dict[str, queue.SimpleQueue] = {}  # token of a job -> what reaches its task
_spare: list["Child"] = []  # idle processes
_lock = threading.Lock()
# Linux ties a process to the thread that started it, and threads of Dask come and go.
_starter = ThreadPoolExecutor(1, "gestalt-starter")


class Child(WorkerProcess):
    """A worker process that talks to one task after another, through that one's box."""

    def __init__(self, home: Path, threads: int):
        self.home, self.box = home, queue.SimpleQueue()
        super().__init__(environment(home, threads), _said, _exited)


def _said(child: Child, message: dict) -> None:
    child.box.put({"from": "child", **message})


def _exited(child: Child) -> None:
    child.box.put({"from": "child", "say": "exit"})


@cache
def about() -> dict[str, str]:
    """The versions that server and workers compare."""
    found = {"gestalt": __version__, "python": ".".join(platform.python_version_tuple()[:2])}
    for name in ALIKE:
        try:
            found[name] = version(name).split("+")[0]  # whatever processor it is built for
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def tell(token: str, text: str, files: dict[str, bytes]) -> bool:
    """Give a task a command and files; False when it is not here. Never raises, because Dask logs
    the arguments of a call that does, and keys of language models are among them."""
    box = _boxes.get(token)
    if box is not None:
        box.put({"from": "server", "text": text, "files": files})
    return box is not None


def run(text: str) -> tuple[str, dict[str, bytes]]:
    """One job. text : JSON with "token", "topic", "home", "mark", "memory_mb" and "seconds".
    Returns how it ended, as JSON, and the files of its results when the data folder is not shared.
    """
    job = json.loads(text)
    try:
        with _folder(job) as (home, shared):
            task = _Task(job, home, shared)
            ending = task.serve()
            made = {} if shared or ending["say"] != "done" else _made(home, task.given)
            return json.dumps({**ANSWER, **ending}), made
    finally:
        _boxes.pop(job["token"], None)


@contextmanager
def _folder(job: dict) -> Iterator[tuple[Path, bool]]:
    """The data folder of a job: the server's, where this machine sees it under the same path or as
    its own GESTALT_HOME; else an empty one for this job alone."""
    for home in (Path(job["home"]), Path(settings.text("GESTALT_HOME")).expanduser()):
        try:
            if (home / MARK).read_text("utf-8") == job["mark"]:
                yield home, True
                return
        except OSError:
            continue
    with tempfile.TemporaryDirectory(prefix="gestalt-") as home:
        yield Path(home).resolve(), False


class _Task:
    """One job on its way, in the thread that Dask gave it. given : names of the files sent."""

    def __init__(self, job: dict, home: Path, shared: bool):
        from distributed import get_worker

        self.job, self.home, self.shared = job, home, shared
        self.given: set[str] = set()
        self._worker = get_worker()
        self._key = self._worker.get_current_task()
        self._child: Child | None = None
        self._started = self._looked = time.monotonic()
        self._left = False
        self._box = _boxes[job["token"]] = queue.SimpleQueue()

    def serve(self) -> dict:
        """Wait for the command, give it to a process, and pass on what is said, until it ends."""
        self._say({"say": "here", "about": about(), "shared": self.shared})
        try:
            ending = None
            while ending is None:
                with suppress(queue.Empty):
                    ending = self._hear(self._box.get(timeout=LOOK))
                if ending is None and time.monotonic() - self._looked >= LOOK:
                    self._looked = time.monotonic()
                    ending = self._look()
            return ending
        finally:
            if self._child is not None and self._child.box is self._box:
                self._child.kill()

    def _hear(self, message: dict) -> dict | None:
        """Act on one message; the ending when it is the last."""
        said = message.get("say")
        if message["from"] == "server":
            self._order(message)
        elif said in ("done", "failed"):
            self._release()
            return {name: message[name] for name in ("say", *ANSWER) if name in message}
        elif said == "exit":
            return {"say": "died", "error": words.lost(self._child.exit_code), "kind": "crash"}
        elif said == "ready":
            self._started = time.monotonic()  # a new process takes its time to start
        elif said != "settled":
            if said == "parts" and not self._left:
                from distributed import secede

                secede()  # leaves its place, where a part may run now
                self._left = True
            self._say(message)
        return None

    def _look(self) -> dict | None:
        """The ending when the job is no longer wanted or has passed a limit."""
        task, job = self._worker.state.tasks.get(self._key), self.job
        if task is None or task.state not in ("executing", "long-running"):
            return {"say": "cancelled"}
        if self._child is None:
            return None
        if time.monotonic() - self._started > job["seconds"]:
            return {"say": "failed", "error": words.over_time(job["seconds"]), "kind": "time"}
        if self._child.memory() > job["memory_mb"] * MEGABYTE:
            return {"say": "failed", "error": words.over_memory(job["memory_mb"]), "kind": "memory"}
        return None

    def _order(self, message: dict) -> None:
        """Store the files that came with a command, and give it to the process."""
        for name, content in message["files"].items():  # the JSON of a result comes last
            path = (self.home / name).resolve()
            if self.home not in path.parents:
                raise ValueError("a file was sent that is not for this folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            self.given.add(name)
        if self._child is None:
            self._child, self._started = self._process(), time.monotonic()
        if not self._child.send(json.loads(message["text"])):
            self._child.kill()  # its exit is the next message

    def _process(self) -> Child:
        """An idle process of this folder, else a new one; it reads its commands when ready."""
        with _lock:
            for child in [c for c in _spare if c.home == self.home or c.exit_code is not None]:
                _spare.remove(child)
                if child.exit_code is None:
                    child.box = self._box
                    return child
        threads = max(1, self._worker.state.nthreads)
        child = _starter.submit(Child, self.home, threads).result()
        child.box = self._box
        if self.shared:
            child.send({"do": "settle"})
        return child

    def _release(self) -> None:
        """Keep the process for the next job, unless that would start half full."""
        child = self._child
        if self.shared and child.memory() <= self.job["memory_mb"] * MEGABYTE / 2:
            with _lock:
                child.box = queue.SimpleQueue()
                _spare.append(child)

    def _say(self, message: dict) -> None:
        told = {name: value for name, value in message.items() if name != "from"}
        self._worker.log_event(self.job["topic"], {**told, "token": self.job["token"]})


def _made(home: Path, given: set[str]) -> dict[str, bytes]:
    """The files of the results that a job stored in a folder of its own, each JSON last."""
    from analytics.store.artifacts import Artifacts

    stored = Artifacts(home / "results")
    paths = [path for digest in stored.digests() for path in stored.files(digest)]
    found = {str(path.relative_to(home)): path for path in paths}
    return {name: path.read_bytes() for name, path in found.items() if name not in given}
