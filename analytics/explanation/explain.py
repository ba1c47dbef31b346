"""Texts grouped by descriptions: propose, judge, choose, in rounds.

The loop of GoalEx (Wang, Shang & Zhong, EMNLP 2023, arXiv 2305.13749) with these departures: equal
texts are judged once and weigh by their number; each call reads a fresh sample, part unexplained,
part borderline, part at random; at most k descriptions are chosen; a text that nothing explains
stays unexplained; no answer is never a group.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import select
from analytics.explanation.provider import Picker, Provider, Task
from analytics.progress import Progress, part, silent

TRUE = 0.5  # chance from which on a description counts as true
LEAST_CHANCE = 0.3  # a text goes to its likeliest description from here on, else it is unexplained
ENOUGH = 0.01  # share of unexplained texts below which no further round is worth it
ROUNDS = 3
LONGEST = 300  # letters of a description
MOST_DESCRIPTIONS = 500


@dataclass(frozen=True)
class Wishes:
    """How to choose: see :func:`analytics.explanation.select.search`. firm : whether the largest
    share holds even when nothing else can be chosen."""

    overlap: float = 0.5
    uncovered: float = 1.0
    largest: float = 1.0
    rounds: int = ROUNDS
    firm: bool = True


@dataclass
class Draft:
    """What is known so far. scores : (n, len(descriptions)), chance 0-1, NaN for no answer.
    preferred : int (n,), the chosen column that fits each text best, all answers taken together, -1
    for none; None when the provider cannot pick."""

    descriptions: list[str] = field(default_factory=list)
    scores: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    selection: select.Selection | None = None
    rounds: int = 0
    preferred: np.ndarray | None = None


def explain(
    task: Task,
    weights: np.ndarray,
    provider: Provider,
    wishes: Wishes = Wishes(),
    seed: int = 0,
    progress: Progress = silent,
) -> Draft:
    """Descriptions of the texts, judged, and the chosen ones.

    task : distinct texts. weights : (n,) how often each text occurs. Raises BadInput when nothing
    was proposed or nothing was judged true of any text.
    """
    n, rng = len(task.texts), np.random.default_rng(seed)
    draft = Draft(scores=np.zeros((n, 0)))
    for number in range(wishes.rounds):
        say = part(progress, 0.9 * number / wishes.rounds, 0.9 * (number + 1) / wishes.rounds)
        words = f"Round {number + 1} of at most {wishes.rounds}: proposing descriptions"
        say(0.0, words)
        new: list[str] = []
        for call in range(provider.calls):
            rows = _sample(draft, n, provider.reads, rng)
            known = draft.descriptions + new
            share = 0.3 / provider.calls
            told = _after(words, part(say, share * call, share * (call + 1)))
            proposed = provider.propose(rows, task, known, seed + 1000 * number + call, told)
            new += _fresh(proposed, known)
        new = new[: MOST_DESCRIPTIONS - len(draft.descriptions)]
        if new:
            add(draft, provider, task, new, part(say, 0.3, 0.9))
            draft.selection = choose(draft.scores, task.k, weights, wishes, seed)
        draft.rounds = number + 1
        if not new or _unexplained(draft).mean() < ENOUGH:
            break
    if draft.selection is None or not draft.selection.chosen:
        raise BadInput(
            "No description fits any of the texts: word the goal differently, or give examples of "
            "descriptions."
        )
    if isinstance(provider, Picker):
        chosen = np.array(draft.selection.chosen)
        said = [draft.descriptions[j] for j in chosen]
        picked = provider.pick(np.arange(n), said, task, part(progress, 0.9, 1.0))
        best = together(draft.scores[:, chosen], picked)
        draft.preferred = np.append(chosen, -1)[best].astype(np.int32)
    progress(1.0, f"Chose {len(draft.selection.chosen)} of {len(draft.descriptions)} descriptions")
    return draft


def add(
    draft: Draft, provider: Provider, task: Task, new: Sequence[str], progress: Progress = silent
) -> None:
    """Judge new descriptions on all texts and add them to the draft."""
    judged = provider.judge(np.arange(len(task.texts)), new, task, progress)
    draft.descriptions += new
    draft.scores = np.concatenate([draft.scores, judged], axis=1)


def choose(
    scores: np.ndarray,
    k: int,
    weights: np.ndarray,
    wishes: Wishes,
    seed: int = 0,
    pinned: tuple[int, ...] = (),
    banned: tuple[int, ...] = (),
    seconds: float = 0,
) -> select.Selection:
    """The descriptions that together explain each text about once: by search, or by the exact
    solver when it is given ``seconds``. Where each is true of more than the largest share (all
    texts in one language, say), a share that is not firm gives way."""
    with np.errstate(invalid="ignore"):
        matches = scores >= TRUE
    how = partial(select.solve, seconds=seconds) if seconds else select.search
    for largest in (wishes.largest,) if wishes.firm else (wishes.largest, 1.0):
        found = how(
            matches,
            k,
            seed=seed,
            overlap=wishes.overlap,
            uncovered=wishes.uncovered,
            weights=weights,
            largest=largest,
            pinned=pinned,
            banned=banned,
        )
        if found.chosen:
            break
    return found


def together(scores: np.ndarray, picked: np.ndarray) -> np.ndarray:
    """The best description of each text by its separate judgements and by the one picked.

    scores : (n, k), NaN for no answer. picked : int (n,), -1 for none. Both kinds of answer are
    taken to be right nine times in ten and independent (naive Bayes). Returns int (n,), -1 where
    nothing was picked and nothing judged true.
    """
    k = scores.shape[1]
    right = 0.9
    sure = np.clip(np.where(np.isnan(scores), 0.5, scores), 1 - right, right)
    # One true and the others not: each judgement speaks for its own description and against others.
    belief = 2 * np.log(sure / (1 - sure))
    rows = np.flatnonzero(picked >= 0)
    belief[rows, picked[rows]] += np.log(right * max(k - 1, 1) / (1 - right))
    best = belief.argmax(axis=1)
    with np.errstate(invalid="ignore"):
        best[(picked < 0) & ~(scores >= TRUE).any(axis=1)] = -1
    return best


def _after(title: str, progress: Progress) -> Progress:
    """Progress whose words stand after those of the step they are a part of."""
    return lambda fraction, words: progress(fraction, f"{title}; {words}" if words else title)


def _unexplained(draft: Draft) -> np.ndarray:
    if draft.selection is None:
        return np.ones(len(draft.scores), bool)
    with np.errstate(invalid="ignore"):
        return ~(draft.scores[:, list(draft.selection.chosen)] >= TRUE).any(axis=1)


def first_rows(n: int, most: int | None, seed: int) -> np.ndarray:
    """The rows of n texts that the first proposing call of a run is given."""
    return _sample(Draft(scores=np.zeros((n, 0))), n, most, np.random.default_rng(seed))


def _sample(draft: Draft, n: int, most: int | None, rng: np.random.Generator) -> np.ndarray:
    """Rows to read: all, then the unexplained; or of ``most`` half unexplained, a quarter on the
    edge of a description, the rest at random."""
    left = np.flatnonzero(_unexplained(draft))
    if most is None or n <= most:
        return left if draft.selection is not None else np.arange(n)
    rows = list(rng.permutation(left)[: most // 2 if draft.selection is not None else most])
    if draft.selection is not None:
        chosen = draft.scores[:, list(draft.selection.chosen)]
        doubt = np.nanmin(np.abs(np.where(np.isnan(chosen), 1.0, chosen) - TRUE), axis=1)
        edge = np.argsort(doubt, kind="stable")[: 4 * most]
        rows += list(rng.permutation(edge)[: most // 4])
    others = rng.permutation(n)
    rows = list(dict.fromkeys([*rows, *others]))[:most]
    return np.sort(np.array(rows, int))


def _fresh(proposed: Sequence[str], known: Sequence[str]) -> list[str]:
    """Usable descriptions that are not known yet, in order."""
    seen = {_folded(d) for d in known}
    fresh = []
    for description in proposed:
        words = " ".join(description.split())[:LONGEST]
        if words and _folded(words) not in seen:
            seen.add(_folded(words))
            fresh.append(words)
    return fresh


def _folded(description: str) -> str:
    return " ".join(description.casefold().split()).rstrip(".")
