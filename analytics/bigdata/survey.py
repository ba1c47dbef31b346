"""A large file in one pass: the profile of its columns, and CLAMS of two of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from analytics.bigdata import cutting, lattice, parts, sketch, where
from analytics.bigdata.source import Source, Span, Told, chunks, opened, spans
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part, silent
from analytics.results import Partial, Record, Survey

LEAST_SHARE = 0.95  # of the filled cells of a column of numbers must be numbers
WIDEST = 2_000  # columns

Seen = tuple[dict[str, sketch.Sketch], lattice.Lattice]


def survey_request(place: where.Place, options: Mapping[str, Any] | None = None) -> Request:
    """Ask for the profile of a file as it lies there. Raises BadInput."""
    from analytics.data import readers

    return request("survey", params={**place.to_json(), "options": readers.check_options(options)})


def survey(wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run) -> Survey:
    """Run :func:`survey_request`."""
    source = source_of(wanted)
    content = where.identify(source.path, part(progress, 0.0, 0.1))
    source = cutting.parted(source, part(progress, 0.1, 0.15))

    def spread(progress: Progress, told: Told, texts: Sequence[str] = ()) -> Iterator[Seen]:
        rows, more = 0, {"content": content, **({"texts": list(texts)} if texts else {})}
        for _, one in parts.found("survey_part", wanted, source, run, progress, more):
            told.add(Told(**one.facts["told"]), rows)
            found = sketch.unpacked(one.facts, one.arrays)
            rows += next(iter(found.values())).rows
            yield found, lattice.empty()

    elsewhere = spread if spans(source) else None
    facts, _ = look(source, progress=part(progress, 0.15, 1.0), spread=elsewhere)
    return Survey(name=source.name, facts={**facts, "content": content}, notes=facts["notes"])


def survey_part(wanted: Request, parents: tuple[Record, ...], progress: Progress) -> Partial:
    """The sketches of a span of the file; of the columns in ``texts`` only, taken as texts, where
    there are such."""
    source, told = source_of(wanted), Told()
    span, texts = parts.span_of(wanted, source), wanted.params.get("texts")
    if texts:
        source = as_texts(source, texts)
    found, _ = _of(source, progress, told, span=span, columns=texts)
    facts, arrays = sketch.packed(found)
    return Partial(facts={**facts, "told": told.to_json()}, arrays=arrays)


def as_texts(source: Source, columns: Sequence[str]) -> Source:
    """The file with these columns read as texts."""
    return replace(source, kinds={**source.kinds, **dict.fromkeys(columns, "text")})


def source_of(wanted: Request) -> Source:
    """The file that a request names as it was seen. Raises BadInput when it is gone or changed."""
    params = wanted.params
    place = where.Place(str(params["name"]), tuple(params["stamp"]))
    path = where.path_of(place, str(params.get("content", "")))
    return opened(path, place.name, params.get("options"))


def look(
    source: Source,
    axes: Sequence[str] = (),
    aspect: float = 1.0,
    progress: Progress = silent,
    spread: Callable[..., Iterator[Seen]] | None = None,
) -> tuple[dict[str, Any], lattice.Lattice]:
    """The facts of a file as plain JSON, and the lattice of two of its columns (``axes``).

    spread : ``spread(progress, told, texts)`` gives what is seen of each span of the file, in
    order, computed elsewhere; of the columns ``texts`` only where they are given, as texts.

    The facts: ``name``, ``format``, ``bytes``, ``files`` (how many, of a folder), ``rows``,
    ``columns``, ``kinds``, ``by_column`` (see ``sketch.facts``), ``problems`` (as in
    ``analytics.data.profile``) and ``notes``. A column whose first rows hold numbers but of which
    more than 5 % of the cells are none turns into text and is read a second time. Raises BadInput.
    """
    if len(source.kinds) > WIDEST:
        raise BadInput(
            f"'{source.name}' has {len(source.kinds):,} columns, but at most {WIDEST:,} are "
            "profiled piece by piece: keep the columns you need."
        )
    for name in axes:
        if source.kinds.get(name) != "number":
            raise BadInput(
                f"There is no numeric column {words.name(name)} in {source.name}: choose from "
                f"{words.names([c for c, k in source.kinds.items() if k == 'number'], 8)}."
            )
    told = Told()
    each = spread(progress, told) if spread else _each(source, progress, told, axes, aspect)
    found, seen = reduce(_joined, each)
    turned = [
        c for c, (bad, _, _) in told.bad.items()
        if bad > (1 - LEAST_SHARE) * (found[c].rows - found[c].missing + bad)
    ]  # fmt: skip
    notes = [*source.notes]
    if turned:
        for name in turned:
            bad, row, cell = told.bad.pop(name)
            notes.append(
                f"{words.name(name)} begins with numbers, but {bad:,} cells are none, the first in "
                f"row {row:,} ({words.name(cell)}): it is taken as text."
            )
        if spread:
            more, _ = reduce(_joined, spread(progress, Told(), turned))
        else:
            more, _ = _of(as_texts(source, turned), progress, Told(), columns=turned)
        found.update(more)
    by_column = sketch.facts(found)
    rows = next(iter(by_column.values()))["rows"]
    if not rows:
        raise BadInput(f"'{source.name}' holds no rows of data: choose another file.")
    facts = {
        "name": source.name,
        "format": source.format,
        "bytes": source.size,
        **({"files": len(source.files)} if source.files else {}),
        "rows": rows,
        "columns": len(by_column),
        "kinds": {c: f["kind"] for c, f in by_column.items()},
        "by_column": by_column,
        "problems": problems(by_column),
        "notes": [*notes, *told.notes(), exactness()],
    }
    return facts, seen


def _each(source: Source, progress: Progress, told: Told, axes, aspect) -> Iterator[Seen]:
    """What is seen of each span of a file, one after another; of a CSV that of the whole."""
    all_ = spans(source) or (None,)
    for i, span in enumerate(all_):
        some = part(progress, i / len(all_), (i + 1) / len(all_))
        yield _of(source, some, told, axes, aspect, span)


def _of(
    source: Source,
    progress: Progress,
    told: Told,
    axes: Sequence[str] = (),
    aspect: float = 1.0,
    span: Span | None = None,
    columns: Sequence[str] | None = None,
) -> Seen:
    found, seen = None, lattice.empty(aspect)
    for _, table in chunks(source, columns, span=span, progress=progress, told=told):
        one = sketch.of_chunk(table)
        found = one if found is None else sketch.merge(found, one)
        if axes:
            seen = lattice.merge(seen, lattice.of_points(points(table, axes), aspect))
    return found, seen


def _joined(a: Seen, b: Seen) -> Seen:
    return sketch.merge(a[0], b[0]), lattice.merge(a[1], b[1])


def problems(by_column: dict[str, Any]) -> list[dict[str, Any]]:
    """What will trouble a run, of what one pass shows: empty, constant, missing, infinite."""
    from analytics.data.profile import problem

    held = {c: f for c, f in by_column.items() if f["kind"] != "empty"}
    empty = [c for c in by_column if c not in held]
    constant = [c for c, f in held.items() if f["distinct"] == 1 and not f["missing"]]
    found = []
    for code, columns, what in (
        ("empty_columns", empty, "without any value"),
        ("constant", constant, "with one single value"),
    ):
        if columns:
            text = f"{words.count(len(columns), 'column')} {what}: {words.names(columns)}."
            found.append(problem(code, columns, len(columns), text))
    for code, key, what in (
        ("missing", "missing", "missing value"), ("infinite", "infinite", "infinite value"),
    ):  # fmt: skip
        columns = [c for c, f in held.items() if f[key]]
        count = sum(held[c][key] for c in columns)
        if columns:
            text = f"{words.count(count, what)}: {words.names(columns)}."
            found.append(problem(code, columns, count, text))
    return found


def points(table: Any, axes: Sequence[str]) -> Any:
    """Two columns of a piece as (n, 2), missing values as NaN."""
    import numpy as np

    columns = [table.column(c).to_numpy() for c in axes]
    return np.stack([np.asarray(c, np.float64) for c in columns], axis=1)


def exactness() -> str:
    """Which numbers of a profile are exact."""
    return (
        "All rows were read once, piece by piece. Rows, missing and infinite values, range, mean "
        "and standard deviation are exact; different and most frequent values are while at most "
        "4,096 differ, else the number of different values has a standard error of 0.8 %; medians "
        "and quantiles are approximate."
    )
