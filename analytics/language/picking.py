"""The last look: which one of the chosen descriptions fits each text best."""

import json
from collections.abc import Sequence

import numpy as np

from analytics.explanation.provider import Task
from analytics.language import answers, prompts
from analytics.language.provider import LanguageProvider
from analytics.language.sending import CutOff
from analytics.progress import Progress, silent


def pick(
    to: LanguageProvider,
    rows: np.ndarray,
    descriptions: Sequence[str],
    task: Task,
    progress: Progress = silent,
) -> np.ndarray:
    """See :class:`analytics.explanation.provider.Picker`. What is known already is not asked."""
    texts, words = to.sent(task), list(descriptions)
    keys = {int(row): key(to, task.goal, texts[row], words) for row in rows}
    held = to.kept.judged(list(keys.values()))
    have = {row: int(held[k]) for row, k in keys.items() if k in held}
    left = [row for row in keys if row not in have]
    work = [left[start : start + to.together] for start in range(0, len(left), to.together)]

    def ask(some: list[int]) -> dict[int, int]:
        with to.unasked([keys[row] for row in some]) as kept:
            have = {row: int(kept[keys[row]]) for row in some if keys[row] in kept}
            left = [row for row in some if row not in have]
            return have | put(left) if left else have

    def put(some: list[int]) -> dict[int, int]:
        messages = prompts.pick([texts[i] for i in some], words, task.goal, to.seed)
        room = 60 + 30 * len(some)

        def kept(found: list[int | None]):
            pairs = zip(some, found, strict=True)
            return {"judgements": [(keys[row], at) for row, at in pairs if at is not None]}

        try:
            found = to.ask(
                prompts.PICK,
                messages,
                (answers.PICK, room),
                lambda text: answers.picked(text, len(some), len(words)),
                kept,
            )
        except CutOff:
            if len(some) < 2:
                raise
            half = len(some) // 2
            return put(some[:half]) | put(some[half:])
        if None in found:
            to.missing("the model left out texts of a request")
        return {row: at for row, at in zip(some, found, strict=True) if at is not None}

    for found in to.each(ask, work, progress):
        have |= found
    return np.array([have.get(int(row), -1) for row in rows], np.int32)


def key(to: LanguageProvider, goal: str, text: str, descriptions: Sequence[str]) -> str:
    """Where the choice of a text among these descriptions is kept."""
    return to.key(prompts.PICK, goal, text, json.dumps(list(descriptions)))
