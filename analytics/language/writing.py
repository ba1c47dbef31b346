"""A language model writes a sentence on one group, and says which of its words were not claimed.

What it says is only a proposal: :mod:`analytics.explanation.claims` holds it against the rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.explanation.provider import Task
from analytics.language import answered, answers, prompts
from analytics.language.provider import LanguageProvider

ROOM, ROOM_BEYOND = 500, 200  # tokens of an answer
VERSIONS = (prompts.DESCRIBE, prompts.BEYOND)


@dataclass(frozen=True)
class Brief:
    """What a model is told of one group, as it leaves the machine.

    facts : lines about the group. columns : names that a claim may point at by number. texts : of
    typical rows; empty where rows have none.
    """

    facts: tuple[str, ...]
    columns: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def brief(to: LanguageProvider, facts, columns, texts) -> Brief:
    """A brief with everything masked as the texts are."""
    lines = (*facts, *columns, *texts)
    sent = tuple(to.sent(Task(lines, "")))
    a, b = len(facts), len(facts) + len(columns)
    return Brief(sent[:a], sent[a:b], sent[b:])


def sentence(to: LanguageProvider, told: Brief) -> dict[str, Any]:
    """See :func:`analytics.language.answers.described`. Raises NoAnswer, BudgetSpent."""
    messages = described(to, told)
    return _kept(
        to,
        prompts.DESCRIBE,
        messages,
        (answers.DESCRIBED, ROOM),
        lambda text: answers.described(text, len(told.columns), bool(told.texts)),
    )


def described(to: LanguageProvider, told: Brief) -> prompts.Messages:
    """The very messages of :func:`sentence`."""
    return prompts.describe(told.facts, told.columns, told.texts, to.seed)


def beyond(to: LanguageProvider, said: str, claims: Sequence[str]) -> list[str]:
    """Words of a sentence that none of the claims says. Raises NoAnswer, BudgetSpent."""
    return _kept(
        to,
        prompts.BEYOND,
        prompts.beyond(said, claims, to.seed),
        (answers.BEYOND, ROOM_BEYOND),
        lambda text: answers.uncovered(text, said),
    )


def keys(to: LanguageProvider, told: Brief, said: str, claims: Sequence[str]) -> list[str]:
    """Where what the model saw and answered about one group is kept."""
    return [
        answered.asked(to.name, prompts.DESCRIBE, described(to, told)),
        answered.asked(to.name, prompts.BEYOND, prompts.beyond(said, claims, to.seed)),
    ]


def _kept(to: LanguageProvider, kind: str, messages, wanted, read):
    """The answer to these messages; one that came before is not asked for again."""
    key = answered.asked(to.name, kind, messages)

    def written(text: str) -> list[str]:
        return [json.dumps(read(text), ensure_ascii=False)]

    return json.loads(to.once(key, kind, messages, wanted, written)[0])
