"""A large Parquet file as pieces: batches of rows, cast to the types its columns are read in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analytics.bigdata import source as source_
from analytics.bigdata.source import Source, Span
from analytics.data.limits import MAX_NAME
from analytics.data.naming import Notes, shorten, some, tidy_names
from analytics.errors import BadInput


def opened(path: Path, name: str, stamp: tuple[int, ...]) -> Source:
    """What the footer of a Parquet file says of it. Raises BadInput."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            count = file.metadata.num_row_groups
            groups = tuple(file.metadata.row_group(i).num_rows for i in range(count))
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the last for a name of a column
        raise BadInput(
            f"'{shorten(name)}' is cut off or damaged: the list of its columns at the end of the "
            "Parquet file cannot be read. Write or copy the file again."
        ) from None
    notes, kinds, left_out = Notes(), {}, []
    names = tidy_names(schema.names, notes)
    if odd := [old for old, new in zip(schema.names, names, strict=True) if old != new]:
        raise BadInput(
            f"Columns of '{shorten(name)}' cannot be called as they are ({some(odd)}): each needs "
            f"a name that no other has, of at most {MAX_NAME} characters, without spaces at its "
            "ends, signs that do not print and signs that turn the line around. Rename them in the "
            "file."
        )
    for column in schema:
        kind = _kind(column.type)
        if kind:
            kinds[column.name] = kind
        else:
            left_out.append(column.name)
    if not kinds and rows:
        raise BadInput(f"No column of '{shorten(name)}' holds numbers, texts or dates.")
    said = list(notes.all())
    if left_out:
        said.append(f"Columns of lists and other nested values are left out: {some(left_out)}.")
    empty = tuple(c.name for c in schema if pa.types.is_null(c.type))
    return Source(
        path, name, "parquet", kinds, stamp, rows, notes=tuple(said), groups=groups, empty=empty
    )


def _kind(kind: Any) -> str:
    """What a column of this Arrow type is read as, "" for none."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "date"
    return "text" if types.is_string(kind) or types.is_large_string(kind) else ""


def _file(source: Source) -> Any:
    import pyarrow.parquet as pq

    # Nothing is read ahead: row groups may be larger than the memory there is.
    return pq.ParquetFile(source.path, pre_buffer=False, buffer_size=1 << 20)


def pieces(source: Source, columns: list[str], span: Span | None) -> Iterator[tuple[float, Any]]:
    """(share of the rows read, table) of each piece."""
    import pyarrow as pa

    arrow = {"number": pa.float64(), "boolean": pa.bool_(), "date": pa.timestamp("us")}
    kinds = [arrow.get(source.kinds[c], pa.string()) for c in columns]
    done, announced = 0, span.size if span else source.rows
    groups = list(range(span.first, span.last)) if span else None
    size = source_.piece_rows(columns)
    with _file(source) as file:
        for batch in file.iter_batches(size, row_groups=groups, columns=columns):
            cells = [_cast(batch.column(c), k) for c, k in zip(columns, kinds, strict=True)]
            done += batch.num_rows
            yield done / announced, pa.table(cells, names=columns)
    if done != announced:
        raise BadInput(
            f"'{shorten(source.name)}' is damaged: {done:,} rows were read of the {announced:,} "
            "that it announces. Write the file again."
        )


def _cast(values: Any, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values if values.type == kind else values.cast(kind, safe=False)
