"""Which questions are being asked just now, so that two processes do not pay for one answer.

A question is claimed by a lock of the system on one byte of a file, its place told by the key of
the question. The system frees the locks of a process that ends, however it ends, so a killed worker
holds up nobody, and no clock is asked. SQLite rests on the same kind of lock beside it.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from analytics.errors import StoreError

AGAIN = 0.1  # seconds between two looks at what another process is asking
_DIGITS = 15  # of a key in hexadecimal: places of 60 bits, which a file offset can hold


class Claims:
    """The claims of this process in one file. Make it by :func:`claims`: the system drops all
    locks of a process on a file when the process closes any handle of it."""

    def __init__(self, path: Path):
        self._lock = threading.Lock()
        self._held: set[int] = set()  # the system does not tell threads of one process apart
        try:
            self._file = open(path, "ab")  # noqa: SIM115 never closed, see above
            path.chmod(0o600)
        except OSError as error:
            raise StoreError(
                f"The file {path.name} of the data folder cannot be written ({error.strerror}): "
                "check the folder."
            ) from None

    def take(self, keys: Sequence[str]) -> bool:
        """Claim all of the keys; False, with nothing claimed, when one is another's."""
        places = {_place(key) for key in keys}
        with self._lock:
            if self._held & places:
                return False
            taken: list[int] = []
            for place in places:
                try:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                except (BlockingIOError, PermissionError):
                    self._free(taken)
                    return False
                taken.append(place)
            self._held |= places
            return True

    def give(self, keys: Sequence[str]) -> None:
        """Let go of keys that were taken."""
        with self._lock:
            places = {_place(key) for key in keys}
            self._free(places)
            self._held -= places

    def _free(self, places) -> None:
        for place in places:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)


_making = threading.Lock()
_made = cache(Claims)


def claims(path: Path) -> Claims:
    """The claims in a file, the same object for all of this process. Raises StoreError."""
    with _making:  # threads that ask first at once: a second handle, closed, would drop the locks
        return _made(path)


@contextmanager
def unasked(
    on: Claims,
    keys: Sequence[str],
    known: Callable[[Sequence[str]], dict[str, Any]],
    waits: Callable[[float], None],
) -> Iterator[dict[str, Any]]:
    """What is known of the keys; the others are claimed until the block ends.

    Waits while another asks about one of them, and takes its answer. known : the answers kept for
    keys. waits : is called with seconds between two looks, and raises to give up.
    """
    while True:
        have = known(keys)
        lacking = [key for key in keys if key not in have]
        if not on.take(lacking):
            waits(AGAIN)
            continue
        try:
            # Between the look and the claim the answer may have come.
            if lacking and known(lacking):
                continue
            yield have
            return
        finally:
            on.give(lacking)


def _place(key: str) -> int:
    return int(key[:_DIGITS], 16)
