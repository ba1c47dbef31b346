"""An explanation of a sample applied to all texts, with the error that this is expected to make."""

from collections.abc import Callable

import numpy as np

from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import asking, contrast, edits, explain, offline, select, spaces
from analytics.operations import Request, request
from analytics.progress import Progress, part
from analytics.results import Explanation, Record

MOST_TEXTS = 1_000_000
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
    texts, place, notes = asking.distinct(source, found.column, MOST_TEXTS)
    inside = asking.held(found, source)
    where = {text: i for i, text in enumerate(inside)}
    known = np.array([where.get(text, -1) for text in texts])
    out = np.flatnonzero(known < 0)
    said = [found.descriptions[c] for c in found.chosen]
    task = asking.task_of(found.params, inside)
    provider = offline.restored(task, found.state, found.descriptions)
    scores = np.empty((len(texts), len(said)))
    scores[known >= 0] = found.scores[known[known >= 0]][:, found.chosen]
    values = None
    if provider.space is not None and provider.space.kind == spaces.MEANING:
        values = np.empty((len(texts), provider.space.values.shape[1]), np.float32)
        values[known >= 0] = provider.space.values[known[known >= 0]]
        values[out] = _read(provider.space, [texts[i] for i in out], part(progress, 0.0, 0.9))
    scores[out] = _judged(provider, said, task, [texts[i] for i in out], values, out)
    state = edits.State(said, scores, list(range(len(said))), len(said), _wishes(found))
    shown = asking.record(state, asking.task_of(found.params, texts), place)
    error, low, high = _error(provider, said, found)
    note = (
        f"Applied to {words.count(len(out), 'further text')}. Of the texts of the sample that were "
        f"held back, {error:.1%} would go elsewhere ({low:.1%}–{high:.1%})."
    )
    arrays = {**found.state, "levels": np.array(_levels(found), np.int32)}
    return shown.with_(
        notes=(note, *notes, *found.notes[1:]),
        state=arrays if values is None else {**arrays, "values": values},
        column=found.column,
        params={**found.params, "sample": None},
    )


def _wishes(found: Explanation) -> explain.Wishes:
    return explain.Wishes(*(found.params[n] for n in ("overlap", "uncovered", "largest")))


def _levels(found: Explanation) -> list[int]:
    levels = found.state.get("levels", np.zeros(0, np.int32))
    return [int(levels[c]) if c < len(levels) else -1 for c in found.chosen]


def _read(space: spaces.Space, texts: list[str], progress: Progress) -> np.ndarray:
    """Places of further texts, read piece by piece."""
    from models import minilm

    rows = np.empty((len(texts), space.values.shape[1]), np.float32)
    for start in range(0, len(texts), CHUNK):
        piece = texts[start : start + CHUNK]
        say = part(progress, start / len(texts), min(1.0, (start + CHUNK) / len(texts)))
        rows[start : start + CHUNK] = spaces.more(space, piece, minilm.embed(piece, say))
    return rows


def _judged(provider, said, task, texts: list[str], values, out) -> np.ndarray:
    """Chances of the descriptions on further texts, (len(texts), k)."""
    if values is None:
        return _literally(provider, said, task, texts)
    chances = np.full((len(texts), len(said)), np.nan)
    for j, rule in enumerate(_rules(provider, said, provider.space.values)):
        literal = provider.literal(said[j], texts)
        if literal is not None:
            chances[:, j] = literal
        elif rule is not None:
            chances[:, j] = contrast.chance(rule.margin(values[out]))
    return chances


def _literally(provider, said, task, texts: list[str]) -> np.ndarray:
    """By a reading of the further texts on their own: language, length and form need no sample."""
    from dataclasses import replace

    if not texts:
        return np.zeros((0, len(said)))
    more = offline.read(replace(task, texts=tuple(texts)))
    return more.judge(np.arange(len(texts)), said, task)


def _rules(provider, said: list[str], values: np.ndarray) -> list[contrast.Rule | None]:
    words_ = [provider.goal.words(description) for description in said]
    places = spaces.place(provider.space, words_, provider.texts)
    at = [provider.levels.get(description) for description in said]
    return contrast.rules(values, places, provider.partitions, at)


def _error(provider, said: list[str], found: Explanation) -> tuple[float, float, float]:
    """Share of held-back texts that go elsewhere when judged by the rest of the sample alone."""
    if provider.space is None or provider.space.kind != spaces.MEANING:
        return 0.0, 0.0, 0.0
    values = provider.space.values
    rng = np.random.default_rng(found.seed)
    away = rng.permutation(len(values))[: max(1, int(HELD_BACK * len(values)))]
    kept = np.setdiff1d(np.arange(len(values)), away)
    scores = found.scores[away][:, found.chosen].astype(float)
    before = select.assign(scores, explain.LEAST_CHANCE)
    for j, rule in enumerate(_rules(provider, said, values[kept])):
        if rule is not None and provider.literal(said[j], ()) is None:
            scores[:, j] = contrast.chance(rule.margin(values[away]))
    changed = int((select.assign(scores, explain.LEAST_CHANCE) != before).sum())
    return changed / len(away), *_wilson(changed, len(away))


def _wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    share, square = hits / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z * np.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
