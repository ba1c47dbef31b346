"""What the rest of the program sees of a job: an immutable snapshot, and the words around it."""

import time
from dataclasses import dataclass

from analytics import registry
from analytics.operations import Request

ACTIVE = ("queued", "running")

_LABELS = {
    "table": "Reading the data",
    "dataset": "Preparing the data",
    "projection": "Map",
    "faithfulness": "Faithfulness of the map",
    "reliability": "Groups kept by the map",
    "clustering": "Clusters",
    "validity": "Validity of the clusters",
    "stability": "Stability of the clusters",
    "stability_run": "One run for the stability",
    "reasons": "Why these clusters",
    "sentences": "Sentences on the clusters",
    "suggestion": "Suggested settings",
    "ambiguity": "Ambiguity of the map",
    "grouping": "Groups people would see",
    "people_match": "Clusters against what people would see",
    "grouping_redrawn": "The picture drawn in other ways",
    "ranking": "Ranking pictures",
    "advice": "Looking for the best map",
    "text_vectors": "Reading the texts",
    "explanation": "Explaining the texts",
    "explanation_edit": "Changing the explanation",
    "explanation_stability": "Explaining again",
    "explanation_rerun": "Explaining a part again",
    "explanation_reading": "Reading further texts",
    "explanation_inside": "Explaining one group",
    "explanation_rest": "Applying the descriptions to all texts",
    "taxonomy": "Explaining each group",
    "keyword_topics": "Sorting the texts into topics",
    "trust": "Clusterers on clear and ambiguous plots",
}


@dataclass(frozen=True)
class Job:
    """One request on its way to a result.

    id : digest of the request, which is the digest of the result.
    state : "queued", "running", "done", "failed", "cancelled" (someone stopped it) or "died" (its
        worker process ended without an answer).
    fraction : share done, 0 to 1, or None when unknown. words : what is happening now.
    queued, started, ended : seconds since 1970, None until it happens.
    error : one sentence, empty unless failed or died. error_kind : "input" (the request cannot be
        answered), "later" (not now: a language model does not answer, say), "memory", "time" (a
        limit was passed), "crash" (our fault) or "store".
    part : of another job, which asked for it; nobody else did.
    asked : number of the page run that asked first (:mod:`analytics.logs`), "" when there is none.
    """

    id: str
    kind: str
    method: str = ""
    label: str = ""
    owner: str = ""
    state: str = "queued"
    fraction: float | None = None
    words: str = ""
    queued: float = 0.0
    started: float | None = None
    ended: float | None = None
    error: str = ""
    error_kind: str = ""
    part: bool = False
    asked: str = ""

    @property
    def active(self) -> bool:
        """Whether it is still queued or running."""
        return self.state in ACTIVE

    @property
    def seconds(self) -> float:
        """Running time so far, or in all; 0 before the start."""
        if self.started is None:
            return 0.0
        return max(0.0, (self.ended or time.time()) - self.started)


def label(request: Request) -> str:
    """What a person calls this step, such as "Map: UMAP"."""
    name = _LABELS.get(request.kind, request.kind)
    known = {(row.kind, row.id): row.label for row in registry.methods(request.kind)}
    method = known.get((request.kind, request.method), "")
    return f"{name}: {method}" if method else name


def over_memory(limit_mb: int) -> str:
    """The sentence for a job stopped at its memory limit."""
    return (
        f"This needed more than {limit_mb:,} MB of memory and was stopped: use fewer rows or a "
        "lighter method, or raise GESTALT_JOB_MEMORY_MB."
    )


def over_time(limit_seconds: float) -> str:
    """The sentence for a job stopped at its time limit."""
    return (
        f"This took longer than {limit_seconds:,.6g} seconds and was stopped: use fewer rows or a "
        "faster method, or raise GESTALT_JOB_SECONDS."
    )


def lost(exit_code: int | None) -> str:
    """The sentence for a job whose worker ended without an answer."""
    how = f"signal {-exit_code}" if exit_code and exit_code < 0 else f"exit code {exit_code}"
    return (
        f"The process that was computing this ended unexpectedly ({how}): run it again, with "
        "fewer rows if it happens again."
    )


BEFORE = "This step needs"


def step_before(cause: Job) -> str:
    """The sentence for a job that waited for one that did not finish."""
    return f"{BEFORE} “{cause.label}”, which did not finish: {cause.error}"


NO_WORKER = (
    "No worker process could be started, so nothing can be computed: the server log says why; "
    "try again when that is solved."
)
NOT_STORED = (
    "The step finished but its result is not in the data folder: run it again, and check that "
    "nothing else empties the folder."
)
CHANGED = "The program was changed while it was running: restart it, then run this again."
NO_MEMORY = (
    "The computer ran out of memory on this step: use fewer rows or a lighter method, or close "
    "other programs."
)


def gone(digest: str) -> str:
    """The sentence for a request that builds on a result nobody has."""
    return f"The result {digest[:8]} is no longer stored: open the data again to rebuild it."


def internal(name: str) -> str:
    """The sentence for an unexpected exception: only its type, as its text may hold data."""
    return (
        f"This step stopped with an internal error ({name}): the server log has the details; "
        "other methods or settings may work."
    )
