"""How well a statement tells the members of a cluster from all other rows, and whom it mixes up."""

from dataclasses import dataclass

import numpy as np

FOLDS = 5
Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Quality:
    """Counts of a statement against a cluster, and the numbers that follow from them (0 to 1).

    hits : members of which it is true. support : rows of which it is true. members : of the
    cluster. rows : all.
    """

    hits: int
    support: int
    members: int
    rows: int

    @property
    def precision(self) -> float | None:
        """hits / support; None when the statement is true of no row."""
        return self.hits / self.support if self.support else None

    @property
    def recall(self) -> float:
        """hits / members."""
        return self.hits / self.members if self.members else 0.0

    @property
    def lift(self) -> float | None:
        """Precision over the cluster's share of all rows; 1 says nothing."""
        if not self.support or not self.members:
            return None
        return self.hits * self.rows / (self.support * self.members)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when nothing is found."""
        either = self.support + self.members
        return 2 * self.hits / either if either else 0.0

    @property
    def f1_interval(self) -> tuple[float, float]:
        """95 % interval of F1. With J = hits / (rows of which the statement is true or that are
        members), F1 = 2 J / (1 + J), so the interval of J (Wilson 1927) gives that of F1."""
        low, high = wilson(self.hits, self.support + self.members - self.hits)
        return 2 * low / (1 + low), 2 * high / (1 + high)

    @property
    def f1_of_all(self) -> float:
        """F1 of calling every row a member: what a statement has to beat."""
        either = self.rows + self.members
        return 2 * self.members / either if either else 0.0

    def to_json(self) -> dict:
        """All numbers as a plain dict."""
        names = ("hits", "support", "members", "rows")
        derived = ("precision", "recall", "lift", "f1", "f1_of_all")
        found = {name: getattr(self, name) for name in names + derived}
        return {**found, "f1_interval": list(self.f1_interval)}


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) without a count."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, Z * Z / count
    middle = share + square / 2
    half = Z * np.sqrt(share * (1 - share) / count + square / (4 * count))
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    return max(0.0, min(float(low), share)), min(1.0, max(float(high), share))


def quality(found: np.ndarray, member: np.ndarray) -> Quality:
    """Of a statement found (n,) bool against the members (n,) bool."""
    hits = int((found & member).sum())
    return Quality(hits, int(found.sum()), int(member.sum()), len(member))


def confused(found: np.ndarray, labels: np.ndarray, label: int) -> list[tuple[int, int]]:
    """Other labels (noise is -1) whose rows the statement takes for members, with how many; the
    most first."""
    others, counts = np.unique(labels[found & (labels != label)], return_counts=True)
    order = np.lexsort((others, -counts))
    return [(int(others[i]), int(counts[i])) for i in order]


def folds(labels: np.ndarray, rng: np.random.Generator, count: int = FOLDS) -> np.ndarray:
    """A fold 0 to count - 1 per row, at random, each label spread over the folds evenly."""
    order = np.lexsort((rng.random(len(labels)), labels))
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % count
    return fold


def stratified(labels: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Rows in their order: all, or about ``most``, of each label its share and at least one."""
    n = len(labels)
    if n <= most:
        return np.arange(n)
    kept = []
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        size = max(1, round(len(mine) * most / n))
        kept.append(rng.choice(mine, size, replace=False))
    return np.sort(np.concatenate(kept))
