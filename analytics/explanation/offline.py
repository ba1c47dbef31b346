"""The provider that needs no network and no key: descriptions from the corpus's own structure.

Propose: the corpus is cut into groups in the space of the wished aspect, and each group is put into
words (:mod:`naming`). Judge: by the words of a description alone, against what else the corpus is
about (:mod:`contrast`), or literally where a description can be checked word by word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import (
    contrast,
    feelings,
    forms,
    goals,
    languages,
    lexical,
    naming,
    sentences,
    spaces,
)
from analytics.explanation.provider import Task
from analytics.progress import Progress, silent

PROPOSED_LEVELS = 3  # groups of k, 2k and 4k are put into words
LEAST_ROWS = 8  # texts from which on a second look at the unexplained is worth it
BY_MEANING = (goals.TOPIC, goals.FEELING)  # aspects that sentence vectors are needed for


@dataclass
class Offline:
    """The corpus as it was read for one goal.

    space : None where descriptions are literal (language, length). codes : language of each text.
    levels : description -> index of the partition it was written at.
    """

    goal: goals.Goal
    texts: tuple[str, ...]
    space: spaces.Space | None = None
    partitions: tuple[contrast.Level, ...] = ()
    codes: tuple[str, ...] = ()
    levels: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = "offline"
    reads: int | None = None
    calls: int = 1

    def propose(
        self,
        rows: np.ndarray,
        task: Task,
        known: Sequence[str],
        seed: int,
        progress: Progress = silent,
    ) -> list[str]:
        """See :class:`analytics.explanation.provider.Provider`."""
        aspect = self.goal.aspect
        if aspect == goals.LANGUAGE:
            return [self.goal.describe(w) for w in _languages(self.codes, rows)]
        texts = [self.texts[i] for i in rows]
        if aspect == goals.LENGTH:
            return [self.goal.describe(w) for w in lexical.bands(texts, task.k)]
        if self.space.kind == spaces.FORM:
            return [self.goal.describe(w) for w in forms.present(self.space.turn["marks"][rows])]
        if self.space.kind == spaces.FEELING:
            return [self.goal.describe(w) for w in feelings.FEELINGS]
        if len(rows) == len(self.texts):
            found = naming.names(self.space, self.partitions[:PROPOSED_LEVELS], texts)
        else:
            found = self._inside(rows, texts, task.k, seed)
        new = {self.goal.describe(one.words): one.level for one in found}
        self.levels.update({d: level for d, level in new.items() if d not in known})
        return list(new)

    def _inside(self, rows, texts: list[str], k: int, seed: int) -> list[naming.Named]:
        """Some texts, cut by themselves; the groups are as narrow as the level of like size."""
        if len(rows) < LEAST_ROWS:
            return []
        full = None if self.space.full is None else self.space.full[rows]
        inside = replace(self.space, values=self.space.values[rows], full=full)
        found = naming.names(inside, contrast.levels(inside.values, k, seed)[:1], texts)
        size = len(self.texts) * k / len(rows)
        counts = np.array([len(level.centres) for level in self.partitions])
        at = int(np.abs(np.log(counts / size)).argmin())
        return [replace(one, level=at) for one in found]

    def judge(
        self, rows: np.ndarray, descriptions: Sequence[str], task: Task, progress: Progress = silent
    ) -> np.ndarray:
        """See :class:`analytics.explanation.provider.Provider`."""
        out = np.full((len(rows), len(descriptions)), np.nan)
        near = []
        for j, description in enumerate(descriptions):
            truth = self._literal(description)
            if truth is None:
                near.append(j)
            else:
                out[:, j] = truth[rows]
        if near and self.space is not None:
            words = [self.goal.words(descriptions[j]) for j in near]
            places = spaces.place(self.space, words, self.texts)
            at = [self.levels.get(descriptions[j]) for j in near]
            margins = contrast.margins(self.space.values, places, self.partitions, at)
            out[:, near] = contrast.chance(margins)[rows]
        progress(1.0, f"Judged {len(descriptions)} descriptions")
        return out

    def parts(self, rows: np.ndarray, seed: int) -> list[str]:
        """Descriptions of the two parts that some texts fall into."""
        if self.space is None or self.space.kind not in (spaces.MEANING, spaces.WORDS):
            return []
        found = self._inside(rows, [self.texts[i] for i in rows], 2, seed)
        self.levels.update({self.goal.describe(one.words): one.level for one in found})
        return [self.goal.describe(one.words) for one in found]

    def state(self, descriptions: Sequence[str]) -> dict[str, np.ndarray]:
        """Arrays from which :func:`restored` makes the same judge of these descriptions again."""
        if self.space is None:
            return {"codes": np.array(self.codes)} if self.codes else {}
        arrays = {"kind": np.array([self.space.kind]), "values": self.space.values}
        arrays["levels"] = np.array([self.levels.get(d, -1) for d in descriptions], np.int32)
        arrays |= {f"turn {name}": array for name, array in self.space.turn.items()}
        for i, level in enumerate(self.partitions):
            arrays[f"centres {i}"] = level.centres
        return arrays

    def _literal(self, description: str) -> np.ndarray | None:
        truth = lexical.truth(description, self.texts)
        if truth is None and self.codes:
            code = languages.code(self.goal.words(description))
            truth = np.array([c == code for c in self.codes]) if code else None
        return truth


def read(
    task: Task, seed: int = 0, made: sentences.Vectors | None = None, progress: Progress = silent
) -> Offline:
    """The provider for one task. made : sentence vectors of the texts when they are at hand.

    Raises BadInput when the goal or the texts cannot be used.
    """
    goal = goals.read(task.goal, task.examples)
    if not any(text.strip() for text in task.texts):
        raise BadInput("There is no text to explain: every cell of the column is empty.")
    if goal.aspect == goals.LANGUAGE:
        codes = tuple(languages.detect(task.texts))
        return Offline(goal, task.texts, codes=codes, notes=("Languages by py3langid.",))
    if goal.aspect == goals.LENGTH:
        return Offline(goal, task.texts)
    if goal.aspect == goals.STYLE:
        return _fixed(goal, task, forms.space(task.texts), forms.directions())
    if len(task.texts) < 2:
        raise BadInput("All texts are the same: at least two different ones can be grouped.")
    made = made or sentences.vectors(task.texts, seed, progress)
    if goal.aspect == goals.FEELING and made.model == sentences.MINILM:
        space = feelings.space(task.texts, made.values)
        return _fixed(goal, task, space, feelings.directions())
    space = _telling(spaces.meaning(task.texts, made, seed))
    partitions = contrast.levels(space.values, task.k, seed)
    return Offline(goal, task.texts, space, partitions, notes=space.notes)


def restored(task: Task, state: dict[str, np.ndarray], descriptions: Sequence[str]) -> Offline:
    """The judge that :meth:`Offline.state` was taken from."""
    goal = goals.read(task.goal, task.examples)
    if "values" not in state:
        return Offline(goal, task.texts, codes=tuple(str(c) for c in state.get("codes", ())))
    turn = {k.removeprefix("turn "): v for k, v in state.items() if k.startswith("turn ")}
    space = spaces.Space(str(state["kind"][0]), state["values"], turn)
    count = sum(k.startswith("centres ") for k in state)
    partitions = [contrast.Level(state[f"centres {i}"], np.zeros(0, int)) for i in range(count)]
    # Explanations stored before the levels were kept find them anew.
    known = zip(descriptions, state.get("levels", ()), strict=False)
    levels = {d: int(level) for d, level in known if level >= 0}
    return Offline(goal, task.texts, space, tuple(partitions), levels=levels)


def _telling(space: spaces.Space) -> spaces.Space:
    """The space, when it tells at least some of the texts apart."""
    if not space.values.any():
        raise BadInput(
            f"By {space.kind} these texts are all alike: group them by something else, for "
            'example "by length".'
        )
    return space


def _fixed(goal: goals.Goal, task: Task, space: spaces.Space, known: np.ndarray) -> Offline:
    """Known directions stand in for groups: the space has none of its own worth trusting."""
    space = _telling(space)
    level = contrast.Level(known, (space.values @ known.T).argmax(axis=1))
    return Offline(goal, task.texts, space, (level,), notes=space.notes)


def _languages(codes: Sequence[str], rows: np.ndarray) -> list[str]:
    found, count = np.unique([codes[i] for i in rows], return_counts=True)
    order = np.argsort(-count, kind="stable")
    return [languages.names()[found[i]] for i in order if found[i]]
