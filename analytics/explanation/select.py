"""Choose the descriptions that together cover each text about once.

The objective is that of GoalEx (Wang, Shang, Zhong, EMNLP 2023, arXiv 2305.13749): a text that no
chosen description matches costs ``uncovered``, one that r > 1 of them match costs
``overlap * (r - 1)``, one that is matched once costs nothing. Departures, all on purpose: *at most*
k descriptions instead of exactly k, descriptions that match nothing are never chosen, equal cost
goes to the smaller set, and the answer says how far it may be from the best one.
"""

from dataclasses import dataclass
from time import monotonic

import numpy as np

from analytics.errors import BadInput
from analytics.progress import Progress, silent

STARTS = 8
SEARCHED, PROVEN, LIMIT = "searched", "proven", "time limit"
# Costs are sums of weights; differences below this share of them are rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Selection:
    """Chosen descriptions.

    chosen : column indices, ascending. cost : value of the objective. bound : the least cost that
    any choice can have (None when only searched). status : SEARCHED, PROVEN or LIMIT.
    covered, covered_once : shares 0-1 of the texts with at least one and with exactly one match.
    """

    chosen: tuple[int, ...]
    cost: float
    bound: float | None
    status: str
    covered: float
    covered_once: float

    @property
    def gap(self) -> float | None:
        """Share of the cost that a better choice might still save, 0-1; None when unknown."""
        if self.bound is None:
            return None
        return max(0.0, self.cost - self.bound) / self.cost if self.cost > 0 else 0.0


@dataclass(frozen=True)
class Task:
    """A checked task: distinct rows of the matches, what each weighs, and what may be chosen."""

    matches: np.ndarray  # float32 (m, J), distinct rows
    weights: np.ndarray  # float64 (m,)
    k: int
    overlap: float
    uncovered: float
    free: np.ndarray  # bool (J,), may be chosen or left
    pinned: np.ndarray  # bool (J,), always chosen


def search(matches: np.ndarray, k: int, *, seed: int = 0, **options) -> Selection:
    """The instant answer: best-improvement search by adding, dropping and swapping.

    matches : bool (n, J), text i satisfies description j. k : at most this many are chosen, 1 or
    more. options : ``overlap`` (>= 0, default 0.5), ``uncovered`` (> 0, default 1), ``weights``
    (n,) >= 0,
    ``largest`` (0-1, descriptions that match a larger share of the texts are left out; default 1),
    ``pinned`` and ``banned`` (column indices). Raises BadInput. Deterministic by ``seed``.
    """
    task = checked(matches, k, **options)
    return _answer(task, _searched(task, seed), SEARCHED, None)


def solve(
    matches: np.ndarray,
    k: int,
    *,
    seconds: float = 10.0,
    seed: int = 0,
    progress: Progress = silent,
    **options,
) -> Selection:
    """The exact answer by mixed-integer programming (HiGHS), or the best one found in time.

    Arguments as for :func:`search`; seconds : limit for the solver. Never worse than the search.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    task = checked(matches, k, **options)
    started = monotonic()
    progress(0.0, "Searching")
    found = _searched(task, seed)
    m, columns = task.matches.shape
    if not task.free.any():
        return _answer(task, found, PROVEN, _cost(task, found))
    progress(0.1, "Proving that nothing is better")
    a, unit = csr_array(task.matches.astype(float)), eye_array(m, format="csr")
    # z >= overlap (y - 1) and z >= uncovered (1 - y) with y = A s; z >= 0 is a bound.
    rows = vstack([hstack([-task.overlap * a, unit]), hstack([task.uncovered * a, unit])])
    least = np.concatenate([np.full(m, -task.overlap), np.full(m, task.uncovered)])
    count = np.concatenate([np.ones(columns), np.zeros(m)])[None, :]
    low = np.concatenate([task.pinned.astype(float), np.zeros(m)])
    high = np.concatenate([(task.free | task.pinned).astype(float), np.full(m, np.inf)])
    answer = milp(
        np.concatenate([np.zeros(columns), task.weights]),
        integrality=np.concatenate([np.ones(columns), np.zeros(m)]),
        bounds=Bounds(low, high),
        constraints=[
            LinearConstraint(rows.tocsr(), least, np.inf),
            LinearConstraint(count, 0, max(task.k, int(task.pinned.sum()))),
        ],
        options={"time_limit": max(0.1, seconds - (monotonic() - started)), "mip_rel_gap": 0.0},
    )
    if answer.x is not None:
        exact = _smallest(task, answer.x[:columns] > 0.5)
        found = min(found, exact, key=lambda s: (round(_cost(task, s), 6), s.sum(), tuple(~s)))
    bound = answer.mip_dual_bound
    bound = 0.0 if bound is None or not np.isfinite(bound) else max(0.0, float(bound))
    progress(1.0, "Done")
    return _answer(task, found, PROVEN if answer.status == 0 else LIMIT, bound)


def assign(scores: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """One cluster per text: the description with the highest score that reaches the threshold.

    scores : float (n, k), NaN where there is no answer. Returns int32 (n,); -1 is unexplained: no
    answer never becomes a cluster. Equal scores go to the first description.
    """
    scores = np.asarray(scores, float)
    if scores.ndim != 2:
        raise BadInput("Scores must be a table of texts by descriptions.")
    if scores.shape[1] == 0:
        return np.full(len(scores), -1, np.int32)
    known = np.where(np.isnan(scores), -np.inf, scores)
    best = known.argmax(axis=1).astype(np.int32)
    best[known.max(axis=1) < threshold] = -1
    return best


def checked(
    matches: np.ndarray,
    k: int,
    *,
    overlap: float = 0.5,
    uncovered: float = 1.0,
    weights: np.ndarray | None = None,
    largest: float = 1.0,
    pinned: tuple[int, ...] = (),
    banned: tuple[int, ...] = (),
) -> Task:
    """The task with its limits checked and equal rows of the matches taken together."""
    matches = np.asarray(matches, bool)
    if matches.ndim != 2 or 0 in matches.shape:
        raise BadInput("Nothing to choose from: at least one text and one description are needed.")
    n, columns = matches.shape
    weights = np.ones(n) if weights is None else np.asarray(weights, float)
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise BadInput(f"Weights must be {n} finite numbers of at least 0, one for each text.")
    if weights.sum() == 0:
        raise BadInput("Every text has weight 0: give at least one a positive weight.")
    if k < 1:
        raise BadInput(f"At most {k} descriptions cannot be chosen: ask for at least 1.")
    if not (np.isfinite(overlap) and overlap >= 0 and np.isfinite(uncovered) and uncovered > 0):
        raise BadInput("The overlap weight must be at least 0 and the coverage weight above 0.")
    wrong = [j for j in (*pinned, *banned) if not 0 <= j < columns]
    if wrong or set(pinned) & set(banned):
        raise BadInput("A pinned or banned description does not exist, or is both at once.")
    if len(set(pinned)) > k:
        raise BadInput(f"{len(set(pinned))} descriptions are pinned: allow at least as many.")
    share = weights @ matches / weights.sum()
    always = np.zeros(columns, bool)
    always[list(pinned)] = True
    free = (share > 0) & (share <= largest) & ~always
    free[list(banned)] = False
    rows, place = np.unique(matches, axis=0, return_inverse=True)
    summed = np.bincount(place.ravel(), weights, len(rows))
    return Task(rows.astype(np.float32), summed, k, overlap, uncovered, free, always)


def _cost(task: Task, chosen: np.ndarray) -> float:
    count = task.matches[:, chosen].sum(axis=1)
    each = np.where(count == 0, task.uncovered, task.overlap * np.maximum(count - 1, 0))
    return float(task.weights @ each)


def _searched(task: Task, seed: int) -> np.ndarray:
    """The best of one start with the pinned ones alone and several random ones."""
    from threadpoolctl import threadpool_limits

    # On products this small, waiting for a second thread can cost a hundred times the work.
    with threadpool_limits(limits=1):
        return _best_of_starts(task, seed)


def _best_of_starts(task: Task, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    free = np.flatnonzero(task.free)
    room = task.k - int(task.pinned.sum())
    best = _improved(task, task.pinned.copy())
    for _ in range(STARTS - 1 if room else 0):
        start = task.pinned.copy()
        start[rng.permutation(free)[:room]] = True
        other = _improved(task, start)
        best = min(best, other, key=lambda s: (round(_cost(task, s), 6), s.sum(), tuple(~s)))
    return best


def _improved(task: Task, chosen: np.ndarray) -> np.ndarray:
    """Add, swap or drop, whichever saves most, until nothing saves."""
    a = task.matches
    rounding = ROUNDING * task.weights.sum() * max(task.overlap, task.uncovered)
    cost = _cost(task, chosen)
    while True:
        count = a[:, chosen].sum(axis=1)
        leavers = np.flatnonzero(chosen & ~task.pinned)
        # Row 0: nothing leaves. Row i: leaver i does. Then what remains, and what joining costs.
        left = np.concatenate([count[None, :], count[None, :] - a[:, leavers].T])
        each = np.where(left == 0, task.uncovered, task.overlap * np.maximum(left - 1, 0))
        remains = each @ task.weights
        joining = np.where(left == 0, -task.uncovered, task.overlap) * task.weights
        total = remains[:, None] + joining.astype(np.float32) @ a
        total[:, ~task.free | chosen] = np.inf
        if chosen.sum() >= task.k:
            total[0] = np.inf
        out, into = np.unravel_index(int(total.argmin()), total.shape)
        drop = int(remains[1:].argmin()) if len(leavers) else -1
        new = chosen.copy()
        if drop >= 0 and remains[drop + 1] <= min(total[out, into], cost) + rounding:
            new[leavers[drop]] = False
        elif np.isfinite(total[out, into]):
            new[into] = True
            if out:
                new[leavers[out - 1]] = False
        now, fewer = _cost(task, new), new.sum() < chosen.sum()
        if not (now < cost - rounding or (fewer and now <= cost + rounding)):
            return chosen
        chosen, cost = new, now


def _smallest(task: Task, chosen: np.ndarray) -> np.ndarray:
    """The choice without the descriptions that can leave at no cost."""
    chosen = (chosen & task.free) | task.pinned
    for j in np.flatnonzero(chosen & ~task.pinned):
        fewer = chosen.copy()
        fewer[j] = False
        if _cost(task, fewer) <= _cost(task, chosen) + ROUNDING * task.weights.sum():
            chosen = fewer
    return chosen


def _answer(task: Task, chosen: np.ndarray, status: str, bound: float | None) -> Selection:
    count = task.matches[:, chosen].sum(axis=1)
    total = task.weights.sum()
    return Selection(
        tuple(int(j) for j in np.flatnonzero(chosen)),
        _cost(task, chosen),
        bound,
        status,
        float(task.weights[count > 0].sum() / total),
        float(task.weights[count == 1].sum() / total),
    )
