"""Before a run: exactly what would be sent, and about what it would cost."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.explanation.provider import Task
from analytics.language import cost, prompts
from analytics.language.ladder import SAMPLE
from analytics.language.provider import MOST_ASKED, LanguageProvider

ONES = 40  # texts whose requests are built to estimate the length of all
FEW, LOTS = 4, 10  # new descriptions that one call for proposals brings
WORDS = "is about something that people write in a few words"
DOUBT = (0.05, 0.25)  # share of pairs that are asked closely


@dataclass(frozen=True)
class Estimate:
    """About what a run costs, as (least, most) that is likely. money : None without a price."""

    calls: tuple[int, int]
    tokens_in: tuple[int, int]
    tokens_out: tuple[int, int]
    money: tuple[float, float] | None


def preview(
    to: LanguageProvider, task: Task, descriptions: tuple[str, ...] = (), rows=None
) -> dict[str, Any]:
    """The very messages of a call for proposals and of the questions by which texts are judged.

    descriptions : those to judge; without any an invented one stands in, and "invented" says so.
    rows : texts to read, the first ones by default. No request is sent.
    """
    texts = to.sent(task)
    rows = range(min(len(texts), to.reads or len(texts))) if rows is None else rows
    asked = descriptions or (WORDS,)
    some = texts[: to.together]
    return {
        **to.to.public(),
        "masked": to.masker is not None,
        "invented": not descriptions,
        "propose": prompts.propose(
            [texts[i] for i in rows], task.goal, task.examples, descriptions, to.seed
        ),
        "judge": prompts.many(some, asked[:MOST_ASKED], task.goal, to.seed),
        "pick": prompts.pick(some, asked[:MOST_ASKED], task.goal, to.seed),
        "check": prompts.one(texts[0], asked[0], task.goal, to.seed),
    }


def estimate(
    to: LanguageProvider, task: Task, rounds: int = 3, ladder: str | None = None
) -> Estimate:
    """About what explaining costs: from one round with few new descriptions to all with many.

    ladder : None, "local" or "opinions" (see :mod:`ladder`). What is kept already is not deducted.
    """
    least = _cost(to, task, 1, FEW, ladder, DOUBT[0])
    most = _cost(to, task, rounds, LOTS, ladder, DOUBT[1])
    at = to.sender.meter.price
    calls, read, written = zip(least, most, strict=True)
    money = (at.of(*least[1:]), at.of(*most[1:])) if at else None
    return Estimate(calls, read, written, money)


def estimate_rest(
    to: LanguageProvider,
    task: Task,
    descriptions: tuple[str, ...],
    further: int,
    asked_again: int,
    twice: bool,
) -> Estimate:
    """About what judging further texts by known descriptions costs.

    task : with some texts like the further ones. asked_again : of them, in a second form. twice :
    whether all are, and one by one where the answers differ.
    """
    texts, groups = to.sent(task), math.ceil(len(descriptions) / MOST_ASKED)
    together = [texts[a : a + to.together] for a in range(0, len(texts), to.together)]
    asked = [prompts.many(t, descriptions[:MOST_ASKED], task.goal, to.seed) for t in together]
    each = float(np.mean([cost.tokens_in(messages) for messages in asked]))
    one = cost.tokens_in(prompts.one(texts[0], descriptions[0], task.goal, to.seed))
    requests = math.ceil(further / to.together)
    again = math.ceil(min(asked_again, further) / to.together)
    many = requests * (groups * (1 + twice) + 1) + again * groups  # + 1: which one fits best
    pairs, found = further * len(descriptions), []
    for doubt in DOUBT:
        ones = math.ceil(doubt * pairs) + 2 * min(SAMPLE, pairs) if twice else 0
        answer = 20 + to.together * (14 + 2 * max(1, len(descriptions) // 4))
        read, written = math.ceil(many * each + ones * one), many * answer + ones * 8
        found.append((many + ones, read, written))
    at = to.sender.meter.price
    calls, read, written = zip(*found, strict=True)
    return Estimate(calls, read, written, tuple(at.of(*n[1:]) for n in found) if at else None)


def _cost(to: LanguageProvider, task: Task, rounds: int, fresh: int, ladder, doubt: float):
    """Calls and tokens (in, out) of so many rounds with so many new descriptions in each call."""
    texts, n = to.sent(task), len(task.texts)
    new = fresh * to.calls
    rng = np.random.default_rng(to.seed)
    drawn = rng.permutation(n)
    read = [texts[i] for i in drawn[: to.reads or n]]
    asking = cost.tokens_in(prompts.propose(read, task.goal, task.examples, [WORDS] * new, to.seed))
    chunk = min(new, MOST_ASKED)
    some = [texts[i] for i in drawn[:ONES]]
    judging = [
        cost.tokens_in(prompts.many(some[a : a + to.together], [WORDS] * chunk, task.goal, to.seed))
        for a in range(0, len(some), to.together)
    ]
    checking = [cost.tokens_in(prompts.one(t, WORDS, task.goal, to.seed)) for t in some]
    many = math.ceil(n / to.together) * math.ceil(new / MOST_ASKED) * (1 + (ladder == "opinions"))
    picks = math.ceil(n / to.together)  # once, at the end, with k descriptions
    picking = float(np.mean(judging)) - (chunk - task.k) * cost.tokens(WORDS)
    ones = math.ceil(doubt * n * new) + 2 * min(SAMPLE, n * new) if ladder else 0
    calls = rounds * (to.calls + many + ones) + picks
    tokens_in = rounds * (
        to.calls * asking + many * float(np.mean(judging)) + ones * float(np.mean(checking))
    )
    answer = 20 + to.together * (14 + 2 * max(1, chunk // 4))
    tokens_out = rounds * (to.calls * 14 * fresh + many * answer + ones * 8)
    tokens_out += picks * (20 + to.together * 10)
    return calls, math.ceil(tokens_in + picks * max(0.0, picking)), math.ceil(tokens_out)
