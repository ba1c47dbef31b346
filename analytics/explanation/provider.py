"""What the explanation of texts asks of whoever proposes descriptions and judges them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from analytics.progress import Progress, silent


@dataclass(frozen=True)
class Task:
    """Texts to group and the wish of the person who asks.

    goal : a sentence that says by what the texts are grouped and what a description looks like.
    examples : descriptions the person gave for their form. k : at most this many groups.
    """

    texts: tuple[str, ...]
    goal: str
    examples: tuple[str, ...] = ()
    k: int = 4


class Provider(Protocol):
    """The offline rules or a language model. The same seed gives the same answer, as far as the
    provider can promise it.

    reads : texts that one call of ``propose`` should be given, None for as many as there are.
    calls : how often it is worth asking for proposals in one round.
    """

    name: str
    reads: int | None
    calls: int

    def propose(
        self,
        rows: np.ndarray,
        task: Task,
        known: Sequence[str],
        seed: int,
        progress: Progress = silent,
    ) -> list[str]:
        """Descriptions, each true or false of a single text, after reading the texts at rows."""
        ...

    def judge(
        self,
        rows: np.ndarray,
        descriptions: Sequence[str],
        task: Task,
        progress: Progress = silent,
    ) -> np.ndarray:
        """float64 (len(rows), len(descriptions)): 0 false to 1 true; NaN where no answer came."""
        ...


@runtime_checkable
class Picker(Protocol):
    """A provider that can also say which one of several descriptions fits a text best."""

    def pick(
        self,
        rows: np.ndarray,
        descriptions: Sequence[str],
        task: Task,
        progress: Progress = silent,
    ) -> np.ndarray:
        """int (len(rows),): index of the best description, -1 for none of them or no answer."""
        ...
