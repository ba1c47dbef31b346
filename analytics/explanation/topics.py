"""The operation "keyword_topics": an explanation by Lbl2Vec, and how to ask for it."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import (
    asking,
    contrast,
    corpus,
    edits,
    explain,
    keywords,
    offline,
    recording,
    sentences,
)
from analytics.operations import Request, request
from analytics.progress import Progress, part
from analytics.results import Dataset, Explanation, Record, Table

GOAL = "by topic"
MOST_LETTERS = 5_000


def read(text: str) -> list[list[str]]:
    """Topics from lines of words separated by commas; "name: word, word" makes the name a word too.

    Raises BadInput when there is no topic, or a line holds no word.
    """
    if len(text) > MOST_LETTERS:
        raise BadInput(f"The topics have {len(text):,} letters: use at most {MOST_LETTERS:,}.")
    lines = [line for line in text.splitlines() if line.strip()]
    found = [[w.strip() for w in re.split(r"[,:;]", line) if w.strip()] for line in lines]
    if not found or not all(found):
        raise BadInput("Give one topic per line, as words separated by commas.")
    return found


def topics_request(
    source: Table | Dataset | str, column: str, topics: Sequence[Sequence[str]], seed: int = 0
) -> Request:
    """Ask for the texts of a column, each put to the topic whose texts it resembles most."""
    given = [[str(w) for w in words] for words in topics]
    keywords.check(len(given) + 1, given, None)
    params = {"column": column, "topics": given}
    return request("keyword_topics", "keywords", (getattr(source, "digest", source),), params, seed)


def keyword_topics(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Callable
) -> Explanation:
    """Run :func:`topics_request`. A text goes to the topic it resembles most; the chance is that of
    the likeness to it against that to the next one (``analytics.explanation.contrast``)."""
    column, given = wanted.params["column"], wanted.params["topics"]
    texts, place, notes = corpus.distinct(parents[0], column)
    request_ = asking.vectors_request(wanted.parents[0], column)
    held = run(request_, part(progress, 0.0, 0.9))
    made = sentences.Vectors(held.values, held.model, held.notes)
    found = keywords.topics(texts, given, seed=wanted.seed, made=made)
    params = {
        **{p.name: p.default for p in asking.PARAMS},
        "k": len(given),
        "goal": GOAL,
        "examples": [],
        "column": column,
    }
    task = asking.task_of(params, texts)
    provider = offline.read(task, wanted.seed, made)
    said = [provider.goal.describe(", ".join(words)) for words in given]
    scores = contrast.chance(_margins(found.scores))
    state = edits.State(said, scores, list(range(len(said))), len(said), explain.Wishes())
    state.pinned = set(state.slots)
    return recording.record(state, task, place).with_(
        notes=(*notes, *found.notes),
        state=provider.state(said),
        column=column,
        params={**params, "topics": given},
    )


def _margins(scores: np.ndarray) -> np.ndarray:
    """Likeness to each topic less that to the best other one; less the mean for a single topic."""
    if scores.shape[1] == 1:
        return scores - scores.mean()
    top = np.sort(scores, axis=1)[:, -2:]
    others = np.where(scores == top[:, 1:], top[:, :1], top[:, 1:])
    return scores - others
