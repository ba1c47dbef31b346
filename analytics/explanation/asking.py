"""The operations "text_vectors" and "explanation", and how to ask for them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import evidence, explain, goals, offline, select, sentences
from analytics.explanation.provider import Task
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.progress import Progress, part
from analytics.results import Dataset, Explanation, Record, Table, TextVectors

MOST_TEXTS = 100_000
MOST_LETTERS = 20_000  # kept of each text
MOST_EXAMPLES = 20
PARAMS = (
    Param("k", "int", 4, "Groups", "At most so many descriptions are chosen.", low=1, high=50),
    Param(
        "overlap",
        "float",
        0.5,
        "Cost of overlap",
        "What each description beyond the first costs that is true of a text.",
        low=0,
        high=10,
        basic=False,
    ),
    Param(
        "uncovered",
        "float",
        1.0,
        "Cost of a text left out",
        "What a text costs that no chosen description is true of.",
        low=0.01,
        high=10,
        basic=False,
    ),
    Param(
        "largest",
        "float",
        1.0,
        "Largest share",
        "Descriptions true of more than this share of the texts are not chosen.",
        low=0.05,
        high=1,
        basic=False,
    ),
    Param(
        "rounds",
        "int",
        explain.ROUNDS,
        "Rounds",
        "How often the texts that are left out may be looked at again.",
        low=1,
        high=10,
        basic=False,
    ),
)


def vectors_request(source: Table | Dataset | str, column: str) -> Request:
    """Ask for the texts of a column as vectors. source : the record, or its digest."""
    digest = getattr(source, "digest", source)
    return request("text_vectors", "", (digest,), {"column": column})


def explanation_request(
    source: Table | Dataset | str,
    column: str,
    goal: str,
    examples: Sequence[str] = (),
    params: dict[str, Any] | None = None,
    seed: int = 0,
) -> Request:
    """Ask for the texts of a column, grouped by descriptions that serve a goal. params : see
    PARAMS. Raises BadInput."""
    given = [" ".join(example.split()) for example in examples if example.strip()]
    if len(given) > MOST_EXAMPLES or any(len(e) > explain.LONGEST for e in given):
        raise BadInput(
            f"Give at most {MOST_EXAMPLES} examples of at most {explain.LONGEST} letters."
        )
    goal = " ".join(goal.split())
    goals.read(goal, given)
    asked = {**validate(PARAMS, params), "column": column, "goal": goal, "examples": given}
    return request("explanation", "offline", (getattr(source, "digest", source),), asked, seed)


def text_vectors(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> TextVectors:
    """Run :func:`vectors_request`."""
    texts, place, _ = distinct(parents[0], wanted.params["column"])
    made = sentences.vectors(texts, wanted.seed, progress)
    return TextVectors(values=made.values, place=place, model=made.model, notes=made.notes)


def explanation(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`explanation_request`."""
    params = wanted.params
    asked = validate(PARAMS, {p.name: params[p.name] for p in PARAMS if p.name in params})
    column, goal = str(params["column"]), str(params["goal"])
    texts, place, notes = distinct(parents[0], column)
    task = Task(tuple(texts), goal, tuple(params.get("examples", ())), asked["k"])
    made = None
    if goals.read(goal, task.examples).aspect in offline.BY_MEANING:
        held = run(vectors_request(wanted.parents[0], column), part(progress, 0.0, 0.7))
        made = sentences.Vectors(held.values, held.model, held.notes)
    provider = offline.read(task, wanted.seed, made)
    weights = np.bincount(place[place >= 0], minlength=len(texts)).astype(float)
    wishes = explain.Wishes(**{n: asked[n] for n in ("overlap", "uncovered", "largest", "rounds")})
    draft = explain.explain(task, weights, provider, wishes, wanted.seed, part(progress, 0.7, 0.95))
    return result(draft, task, place, weights, column).with_(
        notes=(*notes, *provider.notes), state=provider.state(), params=dict(params)
    )


def result(
    draft: explain.Draft, task: Task, place: np.ndarray, weights: np.ndarray, column: str
) -> Explanation:
    """The record of a draft: groups by falling size, rows instead of distinct texts."""
    chosen = np.array(draft.selection.chosen, int)
    labels = select.assign(draft.scores[:, chosen], explain.LEAST_CHANCE)
    size = np.bincount(labels[labels >= 0], weights[labels >= 0], len(chosen))
    order = np.argsort(-size, kind="stable")
    chosen = chosen[order]
    labels = select.assign(draft.scores[:, chosen], explain.LEAST_CHANCE)
    descriptions = [draft.descriptions[j] for j in chosen]
    first = np.zeros(len(task.texts), int)
    rows = np.flatnonzero(place >= 0)[::-1]
    first[place[rows]] = rows  # the first row that holds each distinct text
    shown = evidence.evidence(draft.scores[:, chosen], labels, descriptions, task.texts, weights)
    for entry in shown:
        for key in ("exemplars", "borderline"):
            entry[key] = [int(first[i]) for i in entry[key]]
    selection = draft.selection
    return Explanation(
        descriptions=tuple(draft.descriptions),
        scores=draft.scores.astype(np.float32),
        place=place,
        chosen=chosen.astype(np.int32),
        labels=np.where(place >= 0, np.append(labels, -1)[place], -1).astype(np.int32),
        evidence=tuple(shown),
        selection={
            "cost": selection.cost,
            "bound": selection.bound,
            "status": selection.status,
            "covered": selection.covered,
            "covered_once": selection.covered_once,
            "rounds": draft.rounds,
        },
        goal=task.goal,
        column=column,
    )


def distinct(source: Record, column: str) -> tuple[list[str], np.ndarray, list[str]]:
    """Distinct texts of a column, the index of each row's text (-1 for a blank cell), and notes.

    Raises BadInput when the column is not there or has no or too many texts.
    """
    if column not in source.frame:
        known = words.names(list(source.frame.columns), 8)
        raise BadInput(f"There is no column {words.name(column)}: choose one of {known}.")
    cells = source.frame[column]
    text = cells.astype("str").where(cells.notna(), "").str.slice(0, MOST_LETTERS).str.strip()
    codes, found = pd.factorize(text.where(text != "", None))
    if not len(found):
        raise BadInput(f"Every cell of {words.name(column)} is empty: choose another column.")
    if len(found) > MOST_TEXTS:
        raise BadInput(
            f"{words.name(column)} has {len(found):,} different texts, and at most {MOST_TEXTS:,} "
            "can be explained at once: sample the rows first."
        )
    blank, repeated = int((codes < 0).sum()), len(codes) - int((codes < 0).sum()) - len(found)
    notes = []
    if blank:
        notes.append(f"{words.count(blank, 'row')} without text left unexplained.")
    if repeated:
        notes.append(f"Rows that repeat a text share its judgement: {repeated:,}.")
    return [str(t) for t in found], codes.astype(np.int32), notes
