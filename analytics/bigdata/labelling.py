"""What labels the rows of a large file: the preparation and rule of a sample's groups, piece by
piece."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics.bigdata import assigning, describing, encoder, where
from analytics.bigdata.source import Source, Span, Told, chunks, opened
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request
from analytics.progress import Progress, silent
from analytics.results import (
    NOT_SCORED,
    Clustering,
    Dataset,
    Explanation,
    Grouping,
    Projection,
    Record,
    Table,
)

CELLS = 4_000_000  # encoded at once
NONE = (np.zeros(0, np.int64), np.zeros(0, np.int32))


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


def ready_of(parents: tuple[Record, ...], how: str, content: str) -> Ready:
    """From the table, the dataset, the map where there is one, and the groups. how : see
    ``assigning.rule_of``. Raises BadInput."""
    # The next part of the same whole needs it again, with its parents read anew from the disk.
    key = (*(p.digest for p in parents), how, content)
    if key not in _kept:
        found = _ready_of(parents, how, content)
        if not all(p.digest for p in parents):
            return found
        _kept.clear()
        _kept[key] = found
    return _kept[key]


_kept: dict[tuple[str, ...], Ready] = {}  # the last one


def _ready_of(parents: tuple[Record, ...], how: str, content: str) -> Ready:
    table, dataset, found = parents[0], parents[1], parents[-1]
    if isinstance(table, Table) and isinstance(found, Explanation):
        column = {found.column: table.frame[found.column].dtype}
        made = encoder.Encoder(column, changes={}, numeric=[], values={}, switches=[])
        own = _own(table, dataset, found.labels, content, found.place >= 0)
        return Ready(made, describing.rule_of(found, dataset), own)
    belongs = isinstance(table, Table) and isinstance(dataset, Dataset)
    if not belongs or not isinstance(found, (Clustering, Grouping)):
        raise BadInput("Groups of a sample are needed to give them to all rows: cluster it first.")
    made = encoder.fitted(dataset, table)
    rule = assigning.rule_of(found, dataset, projection_of(parents), how)
    return Ready(made, rule, _own(table, dataset, found.labels, content))


def projection_of(parents: tuple[Record, ...]) -> Projection | None:
    """The map that the groups rest on, where there is one."""
    return next((p for p in parents[2:-1] if isinstance(p, Projection)), None)


def _own(
    table: Table,
    source: Table | Dataset,
    labels: np.ndarray,
    content: str,
    known: np.ndarray | slice = slice(None),
) -> tuple[np.ndarray, np.ndarray]:
    """(rows of the file, rising; their labels) of the rows of the source that are ``known``; none
    when the table is of another file."""
    of = table.source.get("sampled")
    if not of or table.params.get("content") != content:
        return NONE
    rows = table.frame[of["row"]].to_numpy(np.int64)
    rows = (rows[source.rows] if isinstance(source, Dataset) else rows)[known]
    order = np.argsort(rows, kind="stable")
    return rows[order], np.asarray(labels, np.int32)[known][order]


def readable(source: Source, ready: Ready) -> Source:
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


def labels_of(
    source: Source,
    ready: Ready,
    span: Span | None = None,
    progress: Progress = silent,
    told: Told | None = None,
) -> Iterator[tuple[int, np.ndarray]]:
    """(number of the first row, labels) of each piece of the file, or of a span of it."""
    for start, table in chunks(source, ready.columns, span=span, progress=progress, told=told):
        yield start, labelled(table, start, ready)


def labelled(table: Any, start: int, ready: Ready) -> np.ndarray:
    """Labels int32 of a piece, a pyarrow table whose first row has number ``start``: a pure
    function, so that pieces can be labelled anywhere and written in their order."""
    found = []
    for keep, X, whole in encoded(table, ready):
        labels = np.full(len(keep), NOT_SCORED, np.int32)
        if len(X):
            labels[keep] = ready.rule.label(X, whole)
        found.append(labels)
    labels = np.concatenate(found) if found else np.zeros(0, np.int32)
    return with_own(labels, start, ready.own)


def with_own(labels: np.ndarray, start: int, own: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The labels from row ``start`` on, in which rows whose labels are known have these."""
    first, last = np.searchsorted(own[0], [start, start + len(labels)])
    labels[own[0][first:last] - start] = own[1][first:last]
    return labels


def encoded(table: Any, ready: Ready) -> Iterator[tuple[np.ndarray, np.ndarray, pd.DataFrame]]:
    """Which rows can be compared, bool; X of these, and their columns: of some rows of a piece at a
    time, so that little is held."""
    made, rule, _ = ready
    step = max(1_000, CELLS // max(1, len(made.order)))
    for at in range(0, table.num_rows, step):
        piece = table.slice(at, step)
        frame = made.frame(piece, piece.schema.names)
        keep = made.complete(frame)
        if rule.columns and not rule.gaps:
            axes = frame[list(rule.columns)].to_numpy(np.float64, na_value=np.nan)
            keep &= np.isfinite(axes).all(axis=1)
        whole = frame if keep.all() else frame[keep].reset_index(drop=True)
        none = not len(whole) or not made.features  # of texts there are no columns to compare by
        X = np.zeros((len(whole), len(made.order)), np.float32) if none else made.X(whole)
        yield keep, X, whole
