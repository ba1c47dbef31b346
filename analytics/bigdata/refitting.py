"""The centres of k-means on a sample, moved over all rows of its file: Lloyd's algorithm in parts.

In each round every span of the file gives its counts and sums by nearest centre; they are added in
the order of the file and lead to the next centres. Only centres and sums travel.
"""

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np

from analytics.bigdata import assigning, batches, labelling, parts
from analytics.bigdata.batches import Sums
from analytics.bigdata.source import Source, Span, chunks, spans
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request, Run
from analytics.progress import Progress, part
from analytics.results import Clustering, Partial, Record

METHODS = ("kmeans", "minibatch")
ROUNDS = 10
LEAST_GAIN = 1e-3  # share by which a round must lower the loss for another one
MOST_NUMBERS = 20_000  # of all centres, which go with every part


class Fitted(NamedTuple):
    """centers (k, d); sentence : what was done and what it gained."""

    centers: np.ndarray
    sentence: str


def check(found: Record) -> None:
    """Raise BadInput for groups without centres that can be moved."""
    if not isinstance(found, Clustering) or found.method not in METHODS:
        raise BadInput(
            "Only the centres of k-means can be moved over all rows: cluster by it, or choose "
            "another way."
        )
    if found.params.get("noise", "keep") != "keep":
        raise BadInput("Groups whose noise was put to the nearest have no centres to move.")
    if found.extras["centers"].size > MOST_NUMBERS:
        raise BadInput(
            f"The centres are {found.extras['centers'].size:,} numbers, but at most "
            f"{MOST_NUMBERS:,} are moved over all rows: take fewer groups or columns."
        )


def fitted(
    wanted: Request, parents: tuple[Record, ...], source: Source, run: Run, progress: Progress
) -> Fitted:
    """Move the centres until a round lowers the loss by less than 0.1 %, at most 10 times."""
    check(parents[-1])
    centers = np.asarray(parents[-1].extras["centers"], np.float64)
    losses, at = [], centers
    while len(losses) <= ROUNDS:
        here = part(progress, len(losses) / (ROUNDS + 1), (len(losses) + 1) / (ROUNDS + 1))
        sums = _sums(wanted, parents, source, run, here, at)
        losses.append(sums.loss / max(1, int(sums.counts.sum())))
        centers = at  # the loss is theirs
        if len(losses) > 1 and losses[-2] - losses[-1] <= LEAST_GAIN * losses[-2]:
            break
        at = batches.moved(at, sums)
    gain = 1 - losses[-1] / losses[0] if losses[0] else 0.0
    rounds = words.count(len(losses) - 1, "round")
    return Fitted(
        centers,
        f"The centres were moved over all rows in {rounds}, which lowered the mean squared "
        f"distance to the nearest one by {gain:.2%}.",
    )


def ready_of(
    parents: tuple[Record, ...], ready: labelling.Ready, centers: np.ndarray
) -> labelling.Ready:
    """What labels a row by moved centres; rows of the sample too."""
    found = parents[-1].with_(extras={**parents[-1].extras, "centers": centers})
    rule = assigning.rule_of(found, parents[1], labelling.projection_of(parents))
    return ready._replace(rule=rule, own=labelling.NONE)


def applied_sums(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The sums of a span of the file by the nearest of ``centers``."""
    source = labelling.source_of(wanted, part(progress, 0.0, 0.05))
    ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))
    source = labelling.readable(source, ready)
    span, centers = parts.span_of(wanted, source), np.array(wanted.params["centers"])
    found = _of(source, ready, parents, centers, part(progress, 0.05, 1.0), span)
    return Partial(
        arrays={"counts": found.counts, "sums": found.sums, "loss": np.array(found.loss)}
    )


def _sums(wanted, parents, source: Source, run: Run, progress: Progress, centers) -> Sums:
    """Of all rows."""
    if not spans(source):
        ready = labelling.ready_of(parents, "method", str(wanted.params["content"]))
        return _of(source, ready, parents, centers, progress)
    more = {"centers": centers.tolist()}
    each = parts.found("applied_sums", wanted, source, run, progress, more)
    return reduce(
        batches.merge,
        (Sums(a["counts"], a["sums"], float(a["loss"])) for a in (one.arrays for _, one in each)),
    )


def _of(
    source: Source,
    ready: labelling.Ready,
    parents: tuple[Record, ...],
    centers: np.ndarray,
    progress: Progress,
    span: Span | None = None,
) -> Sums:
    place, _ = assigning.place_of(parents[1], labelling.projection_of(parents), parents[-1].params)

    def each() -> Iterator[Sums]:
        pieces = chunks(source, ready.columns, span=span, progress=progress)
        for _, table in pieces:
            for _, X, frame in labelling.encoded(table, ready):
                if len(X):
                    yield batches.sums(place(X, frame), centers)

    return reduce(batches.merge, each(), _nothing(centers))


def _nothing(centers: np.ndarray) -> Sums:
    return Sums(np.zeros(len(centers), np.int64), np.zeros(centers.shape), 0.0)
