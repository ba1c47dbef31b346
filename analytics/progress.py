"""The one callback contract of every long function.

A callback takes ``(fraction, words)``: the share done in [0, 1] (or None when unknown) and what
is happening now. It may raise :class:`analytics.errors.Cancelled` to stop the work.
"""

from collections.abc import Callable

Progress = Callable[[float | None, str], None]


def silent(fraction: float | None, words: str) -> None:
    """Report nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """A callback for a sub-step that fills the range ``start``..``stop`` of ``progress``."""

    def inner(fraction: float | None, words: str) -> None:
        progress(None if fraction is None else start + (stop - start) * fraction, words)

    return inner
