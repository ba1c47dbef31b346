"""A sample of a large file as an ordinary table, made in one pass."""

import io
import tempfile
from pathlib import Path
from typing import Any

from analytics.bigdata import rows, where
from analytics.bigdata.source import Source, Told, chunks, opened
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.progress import Progress, part

NUMBER = "file row"  # the column that says where in the file a row stands, counted from 0
DEFAULT_ROWS = 20_000
MOST_ROWS = 2_000_000


def sample_request(
    content: str,
    name: str,
    count: int = DEFAULT_ROWS,
    by: str = "",
    seed: int = 0,
    options: dict[str, Any] | None = None,
) -> Request:
    """Ask for the table of ``count`` rows of the file with this SHA-256 and name.

    by : a column whose proportions are kept. options : how a CSV is read. Raises BadInput.
    """
    from analytics.data import readers

    whole = isinstance(count, int) and not isinstance(count, bool)
    if not whole or not 2 <= count <= MOST_ROWS:
        raise BadInput(f"A sample has 2 to {MOST_ROWS:,} rows, but {count!r} were asked for.")
    params = {"content": content, "name": name, "count": count, "by": by}
    if options:
        params["options"] = readers.check_options(options)
    return request("table", "rows", params=params, seed=seed)


def drawn(source: Source, count: int, by: str, seed: int, progress: Progress, told: Told):
    """(row numbers, pyarrow table, the sentence that says how) of a seeded sample."""
    if by and by not in source.kinds:
        raise BadInput(
            f"There is no column {words.name(by)} in {source.name}: choose from "
            f"{words.names(source.columns, 8)}."
        )
    kept = None
    for start, table in chunks(source, as_text=True, progress=progress, told=told):
        bound = float(2**64) if kept is None else kept.bound
        one = rows.of_chunk(table, start, count, seed, by, bound)
        kept = one if kept is None else rows.merge(kept, one)
    places, table = rows.chosen(kept)
    return places, table, rows.sentence(kept, len(places), source.name, by), kept.met


def read(params: dict[str, Any], seed: int, progress: Progress):
    """The sample of a request as a file is read (see ``analytics.graphs.reading.Read``).

    Its rows are written as a small file of the same format and read by the ordinary reader, so
    types and all else are as if the file held these rows alone.
    """
    from analytics.data import readers
    from analytics.graphs.reading import Read

    name = str(params.get("name", ""))
    path = where.find(str(params.get("content", "")), name, part(progress, 0.0, 0.1))
    source = opened(path, name, params.get("options"))
    told = Told()
    places, table, said, met = drawn(
        source, params["count"], params.get("by", ""), seed, part(progress, 0.1, 0.8), told
    )
    with tempfile.TemporaryDirectory(prefix="gestalt-") as held:
        small = Path(held) / f"sample.{source.format}"
        small.write_bytes(serialised(table, source.format))
        how = {"separator": ",", "header": True, "encoding": "utf-8"}
        if source.format == "parquet":
            how = {}
        elif source.layout.decimal == ",":
            how["decimal"] = ","
        frame, found, notes = readers.read_file(small, small.name, how, part(progress, 0.8, 1.0))
    number = NUMBER
    while number in frame.columns:
        number += " (2)"
    frame.insert(len(frame.columns), number, places)
    of = {"file": name, "rows": met, "sentence": said, "row": number}
    facts = {**found, "format": source.format, "bytes": source.size, "sampled": of}
    return Read(frame, facts, (said, *source.notes, *told.notes(), *notes))


def serialised(table: Any, kind: str) -> bytes:
    """A pyarrow table as Parquet or CSV."""
    import pandas as pd
    import pyarrow.parquet as pq

    from analytics.report.tables import to_csv

    if kind != "parquet":
        return to_csv(table.to_pandas(types_mapper=pd.ArrowDtype))
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
