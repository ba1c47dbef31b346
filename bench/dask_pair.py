"""A Dask scheduler and workers as processes on loopback, for the tests and the benchmark."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


class Pair:
    """A scheduler on a free port (or on ``port``), and workers of one thread each; protocol : or
    "tls"; env : more variables of theirs. Files and the log are in ``folder``."""

    def __init__(
        self, folder: Path, workers: int = 2, port: int = 0, protocol: str = "tcp", **env: str
    ):
        self.folder, self._env, self._made, self._protocol = folder, env, 0, protocol
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "scheduler.json"
        self._file.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", "--port", str(port))
        self.workers: list[subprocess.Popen] = []
        end = time.monotonic() + START_SECONDS
        while not (address := self._address()):
            if time.monotonic() > end or self.scheduler.poll() is not None:
                self.stop()
                raise RuntimeError(f"no scheduler: {(folder / 'log.txt').read_text()[-2000:]}")
            time.sleep(0.02)
        self.address, self.url = address, address.replace("tcp://", "dask://")
        self.workers += [self.add() for _ in range(workers)]

    def add(self) -> subprocess.Popen:
        """One more worker."""
        self._made += 1
        place = self.folder / f"worker{self._made}"
        options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(place)]
        return self._start("worker", *options)

    def stop(self) -> None:
        """Kill all of it; no process is left."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.kill()
            process.wait(10)

    def _address(self) -> str:
        with contextlib.suppress(OSError, ValueError):  # not there yet, or half of it
            return json.loads(self._file.read_text())["address"]
        return ""

    def _start(self, what: str, *options: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]
        command += ["--host", "127.0.0.1", "--scheduler-file", str(self._file)]
        command += ["--protocol", self._protocol, *options]
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        more = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **self._env}
        with open(self.folder / "log.txt", "ab") as log:
            return subprocess.Popen(
                command, env={**os.environ, **more}, stdout=log, stderr=log, cwd=self.folder
            )
