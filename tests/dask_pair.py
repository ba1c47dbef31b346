"""A Dask scheduler and workers as processes on loopback, for the tests of the cluster's engine."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from job_tools import until

TESTS = Path(__file__).parent


class Pair:
    """A scheduler on a free port, and workers of one thread each."""

    def __init__(self, folder: Path, workers: int = 2, port: int = 0, **env: str):
        self.folder, self._env, self._made = folder, env, 0
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "scheduler.json"
        self._file.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", "--port", str(port))
        self.address = until(self._address, seconds=30)
        self.url = self.address.replace("tcp://", "dask://")
        self.workers = [self.add() for _ in range(workers)]

    def _address(self) -> str:
        with contextlib.suppress(OSError, ValueError):  # not there yet, or half of it
            return json.loads(self._file.read_text())["address"]
        return ""

    def add(self, **env: str) -> subprocess.Popen:
        """One more worker."""
        self._made += 1
        place = self.folder / f"worker{self._made}"
        options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(place)]
        return self._start("worker", *options, **env)

    def stop(self) -> None:
        """Stop all of it; no process is left."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def _start(self, what: str, *options: str, **env: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]
        command += ["--host", "127.0.0.1", "--scheduler-file", str(self._file), *options]
        paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
        more = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", **self._env, **env}
        with open(self.folder / "log.txt", "ab") as log:
            return subprocess.Popen(
                command, env={**os.environ, **more}, stdout=log, stderr=log, cwd=self.folder
            )
