"""What one step of an algorithm is, and how a long list of steps is shortened."""

from dataclasses import dataclass, field, fields, replace

import numpy as np

from analytics.results import UNLABELLED

MOST_STEPS = 240  # shown of one run


def _nothing(*shape: int) -> np.ndarray:
    return np.zeros(shape)


@dataclass(frozen=True, eq=False)
class Step:
    """One step: what it did, as a sentence and as marks in the plane.

    labels : int (n,), the group of each point so far, noise -1, not placed yet -2.
    value : the objective after the step, None where there is none yet.
    centers (c, 2) : crosses, in the order of their groups. circles (m, 3) : x, y, radius.
    lines (m, 4) : x, y to x, y. lit (m,) : rows that the step is about, the first one foremost.
    waiting (m,) : rows in the queue. strong bool (n,) : rows known as core points.
    merges : how many merges of the tree are done.
    small : may be left out where there are too many steps.
    """

    words: str
    labels: np.ndarray
    value: float | None = None
    centers: np.ndarray = field(default_factory=lambda: _nothing(0, 2))
    circles: np.ndarray = field(default_factory=lambda: _nothing(0, 3))
    lines: np.ndarray = field(default_factory=lambda: _nothing(0, 4))
    lit: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    waiting: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    strong: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    merges: int = 0
    small: bool = False

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, (np.ndarray, list)):
                kept = np.array(value)  # a copy: the algorithm goes on changing its own
                kept.flags.writeable = False
                object.__setattr__(self, f.name, kept)


def unplaced(n: int) -> np.ndarray:
    """Labels of n points of which none is placed: int (n,)."""
    return np.full(n, UNLABELLED, np.int32)


def name(row: int) -> str:
    """A point as it is called in sentences."""
    return f"point {row + 1}"


def joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Lines from points a to points b, both (m, 2): (m, 4)."""
    return np.concatenate([np.reshape(a, (-1, 2)), np.reshape(b, (-1, 2))], axis=1)


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def shorten(steps: list[Step], most: int = MOST_STEPS) -> list[Step]:
    """At most ``most`` steps: first, last, the large ones, and an even choice of the small ones.

    A step before which others were left out says how many. Where the large ones are too many, all
    are treated alike.
    """
    if len(steps) <= most:
        return steps
    ends = {0, len(steps) - 1}
    small = [i for i, s in enumerate(steps) if s.small and i not in ends]
    if len(steps) - len(small) > most:
        small = [i for i in range(len(steps)) if i not in ends]
    room = most - (len(steps) - len(small))
    taken = {small[i] for i in np.linspace(0, len(small) - 1, room).round().astype(int)}
    left = set(small) - taken
    kept = [i for i in range(len(steps)) if i not in left]
    before = np.diff([-1, *kept]) - 1
    return [
        replace(steps[i], words=f"After {counted(int(m), 'more small step')}: {steps[i].words}")
        if m
        else steps[i]
        for i, m in zip(kept, before, strict=True)
    ]
