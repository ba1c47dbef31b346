"""A person's changes to an explanation: each redone from the start, so that any can be undone.

An edit is plain JSON with "do": "rename" (column, words), "rewrite" (column, words), "add" (words),
"merge" (columns, words), "split" (column), "pin", "unpin", "remove", "restore" (column), "move"
(row, column or -1), "choose" (k, overlap, uncovered, largest) or "prove" (seconds). A column is an
index into the descriptions; edits add columns and never take one away. Only descriptions that are
new are judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import explain, select

MOST_EDITS = 200
STAMPS = ("by", "at")  # who made an edit, and when
Judge = Callable[[list[str]], np.ndarray]
Propose = Callable[[np.ndarray], list[str]]


@dataclass
class State:
    """What the edits have come to.

    descriptions, scores : all candidates, scores (m, J). slots : column of each group in the order
    of their colours, None where a group was taken away. names : column -> what people call it.
    moved : distinct text -> column, or -1. preferred : int (m,), column that the provider holds for
    the best of each text, -1 where it has none, or None when it was not asked. proof : what the
    exact solver said of the choice.
    """

    descriptions: list[str]
    scores: np.ndarray
    slots: list[int | None]
    k: int
    wishes: explain.Wishes
    pinned: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    preferred: np.ndarray | None = None
    proof: select.Selection | None = None


def checked(edits: Sequence[Any]) -> list[dict[str, Any]]:
    """Edits as canonical JSON. Raises BadInput for what is no edit."""
    if len(edits) > MOST_EDITS:
        raise BadInput(f"{MOST_EDITS} changes are the most: start again from what you have now.")
    return [_check(edit) for edit in edits]


def apply(
    state: State, edits: Sequence[Mapping[str, Any]], weights: np.ndarray, judge: Judge, propose
) -> State:
    """The state after the edits, chosen anew where an edit touches the choice.

    judge : new descriptions -> (m, new) chances. propose : rows -> descriptions of their parts.
    """
    for edit in edits:
        _DO[edit["do"]](state, edit, judge, propose)
        if edit["do"] not in ("rename", "move"):
            _settle(state, weights, edit.get("seconds", 0))
    return state


def _settle(state: State, weights: np.ndarray, seconds: float = 0) -> None:
    """Choose again; a group that stays keeps its slot, and so its colour.

    seconds : what the exact solver may take, 0 for the search alone.
    """
    state.k = max(state.k, len(state.pinned))
    selection = explain.choose(
        state.scores,
        state.k,
        weights,
        state.wishes,
        pinned=tuple(sorted(state.pinned)),
        banned=tuple(sorted(state.removed)),
        seconds=seconds,
    )
    if not selection.chosen:
        raise BadInput("No description is left that can be chosen: undo, or allow larger ones.")
    state.proof = selection if seconds else None
    new = [c for c in selection.chosen if c not in state.slots]
    for i, column in enumerate(state.slots):
        if column not in selection.chosen:
            state.slots[i] = new.pop(0) if new else None
    state.slots += new
    while state.slots and state.slots[-1] is None:
        state.slots.pop()


def _rename(state: State, edit, judge, propose) -> None:
    state.names[_column(state, edit["column"])] = edit["words"]


def _rewrite(state: State, edit, judge, propose) -> None:
    old = _column(state, edit["column"])
    _replace(state, [old], _judged(state, edit["words"], judge))


def _add(state: State, edit, judge, propose) -> None:
    new = _judged(state, edit["words"], judge)
    if new not in state.slots:
        state.k = max(state.k, len([s for s in state.slots if s is not None]) + 1)
    state.pinned.add(new)
    state.removed.discard(new)


def _merge(state: State, edit, judge, propose) -> None:
    old = [_column(state, c) for c in edit["columns"]]
    each = explain.LONGEST // len(old) - len(" or ")
    said = edit["words"] or " or ".join(state.descriptions[c][:each] for c in old)
    scores = np.fmax.reduce(state.scores[:, old], axis=1)
    new = _column_of(state, said, scores)
    if not np.array_equal(state.scores[:, new], scores, equal_nan=True):
        raise BadInput(f"'{said}' is judged by its own words: call the merged group otherwise.")
    state.k = max(1, state.k - len(old) + 1)
    _replace(state, old, new)


def _split(state: State, edit, judge, propose) -> None:
    old = _column(state, edit["column"])
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(state.scores[:, old] >= explain.TRUE)
    held = {state.descriptions[c] for c in (old, *state.slots) if c is not None}
    new = [d for d in dict.fromkeys(propose(rows)) if d not in held][:2]
    if len(new) < 2:
        raise BadInput(
            f"No two parts were found in '{state.descriptions[old]}': add descriptions of your own."
        )
    first, second = (_judged(state, words, judge) for words in new)
    state.k += 1
    _replace(state, [old], first)
    state.pinned.add(second)
    state.removed.discard(second)


def _pin(state: State, edit, judge, propose) -> None:
    column = _column(state, edit["column"])
    state.pinned.add(column)
    state.removed.discard(column)


def _unpin(state: State, edit, judge, propose) -> None:
    state.pinned.discard(_column(state, edit["column"]))


def _remove(state: State, edit, judge, propose) -> None:
    column = _column(state, edit["column"])
    state.removed.add(column)
    state.pinned.discard(column)
    if len(state.removed) == len(state.descriptions):
        raise BadInput("The last description cannot be removed: add another one first.")


def _restore(state: State, edit, judge, propose) -> None:
    state.removed.discard(_column(state, edit["column"]))


def _move(state: State, edit, judge, propose) -> None:
    row, column = edit["row"], edit["column"]
    if not 0 <= row < len(state.scores):
        raise BadInput("The text to move is not among those explained.")
    state.moved[row] = column if column == -1 else _column(state, column)


def _choose(state: State, edit, judge, propose) -> None:
    state.k = edit["k"]
    state.wishes = explain.Wishes(edit["overlap"], edit["uncovered"], edit["largest"])


def _prove(state: State, edit, judge, propose) -> None:
    """Nothing to change: the choice that follows is the solver's."""


_DO = {
    "rename": _rename,
    "rewrite": _rewrite,
    "add": _add,
    "merge": _merge,
    "split": _split,
    "pin": _pin,
    "unpin": _unpin,
    "remove": _remove,
    "restore": _restore,
    "move": _move,
    "choose": _choose,
    "prove": _prove,
}
_NEEDS = {"rename": ("column", "words"), "rewrite": ("column", "words"), "add": ("words",)}
_NEEDS |= {"merge": ("columns", "words"), "move": ("row", "column")}
_NEEDS |= {"choose": ("k", "overlap", "uncovered", "largest"), "prove": ("seconds",)}
MOST_SECONDS = 120.0


def _column(state: State, column: int) -> int:
    if not 0 <= column < len(state.descriptions):
        raise BadInput("The description to change is not there any more: undo, or start again.")
    return column


def _replace(state: State, old: list[int], new: int) -> None:
    """The new column takes the slot of the first old one, and the texts that were moved to any of
    them; the old ones are removed."""
    at = min((state.slots.index(c) for c in old if c in state.slots), default=None)
    state.slots = [None if slot in old else slot for slot in state.slots]
    if at is not None and new not in state.slots:
        state.slots[at] = new
    state.moved = {row: new if c in old else c for row, c in state.moved.items()}
    state.removed |= set(old) - {new}
    state.removed.discard(new)
    state.pinned = (state.pinned - set(old)) | {new}


def _judged(state: State, words: str, judge: Judge) -> int:
    """The column of a description, judged now unless it is known."""
    if words in state.descriptions:
        return state.descriptions.index(words)
    scores = judge([words])[:, 0]
    if np.isnan(scores).all():
        raise BadInput(
            f"'{words}' cannot be judged offline for this goal: use other words, or mention a word "
            'as in: mentions "refund".'
        )
    return _column_of(state, words, scores)


def _column_of(state: State, words: str, scores: np.ndarray) -> int:
    if words in state.descriptions:
        return state.descriptions.index(words)
    if len(state.descriptions) >= explain.MOST_DESCRIPTIONS:
        raise BadInput(f"{explain.MOST_DESCRIPTIONS} descriptions are the most.")
    state.descriptions.append(words)
    state.scores = np.concatenate([state.scores, scores[:, None]], axis=1)
    return len(state.descriptions) - 1


def _check(edit: Any) -> dict[str, Any]:
    if not isinstance(edit, Mapping) or str(edit.get("do")) not in _DO:
        raise BadInput("This change to an explanation is not known: reload the page.")
    try:
        return _clean(edit)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"The change '{edit['do']}' needs other values: reload the page.") from None


def _clean(edit: Mapping[str, Any]) -> dict[str, Any]:
    needed = _NEEDS.get(edit["do"], ("column",))
    clean: dict[str, Any] = {"do": edit["do"]}
    for name in needed:
        value = edit.get(name)
        if name == "words":
            value = " ".join(str(value or "").split())[: explain.LONGEST]
            if not value and edit["do"] != "merge":
                raise BadInput("A description needs words: write what is true of the texts.")
        elif name == "columns":
            value = sorted({int(v) for v in value or ()})
            if len(value) < 2:
                raise BadInput("Choose two groups or more to merge.")
        elif name in ("column", "row", "k"):
            value = int(value)
        else:
            value = float(value)
            if not np.isfinite(value):
                raise ValueError(name)
        if name == "seconds":
            value = min(max(value, 1.0), MOST_SECONDS)
        clean[name] = value
    # Who and when: kept as they are, and of no effect.
    return clean | {name: str(edit[name])[:60] for name in STAMPS if edit.get(name)}
