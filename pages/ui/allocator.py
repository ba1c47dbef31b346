"""Where the server's memory comes from, so that it can go back to the system.

Python takes memory for small objects in pieces of 1 MB and gives a piece back when all of it is
free: after a crowd has left, a few dozen things that go on living hold most of the pieces. The C
library can give back every page of 4 kB that is free, when it is asked to
(:func:`pages.ui.housekeeping.give_back`). So the server takes all its memory from there, and all
its threads from one place: by itself the library would spread the same objects over eight places
per core. Only the server: what its workers took goes with them.

To be imported before anything large is.
"""

import ctypes
import os
import platform
import sys
from contextlib import suppress

_NAME = "PYTHONMALLOC"  # which Python reads when it starts
# Of glibc's malloc.h: how many places (arenas); from which size on a piece is a mapping of its own,
# which goes back at once (setting it keeps the library from raising it as it goes); how much may
# lie free at the end of the place: by itself the library would give it back and take it again many
# times while one page is drawn.
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
_SETTINGS = {_ARENA_MAX: 1, _MMAP_THRESHOLD: 64 * 2**10, _TRIM_THRESHOLD: 64 * 2**20}  # bytes


def start_over() -> None:
    """Let this program begin anew with memory from the C library, unless it has or was told what
    to use. Nothing happens where that library is not glibc."""
    if platform.libc_ver()[0] == "glibc" and _NAME not in os.environ and sys.orig_argv:
        command = [sys.executable, *sys.orig_argv[1:]]
        with suppress(OSError):
            os.execve(sys.executable, command, os.environ | {_NAME: "malloc"})  # noqa: S606


def one_place() -> None:
    """Have all threads of this process share one place for their memory. To be called before they
    start. With one thread at a time in Python nobody waits for it."""
    os.environ.pop(_NAME, None)  # the workers choose for themselves
    with suppress(OSError, AttributeError):  # no glibc here
        libc = ctypes.CDLL("libc.so.6")
        for name, value in _SETTINGS.items():
            libc.mallopt(name, value)
