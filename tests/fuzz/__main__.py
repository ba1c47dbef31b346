"""Read damaged files: ``python -m tests.fuzz [--inputs 200000 | --seconds 60] [--only csv]``.
With ``--first 50000`` the inputs before that number are left out, so that a long run can be made in
pieces.

Every reader gets as many inputs, or as many seconds. A reader works in a process of its own, with a
limit of memory. Counted are files that were read, refused by a sentence of their own, and refused
by the last resort ("a parser failed"); failures are other exceptions, more than 10 s for one file,
memory beyond the limit, and processes that die. The exit status is 1 when anything failed; the
number of each failing input is printed, ``--show csv 123`` writes that file.
"""

import argparse
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from analytics.errors import BadInput
from tests.fuzz import inputs, readers

ROOT = Path(__file__).parents[2]
SECONDS = 10  # that one file may take
SHARED = Path("/dev/shm")  # where files cost no disk: most of the time went there
MEMORY = 2 * 2**30  # address space beyond what a started reader has
LAST_RESORT = "reading a file failed"  # what the log says then


@dataclass
class Count:
    """read, refused, last_resort : numbers of files. failed : number of input -> what happened."""

    read: int = 0
    refused: int = 0
    last_resort: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def total(self) -> int:
        return self.read + self.refused + len(self.failed)


class _Hang(BaseException):
    """One file has taken too long; not an Exception, so that no reader swallows it."""


def _alarm(*_):
    raise _Hang


class _Resorts(logging.Handler):
    """Counts how often a reader fell back on its last resort."""

    count = 0

    def emit(self, record):
        self.count += record.msg == LAST_RESORT


def work(kind: str, first: int, last: int, seconds: float, place: Path) -> None:
    """Read inputs and print what came of them; the number under way stands in ``place``."""
    files = inputs.tables() if kind in inputs.tables() else inputs.whole()
    resorts = _Resorts()
    logger = logging.getLogger("analytics.data.readers")
    logger.addHandler(resorts)
    logger.propagate = False
    for each in {*inputs.tables(), kind}:  # load all libraries before memory is limited
        _read(each, *files[each], place.parent)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    signal.signal(signal.SIGALRM, _alarm)
    read = refused = 0
    slowest, end, number = 0.0, time.monotonic() + seconds, first
    with open(place, "r+b", buffering=0) as mark:
        while number < last and time.monotonic() < end:
            name, data = inputs.made(kind, number, files)
            os.pwrite(mark.fileno(), f"{number:20}".encode(), 0)
            began = time.monotonic()
            signal.alarm(SECONDS)
            try:
                _read(kind, name, data, place.parent)
                read += 1
            except BadInput:
                refused += 1
            except _Hang:
                print("failed", number, f"took more than {SECONDS} s", flush=True)
            except Exception as error:
                print("failed", number, f"{type(error).__name__}: {error}"[:300], flush=True)
            finally:
                signal.alarm(0)
            slowest = max(slowest, time.monotonic() - began)
            number += 1
    print("counts", read, refused, resorts.count, round(slowest, 2), flush=True)


def _read(kind: str, name: str, data: bytes, folder: Path) -> None:
    path = folder / "input"
    path.write_bytes(data)
    readers.read(kind, path, name)


def run(kind: str, count: int, seconds: float, first: int = 0) -> Count:
    """Read the damaged files of a format from number ``first`` to ``count``, or as many as
    ``seconds`` allow, in one process after another: a new one goes on behind an input that killed
    the one before."""
    found, end = Count(), time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="gestalt-fuzz-", dir=_fast()) as folder:
        place = Path(folder) / "number"
        place.write_bytes(b"")
        while first < count and time.monotonic() < end:
            left = str(max(1.0, end - time.monotonic()))
            command = [sys.executable, "-m", "tests.fuzz", "--work", kind, str(first), str(count)]
            done = subprocess.run(
                [*command, left, str(place)],
                check=False,
                cwd=ROOT,
                capture_output=True,
                text=True,
                env={**os.environ, "TMPDIR": folder},
            )
            first = _told(found, done, place)
            if first is None:
                break
    return found


def _fast() -> Path | None:
    """A folder in memory with room, else None for the usual one."""
    room = SHARED.is_dir() and shutil.disk_usage(SHARED).free
    return SHARED if room > 2 * MEMORY else None


def _told(found: Count, done, place: Path) -> int | None:
    """Add what a process said; the next number when it died on the way, else None."""
    for line in done.stdout.splitlines():
        what, rest = line.split(" ", 1)
        if what == "failed":
            number, words = rest.split(" ", 1)
            found.failed[int(number)] = words
        elif what == "counts":
            read, refused, resorts, slowest = rest.split()
            found.read += int(read)
            found.refused += int(refused)
            found.last_resort += int(resorts)
            found.slowest = max(found.slowest, float(slowest))
    if done.returncode == 0:
        return None
    number = int(place.read_text() or -1)
    if number < 0:
        raise RuntimeError(done.stderr[-2000:])
    found.failed[number] = f"the process died ({done.returncode}): {done.stderr[-300:]}"
    return number + 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=200_000, help="of each reader")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each reader")
    parser.add_argument("--only", choices=tuple(inputs.whole()), default="")
    parser.add_argument("--show", nargs=2, metavar=("FORMAT", "NUMBER"))
    parser.add_argument("--work", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        kind, first, last, seconds, place = options.work
        work(kind, int(first), int(last), float(seconds), Path(place))
        return 0
    if options.show:
        name, data = inputs.made(options.show[0], int(options.show[1]), inputs.whole())
        Path(name).write_bytes(data)
        print(name)
        return 0
    failed = False
    print(
        f"{'format':11}{'files':>9}{'read':>9}{'refused':>9}{'resort':>8}{'slowest':>9}{'failed':>8}"
    )
    for kind in [options.only] if options.only else list(inputs.whole()):
        c = run(kind, options.inputs, options.seconds, options.first)
        counts = f"{c.total:9}{c.read:9}{c.refused:9}{c.last_resort:8}{c.slowest:8.2f}s"
        print(f"{kind:11}{counts}{len(c.failed):8}", flush=True)
        for number, words in sorted(c.failed.items()):
            failed = True
            print(f"  {kind} {number}: {words}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
