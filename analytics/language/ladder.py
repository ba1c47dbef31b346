"""Judge cheaply where judges agree and ask closely where they do not.

Steps: a free judge on this machine for all pairs of text and description; the model, all
descriptions of a text at once; the model, yes or no, only for pairs where the two disagree or are
near the threshold. Without a judge on this machine a second form of the multi-label question takes
its place. The error of each step is estimated on a sample of pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.explanation.explain import TRUE
from analytics.explanation.provider import Provider, Task
from analytics.language.provider import LanguageProvider
from analytics.progress import Progress, part, silent

NEAR = 0.1  # of the threshold, as a chance: asked again
LOCAL_WEIGHT = 0.5  # of the judge on this machine: two answers of the model that agree outvote it
SAMPLE = 80  # pairs that errors are estimated on
GUESSING = 0.45  # share of differences from which on the reference says nothing
Z = 1.959964  # 95 %


@dataclass(frozen=True)
class Step:
    """One step.

    pairs : how many were judged. error : estimated share of wrong verdicts 0-1, with its 95 %
    interval; None when no sample was answered.
    """

    name: str
    pairs: int
    error: float | None = None
    interval: tuple[float, float] | None = None


@dataclass
class Ladder:
    """A language model that is asked closely only in doubt, behind the interface of a provider.

    local : the judge on this machine, or None. sample : pairs that errors are estimated on, 0 for
    none. steps : of the last call of :meth:`judge`.
    """

    model: LanguageProvider
    local: Provider | None = None
    sample: int = SAMPLE
    steps: tuple[Step, ...] = ()
    reads: int | None = field(init=False)
    calls: int = field(init=False)

    def __post_init__(self):
        self.reads, self.calls = self.model.reads, self.model.calls

    @property
    def name(self) -> str:
        """Shown and recorded."""
        return f"{self.model.name}, {'local judge' if self.local else 'two opinions'} first"

    @property
    def notes(self) -> tuple[str, ...]:
        """See :class:`LanguageProvider`."""
        return self.model.notes

    def propose(
        self,
        rows: np.ndarray,
        task: Task,
        known: Sequence[str],
        seed: int,
        progress: Progress = silent,
    ) -> list[str]:
        """See :class:`analytics.explanation.provider.Provider`."""
        return self.model.propose(rows, task, known, seed, progress)

    def judge(
        self, rows: np.ndarray, descriptions: Sequence[str], task: Task, progress: Progress = silent
    ) -> np.ndarray:
        """See :class:`analytics.explanation.provider.Provider`. Where the model gives no answer,
        for want of budget too, the first step's stands; NaN where there is none either."""
        rows = np.asarray(rows, int)
        if self.local:
            first = np.asarray(self.local.judge(rows, descriptions, task), float)
        else:
            say = part(progress, 0.0, 0.4)
            first = self.model.judge(rows, descriptions, task, say, opinion=1)
        many = self.model.judge(rows, descriptions, task, part(progress, 0.4, 0.8))
        at = doubtful(first, many)
        one = np.full(many.shape, np.nan)
        if len(at):
            pairs = [(int(rows[i]), descriptions[j]) for i, j in at]
            one[tuple(at.T)] = self.model.verify(pairs, task, part(progress, 0.8, 0.95))
        scores = combined(first, many, one, LOCAL_WEIGHT if self.local else 1.0)
        self.steps = self._judged(rows, descriptions, task, (first, many, one, scores))
        return scores

    def _judged(self, rows, descriptions, task: Task, views) -> tuple[Step, ...]:
        """Each step with its error on pairs drawn by seed, against a second form of the yes or no
        question. What that form gets wrong itself is told from how often the two forms differ."""
        names = (
            "local judge" if self.local else "second opinion",
            "model, all descriptions at once",
            "model, yes or no",
            "together",
        )
        counts = [int((~np.isnan(view)).sum()) for view in views]
        plain = [Step(name, count) for name, count in zip(names, counts, strict=True)]
        size = len(rows) * len(descriptions)
        if not self.sample or not size:
            return tuple(plain)
        drawn = np.random.default_rng(self.model.seed).permutation(size)[: self.sample]
        i, j = np.unravel_index(np.sort(drawn), (len(rows), len(descriptions)))
        pairs = [(int(rows[a]), descriptions[b]) for a, b in zip(i, j, strict=True)]
        answers = self.model.verify(pairs, task)
        reference = self.model.verify(pairs, task, opinion=1)
        own, n = _differ(answers, reference)
        if own is None or own >= GUESSING:
            return tuple(plain)
        noise = own_error(own)
        low, high = (own_error(x) for x in wilson(own * n, n))
        made = [
            _step(step, view[i, j], reference, noise)
            for step, view in zip(plain, views, strict=True)
        ]
        made[2] = replace(plain[2], error=noise, interval=(low, high))
        return tuple(made)


def doubtful(first: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Indices (m, 2) of pairs where the two disagree, or one is near the threshold or missing; the
    most doubtful first, so that a budget that ends early was well spent."""
    views = np.stack([first, many])
    missing = np.isnan(views).any(axis=0)
    differ = (first >= TRUE) != (many >= TRUE)
    near = (np.abs(views - TRUE) <= NEAR + 1e-9).any(axis=0)
    mean = np.where(missing, TRUE, views.mean(axis=0))
    at = np.argwhere(differ | near | missing)
    return at[np.argsort(np.abs(mean[tuple(at.T)] - TRUE), kind="stable")]


def combined(first: np.ndarray, many: np.ndarray, one: np.ndarray, weight: float) -> np.ndarray:
    """Mean of what was answered. weight : of ``first``; the model's answers weigh 1 each."""
    views = np.stack([first, many, one])
    weights = np.array([weight, 1.0, 1.0])[:, None, None] * ~np.isnan(views)
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, (np.nan_to_num(views) * weights).sum(axis=0) / total, np.nan)


def _differ(a: np.ndarray, b: np.ndarray) -> tuple[float | None, int]:
    """Share of the pairs answered by both on which the verdicts differ, and how many those are."""
    both = ~(np.isnan(a) | np.isnan(b))
    n = int(both.sum())
    return (float(((a >= TRUE) != (b >= TRUE))[both].mean()) if n else None), n


def error_of(a: np.ndarray, b: np.ndarray) -> tuple[float, tuple[float, float]] | None:
    """The error of two opinions that are alike, with its 95 % interval, told from how often they
    differ; None where nothing was answered twice."""
    share, n = _differ(a, b)
    if share is None:
        return None
    low, high = (own_error(x) for x in wilson(share * n, n))
    return own_error(share), (low, high)


def own_error(differ: float) -> float:
    """The error of two judges that are alike and differ in this share of pairs, 0-0.5.

    With independent mistakes e they differ in 2 e (1 - e).
    """
    return (1 - math.sqrt(max(0.0, 1 - 2 * differ))) / 2


def _step(step: Step, view: np.ndarray, reference: np.ndarray, noise: float) -> Step:
    """A step with its error: the differences from the reference, less what that gets wrong.

    With independent mistakes x and e, verdicts differ in d = x (1 - e) + e (1 - x).
    """
    share, n = _differ(view, reference)
    if share is None:
        return step
    found = (share, *wilson(share * n, n))
    error, low, high = (min(1.0, max(0.0, (d - noise) / (1 - 2 * noise))) for d in found)
    return replace(step, error=error, interval=(low, high))


def wilson(hits: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, extra = hits / n, Z * Z / n
    middle = (share + extra / 2) / (1 + extra)
    half = Z * math.sqrt(share * (1 - share) / n + extra / (4 * n)) / (1 + extra)
    return max(0.0, middle - half), min(1.0, middle + half)
