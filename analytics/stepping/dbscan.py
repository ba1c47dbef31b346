"""DBSCAN step by step: visit a point, count its neighbours, let a group grow through core points.

M. Ester, H.-P. Kriegel, J. Sander, X. Xu, A density-based algorithm for discovering clusters in
large spatial databases with noise, KDD 1996. Points are visited in the order they were painted, so
that groups and border points are those of scikit-learn.
"""

from collections import deque

import numpy as np

from analytics.results import NOISE, UNLABELLED
from analytics.stepping.step import Step, counted, name, unplaced


def steps(X: np.ndarray, eps: float, min_samples: int) -> list[Step]:
    """The steps on X (n, 2), n >= 1. eps : radius of a neighbourhood; min_samples : points in it,
    itself counted, that make a core point. value : points in groups so far, which never shrinks."""
    return _Visits(X, eps, min_samples).all()


class _Visits:
    """The labels, the queue and the core points found so far."""

    def __init__(self, X: np.ndarray, eps: float, min_samples: int):
        self.X, self.eps, self.needed = X, eps, min_samples
        gaps = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))
        self.near = [np.flatnonzero(row <= eps) for row in gaps]
        self.labels = unplaced(len(X))
        self.core = np.zeros(len(X), bool)
        self.queue: deque[int] = deque()
        self.made: list[Step] = []

    def all(self) -> list[Step]:
        words = (
            f"{counted(len(self.X), 'point')}, none visited. A point with {self.needed} or more "
            f"within {self.eps:g}, itself counted, is a core point."
        )
        self._add(words, None, small=False)
        groups = 0
        for row in range(len(self.X)):
            if self.labels[row] != UNLABELLED:
                continue
            if len(self.near[row]) < self.needed:
                self.labels[row] = NOISE
                words = f"{self._has(row)}, fewer than {self.needed}: noise, until a core point "
                self._add(words + "reaches it.", row)
                continue
            self._start(row, groups)
            while self.queue:
                self._grow(self.queue.popleft(), groups)
            groups += 1
        noise = int((self.labels == NOISE).sum())
        words = f"Every point is visited: {counted(groups, 'group')}, {counted(noise, 'point')} "
        self._add(words + "of noise.", None, small=False)
        return self.made

    def _start(self, row: int, group: int) -> None:
        self.core[row] = True
        self.labels[row] = group
        joins, was_noise = self._reach(row, group)
        words = f"{self._has(row)}: a core point. It starts group {group + 1}"
        self._add(f"{words}{_followed(joins, was_noise)}.", row, small=False)

    def _grow(self, row: int, group: int) -> None:
        """A point of the queue, which is in the group already."""
        if len(self.near[row]) < self.needed:
            words = f"{self._has(row)}: a border point. It belongs to group {group + 1} but leads "
            self._add(words + "no further.", row)
            return
        self.core[row] = True
        joins, was_noise = self._reach(row, group)
        words = f"{self._has(row)}: a core point too"
        self._add(f"{words}{_followed(joins, was_noise)}.", row)

    def _reach(self, row: int, group: int) -> tuple[int, int]:
        """Take the neighbours of a core point into its group: how many join the queue, and how many
        were called noise before and need no second visit."""
        near = self.near[row]
        new, noise = near[self.labels[near] == UNLABELLED], near[self.labels[near] == NOISE]
        self.labels[new] = self.labels[noise] = group
        self.queue.extend(int(r) for r in new)
        return len(new), len(noise)

    def _has(self, row: int) -> str:
        count = counted(len(self.near[row]), "point")
        return f"{name(row).capitalize()} has {count} within {self.eps:g}"

    def _add(self, words: str, row: int | None, small: bool = True) -> None:
        at = [] if row is None else [row]
        self.made.append(
            Step(
                words,
                self.labels,
                float((self.labels >= 0).sum()),
                circles=np.array([[*self.X[r], self.eps] for r in at]).reshape(-1, 3),
                lit=at,
                waiting=np.array(self.queue, int),
                strong=self.core,
                small=small,
            )
        )


def _followed(joins: int, was_noise: int) -> str:
    """What a core point brings in."""
    parts = []
    if joins:
        parts.append(f"{counted(joins, 'neighbour joins', 'neighbours join')} and will be visited")
    if was_noise:
        words = counted(was_noise, "point", "points")
        parts.append(f"{words} called noise before {'is' if was_noise == 1 else 'are'} its border")
    return "; " + ", and ".join(parts) if parts else "; no neighbour is new"
