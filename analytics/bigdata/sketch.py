"""The profile of columns in one pass: a sketch of a piece, joined with those of others.

Rows, missing and infinite values, least, largest, mean and deviation are exact (up to rounding);
different and most frequent values are exact while at most 4,096 differ; quantiles and, beyond
that, the number of different values are close (see ``ranks``, ``distinct`` and ``counts``).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.bigdata import counts, distinct, ranks
from analytics.bigdata.ranks import Ranks

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_LONGEST = 60
_NO_RANKS = Ranks()


@dataclass(frozen=True)
class Sketch:
    """What is known of a column. kind: "number", "boolean", "date" (as microseconds since 1970) or
    "text". low to m2 (the sum of squared distances from the mean) are of finite numbers."""

    kind: str
    rows: int
    missing: int
    seen: np.ndarray
    frequent: counts.Counts
    infinite: int = 0
    low: float = np.inf
    high: float = -np.inf
    mean: float = 0.0
    m2: float = 0.0
    ranks: Ranks = _NO_RANKS

    @property
    def known(self) -> int:
        """Finite numbers."""
        return self.rows - self.missing - self.infinite


def of_chunk(table) -> dict[str, Sketch]:
    """Of a piece, a pyarrow table or record batch of number, boolean, date and text columns."""
    return {name: of_column(table.column(name)) for name in table.schema.names}


def of_column(values) -> Sketch:
    """Of one pyarrow column of a piece."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_boolean(kind):
        return replace(_of_numbers(values.cast(pa.uint8())), kind="boolean")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        whole = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return replace(_of_numbers(whole), kind="date")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _of_numbers(values)
    return _of_texts(values)


def _of_numbers(values) -> Sketch:
    import pyarrow as pa

    rows, empty = len(values), values.null_count
    if empty:
        values = values.drop_null()
    numbers = np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    numbers = np.sort(numbers + 0.0)  # one zero; missing values go last
    missing = int(np.isnan(numbers[::-1]).argmin()) if len(numbers) else 0
    if len(numbers) and np.isnan(numbers[0]):
        missing = len(numbers)
    numbers = numbers[: len(numbers) - missing]
    finite = numbers[np.isfinite(numbers)]
    starts = np.flatnonzero(np.concatenate(([True], finite[1:] != finite[:-1])[: len(finite) + 1]))
    starts = starts[: len(finite)]
    often = np.diff(np.append(starts, len(finite)))
    found = Sketch(
        kind="number",
        rows=rows,
        missing=empty + missing,
        infinite=len(numbers) - len(finite),
        seen=distinct.of_values(finite[starts]),
        frequent=counts.of_distinct(finite[starts], often),
    )
    if not len(finite):
        return found
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.mean(finite))
        m2 = float(((finite - mean) ** 2).sum())
    return replace(
        found,
        low=float(finite[0]),
        high=float(finite[-1]),
        mean=mean,
        m2=m2,
        ranks=ranks.of_sorted(finite),
    )


def _of_texts(values) -> Sketch:
    """Blank cells count as missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = len(values)
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    found = pc.value_counts(values)
    texts, often = found.field("values"), np.asarray(found.field("counts"))
    filled = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), False)
    filled = np.asarray(filled.to_numpy(zero_copy_only=False), bool)
    names = texts.to_numpy(zero_copy_only=False)[filled]
    return Sketch(
        kind="text",
        rows=rows,
        missing=rows - int(often[filled].sum()),
        seen=distinct.of_values(names),
        frequent=counts.of_distinct(names, often[filled]),
    )


def merge(a: dict[str, Sketch], b: dict[str, Sketch]) -> dict[str, Sketch]:
    """Of the rows of both; they have the same columns."""
    return {name: joined(a[name], b[name]) for name in a}


def joined(a: Sketch, b: Sketch) -> Sketch:
    """One column of the rows of both. Means and squares are joined as in Chan, Golub and LeVeque,
    Algorithms for computing the sample variance, Am. Stat. 37, 1983."""
    n, m = a.known, b.known
    total = max(1, n + m)
    with np.errstate(over="ignore", invalid="ignore"):
        apart = b.mean - a.mean if n and m else 0.0
        mean = a.mean * (n / total) + b.mean * (m / total)
        m2 = a.m2 + b.m2 + apart * apart * (n * (m / total))
    return Sketch(
        kind=a.kind,
        rows=a.rows + b.rows,
        missing=a.missing + b.missing,
        infinite=a.infinite + b.infinite,
        seen=distinct.merge(a.seen, b.seen),
        frequent=counts.merge(a.frequent, b.frequent),
        low=min(a.low, b.low),
        high=max(a.high, b.high),
        mean=mean,
        m2=m2,
        ranks=ranks.merge(a.ranks, b.ranks),
    )


def packed(found: dict[str, Sketch]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Sketches as plain JSON and arrays, from which :func:`unpacked` gives the same bits."""
    said, arrays = [], {}
    for i, (name, s) in enumerate(found.items()):
        arrays[f"{i}.seen"] = s.seen
        arrays[f"{i}.counts"] = s.frequent.counts
        arrays[f"{i}.numbers"] = np.array([s.low, s.high, s.mean, s.m2])
        arrays |= {f"{i}.level{j}": level for j, level in enumerate(s.ranks.levels)}
        whole = {"rows": s.rows, "missing": s.missing, "infinite": s.infinite}
        few = {"values": s.frequent.values.tolist(), "lost": s.frequent.lost}
        said.append({"name": name, "kind": s.kind, **whole, **few, "levels": len(s.ranks.levels)})
    return {"columns": said}, arrays


def unpacked(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Sketch]:
    """The sketches of what :func:`packed` gave."""
    found = {}
    for i, said in enumerate(facts["columns"]):
        values = np.empty(len(said["values"]), object)
        values[:] = said["values"]
        low, high, mean, m2 = arrays[f"{i}.numbers"].tolist()
        found[said["name"]] = Sketch(
            kind=said["kind"],
            rows=said["rows"],
            missing=said["missing"],
            infinite=said["infinite"],
            seen=arrays[f"{i}.seen"],
            frequent=counts.Counts(values, arrays[f"{i}.counts"], said["lost"]),
            low=low,
            high=high,
            mean=mean,
            m2=m2,
            ranks=Ranks(tuple(arrays[f"{i}.level{j}"] for j in range(said["levels"]))),
        )
    return found


def facts(found: dict[str, Sketch]) -> dict[str, dict[str, Any]]:
    """Plain JSON per column: ``kind``, ``rows``, ``missing``, ``infinite``, ``distinct``, ``min``,
    ``max``, ``mean``, ``std``, ``median``, ``quantiles`` (share -> value), ``top`` [[value, at
    least so often]], ``top_within`` (most that such a count can be too small), and
    ``approximate``: which of them are not exact."""
    return {name: _facts(column) for name, column in found.items()}


def _facts(column: Sketch) -> dict[str, Any]:
    few = column.frequent
    said: dict[str, Any] = {
        "kind": column.kind if column.rows > column.missing else "empty",
        "rows": column.rows,
        "missing": column.missing,
        "infinite": column.infinite,
        "distinct": len(few.values) if few.exact else _at_most(column),
        "top": [[_shown(column, v), c] for v, c in counts.top(few)],
        "top_within": few.lost,
        "approximate": [] if few.exact else ["distinct", "top"],
    }
    if column.kind == "text" or not column.known:
        return said
    at = [column.low, *ranks.quantiles(column.ranks, SHARES), column.high]
    at = np.maximum.accumulate(np.clip(at, column.low, column.high))[1:-1]
    said["min"], said["max"] = _shown(column, column.low), _shown(column, column.high)
    said["quantiles"] = {f"{s:g}": _shown(column, v) for s, v in zip(SHARES, at, strict=True)}
    said["median"] = said["quantiles"]["0.5"]
    said["approximate"] = ["median", "quantiles", *said["approximate"]]
    if column.kind == "number":
        said["mean"] = _number(column.mean)
        said["std"] = _number(np.sqrt(column.m2 / column.known))
    return said


def _at_most(column: Sketch) -> int:
    """About how many values differ: no more than there are."""
    return min(distinct.estimate(column.seen), column.rows - column.missing)


def _shown(column: Sketch, value: Any) -> Any:
    """A value as plain JSON."""
    if column.kind == "text":
        return str(value)[:_LONGEST]
    if column.kind == "date":
        moment = np.datetime64(round(value), "us")
        return str(moment).removesuffix(".000000").removesuffix("T00:00:00")
    return _number(value)


def _number(value: float) -> int | float | None:
    """Of 12 digits; None where it overflowed."""
    if not np.isfinite(value):
        return None
    value = float(f"{value:.12g}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
