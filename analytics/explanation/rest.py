"""An explanation of a sample applied to all texts, with the error that this is expected to make."""

import numpy as np

from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import (
    asking,
    contrast,
    edits,
    explain,
    lexical,
    offline,
    select,
    spaces,
)
from analytics.explanation.verdict import wilson
from analytics.operations import Request, request
from analytics.progress import Progress, part
from analytics.results import Explanation, Record

CHUNK = 5_000  # texts that are read at once
HELD_BACK = 0.25  # of the sample, to estimate the error on


def rest_request(found: Explanation, source: Record) -> Request:
    """Ask for the groups of all texts by the descriptions that a sample was explained by.

    found : an explanation of a sample, made offline. Raises BadInput.
    """
    if found.params.get("sample") is None or found.method != "offline":
        raise BadInput("Only an explanation of a sample, made offline, is applied to the rest.")
    return request("explanation_rest", "offline", (found.digest, source.digest), {}, found.seed)


def applied(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Explanation:
    """Run :func:`rest_request`.

    Texts of the sample keep their judgements. The note gives the share of held-back texts of the
    sample that would go elsewhere when judged by the others, with a 95 % interval (Wilson).
    """
    found, source = parents
    texts, place, notes = asking.distinct(source, found.column, asking.MOST_WITH_SAMPLE)
    said = [found.descriptions[c] for c in found.chosen]
    task = asking.task_of(found.params, texts)
    if "turn mean" in found.state:
        scores, arrays, error = _by_meaning(found, source, texts, said, progress)
    else:  # language, length and form are read off each text: no sample is needed for them
        whole = offline.read(task, found.seed)
        scores = whole.judge(np.arange(len(texts)), said, task, progress)
        arrays, error = whole.state(said), ""
    state = edits.State(
        said, scores, list(range(len(said))), len(said), asking.wishes_of(found.params)
    )
    state.names = {
        j: found.names[str(c)] for j, c in enumerate(found.chosen) if str(c) in found.names
    }
    further = words.count(len(texts) - len(found.scores), "further text")
    return asking.record(state, task, place).with_(
        notes=(f"Applied to {further}. {error}".strip(), *notes, *found.notes[1:]),
        state=arrays,
        column=found.column,
        params={**found.params, "sample": None},
    )


def _by_meaning(found: Explanation, source: Record, texts: list[str], said: list[str], progress):
    """Scores of all texts, arrays to judge further descriptions by, and the error in words."""
    inside = asking.held(found, source)
    where = {text: i for i, text in enumerate(inside)}
    known = np.array([where.get(text, -1) for text in texts])
    out, old = np.flatnonzero(known < 0), known >= 0
    task = asking.task_of(found.params, inside)
    provider = offline.restored(task, found.state, found.descriptions)
    sample = provider.space.values
    values = np.empty((len(texts), sample.shape[1]), np.float32)
    values[old] = sample[known[old]]
    further = [texts[i] for i in out]
    values[out] = _read(provider.space, further, part(progress, 0.0, 0.9))
    scores = np.full((len(texts), len(said)), np.nan)
    scores[old] = found.scores[known[old]][:, found.chosen]
    for j, rule in enumerate(_rules(provider, said, sample)):
        literal = lexical.truth(said[j], further)
        if literal is not None:
            scores[out, j] = literal
        elif rule is not None:
            scores[out, j] = contrast.chance(rule.margin(values[out]))
    levels = [provider.levels.get(description, -1) for description in said]
    arrays = {**found.state, "values": values, "levels": np.array(levels, np.int32)}
    share, low, high = _error(provider, said, found)
    return (
        scores,
        arrays,
        (
            f"Of the texts of the sample that were held back, {share:.1%} would go elsewhere "
            f"({low:.1%}–{high:.1%})."
        ),
    )


def _read(space: spaces.Space, texts: list[str], progress: Progress) -> np.ndarray:
    """Places of further texts, read piece by piece."""
    from models import minilm

    rows = np.empty((len(texts), space.values.shape[1]), np.float32)
    for start in range(0, len(texts), CHUNK):
        piece = texts[start : start + CHUNK]
        say = part(progress, start / len(texts), min(1.0, (start + CHUNK) / len(texts)))
        rows[start : start + CHUNK] = spaces.more(space, piece, minilm.embed(piece, say))
    return rows


def _rules(provider, said: list[str], values: np.ndarray) -> list[contrast.Rule | None]:
    words_ = [provider.goal.words(description) for description in said]
    places = spaces.place(provider.space, words_, provider.texts)
    at = [provider.levels.get(description) for description in said]
    return contrast.rules(values, places, provider.partitions, at)


def _error(provider, said: list[str], found: Explanation) -> tuple[float, float, float]:
    """Share of held-back texts that go elsewhere when judged by the rest of the sample alone."""
    values = provider.space.values
    rng = np.random.default_rng(found.seed)
    away = rng.permutation(len(values))[: max(1, int(HELD_BACK * len(values)))]
    kept = np.setdiff1d(np.arange(len(values)), away)
    scores = found.scores[away][:, found.chosen].astype(float)
    before = select.assign(scores, explain.LEAST_CHANCE)
    for j, rule in enumerate(_rules(provider, said, values[kept])):
        if rule is not None and lexical.truth(said[j], ()) is None:
            scores[:, j] = contrast.chance(rule.margin(values[away]))
    changed = int((select.assign(scores, explain.LEAST_CHANCE) != before).sum())
    return changed / len(away), *wilson(changed, len(away))
