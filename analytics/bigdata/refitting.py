"""Groups of a sample fitted to all rows of its file, in parts: k-means by Lloyd's algorithm, a
Gaussian mixture by EM.

In each round every span of the file gives its counts and sums by nearest centre, or its moments by
component; they are added in the order of the file and lead to the next centres or mixture. Only
these travel.

k-means can also take one round of mini-batch steps: each span goes on from the same centres by
itself, and each centre is then put to the mean of all rows it has had in any span. The averaging of
parts that ran by themselves is that of M. Zinkevich, M. Weimer, A. Smola, L. Li, Parallelized
stochastic gradient descent, NIPS 2010, here weighted by the rows.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from analytics.bigdata import assigning, batches, labelling, mixtures, parts
from analytics.bigdata.batches import Sums
from analytics.bigdata.mixtures import Mixture, Moments
from analytics.bigdata.source import Source, Span, chunks, spans
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request, Run
from analytics.progress import Progress, part
from analytics.results import Clustering, Partial, Record
from analytics.shares import percent

METHODS = ("kmeans", "minibatch", "gmm")
FIT, ONCE = "fit", "minibatch"  # ways to fit: in rounds, or in one of mini-batch steps
ROUNDS = 10
LEAST_GAIN = 1e-3  # share by which a round must lower the loss for another one
LEAST_LIKELIER = 1e-3  # by which it must raise the mean log-likelihood of a row
MOST_NUMBERS = 20_000  # of all centres or the mixture, which go with every part


class Fitted(NamedTuple):
    """params : what is fitted, as parameters of the parts, {"centers": …} or {"mixture": …};
    sentence : what was done and what it gained."""

    params: dict[str, Any]
    sentence: str


def check(found: Record, how: str = FIT) -> None:
    """Raise BadInput for groups that cannot be fitted to all rows in this way."""
    if not isinstance(found, Clustering) or found.method not in METHODS:
        raise BadInput(
            "Only k-means and Gaussian mixtures can be fitted to all rows: cluster by one of them, "
            "or choose another way."
        )
    if how == ONCE and found.method == "gmm":
        raise BadInput("Mini-batches move the centres of k-means; a mixture is fitted in rounds.")
    if found.params.get("noise", "keep") != "keep":
        raise BadInput("Groups whose noise was put to the nearest cannot be fitted to all rows.")
    centers, what, count = found.extras["centers"], "centres are", found.extras["centers"].size
    if found.method == "gmm":
        count = mixtures.numbers(*centers.shape, found.params["covariance_type"])
        what = "mixture is"
    if count > MOST_NUMBERS:
        raise BadInput(
            f"The {what} {count:,} numbers, but at most {MOST_NUMBERS:,} are fitted to all rows: "
            "take fewer groups or columns."
        )


def fitted(
    wanted: Request, parents: tuple[Record, ...], source: Source, run: Run, progress: Progress
) -> Fitted:
    """Move the centres until a round lowers the loss by less than 0.1 %, or the mixture until one
    raises the mean log-likelihood by less than 0.001; at most 10 times. By mini-batches, once."""
    check(parents[-1], wanted.params["how"])
    if parents[-1].method == "gmm":
        return _fitted_mixture(wanted, parents, source, run, progress)
    start = np.asarray(parents[-1].extras["centers"], np.float64)
    if wanted.params["how"] == ONCE:
        found = _sums(wanted, parents, source, run, progress, start)
        return Fitted(
            {"centers": batches.moved(start, found).tolist()},
            f"The centres were moved over all rows once, by steps of {batches.BATCH:,} rows in the "
            "order of the file: if it is sorted, fit in rounds instead.",
        )

    def measured(centers: np.ndarray, progress: Progress) -> tuple[Sums, float]:
        sums = _sums(wanted, parents, source, run, progress, centers)
        return sums, sums.loss / max(1, int(sums.counts.sum()))

    def enough(before: float, now: float) -> bool:
        return before - now <= LEAST_GAIN * before

    centers, losses = _rounds(start, measured, batches.moved, enough, progress)
    gain = 1 - losses[-1] / losses[0] if losses[0] else 0.0
    rounds = words.count(len(losses) - 1, "round")
    return Fitted(
        {"centers": centers.tolist()},
        f"The centres were moved over all rows in {rounds}, which lowered the mean squared "
        f"distance to the nearest one by {percent(gain, 2)}.",
    )


def _fitted_mixture(wanted, parents, source: Source, run: Run, progress: Progress) -> Fitted:
    ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))

    def measured(mixture: Mixture, progress: Progress) -> tuple[Moments, float]:
        found = _moments(wanted, parents, source, run, progress, mixture)
        return found, found.likelihood / max(1, found.rows)

    def enough(before: float, now: float) -> bool:
        return now - before <= LEAST_LIKELIER

    mixture, means = _rounds(ready.rule.mixture, measured, mixtures.moved, enough, progress)
    rounds = words.count(len(means) - 1, "round")
    return Fitted(
        {"mixture": mixture.to_json()},
        f"The mixture was fitted to all rows in {rounds}, which raised the mean log-likelihood of "
        f"a row by {means[-1] - means[0]:.4g}.",
    )


def _rounds(
    at: Any,
    measured: Callable[[Any, Progress], tuple[Any, float]],
    moved: Callable[[Any, Any], Any],
    enough: Callable[[float, float], bool],
    progress: Progress,
) -> tuple[Any, list[float]]:
    """The last that was measured, and the value of each."""
    values: list[float] = []
    while True:
        n = len(values)
        found, value = measured(at, part(progress, n / (ROUNDS + 1), (n + 1) / (ROUNDS + 1)))
        values.append(value)
        if len(values) > ROUNDS or (n and enough(values[-2], values[-1])):
            return at, values
        at = moved(at, found)


def ready_of(
    parents: tuple[Record, ...], ready: labelling.Ready, params: Mapping[str, Any]
) -> labelling.Ready:
    """What labels a row by what was fitted, rows of the sample too; where ``params`` hold nothing
    of the kind, ``ready`` itself."""
    found, dataset, projection = parents[-1], parents[1], labelling.projection_of(parents)
    if params.get("mixture"):
        place, _ = assigning.place_of(dataset, projection, found.params)
        mixture = mixtures.from_json(params["mixture"])
        rule = assigning.likeliest(ready.rule, place, mixture, dataset, found.labels)
    elif params.get("centers"):
        centers = np.array(params["centers"])
        found = found.with_(extras={**found.extras, "centers": centers})
        rule = assigning.rule_of(found, dataset, projection)
    else:
        return ready
    return ready._replace(rule=rule, own=labelling.NONE)


def applied_sums(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The sums of a span of the file by the nearest of ``centers``, or of those they lead to."""
    source, ready, span = _part(wanted, parents, part(progress, 0.0, 0.05))
    by = _by_centers(np.array(wanted.params["centers"]), wanted.params["how"])
    found = _of(source, ready, parents, by, part(progress, 0.05, 1.0), span)
    return Partial(
        arrays={"counts": found.counts, "sums": found.sums, "loss": np.array(found.loss)}
    )


def applied_moments(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The moments of a span of the file by ``mixture``."""
    source, ready, span = _part(wanted, parents, part(progress, 0.0, 0.05))
    by = _by_mixture(mixtures.from_json(wanted.params["mixture"]))
    found = _of(source, ready, parents, by, part(progress, 0.05, 1.0), span)
    return Partial(arrays={name: np.asarray(value) for name, value in found._asdict().items()})


def _part(wanted, parents, progress: Progress) -> tuple[Source, labelling.Ready, Span]:
    source = labelling.source_of(wanted, progress)
    ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))
    source = labelling.readable(source, ready)
    return source, ready, parts.span_of(wanted, source)


def _sums(wanted, parents, source: Source, run: Run, progress: Progress, centers) -> Sums:
    """Of all rows."""
    if not spans(source):
        ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))
        by = _by_centers(centers, wanted.params["how"])
        return _of(source, ready, parents, by, progress)
    more = {"centers": centers.tolist()}
    each = parts.found("applied_sums", wanted, source, run, progress, more)
    return reduce(
        batches.merge,
        (Sums(a["counts"], a["sums"], float(a["loss"])) for a in (one.arrays for _, one in each)),
    )


def _moments(wanted, parents, source: Source, run: Run, progress: Progress, mixture) -> Moments:
    """Of all rows."""
    if not spans(source):
        ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))
        return _of(source, ready, parents, _by_mixture(mixture), progress)
    more = {"mixture": mixture.to_json()}
    each = parts.found("applied_moments", wanted, source, run, progress, more)
    found = reduce(mixtures.merge, (Moments(**one.arrays) for _, one in each))
    return found._replace(likelihood=float(found.likelihood), rows=int(found.rows))


class _By(NamedTuple):
    """What was found before some rows -> what is found with them; and what it is of none."""

    add: Callable[[Any, np.ndarray], Any]
    nothing: Any


def _by_centers(centers: np.ndarray, how: str) -> _By:
    none = Sums(np.zeros(len(centers), np.int64), np.zeros(centers.shape), 0.0)
    if how == ONCE:
        return _By(lambda found, X: batches.stepped(found, X, centers), none)
    return _By(lambda found, X: batches.merge(found, batches.sums(X, centers)), none)


def _by_mixture(mixture: Mixture) -> _By:
    nothing = mixtures.nothing(mixture)
    return _By(lambda found, X: mixtures.merge(found, mixtures.moments(X, mixture)), nothing)


def _of(
    source: Source,
    ready: labelling.Ready,
    parents: tuple[Record, ...],
    by: _By,
    progress: Progress,
    span: Span | None = None,
) -> Any:
    place, _ = assigning.place_of(parents[1], labelling.projection_of(parents), parents[-1].params)

    def each() -> Iterator[np.ndarray]:
        pieces = chunks(source, ready.columns, span=span, progress=progress)
        for _, table in pieces:
            for _, X, frame in labelling.encoded(table, ready):
                if len(X):
                    yield place(X, frame)

    return reduce(by.add, each(), by.nothing)
