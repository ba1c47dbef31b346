"""A sentence of a language model on each group of any clustering, checked against the rows.

The model is told what was found (:mod:`analytics.explanation.reasons`) and returns a sentence with
the claims it makes. A sentence stands only when its numbers are among the facts, no words of it go
beyond its claims, each claim holds for the members, and all together tell them from the nearest
other rows.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.clustering.operations import clustering_of
from analytics.explanation import claims as checks
from analytics.explanation.claims import Claim, Verdict
from analytics.explanation.explain import TRUE
from analytics.explanation.provider import Task
from analytics.explanation.subjects import Subject, subjects
from analytics.language import asking as language
from analytics.language import cost, ladder, prompts, writing
from analytics.language.answered import Exchange
from analytics.language.provider import LanguageProvider
from analytics.operations import Request, request
from analytics.progress import Progress, part
from analytics.results import Dataset, Reasons, Record, Sentences

SAMPLE = 15  # members, and as many nearest other rows, whose texts the model judges
GOAL = "to check what is said about a group of texts"
CHECKED, FAILED, NONE = "checked", "failed", "none"


def sentences_request(found: Reasons, asked: dict[str, Any], seed: int = 0) -> Request:
    """Ask for a sentence on each group. asked : what :func:`analytics.language.asking.params`
    gives."""
    params = {"language": asked, "prompts": list(writing.VERSIONS)}
    return request("sentences", language.METHOD, (found.digest, *found.parents), params, seed)


def written(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Sentences:
    """Run :func:`sentences_request`. parents : (reasons, dataset, [projection,] clustering)."""
    found, dataset = parents[0], parents[1]
    groups = clustering_of(parents[1:])
    model = language.model_of(wanted.params["language"], wanted.seed)
    judge = language.Judge(model, model)
    progress(0.0, "Gathering what is known of each group")
    about = subjects(dataset, groups.labels, found)
    briefs = [_brief(model, one) for one in about]
    # Without a column or a text no claim could be made.
    places = [i for i, told in enumerate(briefs) if told.columns or told.texts]
    work = [(briefs[i],) for i in places]
    answered = _each(model, writing.sentence, work, part(progress, 0.05, 0.5))
    said = {places[at]: answer for at, answer in answered.items()}
    read = {i: _claims(answer, about[i]) for i, answer in said.items()}
    asked = [(i, answer["sentence"], read[i]) for i, answer in said.items()]
    further = _beyond(model, asked, part(progress, 0.5, 0.7))
    entries = []
    for i, one in enumerate(about):
        progress(0.7 + 0.3 * i / max(1, len(about)), "Checking what was written")
        if i not in said:
            entries.append(_entry(one, "", [], None, ["no sentence came"]))
            continue
        seed = wanted.seed + i
        words = said[i]["sentence"]
        entry = _checked(model, one, words, read[i], further.get(i), seed)
        listed = [checks.words(claim) for claim in read[i]]
        entries.append({**entry, "seen": writing.keys(model, briefs[i], words, listed)})
    if places and not said:
        raise language.nothing(model)
    return Sentences(
        written=tuple(entries),
        notes=(judge.notes[0].replace("Judged", "Written"), *judge.notes[1:]),
        about={"usage": judge.usage},
    )


def _brief(model: LanguageProvider, one: Subject) -> writing.Brief:
    return writing.brief(model, one.facts, one.columns, one.exemplars)


def _each(model: LanguageProvider, ask, work: Sequence[tuple], progress: Progress) -> dict:
    """The answers by place; those that did not come are left out."""

    def numbered(place: int):
        return place, ask(model, *work[place])

    return dict(model.each(numbered, range(len(work)), progress))


def _beyond(model: LanguageProvider, asked, progress: Progress) -> dict[int, list[str]]:
    """By group: the words of its sentence that no claim says."""
    work = [(said, [checks.words(claim) for claim in claims]) for _, said, claims in asked]
    found = _each(model, writing.beyond, work, progress)
    return {asked[place][0]: words for place, words in found.items()}


def _claims(answer: dict[str, Any], one: Subject) -> list[Claim]:
    return [
        Claim(c["relation"], one.columns[c["column"]] if c["column"] >= 0 else "", c["value"])
        for c in answer["claims"]
    ]


def _checked(
    model: LanguageProvider, one: Subject, said: str, claims: list[Claim], further, seed: int
) -> dict[str, Any]:
    """The entry of a group whose sentence came. further : words beyond the claims; None when that
    was not answered."""
    why = []
    if strange := checks.unknown_numbers(said, one.facts, list(one.frame.columns)):
        why.append(f"it gives {', '.join(strange)}, which is not among the facts")
    if silent := checks.unclaimed(said, claims, one.columns):
        why.append(f"it names {', '.join(silent)} without a claim about it")
    if further is None:
        why.append("whether its claims cover it was not answered")
    elif further:
        why.append("it says more than was checked: " + ", ".join(f"“{w}”" for w in further))
    verdicts, whole = _verdicts(model, one, claims, seed)
    why += [f"“{v.words}” fails: {v.why}" for v in verdicts if v.why]
    if whole is not None and whole.why and not any(v.why for v in verdicts):
        why.append(f"all claims together: {whole.why}")
    return _entry(one, said, verdicts, whole, why)


def _entry(one: Subject, said: str, verdicts: list[Verdict], whole, why) -> dict[str, Any]:
    return {
        "label": one.cluster["label"],
        "size": one.cluster["size"],
        "sentence": said,
        "status": (FAILED if why else CHECKED) if said else NONE,
        "why": list(why),
        "claims": [v.to_json() for v in verdicts],
        "together": whole.to_json() if whole is not None else None,
    }


def _verdicts(model: LanguageProvider, one: Subject, claims: list[Claim], seed: int):
    """A verdict for each claim, and one for those together that are read off the rows; None where
    all are judged by the model."""
    found: list[Verdict] = []
    whole = np.ones(len(one.members), bool)
    read_off = False
    for claim, answer in zip(claims, _judged(model, one, claims, seed), strict=True):
        said = checks.words(claim)
        if answer is not None:
            found.append(checks.sampled(said, *answer))
            continue
        true = checks.truth(claim, one.frame, one.texts, one.members)
        if isinstance(true, str):
            found.append(Verdict(said, why=true))
            continue
        whole, read_off = whole & true, True
        found.append(checks.judged(said, true, one.members, one.near))
    return found, checks.together(whole, one.members, one.near) if read_off else None


def _judged(model: LanguageProvider, one: Subject, claims: list[Claim], seed: int) -> list:
    """Of each claim that only a reader can judge: verdicts on sampled members and nearest rows,
    and the error of the model by two forms of the question; None for other claims."""
    said = list(dict.fromkeys(str(c.value) for c in claims if c.relation == "text"))
    if not said:
        return [None] * len(claims)
    texts, inside = _sample(one, seed)
    task, rows = Task(texts, GOAL), np.arange(len(texts))
    views = [model.judge(rows, said, task, opinion=opinion) for opinion in (0, 1)]
    error = ladder.error_of(views[0].ravel(), views[1].ravel())
    with np.errstate(invalid="ignore"):
        answered = ~np.isnan(views).any(axis=0)
        true = np.mean(views, axis=0) >= TRUE
    answers = {}
    for j, value in enumerate(said):
        there = answered[:, j]
        answers[value] = (true[inside & there, j], true[~inside & there, j], error)
    return [answers[str(c.value)] if c.relation == "text" else None for c in claims]


def _sample(one: Subject, seed: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Texts of members drawn by seed and of the nearest other rows, and which are of members."""
    members = [r for r in np.flatnonzero(one.members) if one.texts[r].strip()]
    near = [r for r in one.near if one.texts[r].strip()][:SAMPLE]
    drawn = np.random.default_rng(seed).permutation(members)[:SAMPLE]
    rows = [int(r) for r in (*np.sort(drawn), *near)]
    return tuple(one.texts[r] for r in rows), np.arange(len(rows)) < len(drawn)


def seen(asked: dict[str, Any], entry: dict[str, Any], seed: int) -> list[Exchange]:
    """What the model saw and answered when it wrote a sentence; nothing where that is kept no more.
    Words in it are untrusted: escape them on screen."""
    with language.reader(asked, seed) as model:
        found = [model.kept.of_request(key) for key in entry.get("seen", ())]
    return [exchange for exchange in found if exchange is not None]


def sent(asked: dict[str, Any], dataset: Dataset, labels: np.ndarray, found: Reasons, seed: int):
    """The messages of the first request of each kind, on the first group: "describe", "judge" (None
    without texts) and "beyond", the last two with words that stand in for the model's."""
    with language.reader(asked, seed) as model:
        one = subjects(dataset, labels, found, 1)[0]
        judge = None
        if one.texts:
            texts = model.sent(Task(_sample(one, seed)[0], GOAL))[: model.together]
            judge = prompts.many(texts, ["…"], GOAL, seed)
        return {
            "describe": writing.described(model, _brief(model, one)),
            "judge": judge,
            "beyond": prompts.beyond("…", ["…"], seed),
        }


def estimate(asked: dict[str, Any], dataset: Dataset, labels, found: Reasons, seed: int):
    """About what it costs: (least, most) calls, tokens read, tokens written and US dollars, the
    last None when the price is not known. The most: each answer is asked for twice."""
    groups = len(found.clusters)
    messages = sent(asked, dataset, labels, found, seed)
    judging = 2 * math.ceil(2 * SAMPLE / asked["together"]) if messages["judge"] else 0
    each = {"describe": (1, 220), "beyond": (1, 30), "judge": (judging, 60)}
    calls = groups * sum(count for count, _ in each.values())
    read = groups * sum(
        count * cost.tokens_in(messages[kind]) for kind, (count, _) in each.items() if count
    )
    wrote = groups * sum(count * room for count, room in each.values())
    pairs = tuple((n, 2 * n) for n in (calls, read, wrote))
    price = language.price_of(asked)
    money = None if price is None else tuple(price.of(*p) for p in zip(*pairs[1:], strict=True))
    return *pairs, money
