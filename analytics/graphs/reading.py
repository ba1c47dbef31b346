"""Files whose rows are not those of the table: lists of links (alone, zipped with a table of nodes,
beside one), lists of events and readings of signals."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import archives, events, readers, readings, sequences, words
from analytics.data.naming import shorten
from analytics.errors import BadInput
from analytics.graphs import links as linking
from analytics.graphs.links import Links
from analytics.progress import Progress, part, silent

DEGREE = "links"
COORDINATES = 16
_NAMES = ("edge", "link")


@dataclass(frozen=True, eq=False)
class Read:
    """A file as read. links : of the rows of ``frame``, or None when it is no graph."""

    frame: pd.DataFrame
    source: dict[str, Any]
    notes: tuple[str, ...]
    links: Links | None = None


def read(
    path: Path,
    name: str,
    options: Mapping[str, Any] | None = None,
    beside: tuple[Path, str] | None = None,
    progress: Progress = silent,
) -> Read:
    """The table in a file, with the links there are.

    beside : path and name of a second file that lists the links of the table's rows. Options and
    errors: see :func:`analytics.data.readers.read_file`. A file is a list of links when its
    columns say so (source, target; from, to; ..., and at most a weight), or by the option ``rows``.
    """
    options = readers.check_options(options)
    if beside is None and options.get("rows") is None:
        pair = _zipped(path, name)
        if pair is not None:
            return _of_zip(path, pair, options, progress)
    aside: dict[str, Any] = {}
    frame, source, notes = readers.read_file(
        path, name, options, part(progress, 0.0, 0.6), None if beside else aside
    )
    if beside is not None:
        listed, _, more = readers.read_file(*beside, progress=part(progress, 0.6, 0.9))
        source["links"] = {"file": beside[1]}
        return _joined(frame, source, (*notes, *more), listed)
    if aside:
        found = linking.tidy(aside["pairs"], aside["weights"], len(frame))
        return _graph(frame, {**source, "links": {}}, notes, found)
    found = _listing(frame, source, notes, options, part(progress, 0.7, 1.0))
    if found is not None:
        return found
    said = ""
    if options.get("rows") is None:
        said = events.hint(frame) or readings.hint(frame)
    return Read(frame, source, (*notes, said) if said else notes)


def _listing(frame, source, notes, options, progress: Progress) -> Read | None:
    """The table made of a list of readings, events or links; None for a table of items."""
    if _are_readings(options):
        return of_readings(frame, source, notes, options, progress)
    if _are_events(frame, options):
        return of_events(frame, source, notes, options)
    if options.get("rows") == "links" or (options.get("rows") is None and linking.is_list(frame)):
        return _alone(frame, source, notes)
    return None


def _are_readings(options: Mapping[str, Any]) -> bool:
    """Whether each row is a reading of a signal: by choice, or by a column that only they have."""
    return options.get("rows", "readings" if "value" in options else "") == "readings"


def _are_events(frame: pd.DataFrame, options: Mapping[str, Any]) -> bool:
    """Whether each row is an event: by choice, or by the names of all the columns."""
    if options.get("rows") is None:
        return any(role in options for role in events.ROLES) or events.is_list(frame)
    return options["rows"] == "events"


def of_events(
    frame: pd.DataFrame,
    source: dict[str, Any],
    notes: tuple[str, ...],
    options: Mapping[str, Any],
) -> Read:
    """The table of those whose events are listed."""
    found = events.of_frame(frame, {role: options.get(role, "") for role in events.ROLES})
    made, compared, more = sequences.table(found)
    names = [str(c) for c in frame.columns]
    source = {**source, "events": {"columns": names, "compared": compared, **found.columns}}
    return Read(made, source, (*notes, *more))


def of_readings(
    frame: pd.DataFrame,
    source: dict[str, Any],
    notes: tuple[str, ...],
    options: Mapping[str, Any],
    progress: Progress = silent,
) -> Read:
    """The table of the signals whose readings are listed."""
    given = {role: options.get(role, "") for role in readings.ROLES}
    made, facts, more = readings.of_frame(frame, given, progress)
    return Read(made, {**source, "readings": facts}, (*notes, *more))


def sampled(frame: pd.DataFrame, pairs: np.ndarray | None, source: dict[str, Any]) -> Read:
    """A built-in table with the links it may have, pairs of row numbers."""
    if pairs is None:
        return Read(frame, source, ())
    found = linking.tidy(pairs, None, len(frame))
    return _graph(frame, {**source, "links": {}}, (), found)


def _zipped(path: Path, name: str) -> tuple[Any, Any] | None:
    """The members (nodes, links) of a zip of two files, one of which is named after links."""
    try:
        if readers.kind_of(path) != "zip":
            return None
        with archives.open_zip(path) as archive:
            members = archives.members(archive)
    except (BadInput, OSError):
        return None  # read_file says what is wrong with it
    stems = [PurePosixPath(m.filename.replace("\\", "/")).name.lower() for m in members]
    listed = [any(word in stem for word in _NAMES) for stem in stems]
    if len(members) != 2 or sum(listed) != 1:
        return None
    return members[listed.index(False)], members[listed.index(True)]


def _of_zip(path: Path, pair, options: dict[str, Any], progress: Progress) -> Read:
    """A table of nodes and a list of links, zipped together."""
    with tempfile.TemporaryDirectory(prefix="gestalt-") as folder:
        files = []
        with archives.open_zip(path) as archive:
            for i, info in enumerate(pair):
                target = Path(folder) / str(i)
                archives.unzip(archive, info, target, progress)
                plain = PurePosixPath(info.filename.replace("\\", "/")).name
                files.append((target, plain))
        found = read(*files[0], options={**options, "rows": "items"}, beside=files[1],
                     progress=progress)  # fmt: skip
    facts = {"compression": "zip", "member": shorten(files[0][1])}
    return Read(found.frame, {**found.source, **facts}, found.notes, found.links)


def _joined(frame: pd.DataFrame, source: dict, notes: tuple[str, ...], listed) -> Read:
    """A table of nodes with a list of links by the names of a column."""
    found, _, column = linking.of_frame(listed, frame)
    by = f"the column {words.name(column)}" if column else "the numbers of the rows, from 0"
    source["links"]["by"] = column
    return _graph(frame, source, (*notes, f"Links name the nodes by {by}."), found)


def _alone(frame: pd.DataFrame, source: dict, notes: tuple[str, ...]) -> Read:
    """A list of links without a table of nodes: every name in it is a row."""
    found, names, column = linking.of_frame(frame, None)
    one, other, weight = linking.columns_of(frame)
    more = f", weights in {words.name(weight)}" if weight else ""
    said = (
        f"Read as a list of links from {words.name(one)} to {words.name(other)}{more}: each row of "
        "the table is a node."
    )
    nodes = pd.DataFrame({column: pd.array(list(names), dtype="str")})
    return _graph(nodes, {**source, "links": {"by": column}}, (*notes, said), found)


def _graph(frame: pd.DataFrame, source: dict, notes: tuple[str, ...], found: Links) -> Read:
    """The table with the number of links of each row, and what there is to know of the graph."""
    from analytics.graphs.matrix import of_links, parts

    n = len(frame)
    graph = of_links(found.edges, None, n)
    count, label = parts(graph)
    degree = np.bincount(found.edges.ravel(), minlength=n)
    alone = int(np.sum(degree == 0))
    facts = {"count": len(found.edges), "parts": count, "weighted": found.weights is not None}
    said = [*notes, *found.notes, f"A graph of {n:,} nodes and {len(found.edges):,} links."]
    if alone:
        said.append(f"{words.count(alone, 'node has', 'nodes have')} no link.")
    if count - alone > 1 or (alone and count > 1):
        largest = int(np.bincount(label).max())
        said.append(
            f"The graph falls into {count:,} separate parts; the largest has {largest:,} nodes."
        )
    column = free(DEGREE, frame)
    source["links"] = {**source["links"], **facts, "column": column}
    return Read(frame.assign(**{column: degree.astype(np.int64)}), source, tuple(said), found)


def free(wanted: str, frame: pd.DataFrame) -> str:
    """A column name that the table does not have yet."""
    name, number = wanted, 2
    while name in frame.columns:
        name, number = f"{wanted} ({number})", number + 1
    return name


def with_coordinates(frame: pd.DataFrame, found: Links) -> tuple[pd.DataFrame, str]:
    """The table with spectral coordinates of its nodes, and a note.

    For nodes that have no columns of their own to be compared by.
    """
    from analytics.graphs.matrix import of_links
    from analytics.graphs.spectrum import coordinates

    n = len(frame)
    size = max(1, min(COORDINATES, n - 1))
    values = coordinates(of_links(found.edges, found.weights, n), size)
    names = [free(f"spectral_{j + 1}", frame) for j in range(values.shape[1])]
    more = pd.DataFrame(values.astype(np.float32), columns=names, index=frame.index)
    note = (
        f"The nodes have no columns to compare them by, so {words.count(size, 'coordinate')} from "
        "the spectrum of the links were added: nodes with near coordinates have links in common."
    )
    return pd.concat([frame, more], axis=1), note
