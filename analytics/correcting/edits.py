"""A person's changes to a clustering: plain JSON, redone from the start, so that any can be undone.

An edit has "do": "rename" (group, words), "tag" (where, words), "untag" (words), "merge" (groups,
words), "split" (group, and where, or parts for k-means inside it), "reassign" (where, to). A group
is named by its id: its number in the clustering as computed; groups made by edits follow. "to" is
an id, -1 for noise, or "new". "where" is {"map": digest, "shapes": of analytics.selection} or
{"rows": numbers of the dataset's rows}. "by", "at" and "why" say who, when and why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analytics import selection
from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.results import NOISE

MOST_EDITS = 200
MOST_ROWS = 20_000
MOST_TAGS = 30
MOST_PARTS = 20
LONGEST = {"words": 80, "by": 60, "at": 40, "why": 300}
Resolve = Callable[[Mapping[str, Any]], np.ndarray]
Parts = Callable[[np.ndarray, int], np.ndarray]


@dataclass
class State:
    """What the edits have come to. labels : (n,) ids, NOISE for none. names : id -> name. tags :
    name -> bool (n,). touched : bool (n,), rows that a person put where they are. ids : in use or
    used, the next new one."""

    labels: np.ndarray
    next_id: int
    names: dict[int, str] = field(default_factory=dict)
    tags: dict[str, np.ndarray] = field(default_factory=dict)
    touched: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def start(labels: np.ndarray, k: int, names: Sequence[str] = ()) -> State:
    """The state before any edit."""
    given = {i: name for i, name in enumerate(names) if name}
    return State(np.array(labels, np.int32), k, given, {}, np.zeros(len(labels), bool))


def apply(
    state: State, edits: Sequence[Mapping[str, Any]], resolve: Resolve, parts: Parts
) -> State:
    """The state after the edits. resolve : a "where" -> bool (n,). parts : rows, count -> the part
    (m,) of each row. Raises BadInput when an edit names what is not there."""
    for number, edit in enumerate(edits, 1):
        try:
            _DO[edit["do"]](state, edit, resolve, parts)
        except BadInput as error:
            raise BadInput(f"Change {number} ({edit['do']}): {error}") from None
    return state


def _rename(state: State, edit, resolve, parts) -> None:
    state.names[_group(state, edit["group"])] = edit["words"]


def _tag(state: State, edit, resolve, parts) -> None:
    rows = _some(resolve(edit["where"]))
    name = edit["words"]
    if name not in state.tags and len(state.tags) >= MOST_TAGS:
        raise BadInput(f"{MOST_TAGS} tags are the most: use one of those there are.")
    state.tags[name] = state.tags.get(name, np.zeros(len(state.labels), bool)) | rows


def _untag(state: State, edit, resolve, parts) -> None:
    if state.tags.pop(edit["words"], None) is None:
        raise BadInput("There is no such tag: it was taken away before.")


def _merge(state: State, edit, resolve, parts) -> None:
    groups = [_group(state, g) for g in edit["groups"]]
    state.labels[np.isin(state.labels, groups)] = groups[0]
    for group in groups[1:]:
        state.names.pop(group, None)
    if edit["words"]:
        state.names[groups[0]] = edit["words"]


def _split(state: State, edit, resolve, parts) -> None:
    group = _group(state, edit["group"])
    inside = state.labels == group
    if "where" in edit:
        out = inside & resolve(edit["where"])
        if not out.any() or out.sum() == inside.sum():
            raise BadInput("The selection must hold some rows of the group, and leave some.")
        state.labels[out] = _new(state)
        state.touched |= out
        return
    rows = np.flatnonzero(inside)
    if edit["parts"] > len(rows):
        raise BadInput(f"The group has {len(rows):,} rows: ask for fewer parts.")
    part = parts(rows, edit["parts"])
    largest = np.argsort(-np.bincount(part), kind="stable")
    for other in largest[1:]:  # the largest part keeps the group's number
        if np.any(part == other):
            state.labels[rows[part == other]] = _new(state)


def _reassign(state: State, edit, resolve, parts) -> None:
    rows = _some(resolve(edit["where"]))
    to = edit["to"]
    group = _new(state) if to == "new" else NOISE if to == NOISE else _group(state, to)
    if to == "new" and edit["words"]:
        state.names[group] = edit["words"]
    state.labels[rows] = group
    state.touched |= rows


_DO = {
    "rename": _rename,
    "tag": _tag,
    "untag": _untag,
    "merge": _merge,
    "split": _split,
    "reassign": _reassign,
}


def _new(state: State) -> int:
    state.next_id += 1
    return state.next_id - 1


def _group(state: State, group: int) -> int:
    if group < 0 or not np.any(state.labels == group):
        raise BadInput("The group is not there any more: an earlier change took it away.")
    return group


def _some(rows: np.ndarray) -> np.ndarray:
    if not rows.any():
        raise BadInput("No row is meant: select some first.")
    return rows


def order(labels: np.ndarray) -> np.ndarray:
    """The ids of the groups that have rows, in the order of their new numbers 0 .. k - 1.

    An id below k keeps its number, and so its colour; the others fill the gaps.
    """
    alive = np.unique(labels[labels >= 0])
    k = len(alive)
    found = np.full(k, -1, np.int64)
    stay = alive[alive < k]
    found[stay] = stay
    found[found < 0] = alive[alive >= k]
    return found


def checked(edits: Any) -> list[dict[str, Any]]:
    """Edits as canonical JSON. Raises BadInput for what is no edit."""
    if not isinstance(edits, (list, tuple)):
        raise BadInput("Changes are a list: reload the page.")
    if len(edits) > MOST_EDITS:
        raise BadInput(f"{MOST_EDITS} changes are the most: take some back.")
    return [_check(edit) for edit in edits]


_NEEDS = {
    "rename": ("group", "words"),
    "tag": ("where", "words"),
    "untag": ("words",),
    "merge": ("groups", "words"),
    "split": ("group",),
    "reassign": ("where", "to", "words"),
}


def _check(edit: Any) -> dict[str, Any]:
    if not isinstance(edit, Mapping) or str(edit.get("do")) not in _DO:
        raise BadInput("This change to a clustering is not known: reload the page.")
    needed = list(_NEEDS[edit["do"]])
    if edit["do"] == "split":
        needed.append("where" if edit.get("where") else "parts")
    clean: dict[str, Any] = {"do": str(edit["do"])}
    try:
        for name in needed:
            clean[name] = _READ[name](edit.get(name), edit["do"])
    except BadInput:
        raise
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"The change '{edit['do']}' needs other values: reload the page.") from None
    return clean | {n: _line(edit[n], n) for n in ("by", "at", "why") if edit.get(n)}


def _line(text: Any, name: str) -> str:
    return " ".join(str(text or "").split())[: LONGEST[name]]


def _words(value: Any, do: str) -> str:
    words = _line(value, "words")
    if not words and do in ("rename", "tag", "untag"):
        raise BadInput("A name needs words: write one.")
    return words


def _groups(value: Any, do: str) -> list[int]:
    groups = sorted({int(v) for v in value or ()})
    if len(groups) < 2:
        raise BadInput("Choose two groups or more to merge.")
    return groups


def _to(value: Any, do: str) -> int | str:
    return "new" if value == "new" else max(int(value), NOISE)


def _parts(value: Any, do: str) -> int:
    if not 2 <= int(value) <= MOST_PARTS:
        raise BadInput(f"A group is split into 2 to {MOST_PARTS} parts.")
    return int(value)


def _where(value: Any, do: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInput("Say which rows are meant: select some first.")
    if value.get("rows") is not None:
        rows = sorted({int(r) for r in value["rows"]})
        if not rows or rows[0] < 0 or len(rows) > MOST_ROWS:
            raise BadInput(f"One change by row numbers takes 1 to {MOST_ROWS:,} rows.")
        return {"rows": rows}
    if not is_digest(value.get("map")) or not value.get("shapes"):
        raise BadInput("Say which rows are meant: select some first.")
    return {"map": value["map"], "shapes": list(selection.check(list(value["shapes"])))}


_READ = {
    "group": lambda value, do: int(value),
    "groups": _groups,
    "words": _words,
    "where": _where,
    "to": _to,
    "parts": _parts,
}
