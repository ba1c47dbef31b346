"""Groups inside groups: the texts of one description explained again among themselves.

As in the taxonomy of GoalEx (Wang, Shang & Zhong 2023), with the texts of the parent as the corpus
of its children, any number of groups per level, and what the children leave unexplained in view.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import asking, corpus, goals, offline, sentences
from analytics.operations import Request, request
from analytics.progress import Progress, part
from analytics.results import Explanation, Gallery, Record

LEAST = 20  # texts of a group that are worth a look inside
CHILDREN = 4


def inside_request(found: Explanation, source: Record, column: int, k: int = CHILDREN) -> Request:
    """Ask for the texts of one group, explained by at most k narrower descriptions.

    column : of the group's description. Raises BadInput.
    """
    if column not in found.chosen:
        raise BadInput("This group is not there any more: undo, or explain the texts again.")
    params = {"column": int(column), "k": int(k)}
    return request(
        "explanation_inside", "offline", (source.digest, found.digest), params, found.seed
    )


def taxonomy_request(found: Explanation, source: Record, k: int = CHILDREN) -> Request:
    """Ask for :func:`inside_request` of every group that is large enough."""
    parents = (source.digest, found.digest)
    return request("taxonomy", "offline", parents, {"k": int(k)}, found.seed)


def inside(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`inside_request`. Rows of other groups are unexplained."""
    source, found = parents
    group = int(np.flatnonzero(found.chosen == wanted.params["column"])[0])
    texts, place, _ = corpus.distinct(source, found.column)
    every = len(texts)
    members = np.unique(place[(found.labels == group) & (place >= 0)])
    if len(members) < LEAST:
        raise BadInput(
            f"The group has {len(members)} different texts; a look inside takes {LEAST}."
        )
    texts, place = corpus.only(texts, place, members)
    params = {**found.params, "k": wanted.params["k"], "sample": None, "edits": [], "topics": []}
    params.pop("language", None)  # a look inside is offline, whoever judged the groups
    task = asking.task_of(params, texts)
    made = None
    if goals.read(task.goal, task.examples).aspect in offline.BY_MEANING:
        held = run(asking.vectors_request(source, found.column), part(progress, 0.0, 0.6))
        made = sentences.Vectors(held.values[members], held.model, held.notes)
    provider = offline.read(task, wanted.seed, made)
    shown = asking.explained(task, place, provider, params, wanted.seed, part(progress, 0.6, 1.0))
    said = found.evidence[group]["description"]
    note = f"Inside “{said}”: {len(texts):,} of {every:,} different texts."
    return shown.with_(
        notes=(note, *provider.notes),
        state=provider.state(shown.descriptions),
        column=found.column,
        params={**params, "inside": said},
    )


def taxonomy(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Gallery:
    """Run :func:`taxonomy_request`.

    Returns a Gallery with one entry per group: "description", "size" (rows), "digest" of the look
    inside ("" when the group is too small or nothing fits), "children" [{"description", "size"}],
    "left" (rows of the group that no child explains).
    """
    source, found = parents
    entries = []
    for group, column in enumerate(found.chosen):
        say = part(progress, group / len(found.chosen), (group + 1) / len(found.chosen))
        entries.append(_entry(wanted, source, found, group, int(column), run, say))
    return Gallery(entries=tuple(entries))


def _entry(wanted, source, found: Explanation, group: int, column: int, run, say) -> dict[str, Any]:
    size = int((found.labels == group).sum())
    entry = {
        "description": found.evidence[group]["description"],
        "size": size,
        "digest": "",
        "children": [],
        "left": size,
    }
    try:
        child = run(inside_request(found, source, column, wanted.params["k"]), say)
    except BadInput:  # too few texts, or no description fits them: the group stays whole
        return entry
    return entry | {
        "digest": child.digest,
        "children": [{n: e[n] for n in ("description", "size")} for e in child.evidence],
        "left": int(((found.labels == group) & (child.labels < 0)).sum()),
    }
