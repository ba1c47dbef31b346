"""About how long a job takes: what its method says, corrected by what was measured here before."""

from collections import OrderedDict

from analytics import registry
from analytics.errors import BadInput, StoreError
from analytics.operations import OPERATIONS, Request

LONG = 20.0  # seconds from which a job counts as long
UNKNOWN = 1.0  # seconds of a job that nothing is known of
# Kinds whose jobs are long, or wait for a language model, until the first has been measured.
SLOW = {
    "sweep": 120.0,
    "advice": 120.0,
    "ranking": 60.0,
    "signal_grid": 120.0,
    "stability": 20.0,
    "grouping_redrawn": 30.0,
    "explanation": 60.0,
    "explanation_edit": 30.0,
    "explanation_stability": 120.0,
    "explanation_inside": 30.0,
    "explanation_rest": 30.0,
    "taxonomy": 120.0,
    "survey": 20.0,
    "large_ambiguity": 20.0,
    "large_lattice": 20.0,
    "applied": 30.0,
    "text_vectors": 20.0,
}
BOUNDS = (0.1, 20.0)  # a measurement changes an estimate by no more than this, times
NEW = 0.5  # weight of the newest measurement
KEPT = 500  # sizes and measurements remembered


class Estimates:
    """Seconds of requests. artifacts : where the shapes of parents are read, without loading them;
    None for a board without results. Not thread-safe; the runner's lock guards it."""

    def __init__(self, artifacts=None):
        self._artifacts = artifacts
        self._shapes: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._factors: OrderedDict[tuple[str, str], float] = OrderedDict()

    def of(self, request: Request) -> float:
        """About how many seconds a request takes."""
        factor = self._factors.get((request.kind, request.method), 1.0)
        return self._said(request) * factor

    def learn(self, request: Request, seconds: float) -> None:
        """Note how long a request took."""
        key, low, high = (request.kind, request.method), *BOUNDS
        now = min(high, max(low, seconds / max(self._said(request), 0.05)))
        before = self._factors.pop(key, None)
        self._factors[key] = now if before is None else (1 - NEW) * before + NEW * now
        _trim(self._factors)

    def _said(self, request: Request) -> float:
        """What is known without a measurement."""
        kind = OPERATIONS[request.kind].registry_kind
        shape = self._shape(request.parents[0]) if kind and request.parents else None
        if shape is None:
            return SLOW.get(request.kind, UNKNOWN)
        try:
            return max(0.05, registry.get(kind, request.method).cost(*shape, request.params))
        except (BadInput, ArithmeticError, KeyError, TypeError, ValueError):
            return SLOW.get(request.kind, UNKNOWN)

    def _shape(self, digest: str) -> tuple[int, int] | None:
        """Rows and columns of a data set; None when it is not there (yet)."""
        if digest not in self._shapes and self._artifacts is not None:
            try:
                shape = self._artifacts.shape(digest, "X")
            except (BadInput, StoreError):
                shape = None
            if shape is None or len(shape) != 2:
                return None
            self._shapes[digest] = shape
            _trim(self._shapes)
        return self._shapes.get(digest)


def _trim(held: OrderedDict) -> None:
    while len(held) > KEPT:
        held.popitem(last=False)
