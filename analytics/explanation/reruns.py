"""Whether an explanation comes out again: other seeds, and four fifths of the texts each time."""

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import asking, corpus, explain, goals, offline, select, sentences
from analytics.language import asking as language
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Clustering, Explanation, Record, Score, ScoreCard

RERUNS = 3
SHARE = 0.8  # of the texts that each rerun reads
LEAST = 10  # texts that a rerun needs


def stability_request(found: Explanation, source: Record) -> Request:
    """Ask how steady the groups of an explanation are. found : before any change by hand."""
    method = language.METHOD if found.method == language.METHOD else ""
    return request("explanation_stability", method, (found.digest, source.digest), {}, found.seed)


def stability(wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run):
    """Run :func:`stability_request`.

    Returns a ScoreCard: values "ari", the mean adjusted Rand index with the reruns over the texts
    they read; groups "steady" (k,), the mean largest Jaccard overlap of each group with one of a
    rerun, 0-1.
    """
    found, source = parents
    if not isinstance(found, Explanation) or found.method not in ("offline", language.METHOD):
        raise BadInput("Only explanations by a goal are made again.")
    by_model = found.method == language.METHOD
    column = found.column
    texts, place, _ = corpus.distinct(source, column)
    if found.params.get("sample") is not None or len(texts) < LEAST:
        raise BadInput("There are too few texts to explain a part of them again.")
    judges = []
    if not by_model:
        _vectors(found, source, part(progress, 0.0, 0.4), run)
        parts = [
            request("explanation_rerun", "", wanted.parents, {"number": number})
            for number in range(RERUNS)
        ]
        run.ahead(parts, part(progress, 0.4, 1.0))
    labels = np.full(len(texts), -1)
    labels[place[place >= 0]] = found.labels[place >= 0]
    overlaps, agreements = [], []
    for number in range(RERUNS):
        progress(0.4 + 0.6 * number / RERUNS, f"Rerun {number + 1} of {RERUNS}")
        rows = _drawn(found, number, len(texts))
        if by_model:
            some = [texts[i] for i in rows]
            say = part(progress, 0.4 + 0.6 * number / RERUNS, 0.4 + 0.6 * (number + 1) / RERUNS)
            judges.append(_judge(found, found.seed + 1 + number))
            again = _asked_again(found, some, judges[-1], found.seed + 1 + number, say)
        else:
            again = run(parts[number]).labels
        overlaps.append(_overlap(labels[rows], again, len(found.chosen)))
        agreements.append(_rand(labels[rows], again))
    ari = Score(float(np.mean(agreements)), label="Agreement with reruns (ARI)")
    return ScoreCard(
        values={"ari": ari},
        groups={"steady": np.mean(overlaps, axis=0)},
        notes=tuple(note for judge in judges for note in judge.model.notes),
        about={"usage": _sum(judges)} if judges else {},
    )


def _drawn(found: Explanation, number: int, n: int) -> np.ndarray:
    """Places of the texts that a rerun reads."""
    rng = np.random.default_rng([found.seed, number])
    return np.sort(rng.permutation(n)[: int(SHARE * n)])


def _vectors(found: Explanation, source: Record, progress: Progress, run: Run):
    """All texts by meaning, or None for a goal that does not read it."""
    if goals.read(found.goal, found.params["examples"]).aspect not in offline.BY_MEANING:
        return None
    return run(asking.vectors_request(source, found.column), progress)


def rerun(wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run) -> Clustering:
    """One rerun of :func:`stability` without a language model, as a part of it; its labels are of
    the texts it read."""
    found, source = parents
    number = wanted.params["number"]
    texts, _, _ = corpus.distinct(source, found.column)
    rows = _drawn(found, number, len(texts))
    made = _vectors(found, source, part(progress, 0.0, 0.5), run)
    held = None if made is None else sentences.Vectors(made.values[rows], made.model)
    labels = _again(found, [texts[i] for i in rows], held, found.seed + 1 + number)
    return Clustering(labels=labels.astype(np.int32), n_clusters=int(labels.max(initial=-1)) + 1)


def _judge(found: Explanation, seed: int) -> language.Judge:
    """The model of an explanation, which asks once: a second opinion would double the cost."""
    asked = {**found.params["language"], "check": language.NONE}
    return language.judge_of(asked, seed, None)


def _asked_again(found: Explanation, texts, judge: language.Judge, seed: int, say) -> np.ndarray:
    """Labels of a rerun by a language model. What it has judged before is not asked again."""
    task, wishes = asking.task_of(found.params, texts), asking.wishes_of(found.params)
    draft = explain.explain(task, np.ones(len(texts)), judge, wishes, seed, say)
    place = np.full(len(draft.descriptions) + 1, -1)  # the last one for none
    place[list(draft.selection.chosen)] = np.arange(len(draft.selection.chosen))
    return place[draft.preferred]


def _sum(judges: list[language.Judge]) -> dict:
    """What all reruns cost together."""
    each = [judge.usage for judge in judges]
    return {
        name: None if any(u[name] is None for u in each) else sum(u[name] for u in each)
        for name in each[0]
    }


def _again(found: Explanation, texts: list[str], made, seed: int) -> np.ndarray:
    """Labels of a rerun on some of the texts."""
    task = asking.task_of(found.params, texts)
    provider = offline.read(task, seed, made)
    wishes = asking.wishes_of(found.params)
    draft = explain.explain(task, np.ones(len(texts)), provider, wishes, seed)
    return select.assign(draft.scores[:, list(draft.selection.chosen)], explain.LEAST_CHANCE)


def _overlap(a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """Largest Jaccard overlap of each group of a with a group of b; 0 for an empty one."""
    best = np.zeros(k)
    for i in range(k):
        for j in range(b.max() + 1):
            either = ((a == i) | (b == j)).sum()
            best[i] = max(best[i], ((a == i) & (b == j)).sum() / either if either else 0.0)
    return best


def _rand(a: np.ndarray, b: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(a, b))
