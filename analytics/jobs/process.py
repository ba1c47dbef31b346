"""The server's side of one worker process: start, speak, listen, measure, kill."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG_BYTES = 4_096

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def environment(home: Path, workers: int) -> dict[str, str]:
    """What a worker finds in its environment: the data folder, the way to this program, and its
    share of the cores (a value set outside is kept)."""
    threads = str(max(1, cores() // workers))
    path = os.environ.get("PYTHONPATH", "")
    return {
        **dict.fromkeys(_THREAD_VARIABLES, threads),
        **os.environ,
        "GESTALT_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(p for p in (str(ROOT), path) if p),
        "PYTHONIOENCODING": "utf-8",
    }


class WorkerProcess:
    """One worker process and the threads that read what it says.

    state : "starting", "idle", "busy" or "warming". job : id of the job it runs, or "".
    settled : it has loaded the common libraries. warm : it has run UMAP once. worked : it has run
    a job.
    since : when the present state began (``time.monotonic``).
    on_message(worker, message) and on_exit(worker) are called from the reading thread.
    """

    def __init__(
        self,
        env: dict[str, str],
        on_message: Callable[["WorkerProcess", dict], None],
        on_exit: Callable[["WorkerProcess"], None],
    ):
        # The command is fixed; nothing a user gives is part of it.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "analytics.jobs.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=env,
            start_new_session=True,
        )
        self.state, self.job, self.since = "starting", "", time.monotonic()
        self.settled = self.warm = self.worked = False
        self._on_message, self._on_exit = on_message, on_exit
        self._log = bytearray()
        self._logger = threading.Thread(target=self._read_log, daemon=True)
        self._reader = threading.Thread(target=self._read_messages, daemon=True)
        self._logger.start()
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, minus the signal number when killed, None while it lives."""
        return self._process.returncode

    def become(self, state: str, job: str = "") -> None:
        """Note a new state."""
        self.state, self.job, self.since = state, job, time.monotonic()

    def send(self, command: dict) -> bool:
        """Write a command. False when the process is gone."""
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def memory(self) -> int:
        """Resident bytes of the process and its children; shared pages count for each."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            return 0
        total = 0
        for member in family:
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
        return total

    def kill(self) -> None:
        """Kill the process and its children at once; ``on_exit`` follows."""
        if self._process.returncode is not None:
            return  # the process id may be someone else's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def join(self, seconds: float) -> None:
        """Wait for the process and its reading threads to end."""
        self._reader.join(seconds)

    def log(self) -> str:
        """The last it wrote to standard error."""
        return self._log.decode("utf-8", "replace").strip()

    def _read_log(self) -> None:
        with self._process.stderr as stream:
            while chunk := stream.read1(4096):
                self._log += chunk
                del self._log[:-LOG_BYTES]

    def _read_messages(self) -> None:
        with self._process.stdout as stream:
            for line in stream:
                with contextlib.suppress(ValueError):
                    self._on_message(self, json.loads(line))
        self.kill()  # and whatever it started and left behind
        self._process.wait()
        self._logger.join(0.5)
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._on_exit(self)
