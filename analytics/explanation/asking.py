"""The operations "text_vectors" and "explanation", and how to ask for them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import (
    again,
    corpus,
    edits,
    explain,
    goals,
    offline,
    recording,
    select,
    sentences,
)
from analytics.explanation.provider import Provider, Task
from analytics.language import asking as language
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.progress import Progress, part
from analytics.results import Dataset, Explanation, Record, Table, TextVectors

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
    texts, place, _ = corpus.distinct(parents[0], wanted.params["column"])
    made = sentences.vectors(texts, wanted.seed, progress)
    return TextVectors(values=made.values, place=place, model=made.model, notes=made.notes)


def explanation(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`explanation_request`."""
    asked = validate(PARAMS, {p.name: wanted.params[p.name] for p in PARAMS})
    asked["sample"] = asked["sample"] or None
    column = wanted.params["column"]
    texts, place, notes, every = corpus.texts_of(parents[0], column, asked["sample"], wanted.seed)
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


def explained(
    task: Task, place: np.ndarray, provider: Provider, asked, seed: int, progress: Progress
) -> Explanation:
    """The record of a whole run: rounds, choice, groups by falling size. asked : by PARAMS."""
    weights = corpus.weights(place, task.texts)
    wishes = wishes_of(asked)
    draft = explain.explain(task, weights, provider, wishes, seed, progress)
    chosen = np.array(draft.selection.chosen, int)
    labels = select.assign(draft.scores[:, chosen], explain.LEAST_CHANCE)
    size = np.bincount(labels[labels >= 0], weights[labels >= 0], len(chosen))
    by_size = [int(c) for c in chosen[np.argsort(-size, kind="stable")]]
    state = edits.State(
        draft.descriptions, draft.scores, by_size, task.k, wishes, preferred=draft.preferred
    )
    return recording.record(state, task, place)


def edited(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`edit_request`: what the edits do, whoever made them and whenever, is a result of
    its own, so that the same edits made again are not judged again."""
    stamped = wanted.params["edits"]
    bare = [{k: v for k, v in e.items() if k not in edits.STAMPS} for e in stamped]
    params = {"edits": bare, **again.times(wanted.params)}
    found = run(request("explanation_changed", "", wanted.parents, params, wanted.seed), progress)
    return found.with_(edits=tuple(stamped), params={**found.params, "edits": stamped})


def changed(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Explanation:
    """Run the edits of an explanation, without who made them and when."""
    base, source = parents
    if not isinstance(base, Explanation):
        raise BadInput("What is to be changed is no explanation: make one first.")
    place = base.place
    texts = corpus.held(base, source)
    task = task_of(base.params, texts)
    everything = np.arange(len(texts))
    by_model = base.method == language.METHOD
    if by_model:
        asked = base.params["language"]
        # The ladder's offline judge reads the corpus anew; a change asks the model alone.
        provider = language.judge_of({**asked, "check": language.NONE}, base.seed, None)
        parts = partial(provider.parts, task=task, seed=wanted.seed, progress=progress)
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
        corpus.weights(place, texts),
        lambda words: provider.judge(everything, words, task, progress),
        parts,
    )
    return recording.record(state, task, place).with_(
        notes=base.notes,
        state=base.state,
        column=base.column,
        edits=tuple(wanted.params["edits"]),
        params={**base.params, **wanted.params},
        method=base.method,
        about={"usage": provider.usage} if by_model else {},
    )


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
