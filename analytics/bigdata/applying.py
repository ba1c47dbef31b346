"""The groups of a sample given to all rows of its file: one Parquet of labels, in the file's order.

Read and written piece by piece; the file takes its name only when it is whole, so a cancelled or
failed run leaves none. The spans of a Parquet file are parts (see ``parts``), each with its labels
as a Parquet file of its own, joined in their order. Rows of the sample keep their own labels.
"""

import errno
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics import settings
from analytics.bigdata import assigning, encoder, parts, where
from analytics.bigdata.source import Source, Span, Told, chunks, opened, spans
from analytics.data import words
from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part, silent
from analytics.results import (
    NOT_SCORED,
    Applied,
    Clustering,
    Dataset,
    Grouping,
    Partial,
    Projection,
    Record,
    Table,
)
from analytics.store import files
from analytics.store.files import PART, sweep

HOW = ("method", "rules")
CELLS = 4_000_000  # encoded at once


def applied_request(
    found: Clustering | Grouping,
    parents: Sequence[Record],
    content: str,
    name: str,
    how: str = "method",
    options: dict[str, Any] | None = None,
) -> Request:
    """Ask for the groups of all rows of the file with this SHA-256 and name.

    parents : the table, the dataset and, where the groups rest on one, the map. Raises BadInput.
    """
    if how not in HOW:
        raise BadInput(f"Groups are given by {' or '.join(HOW)}, not by '{how}'.")
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
    source = source_of(wanted, part(progress, 0.0, 0.05))
    progress(0.05, "Finding the rule")
    ready = _ready(parents, str(wanted.params["how"]), str(wanted.params["content"]))
    source, told = _readable(source, ready), Told()
    later = part(progress, 0.1, 1.0)
    if spans(source):
        found = parts.found("applied_part", wanted, source, run, later)
        pieces = ((span.start, one.frame["label"].to_numpy(np.int32)) for span, one in found)
    else:
        pieces = _pieces(source, ready, told=told, progress=later)
    facts = write(pieces, ready, told, file_of(wanted.digest))
    facts["agreement_of"] = parents[1].n
    return Applied(name=source.name, facts=facts, notes=tuple(facts.pop("notes")))


def applied_part(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The labels of a span of the file."""
    source = source_of(wanted, part(progress, 0.0, 0.05))
    ready = _ready(parents, str(wanted.params["how"]), str(wanted.params["content"]))
    source = _readable(source, ready)
    span = parts.span_of(wanted, source)
    found = [labels for _, labels in _pieces(source, ready, span, part(progress, 0.05, 1.0))]
    return Partial(frame=pd.DataFrame({"label": np.concatenate(found)}))


def source_of(wanted: Request, progress: Progress) -> Source:
    """The file that a request names by content and name. Raises BadInput."""
    name = str(wanted.params["name"])
    progress(0.0, "Finding the file")
    path = where.find(str(wanted.params["content"]), name, progress)
    return opened(path, name, wanted.params.get("options"))


class Ready(NamedTuple):
    """What labels a row: its preparation, the rule, and (rows of the file whose labels are known,
    rising; their labels)."""

    made: encoder.Encoder
    rule: assigning.Rule
    own: tuple[np.ndarray, np.ndarray]

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return list(dict.fromkeys([*self.made.features, *self.rule.columns]))


@lru_cache(maxsize=1)  # the next part of the same whole needs it again
def _ready(parents: tuple[Record, ...], how: str, content: str) -> Ready:
    """From the table, the dataset, the map where there is one, and the groups. Raises BadInput."""
    table, dataset, found = parents[0], parents[1], parents[-1]
    projection = next((p for p in parents[2:-1] if isinstance(p, Projection)), None)
    belongs = isinstance(table, Table) and isinstance(dataset, Dataset)
    if not belongs or not isinstance(found, (Clustering, Grouping)):
        raise BadInput("Groups of a sample are needed to give them to all rows: cluster it first.")
    made = encoder.fitted(dataset, table)
    rule = assigning.rule_of(found, dataset, projection, how)
    return Ready(made, rule, _own(table, dataset, found.labels, content))


def _own(
    table: Table, dataset: Dataset, labels: np.ndarray, content: str
) -> tuple[np.ndarray, np.ndarray]:
    """(rows of the file, rising; their labels) of the sample; none when it is of another file."""
    of = table.source.get("sampled")
    if not of or table.params.get("content") != content:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    rows = table.frame[of["row"]].to_numpy(np.int64)[dataset.rows]
    order = np.argsort(rows, kind="stable")
    return rows[order], np.asarray(labels, np.int32)[order]


def _pieces(
    source: Source,
    ready: Ready,
    span: Span | None = None,
    progress: Progress = silent,
    told: Told | None = None,
) -> Iterator[tuple[int, np.ndarray]]:
    """(number of the first row, labels) of each piece of the file, or of a span of it."""
    for start, table in chunks(source, ready.columns, span=span, progress=progress, told=told):
        yield start, labelled(table, start, ready)


def write(
    pieces: Iterable[tuple[int, np.ndarray]], ready: Ready, told: Told, target: Path
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


def _readable(source: Source, ready: Ready) -> Source:
    """The file with its columns read as the sample has them. Raises BadInput."""
    made, names = ready.made, ready.columns
    gone = [c for c in names if c not in source.kinds]
    if gone:
        raise BadInput(
            f"{source.name} has no column {words.names(gone)}, by which the groups were made: "
            "choose the file that the sample is from."
        )
    kinds = dict(source.kinds)
    for name in names:
        kind = getattr(made.dtypes[name], "kind", "O")
        if source.format == "csv" and kind not in "iufbM":
            kinds[name] = "text"  # so that 007 stays what it is
        if kind == "M" and kinds[name] != "date":
            raise BadInput(
                f"The dates of {words.name(name)} are not written as 2024-12-31, so they cannot be "
                "read piece by piece: leave the column out."
            )
    return replace(source, kinds=kinds)


def labelled(table: Any, start: int, ready: Ready) -> np.ndarray:
    """Labels int32 of a piece, a pyarrow table whose first row has number ``start``: a pure
    function, so that pieces can be labelled anywhere and written in their order."""
    made, rule, own = ready
    step = max(1_000, CELLS // max(1, len(made.order)))
    found = []
    for at in range(0, table.num_rows, step):
        piece = table.slice(at, step)
        frame = made.frame(piece, piece.schema.names)
        keep = made.complete(frame)
        if rule.columns and not rule.gaps:
            axes = frame[list(rule.columns)].to_numpy(np.float64, na_value=np.nan)
            keep &= np.isfinite(axes).all(axis=1)
        labels = np.full(len(frame), NOT_SCORED, np.int32)
        if keep.any():
            whole = frame if keep.all() else frame[keep].reset_index(drop=True)
            labels[keep] = rule.label(made.X(whole), whole)
        found.append(labels)
    labels = np.concatenate(found) if found else np.zeros(0, np.int32)
    first, last = np.searchsorted(own[0], [start, start + len(labels)])
    labels[own[0][first:last] - start] = own[1][first:last]
    return labels


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
