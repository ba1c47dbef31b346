"""The operations "text_vectors" and "explanation", and how to ask for them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import edits, evidence, explain, goals, offline, select, sentences
from analytics.explanation.provider import Provider, Task
from analytics.language import asking as language
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.progress import Progress, part
from analytics.results import Dataset, Explanation, Record, Table, TextVectors

MOST_TEXTS = 100_000
MOST_WITH_SAMPLE = 1_000_000
MOST_LETTERS = 20_000  # kept of each text
MOST_EXAMPLES = 20
LARGEST = 0.6  # share of the texts that one of four or more descriptions may be true of
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
        None,
        "Largest share",
        "Descriptions true of more than this share of the texts are not chosen. Automatic: 0.6, or "
        "twice an equal share where that is more.",
        low=0.05,
        high=1,
        optional=True,
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
    Param(
        "sample",
        "int",
        None,
        "Only so many texts",
        "A first look at a sample of the texts; the others stay unexplained.",
        low=10,
        optional=True,
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
    model: dict[str, Any] | None = None,
) -> Request:
    """Ask for the texts of a column, grouped by descriptions that serve a goal. params : see
    PARAMS. model : what :func:`analytics.language.asking.params` gives, for a language model to
    propose and judge; None judges offline. Raises BadInput."""
    given = [" ".join(example.split()) for example in examples if example.strip()]
    if len(given) > MOST_EXAMPLES or any(len(e) > explain.LONGEST for e in given):
        raise BadInput(
            f"Give at most {MOST_EXAMPLES} examples of at most {explain.LONGEST} letters."
        )
    goal = " ".join(goal.split())
    goals.read(goal, given)
    asked = {**validate(PARAMS, params), "column": column, "goal": goal, "examples": given}
    method = "offline"
    if model is not None:
        method, asked["language"] = language.METHOD, model
    return request("explanation", method, (getattr(source, "digest", source),), asked, seed)


def edit_request(base: Explanation, source: Record, changes: Sequence[Any]) -> Request:
    """Ask for an explanation with changes (see :mod:`analytics.explanation.edits`).

    base : the explanation before any change. source : what it explains. Raises BadInput.
    """
    return request(
        "explanation_edit",
        "",
        (base.digest, source.digest),
        {"edits": edits.checked(changes)},
        base.seed,
    )


def text_vectors(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> TextVectors:
    """Run :func:`vectors_request`."""
    texts, place, _ = distinct(parents[0], wanted.params["column"])
    made = sentences.vectors(texts, wanted.seed, progress)
    return TextVectors(values=made.values, place=place, model=made.model, notes=made.notes)


def explanation(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`explanation_request`."""
    asked = validate(PARAMS, {p.name: wanted.params[p.name] for p in PARAMS})
    asked["sample"] = asked["sample"] or None
    column = wanted.params["column"]
    texts, place, notes, every = texts_of(parents[0], column, asked["sample"], wanted.seed)
    task = task_of(wanted.params, texts)

    def local(said: Progress) -> offline.Offline:
        made = None
        if goals.read(task.goal, task.examples).aspect in offline.BY_MEANING:
            if len(texts) == every:
                held = run(vectors_request(wanted.parents[0], column), said)
                made = sentences.Vectors(held.values, held.model, held.notes)
            else:
                made = sentences.vectors(texts, wanted.seed, said)
        return offline.read(task, wanted.seed, made)

    if wanted.method == language.METHOD:
        first = part(progress, 0.0, 0.1)
        judge = language.judge_of(wanted.params["language"], wanted.seed, lambda: local(first))
        found = explained(task, place, judge, asked, wanted.seed, part(progress, 0.1, 1.0))
        return found.with_(
            notes=(*notes, *judge.notes), column=column, about={"usage": judge.usage}
        )
    provider = local(part(progress, 0.0, 0.7))
    found = explained(task, place, provider, asked, wanted.seed, part(progress, 0.7, 1.0))
    return found.with_(
        notes=(*notes, *provider.notes), state=provider.state(found.descriptions), column=column
    )


def texts_of(source: Record, column: str, sample: int | None, seed: int):
    """The distinct texts that a run reads, the place of each row's text, notes, and how many texts
    there are in all. Raises BadInput."""
    most = MOST_TEXTS if sample is None else MOST_WITH_SAMPLE
    texts, place, notes = distinct(source, column, most)
    every = len(texts)
    if sample is not None and sample < every:
        texts, place = _sampled(texts, place, sample, seed)
        notes = [f"A first look at {len(texts):,} of {every:,} texts.", *notes]
    return texts, place, notes, every


def explained(
    task: Task, place: np.ndarray, provider: Provider, asked, seed: int, progress: Progress
) -> Explanation:
    """The record of a whole run: rounds, choice, groups by falling size. asked : by PARAMS."""
    weights = _weights(place, task.texts)
    wishes = wishes_of(asked)
    draft = explain.explain(task, weights, provider, wishes, seed, progress)
    chosen = np.array(draft.selection.chosen, int)
    labels = select.assign(draft.scores[:, chosen], explain.LEAST_CHANCE)
    size = np.bincount(labels[labels >= 0], weights[labels >= 0], len(chosen))
    by_size = [int(c) for c in chosen[np.argsort(-size, kind="stable")]]
    state = edits.State(
        draft.descriptions, draft.scores, by_size, task.k, wishes, preferred=draft.preferred
    )
    return record(state, task, place)


def edited(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`edit_request`: what the edits do, whoever made them and whenever, is a result of
    its own, so that the same edits made again are not judged again."""
    stamped = wanted.params["edits"]
    bare = [{k: v for k, v in e.items() if k not in edits.STAMPS} for e in stamped]
    inner = request("explanation_changed", "", wanted.parents, {"edits": bare}, wanted.seed)
    found = run(inner, progress)
    return found.with_(edits=tuple(stamped), params={**found.params, "edits": stamped})


def changed(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Explanation:
    """Run the edits of an explanation, without who made them and when."""
    base, source = parents
    if not isinstance(base, Explanation):
        raise BadInput("What is to be changed is no explanation: make one first.")
    place = base.place
    texts = held(base, source)
    task = task_of(base.params, texts)
    everything = np.arange(len(texts))
    by_model = base.method == language.METHOD
    if by_model:
        asked = base.params["language"]
        # The ladder's offline judge reads the corpus anew; a change asks the model alone.
        provider = language.judge_of({**asked, "check": language.NONE}, base.seed, None)
        parts = partial(provider.parts, task=task, seed=wanted.seed)
    else:
        provider = offline.restored(task, base.state, base.descriptions)
        parts = partial(provider.parts, seed=wanted.seed)
    params = validate(PARAMS, {p.name: base.params[p.name] for p in PARAMS})
    state = edits.State(
        list(base.descriptions),
        base.scores.astype(float),
        [int(c) for c in base.chosen],
        params["k"],
        wishes_of(params),
        pinned=set(base.pinned),
        preferred=base.preferred if len(base.preferred) else None,
    )
    edits.apply(
        state,
        wanted.params["edits"],
        _weights(place, texts),
        lambda words: provider.judge(everything, words, task),
        parts,
    )
    return record(state, task, place).with_(
        notes=base.notes,
        state=base.state,
        column=base.column,
        edits=tuple(wanted.params["edits"]),
        params={**base.params, "edits": wanted.params["edits"]},
        method=base.method,
        about={"usage": provider.usage} if by_model else {},
    )


def held(found: Explanation, source: Record) -> list[str]:
    """The distinct texts that an explanation was made of, in its order."""
    texts, place, _ = distinct(source, found.column, MOST_WITH_SAMPLE)
    rows = np.flatnonzero(found.place >= 0)[::-1]
    first = np.zeros(len(found.scores), int)
    first[found.place[rows]] = rows
    return [texts[place[row]] for row in first]


def wishes_of(params) -> explain.Wishes:
    """How the parameters of an explanation want descriptions chosen."""
    # A useless description can be true of most texts, and then be the cheapest single choice.
    usual = min(1.0, max(LARGEST, 2 / params["k"]))
    given = params["largest"]
    return explain.Wishes(
        params["overlap"],
        params["uncovered"],
        usual if given is None else given,
        params["rounds"],
        firm=given is not None,
    )


def task_of(params, texts: list[str]) -> Task:
    """What the parameters of an explanation ask of these texts."""
    return Task(tuple(texts), params["goal"], tuple(params["examples"]), params["k"])


def _sampled(texts: list[str], place: np.ndarray, most: int, seed: int):
    kept = np.sort(np.random.default_rng(seed).permutation(len(texts))[:most])
    return only(texts, place, kept)


def only(texts: list[str], place: np.ndarray, kept: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Some of the texts, and where each row's text is among them, -1 when it is not."""
    where = np.full(len(texts) + 1, -1, np.int32)  # the last one for blank cells
    where[kept] = np.arange(len(kept))
    return [texts[i] for i in kept], where[place]


def _weights(place: np.ndarray, texts: list[str]) -> np.ndarray:
    """How often each distinct text occurs."""
    return np.bincount(place[place >= 0], minlength=len(texts)).astype(float)


def record(state: edits.State, task: Task, place: np.ndarray) -> Explanation:
    """The record of a state: rows of the source instead of distinct texts. place : index of each
    row's text, -1 for none."""
    slots = [i for i, column in enumerate(state.slots) if column is not None]
    chosen = np.array([state.slots[i] for i in slots], np.int32)
    scores, weights = state.scores[:, chosen], _weights(place, task.texts)
    labels = select.assign(scores, explain.LEAST_CHANCE)
    if state.preferred is not None:
        place_of = np.full(len(state.descriptions) + 1, -2)
        place_of[chosen], place_of[-1] = np.arange(len(chosen)), -1
        held = place_of[state.preferred]
        labels = np.where(held == -2, labels, held)  # -2: what was preferred is chosen no more
    for text, column in state.moved.items():
        if column == -1 or column in chosen:
            labels[text] = np.append(np.flatnonzero(chosen == column), -1)[0]
    called = [state.names.get(int(c), state.descriptions[c]) for c in chosen]
    shown = evidence.evidence(scores, labels, called, task.texts, weights)
    rows = np.flatnonzero(place >= 0)[::-1]
    first = np.zeros(len(task.texts), int)
    first[place[rows]] = rows  # the first row that holds each distinct text
    for entry in shown:
        for key in ("exemplars", "borderline"):
            entry[key] = [int(first[i]) for i in entry[key]]
    with np.errstate(invalid="ignore"):
        cost = select.search(
            scores >= explain.TRUE,
            len(chosen),
            overlap=state.wishes.overlap,
            uncovered=state.wishes.uncovered,
            weights=weights,
            pinned=tuple(range(len(chosen))),
        )
    return Explanation(
        descriptions=tuple(state.descriptions),
        scores=state.scores.astype(np.float32),
        place=place,
        chosen=chosen,
        labels=np.where(place >= 0, np.append(labels, -1)[place], -1).astype(np.int32),
        slots=np.array(slots, np.int32),
        preferred=np.zeros(0, np.int32) if state.preferred is None else state.preferred,
        evidence=tuple(shown),
        selection={
            "cost": cost.cost,
            "bound": state.proof.bound if state.proof else None,
            "status": state.proof.status if state.proof else select.SEARCHED,
            "covered": cost.covered,
            "covered_once": cost.covered_once,
            "k": state.k,
            "overlap": state.wishes.overlap,
            "uncovered": state.wishes.uncovered,
            "largest": state.wishes.largest,
        },
        pinned=tuple(sorted(state.pinned)),
        removed=tuple(sorted(state.removed)),
        names={str(c): name for c, name in state.names.items()},
        goal=task.goal,
    )


def distinct(
    source: Record, column: str, most: int = MOST_TEXTS
) -> tuple[list[str], np.ndarray, list[str]]:
    """Distinct texts of a column, the index of each row's text (-1 for a blank cell), and notes.

    Raises BadInput when the column is not there or has no or too many texts.
    """
    if column not in source.frame:
        known = words.names(list(source.frame.columns), 8)
        raise BadInput(f"There is no column {words.name(column)}: choose one of {known}.")
    found, codes = of_cells(source.frame[column])
    if not len(found):
        raise BadInput(f"Every cell of {words.name(column)} is empty: choose another column.")
    if len(found) > most:
        raise BadInput(
            f"{words.name(column)} has {len(found):,} different texts, and at most {most:,} can be "
            "explained at once: explain a sample of them first."
        )
    blank, repeated = int((codes < 0).sum()), len(codes) - int((codes < 0).sum()) - len(found)
    notes = []
    if blank:
        notes.append(f"{words.count(blank, 'row')} without text left unexplained.")
    if repeated:
        notes.append(f"Rows that repeat a text share its judgement: {repeated:,}.")
    return found, codes, notes


def of_cells(cells: pd.Series) -> tuple[list[str], np.ndarray]:
    """Distinct texts of cells, and the index of each cell's text, int32, -1 for a blank one."""
    text = cells.astype("str").where(cells.notna(), "").str.slice(0, MOST_LETTERS).str.strip()
    codes, found = pd.factorize(text.where(text != "", None))
    return [str(t) for t in found], codes.astype(np.int32)
