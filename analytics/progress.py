"""The one callback contract of every long function.

A callback takes ``(fraction, words)``: the share done in [0, 1] (or None when unknown) and what
is happening now. It may raise :class:`analytics.errors.Cancelled` to stop the work.
"""

import re
import shutil
from collections.abc import Callable
from typing import TextIO

Progress = Callable[[float | None, str], None]


def silent(fraction: float | None, words: str) -> None:
    """Report nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """A callback for a sub-step that fills the range ``start``..``stop`` of ``progress``."""

    def inner(fraction: float | None, words: str) -> None:
        progress(None if fraction is None else start + (stop - start) * fraction, words)

    return inner


def lines(stream: TextIO) -> Progress:
    """A callback that writes one line per step.

    On a terminal the line of a step is written anew as it goes on; elsewhere, as in a file, only
    each further tenth of it has a line of its own. Words that differ in numbers alone are one step.
    """
    last: tuple[str, int | None] = ("", None)

    def write(fraction: float | None, words: str) -> None:
        nonlocal last
        share = "" if fraction is None else f"{100 * fraction:3.0f} % "
        step = re.sub(r"[\d.,]+", "#", words)
        now = (step, None if fraction is None else int(10 * fraction))
        if stream.isatty():
            over = "\x1b[A\x1b[K" if step == last[0] else ""
            line = (share + words)[: max(20, shutil.get_terminal_size().columns - 1)]
            print(over + line, file=stream, flush=True)
        elif now != last:
            print(share + words, file=stream, flush=True)
        last = now

    return write
