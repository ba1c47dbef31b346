"""Requests: the one way to ask for a result, shared by pages, command line, jobs and reports.

A :class:`Request` names an operation, its method, canonical parameters, seed and the digests of
its parents. Its digest is the digest of the result, known before anything runs; so a page can look
a result up, or submit the request as a job and wait for that digest.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

from analytics import registry
from analytics.digest import is_digest, of_json
from analytics.errors import BadInput, PartFailed
from analytics.progress import Progress, silent
from analytics.results import Record


@dataclass(frozen=True)
class Operation:
    """How one kind of request runs. ``target``: "module:function", called as
    ``function(request, parents, progress) -> Record``. ``version``: see ``registry.Method``.
    ``nested``: it makes other results on its way, and is called with a fourth argument, a
    :class:`Run`.
    ``rests_on``: the kinds whose versions make another result of it too."""

    target: str
    version: int = 1
    registry_kind: str = ""
    nested: bool = False
    rests_on: tuple[str, ...] = ()


_SEEN = ("ambiguity", "reliability")

OPERATIONS = {
    "table": Operation("analytics.data.operations:table", 3),
    "dataset": Operation("analytics.data.operations:dataset"),
    "links": Operation("analytics.graphs.operations:links"),
    "projection": Operation("analytics.projection.operations:projection", 1, "projection"),
    "faithfulness": Operation("analytics.projection.operations:faithfulness"),
    "reliability": Operation("analytics.projection.operations:reliability"),
    "clustering": Operation("analytics.clustering.operations:clustering", 1, "clustering"),
    "validity": Operation("analytics.clustering.operations:validity"),
    "stability": Operation("analytics.clustering.operations:stability", nested=True),
    "stability_run": Operation("analytics.clustering.operations:stability_run"),
    "reasons": Operation("analytics.explanation.operations:reasons", 3),
    "sentences": Operation("analytics.explanation.written:written"),
    "suggestion": Operation("analytics.clustering.operations:suggestion"),
    "ambiguity": Operation("analytics.perception.operations:ambiguity", 6),
    "ambiguity_curves": Operation("analytics.perception.operations:ambiguity_curves", 2),
    "grouping": Operation("analytics.perception.operations:grouping", 3),
    "people_match": Operation("analytics.perception.operations:people_match"),
    "grouping_redrawn": Operation("analytics.perception.operations:grouping_redrawn"),
    "correction": Operation("analytics.correcting.operations:correction"),
    "labelled": Operation("analytics.correcting.operations:labelled"),
    "agreement": Operation("analytics.comparing.operations:agreement"),
    "consensus": Operation("analytics.comparing.operations:consensus"),
    "sweep": Operation("analytics.comparing.operations:sweep", nested=True),
    "signal_grid": Operation("analytics.comparing.grid:grid", nested=True, rests_on=("dataset",)),
    "collected": Operation("analytics.comparing.operations:collected", 2),
    "ranking": Operation("analytics.pictures.operations:ranking", 4, nested=True, rests_on=_SEEN),
    "advice": Operation("analytics.pictures.operations:advice", 2, nested=True, rests_on=_SEEN),
    "trust": Operation("analytics.pictures.operations:trust"),
    "text_vectors": Operation("analytics.explanation.asking:text_vectors"),
    "explanation": Operation(
        "analytics.explanation.asking:explanation", nested=True, rests_on=("text_vectors",)
    ),
    "explanation_edit": Operation(
        "analytics.explanation.asking:edited", nested=True, rests_on=("explanation_changed",)
    ),
    "explanation_changed": Operation("analytics.explanation.asking:changed"),
    "explanation_stability": Operation("analytics.explanation.reruns:stability", nested=True),
    "explanation_inside": Operation("analytics.explanation.taxonomy:inside", nested=True),
    "explanation_rerun": Operation("analytics.explanation.reruns:rerun", nested=True),
    "explanation_rest": Operation("analytics.explanation.rest:applied", nested=True),
    "explanation_reading": Operation("analytics.explanation.rest:reading"),
    "taxonomy": Operation(
        "analytics.explanation.taxonomy:taxonomy", nested=True, rests_on=("explanation_inside",)
    ),
    "keyword_topics": Operation("analytics.explanation.topics:keyword_topics", nested=True),
    "survey": Operation("analytics.bigdata.survey:survey", 6, nested=True),
    "survey_part": Operation("analytics.bigdata.survey:survey_part", 3),
    "large_ambiguity": Operation(
        "analytics.bigdata.scoring:large_ambiguity",
        nested=True,
        rests_on=("ambiguity", "large_lattice"),
    ),
    "large_lattice": Operation("analytics.bigdata.scoring:large_lattice", 3, nested=True),
    "large_ambiguity_part": Operation("analytics.bigdata.scoring:large_ambiguity_part", 2),
    "applied": Operation("analytics.bigdata.applying:applied", 3, nested=True),
    "applied_part": Operation("analytics.bigdata.applying:applied_part"),
    "applied_sums": Operation("analytics.bigdata.refitting:applied_sums"),
    "applied_moments": Operation("analytics.bigdata.refitting:applied_moments"),
}


@dataclass(frozen=True)
class Request:
    """What to compute. Build it with :func:`request`, which validates."""

    kind: str
    method: str = ""
    parents: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def digest(self) -> str:
        """The digest of the result."""
        operation = OPERATIONS[self.kind]
        version = [operation.version]
        if operation.registry_kind:
            version.append(registry.get(operation.registry_kind, self.method).version)
        version += [OPERATIONS[kind].version for kind in operation.rests_on]
        return of_json({"version": version, **self.to_json()})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, the payload of a job."""
        return {**asdict(self), "parents": list(self.parents), "params": dict(self.params)}


def request(
    kind: str,
    method: str = "",
    parents: tuple[str, ...] = (),
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Request:
    """A checked request. Raises BadInput for an unknown kind, method, parameter or seed.

    For a method that does not use its seed, the seed is set to 0, so that it cannot make two
    digests of one result.
    """
    if kind not in OPERATIONS:
        raise BadInput(f"There is no operation '{kind}': choose one of {', '.join(OPERATIONS)}.")
    if not all(is_digest(p) for p in parents):
        raise BadInput("A result is named by a text that is not a digest; reload the page.")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise BadInput(f"The seed is {seed!r}, but it takes a whole number from 0 to 4294967295.")
    params = dict(params or {})
    registry_kind = OPERATIONS[kind].registry_kind
    if registry_kind:
        row = registry.get(registry_kind, method)
        shared = {k: params.pop(k) for k in STAGE.get(kind, ()) if k in params}
        params = {**row.check(params), **shared}
        seed = seed if row.seeded else 0
    return Request(kind, method, tuple(parents), params, seed)


# Parameters of the stage itself, beside the method's own.
STAGE = {
    "projection": ("columns",),
    "clustering": ("space", "components", "noise", "examples", "with_labels"),
}


def from_json(payload: Mapping[str, Any]) -> Request:
    """The request of a job payload; validates again."""
    return request(
        str(payload.get("kind", "")),
        str(payload.get("method", "")),
        tuple(payload.get("parents", ())),
        payload.get("params") or {},
        payload.get("seed", 0),
    )


Spread = Callable[[Sequence[Request], Progress], Mapping[str, tuple[str, str]]]
"""Computes requests side by side and stores their results; returns (kind, sentence) by digest of
those that failed (see :class:`analytics.jobs.job.Job`)."""


@dataclass(frozen=True)
class Run:
    """What a nested operation makes other results with: ``run(request, progress) -> Record`` takes
    a stored result, or computes and stores it here.

    spread : computes many at once on other machines; None where there are none.
    """

    artifacts: Any
    spread: Spread | None = None

    def __call__(self, wanted: Request, progress: Progress = silent) -> Record:
        return execute(wanted, self.artifacts, progress, self.spread)

    def ahead(self, requests: Iterable[Request], progress: Progress = silent) -> None:
        """Have the results of requests computed side by side, so that asking for each in turn
        afterwards finds them; where there is one process only, nothing happens here.

        The requests do not need one another, and each holds its own seed; so what is found does not
        depend on how many machines there are. One that cannot be answered (BadInput) is left to be
        met again. Raises PartFailed when one ended otherwise.
        """
        if self.spread is None:
            return
        missing = {r.digest: r for r in requests if not self.artifacts.has(r.digest)}
        failed = self.spread(list(missing.values()), progress) if len(missing) > 1 else {}
        for kind, words in failed.values():
            if kind != "input":
                raise PartFailed(kind, words)


def execute(
    wanted: Request, artifacts, progress: Progress = silent, spread: Spread | None = None
) -> Record:
    """Run a request, unless its result is already stored, and store the result.

    artifacts : :class:`analytics.store.artifacts.Artifacts`, which holds the parents too. spread :
    for nested operations, see :class:`Run`.
    Raises BadInput when a parent is gone or the input cannot be used.
    """
    found = artifacts.load(wanted.digest)
    if found is not None:
        if not artifacts.has(wanted.digest):  # remembered here, but its files have gone since
            artifacts.save(found)
        return found
    parents = tuple(artifacts.require(digest) for digest in wanted.parents)
    operation = OPERATIONS[wanted.kind]
    module, function = operation.target.split(":")
    started = time.perf_counter()
    more = (Run(artifacts, spread),) if operation.nested else ()
    result = getattr(import_module(module), function)(wanted, parents, progress, *more)
    result = result.with_(
        digest=wanted.digest,
        parents=wanted.parents,
        method=result.method or wanted.method,
        params=result.params or dict(wanted.params),
        seed=wanted.seed,
        about={**result.about, "seconds": round(time.perf_counter() - started, 4)},
    )
    artifacts.save(result)
    return result
