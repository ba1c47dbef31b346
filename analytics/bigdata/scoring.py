"""CLAMS of two columns of a large file, of all its rows, and the picture of them.

Both rest on one pass over the file (``large_lattice``): counts and sums of the points in squares.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from analytics.bigdata import cutting, lattice, parts, survey, where
from analytics.bigdata.lattice import Lattice
from analytics.bigdata.source import Source, Span, Told, chunks, spans
from analytics.data import words
from analytics.errors import BadInput
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Ambiguity, Partial, Record


def large_ambiguity_request(
    place: where.Place,
    axes: Sequence[str],
    aspect: float = 1.0,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Request:
    """Ask for the ambiguity of two columns of a file as it lies there. Raises BadInput."""
    from analytics.data import readers

    params = {**place.to_json(), "axes": list(axes), "aspect": aspect}
    params["options"] = readers.check_options(options)
    return request("large_ambiguity", "clams", params=params, seed=seed)


def large_lattice_request(wanted: Request) -> Request:
    """Ask for the points of a :func:`large_ambiguity_request`, counted in squares."""
    return request("large_lattice", "", params=wanted.params)


def large_ambiguity(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run
) -> Ambiguity:
    """Run :func:`large_ambiguity_request`."""
    counted = run(large_lattice_request(wanted), part(progress, 0.0, 0.9))
    later = part(progress, 0.9, 1.0)
    scored = lattice.ambiguity(unpacked(counted), wanted.seed, progress=later)
    return scored.with_(notes=(*scored.notes, *counted.notes))


def large_lattice(
    wanted: Request, parents: tuple[Record, ...], progress: Progress, run: Run
) -> Partial:
    """Run :func:`large_lattice_request`; see :func:`unpacked`."""
    source, told = survey.source_of(wanted), Told()
    _check(source, wanted.params["axes"])
    source = cutting.parted(source, part(progress, 0.0, 0.05))
    if spans(source):
        found, rows = lattice.empty(wanted.params["aspect"]), 0
        later = part(progress, 0.05, 1.0)
        content = {}
        if run.spread is not None:  # elsewhere the file may be a copy
            content["content"] = where.identify(source.path)
        for _, one in parts.found("large_ambiguity_part", wanted, source, run, later, content):
            told.add(Told(**one.facts["told"]), rows)
            more = unpacked(one)
            rows += more.points + more.left_out
            found = lattice.merge(found, more)
    else:
        found = _of(source, wanted, progress, told)
    return _packed(found).with_(notes=tuple(told.notes()))


def large_ambiguity_part(
    wanted: Request, parents: tuple[Record, ...], progress: Progress
) -> Partial:
    """The lattice of a span of the file."""
    source, told = survey.source_of(wanted), Told()
    found = _packed(_of(source, wanted, progress, told, parts.span_of(wanted, source)))
    return found.with_(facts={**found.facts, "told": told.to_json()})


def _packed(found: Lattice) -> Partial:
    facts = {"exponent": found.exponent, "left_out": found.left_out, "aspect": found.aspect}
    arrays = {name: getattr(found, name) for name in ("cells", "sums", "low", "high")}
    return Partial(facts=facts, arrays=arrays)


def unpacked(one: Partial) -> Lattice:
    """The points that were counted."""
    facts = {name: value for name, value in one.facts.items() if name != "told"}
    return Lattice(**facts, **one.arrays)


def _of(
    source: Source, wanted: Request, progress: Progress, told: Told, span: Span | None = None
) -> Lattice:
    axes, aspect = wanted.params["axes"], wanted.params["aspect"]

    def each() -> Iterator[Lattice]:
        for _, table in chunks(source, axes, span=span, progress=progress, told=told):
            yield lattice.of_points(survey.points(table, axes), aspect)

    return reduce(lattice.merge, each())


def _check(source: Source, axes: Sequence[str]) -> None:
    numeric = [c for c, kind in source.kinds.items() if kind == "number"]
    if len(axes) != 2 or axes[0] == axes[1] or not set(axes) <= set(numeric):
        raise BadInput(
            f"Two different numeric columns of {source.name} are needed: choose from "
            f"{words.names(numeric, 8) or 'another file'}."
        )
