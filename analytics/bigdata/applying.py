"""The groups of a sample given to all rows of its file: one Parquet of labels, in the file's order.

Read and written piece by piece; the file takes its name only when it is whole, so a cancelled or
failed run leaves none. The spans of a file are parts (see ``parts``), each with its labels
as a Parquet file of its own, joined in their order. Rows of the sample keep their own labels.
"""

import errno
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import settings
from analytics.bigdata import cutting, labelling, parts, refitting
from analytics.bigdata.source import Told, spans
from analytics.data import words
from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import (
    NOT_SCORED,
    Applied,
    Clustering,
    Explanation,
    Grouping,
    Partial,
    Record,
)
from analytics.store import files
from analytics.store.files import PART, sweep

FITS = (refitting.FIT, refitting.ONCE)
HOW = ("method", "rules", *FITS)


def applied_request(
    found: Clustering | Grouping | Explanation,
    parents: Sequence[Record],
    content: str,
    name: str,
    how: str = "method",
    options: dict[str, Any] | None = None,
) -> Request:
    """Ask for the groups of all rows of the file with this SHA-256 and name.

    parents : the table, the dataset (what was explained, for an explanation) and, where the groups
    rest on one, the map. how : "method", or "rules" in words, or "fit": the centres of k-means, or
    a mixture, fitted to all rows first, or "minibatch": the centres, by mini-batches in one pass.
    Raises BadInput.
    """
    if how not in HOW:
        raise BadInput(f"Groups are given by {' or '.join(HOW)}, not by '{how}'.")
    if isinstance(found, Explanation) and how != "method":
        raise BadInput("Descriptions are given to all texts by what they mean, in no other way.")
    if how in FITS:
        refitting.check(found, how)
    params = {"content": content, "name": name, "how": how}
    if options:
        params["options"] = options
    digests = (*(p.digest for p in parents), found.digest)
    return request("applied", parents=digests, params=params)


def file_of(digest: str) -> Path:
    """Where the labels of a result lie. Raises BadInput for a text that is no digest."""
    if not is_digest(digest):
        raise BadInput("A result is named by a text that is not a digest; reload the page.")
    return settings.home() / "applied" / f"{digest}.parquet"


def applied(wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run) -> Applied:
    """Run :func:`applied_request`."""
    source = labelling.source_of(wanted, part(progress, 0.0, 0.05))
    progress(0.05, "Finding the rule")
    ready = _ready(wanted, parents)
    source = cutting.parted(source, part(progress, 0.05, 0.1))
    source, told = labelling.readable(source, ready), Told()
    fitted, more, begin = None, {}, 0.1
    if wanted.params["how"] in FITS:
        fitted, begin = (
            refitting.fitted(wanted, parents, source, run, part(progress, 0.1, 0.7)),
            0.7,
        )
        more = fitted.params
        ready = refitting.ready_of(parents, ready, more)
    later = part(progress, begin, 1.0)
    if spans(source):
        found = parts.found("applied_part", wanted, source, run, later, more)
        pieces = _joined((one for _, one in found), ready, told)
    else:
        pieces = labelling.labels_of(source, ready, told=told, progress=later)
    facts = write(pieces, ready, told, file_of(wanted.digest))
    facts["agreement_of"] = len(parents[-1].labels)
    notes = (*facts.pop("notes"), *((fitted.sentence,) if fitted else ()))
    return Applied(name=source.name, facts=facts, notes=notes)


def applied_part(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The labels of a span of the file."""
    source = labelling.source_of(wanted, part(progress, 0.0, 0.05))
    ready = refitting.ready_of(parents, _ready(wanted, parents), wanted.params)
    source = labelling.readable(source, ready)
    span, told = parts.span_of(wanted, source), Told()
    ready = ready._replace(own=labelling.NONE)  # known by row numbers, which a CSV has not yet
    pieces = labelling.labels_of(source, ready, span, part(progress, 0.05, 1.0), told)
    frame = pd.DataFrame({"label": np.concatenate([found for _, found in pieces])})
    return Partial(facts={"told": told.to_json()}, frame=frame)


def _joined(
    found: Iterable[Partial], ready: labelling.Ready, told: Told
) -> Iterator[tuple[int, np.ndarray]]:
    """(number of the first row, labels) of the parts, those of the sample as they are known."""
    start = 0
    for one in found:
        told.add(Told(**one.facts["told"]), start)
        labels = one.frame["label"].to_numpy(np.int32, copy=True)
        yield start, labelling.with_own(labels, start, ready.own)
        start += len(labels)


def _ready(wanted: Request, parents: tuple[Record, ...]) -> labelling.Ready:
    how = "rules" if wanted.params["how"] == "rules" else "method"
    return labelling.ready_of(parents, how, str(wanted.params["content"]))


def write(
    pieces: Iterable[tuple[int, np.ndarray]], ready: labelling.Ready, told: Told, target: Path
) -> dict[str, Any]:
    """Write the labels to ``target``; returns the facts of :class:`Applied` and "notes"."""
    rule, own = ready.rule, ready.own
    counts: Counter[int] = Counter()
    rows = _stored(pieces, target, counts)
    left_out = counts.pop(NOT_SCORED, 0)
    notes = [f"Each row gets its group by {rule.words}.", *told.notes()]
    if left_out:
        gone = words.count(left_out, "row")
        notes.append(f"{gone} with a missing value or an unknown one have label {NOT_SCORED}.")
    if len(own[0]):
        notes.append(f"The {len(own[0]):,} rows of the sample keep their own labels.")
    return {
        "rows": rows,
        "groups": sorted(map(list, counts.items())),
        "left_out": left_out,
        "rule": rule.words,
        "agreement": rule.agreement,
        "bytes": target.stat().st_size,
        "notes": notes,
    }


def _stored(pieces: Iterable[tuple[int, np.ndarray]], target: Path, counts: Counter) -> int:
    """Write the labels, counting them; returns the rows. Raises StoreError without room."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows = pa.schema([("row", pa.int64()), ("label", pa.int32())]), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent.glob(f"{PART}*"))  # what killed runs left
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=PART)
    except OSError as error:
        raise _no_room(target, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            # Row numbers only count: their steps take next to no room.
            with pq.ParquetWriter(
                file,
                schema,
                compression="zstd",
                use_dictionary=["label"],
                column_encoding={"row": "DELTA_BINARY_PACKED"},
            ) as writer:
                for start, labels in pieces:
                    numbers = np.arange(start, start + len(labels))
                    try:
                        writer.write_table(pa.table([numbers, labels], schema=schema))
                    except OSError as error:
                        raise _no_room(target, error) from None
                    rows += len(labels)
                    counts.update(dict(zip(*_counted(labels), strict=True)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise _no_room(target, error) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return rows


def _counted(labels: np.ndarray) -> tuple[list[int], list[int]]:
    values, counts = np.unique(labels, return_counts=True)
    return values.tolist(), counts.tolist()


def _no_room(target: Path, error: OSError) -> StoreError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    why = "there is no room left" if full else error.strerror or str(error)
    return StoreError(
        f"The labels could not be written in {target.parent} ({why}): free some space there; "
        "nothing half-written was kept."
    )


def trim(max_bytes: int, since: float = 0.0) -> int:
    """Remove the oldest files of labels until at most ``max_bytes`` are left and none is from
    before ``since``; returns the bytes freed. A page that misses one offers to write it again."""
    written = (settings.home() / "applied").glob("*.parquet")
    return files.trim(written, max_bytes, lambda p: False, since)
