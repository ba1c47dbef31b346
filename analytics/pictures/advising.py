"""Running the projection advisor: try maps, score each, choose. The choice is in ``advice``."""

import time
from typing import Any

import numpy as np

from analytics import registry
from analytics.errors import BadInput
from analytics.operations import Run
from analytics.params import Param
from analytics.perception.operations import ambiguity_request
from analytics.pictures import advice, sweep
from analytics.pictures.search import search
from analytics.pictures.sweep import Candidate
from analytics.progress import Progress, part
from analytics.projection.operations import (
    faithfulness_request,
    projection_request,
    reliability_request,
)
from analytics.results import Dataset, Gallery, Projection

FEWEST_ROWS = 60  # fewer rows leave no groups to follow
# The budget is spent by estimates, so that the same seed tries the same maps; only when the clock
# shows so many times the budget does it end the search.
LATEST = 3

PARAMS = (
    Param(
        "seconds",
        "int",
        120,
        "Time budget",
        "About how long to look, by estimates; more time tries more maps.",
        10,
        3_000,
        unit="seconds",
    ),
    Param(
        "search",
        "choice",
        "sweep",
        "Search",
        "sweep covers the settings evenly; bayes (t-SNE and UMAP alike) goes where maps so far "
        "were faithful, then clear.",
        choices=("sweep", "bayes"),
    ),
    Param(
        "within",
        "float",
        advice.WITHIN,
        "Faithfulness that may be given up",
        "A clearer map may be less faithful than the best by this share of it.",
        0,
        0.3,
        basic=False,
    ),
)


class _Advisor:
    """The maps tried so far. Refused ones are counted by their sentence."""

    def __init__(self, dataset: Dataset, seed: int, seconds: float, run: Run, progress: Progress):
        self.dataset, self.seed, self.run, self.progress = dataset, seed, run, progress
        self.seconds, self.started = seconds, time.monotonic()
        self.entries: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, int] = {}
        self.stopped = False

    def spent(self) -> float:
        return time.monotonic() - self.started

    def attempt(self, c: Candidate, said: Progress | None = None) -> dict[str, Any] | None:
        """Draw and score one map, or take what is stored; None when it cannot be drawn."""
        request = projection_request(self.dataset, c.method, c.params, self.seed)
        if request.digest in self.entries:
            return self.entries[request.digest]
        how = name(c.method, c.params)
        said = said or self._by_clock
        said(0.0, f"{how}: drawing")
        try:
            made = self.run(request, _named(part(said, 0.0, 0.7), how))
            kept = self.run(reliability_request(made), _named(part(said, 0.7, 0.9), how))
            seen = self.run(ambiguity_request(made), _named(part(said, 0.9, 1.0), how))
        except BadInput as error:
            self.refused[str(error)] = self.refused.get(str(error), 0) + 1
            return None
        found = advice.entry(made, kept, seen, c.default, how)
        self.entries[request.digest] = found
        return found

    def map_of(self, entry: dict[str, Any], progress: Progress) -> Projection:
        """The map of an entry, from the store."""
        params = entry["params"]
        return self.run(
            projection_request(self.dataset, entry["method"], params, self.seed), progress
        )

    def _by_clock(self, fraction: float | None, words: str) -> None:
        done = min(0.99, self.spent() / self.seconds)
        self.progress(done, f"{words} ({len(self.entries)} maps so far)")

    def ahead(self, planned: list[Candidate]) -> None:
        """Where there is a cluster: all maps side by side, then all their scores."""
        if self.run.spread is None:
            return
        asked = [projection_request(self.dataset, c.method, c.params, self.seed) for c in planned]
        self.run.ahead(asked, part(self.progress, 0.0, 0.7))
        made = [found for r in asked if (found := self.run.artifacts.load(r.digest)) is not None]
        later = [score(m) for m in made for score in (reliability_request, ambiguity_request)]
        self.run.ahead(later, part(self.progress, 0.7, 1.0))

    def sweep(self, planned: list[Candidate]) -> None:
        self.ahead(planned)
        total = sum(c.seconds for c in planned)
        before = 0.0
        for c in planned:
            if self._over() and not c.default:
                return
            share = part(self.progress, before / total, (before + c.seconds) / total)
            self.attempt(c, share)
            before += c.seconds

    def bayes(self, methods: tuple[str, ...], within: float) -> None:
        n, d = self.dataset.X.shape
        for c in sweep.order(methods, n, d, self.seed):
            if not c.default:
                break
            self.attempt(c)
        for _ in search(methods, n, d, self.seed, self.seconds, within, self.attempt):
            if self._over() or len(self.entries) >= sweep.MOST_MAPS:
                return

    def _over(self) -> bool:
        self.stopped = self.spent() > LATEST * self.seconds
        return self.stopped


def name(method: str, params: dict[str, Any]) -> str:
    """A method with its changed settings, as people read it."""
    row = registry.get("projection", method)
    labels = {p.name: p.label.lower() for p in row.params}
    changed = ", ".join(f"{labels.get(k, k)} {_value(v)}" for k, v in params.items())
    return f"{row.label} ({changed})" if changed else f"{row.label}, as preset"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _named(progress: Progress, how: str) -> Progress:
    return lambda fraction, words: progress(fraction, f"{how}: {words}")


def advise(
    dataset: Dataset,
    methods: tuple[str, ...],
    params: dict[str, Any],
    seed: int,
    progress: Progress,
    run: Run,
) -> Gallery:
    """Try maps of a dataset within a time budget and recommend one.

    ``run`` gives a stored result or makes and stores it. entries : see ``advice.entry``, and
    "faithful" (near the best), "front" (on the Pareto front), "trustworthiness" and "continuity"
    (of the recommended and the most faithful map); the recommended map first.
    Raises BadInput when the rows are too few or no map can be drawn.
    """
    if dataset.n < FEWEST_ROWS:
        raise BadInput(
            f"Looking for a map takes at least {FEWEST_ROWS} rows, and there are {dataset.n}: "
            "choose a method by hand on the Map page."
        )
    n, d = dataset.X.shape
    advisor = _Advisor(dataset, seed, params["seconds"], run, part(progress, 0.0, 0.94))
    notes: list[str] = []
    if params["search"] == "bayes":
        planned = None
        advisor.bayes(methods, params["within"])
    else:
        planned, notes = sweep.plan(methods, n, d, seed, params["seconds"])
        advisor.sweep(planned)
    if not advisor.entries:
        raise BadInput(next(iter(advisor.refused), "No map of these data could be drawn."))
    progress(0.95, "Comparing the maps")
    entries = list(advisor.entries.values())
    chance = _chance(advisor, part(progress, 0.95, 0.97))
    made = _gallery(entries, chance, params["within"])
    _second_opinion(advisor, made, part(progress, 0.97, 1.0))
    facts = {**made.facts, "tried": len(entries), "stopped": advisor.stopped}
    facts["planned"] = len(planned) if planned is not None else None
    notes += _notes(advisor, planned, n)
    progress(1.0, "Chosen")
    return made.with_(facts=facts, notes=tuple(notes))


def _notes(advisor: _Advisor, planned: list[Candidate] | None, n: int) -> list[str]:
    notes = []
    if advisor.stopped:
        of = f" of {len(planned)} planned" if planned is not None else ""
        notes.append(
            f"The search took {LATEST} times its budget and was ended after "
            f"{len(advisor.entries)}{of} maps; on a faster machine another may be recommended."
        )
    for words, times in advisor.refused.items():
        notes.append(f"{times} {'map' if times == 1 else 'maps'} could not be drawn: {words}")
    if n > 1_500:
        notes.append(f"Steadiness and cohesiveness use 1,500 of the {n:,} rows, chosen at random.")
    return notes


def _chance(advisor: _Advisor, progress: Progress) -> float:
    """Faithfulness of the most faithful map with its rows shuffled."""
    from analytics.projection.reliability import score

    best = max(advisor.entries.values(), key=lambda e: e["faithfulness"])
    xy = advisor.map_of(best, progress).xy
    shuffled = xy[np.random.default_rng([advisor.seed, 3]).permutation(len(xy))]
    card = score(advisor.dataset.X, shuffled, seed=advisor.seed, progress=progress)
    return float(card.values["reliability"].value)


def _gallery(entries: list[dict[str, Any]], chance: float, within: float) -> Gallery:
    """The entries in the order to show them, the recommended one first."""
    near, best_pairs = advice.faithful(entries, chance, within), advice.front(entries)
    chosen = advice.choose(entries, chance, within)
    for e, ok, on_front in zip(entries, near, best_pairs, strict=True):
        e["faithful"], e["front"] = ok, on_front
    order = sorted(
        range(len(entries)),
        key=lambda i: (
            i != chosen,
            not entries[i]["faithful"],
            entries[i]["n_components"] < 2,
            entries[i]["ambiguity"] if entries[i]["faithful"] else -entries[i]["faithfulness"],
        ),
    )
    words = advice.sentence(entries, chosen, chance)
    facts = {
        "chance": chance,
        "floor": advice.floor_of(chance),
        "within": within,
        "best": max(e["faithfulness"] for e in entries),
        "defaults": advice.against_defaults(entries, chosen),
    }
    ranked = tuple(entries[i] for i in order)
    return Gallery(entries=ranked, chosen=-1 if chosen < 0 else 0, sentence=words, facts=facts)


def _second_opinion(advisor: _Advisor, made: Gallery, progress: Progress) -> None:
    """Trustworthiness and continuity, for the recommended map and the most faithful one."""
    best = max(range(len(made.entries)), key=lambda i: made.entries[i]["faithfulness"])
    for i in {made.chosen, best} - {-1}:
        entry = made.entries[i]
        card = advisor.run(faithfulness_request(advisor.map_of(entry, progress)), progress)
        for key in ("trustworthiness", "continuity"):
            value = card.values[key].value
            entry[key] = None if value is None else float(value)
