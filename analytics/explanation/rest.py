"""An explanation of a sample applied to all texts, with the error that this is expected to make."""

from collections.abc import Iterator

import numpy as np

from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import (
    again,
    asking,
    contrast,
    corpus,
    edits,
    explain,
    lexical,
    offline,
    recording,
    select,
    spaces,
)
from analytics.explanation.provider import Task
from analytics.explanation.verdict import wilson
from analytics.language import asking as language
from analytics.language import preview
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Explanation, Record, TextVectors
from analytics.shares import percent

CHUNK = 5_000  # texts that are read at once
HELD_BACK = 0.25  # of the sample, to estimate the error on
ASKED_AGAIN = 60  # further texts that a language model is asked about in a second form


def rest_request(found: Explanation, source: Record) -> Request:
    """Ask for the groups of all texts by the descriptions that a sample was explained by.

    found : an explanation of a sample by a goal. Raises BadInput.
    """
    if found.params.get("sample") is None or found.method not in ("offline", language.METHOD):
        raise BadInput("Only an explanation of a sample, made for a goal, is applied to the rest.")
    return request("explanation_rest", found.method, (found.digest, source.digest), {}, found.seed)


def applied(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run
) -> Explanation:
    """Run :func:`rest_request`.

    Texts of the sample keep their judgements. The note gives the share of held-back texts of the
    sample that would go elsewhere when judged by the others, with a 95 % interval (Wilson). A
    language model judges each further text as it did the sample, within the budget of a run; its
    note gives the share of some of them that go elsewhere when asked in a second form.
    """
    found, source = parents
    texts, place, notes = corpus.distinct(source, found.column, corpus.MOST_WITH_SAMPLE)
    said = [found.descriptions[c] for c in found.chosen]
    task = asking.task_of(found.params, texts)
    preferred, about, arrays = None, {}, {}
    if wanted.method == language.METHOD:
        scores, preferred, error, about = _by_model(found, source, task, said, progress)
    elif "turn mean" in found.state:
        scores, arrays, error = _by_meaning(
            found, source, texts, said, progress, _reader(wanted, run)
        )
    else:  # language, length and form are read off each text: no sample is needed for them
        whole = offline.read(task, found.seed)
        scores = whole.judge(np.arange(len(texts)), said, task, progress)
        arrays, error = whole.state(said), ""
    state = edits.State(
        said,
        scores,
        list(range(len(said))),
        len(said),
        asking.wishes_of(found.params),
        preferred=preferred,
    )
    state.names = {
        j: found.names[str(c)] for j, c in enumerate(found.chosen) if str(c) in found.names
    }
    further = words.count(len(texts) - len(found.scores), "further text")
    return recording.record(state, task, place).with_(
        notes=(f"Applied to {further}. {error}".strip(), *notes, *found.notes[1:]),
        state=arrays,
        column=found.column,
        params={**_once(found.params), "sample": None, **again.times(wanted.params)},
        about=about,
    )


def _once(params) -> dict:
    """Parameters without how often the sample was asked about."""
    return {name: value for name, value in params.items() if name != again.AGAIN}


def _by_model(found: Explanation, source: Record, task: Task, said: list[str], progress):
    """Scores and the preferred descriptions of all texts, the error in words, and what it cost."""
    old, known = _inside(found, source, task.texts)
    old &= ~np.isnan(found.scores[known][:, found.chosen]).all(axis=1)  # unknown is asked about too
    out = np.flatnonzero(~old)
    check = found.params["language"]["check"]
    # A judge on this machine would have to read the corpus anew.
    asked = {**found.params["language"], "check": check if check == language.OPINIONS else "none"}
    judge = language.judge_of(asked, found.seed, None)
    scores = np.full((len(task.texts), len(said)), np.nan)
    scores[old] = found.scores[known[old]][:, found.chosen]
    scores[out] = judge.judge(out, said, task, part(progress, 0.0, 0.7))
    picked = judge.pick(out, said, task, part(progress, 0.7, 0.9))
    preferred = np.full(len(task.texts), -1, np.int32)
    place = np.full(len(found.descriptions) + 1, -1, np.int32)  # the last one for none
    place[found.chosen] = np.arange(len(said))
    if len(found.preferred):
        preferred[old] = place[found.preferred[known[old]]]
    else:
        preferred[old] = select.assign(scores[old], explain.LEAST_CHANCE)
    preferred[out] = explain.together(scores[out], picked)
    some = np.sort(np.random.default_rng(found.seed).permutation(out)[:ASKED_AGAIN])
    second = judge.model.judge(some, said, task, part(progress, 0.9, 1.0), opinion=1)
    answered = ~np.isnan(second).any(axis=1) & ~np.isnan(scores[some]).any(axis=1)
    one, other = (select.assign(s[answered], explain.LEAST_CHANCE) for s in (scores[some], second))
    error = _moved(int((one != other).sum()), int(answered.sum()))
    notes = " ".join(judge.model.notes)
    return scores, preferred, f"{error} {notes}".strip(), {"usage": judge.usage}


def _moved(moved: int, n: int) -> str:
    """What asking some texts a second time tells; nothing when none was answered twice."""
    if not n:
        return ""
    low, high = wilson(moved, n)
    return (
        f"Of {n} of them asked again in other words {percent(moved / n, 1)} would go elsewhere "
        f"({100 * low:.1f}–{percent(high, 1)})."
    )


def estimate(found: Explanation, source: Record):
    """About what asking a language model about the texts beyond the sample costs, as
    :func:`analytics.language.asking.estimate` gives it."""
    texts, _, _ = corpus.distinct(source, found.column, corpus.MOST_WITH_SAMPLE)
    further = len(texts) - len(found.scores)
    drawn = np.random.default_rng(found.seed).permutation(len(texts))[: preview.ONES]
    task = asking.task_of(found.params, [texts[i] for i in drawn])
    said = [found.descriptions[c] for c in found.chosen]
    asked = found.params["language"]
    return language.estimate_rest(asked, task, said, further, ASKED_AGAIN, found.seed)


def _inside(found: Explanation, source: Record, texts) -> tuple[np.ndarray, np.ndarray]:
    """Which texts the sample held, bool, and the place of each among them, -1 for none."""
    where = {text: i for i, text in enumerate(corpus.held(found, source))}
    known = np.array([where.get(text, -1) for text in texts])
    return known >= 0, known


def _by_meaning(
    found: Explanation, source: Record, texts: list[str], said: list[str], progress, read
):
    """Scores of all texts, arrays to judge further descriptions by, and the error in words."""
    inside = corpus.held(found, source)
    old, known = _inside(found, source, texts)
    out = np.flatnonzero(~old)
    task = asking.task_of(found.params, inside)
    provider = offline.restored(task, found.state, found.descriptions)
    sample = provider.space.values
    values = np.empty((len(texts), sample.shape[1]), np.float32)
    values[old] = sample[known[old]]
    further = [texts[i] for i in out]
    values[out] = _read(provider.space, further, part(progress, 0.0, 0.9), read)
    scores = np.full((len(texts), len(said)), np.nan)
    scores[old] = found.scores[known[old]][:, found.chosen]
    scores[out] = scores_of(said, rules_of(provider, said, sample), values[out], further)
    levels = [provider.levels.get(description, -1) for description in said]
    arrays = {**found.state, "values": values, "levels": np.array(levels, np.int32)}
    share, low, high = moved_share(provider, said, found)
    return (
        scores,
        arrays,
        (
            f"Of the texts of the sample that were held back, {percent(share, 1)} would go "
            f"elsewhere ({100 * low:.1f}–{percent(high, 1)})."
        ),
    )


def _read(space: spaces.Space, texts: list[str], progress: Progress, read) -> np.ndarray:
    """Places of further texts, read piece by piece by ``read(pieces, progress)``."""
    rows = np.empty((len(texts), space.values.shape[1]), np.float32)
    pieces = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    for i, vectors in enumerate(read(pieces, progress)):
        rows[i * CHUNK : (i + 1) * CHUNK] = spaces.more(space, pieces[i], vectors)
    return rows


def _reader(wanted: Request, run: Run):
    """Vectors of pieces of texts: here one after another, on a cluster side by side."""

    def here(pieces: list[list[str]], progress: Progress) -> Iterator[np.ndarray]:
        from models import minilm

        for i, piece in enumerate(pieces):
            yield minilm.embed(piece, part(progress, i / len(pieces), (i + 1) / len(pieces)))

    def there(pieces: list[list[str]], progress: Progress) -> Iterator[np.ndarray]:
        asked = [
            request("explanation_reading", "", wanted.parents, {"piece": i})
            for i in range(len(pieces))
        ]
        run.ahead(asked, progress)
        return (run(piece).values for piece in asked)

    return here if run.spread is None else there


def reading(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> TextVectors:
    """One piece of the texts that :func:`applied` reads, as a part of it."""
    from models import minilm

    found, source = parents
    texts, _, _ = corpus.distinct(source, found.column, corpus.MOST_WITH_SAMPLE)
    old, _ = _inside(found, source, texts)
    start = wanted.params["piece"] * CHUNK
    piece = [texts[i] for i in np.flatnonzero(~old)[start : start + CHUNK]]
    return TextVectors(values=minilm.embed(piece, progress))


def scores_of(
    said: list[str], rules: list[contrast.Rule | None], values: np.ndarray, texts: list[str]
) -> np.ndarray:
    """Scores (m, k) of further texts with places ``values`` (m, d), NaN where nothing tells."""
    scores = np.full((len(texts), len(said)), np.nan)
    for j, rule in enumerate(rules):
        literal = lexical.truth(said[j], texts)
        if literal is not None:
            scores[:, j] = literal
        elif rule is not None:
            scores[:, j] = contrast.chance(rule.margin(values))
    return scores


def rules_of(provider, said: list[str], values: np.ndarray) -> list[contrast.Rule | None]:
    """What each description holds of a text by its place, told from the places of the sample."""
    words_ = [provider.goal.words(description) for description in said]
    places = spaces.place(provider.space, words_, provider.texts)
    at = [provider.levels.get(description) for description in said]
    return contrast.rules(values, places, provider.partitions, at)


def moved_share(provider, said: list[str], found: Explanation) -> tuple[float, float, float]:
    """Share of held-back texts that go elsewhere when judged by the rest of the sample alone."""
    values = provider.space.values
    rng = np.random.default_rng(found.seed)
    away = rng.permutation(len(values))[: max(1, int(HELD_BACK * len(values)))]
    kept = np.setdiff1d(np.arange(len(values)), away)
    scores = found.scores[away][:, found.chosen].astype(float)
    before = select.assign(scores, explain.LEAST_CHANCE)
    for j, rule in enumerate(rules_of(provider, said, values[kept])):
        if rule is not None and lexical.truth(said[j], ()) is None:
            scores[:, j] = contrast.chance(rule.margin(values[away]))
    changed = int((select.assign(scores, explain.LEAST_CHANCE) != before).sum())
    return changed / len(away), *wilson(changed, len(away))
