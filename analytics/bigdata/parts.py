"""What is asked of a large file, in parts: one request for each span of it.

A part is an ordinary request with a digest of its own. With worker processes the parts are computed
one after another; on a cluster side by side, where each worker reads its own rows and only what it
found travels. They are joined in the order of the file either way, so the result has the same
bits; and a job that was stopped finds the parts that it had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from analytics.bigdata import records
from analytics.bigdata.source import Source, Span, spans
from analytics.errors import BadInput
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Partial

KEY = "span"


def found(
    kind: str,
    wanted: Request,
    source: Source,
    run: Run,
    progress: Progress,
    params: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Span, Partial]]:
    """Each span of the file with what the operation ``kind`` finds in it, in order.

    The parts have the parents, parameters and seed of ``wanted``, and ``params``. They are removed
    when the last was joined: the whole is what is kept. Raises PartFailed.
    """
    all_ = spans(source)
    shared = {**wanted.params, **(params or {})}
    asked = [
        request(kind, "", wanted.parents, {**shared, KEY: list(astuple(s))}, wanted.seed)
        for s in all_
    ]
    ready = 0.9 if run.spread is not None else 0.0
    run.ahead(asked, part(progress, 0.0, ready))
    for i, (span, one) in enumerate(zip(all_, asked, strict=True)):
        at = [ready + (1 - ready) * j / len(asked) for j in (i, i + 1)]
        yield span, run(one, part(progress, *at))
    for one in asked:
        run.artifacts.remove(one.digest)


def span_of(wanted: Request, source: Source) -> Span:
    """The rows that a part is asked for. Raises BadInput when the file has no such span.

    Where the records of a CSV begin is taken from the request: the file is the one that was looked
    through for it (see ``cutting``)."""
    given = wanted.params[KEY]
    if source.format == "csv":
        span = Span(*map(int, given))
        blocks = sum(len(records.sizes_of(one.size)) for one in source.files or (source,))
        if 0 <= span.first < span.last <= blocks and 0 <= span.tail <= records.BLOCK:
            return span
    for span in spans(source):
        if list(astuple(span)) == given:
            return span
    raise BadInput("The file has no such rows: open it again.")
