"""A sample of so many rows in one pass: even, or in the proportions of a column.

Every row has a key, a number drawn from the seed and the row's own number alone; the rows with the
smallest keys are the sample. So it does not depend on the size or the order of the pieces. With a
column, each of its values gets its share of the rows (at least one where there is room), and its
rows with the smallest keys; kept meanwhile are the rows whose key says they may be among them, and
of each value a few more.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput

MOST_VALUES = 1_000  # of the column whose proportions are kept
_SPARE = 64  # rows of each value that are kept in any case
_ALL = float(2**64)


class Kept(NamedTuple):
    """wanted, seed: of the sample. counts: rows met, by value ("" for all without a column).
    keys uint64 (m,), places int64 (m,) row numbers, values (m,) of the rows kept, and the rows."""

    wanted: int
    seed: int
    counts: pd.Series
    keys: np.ndarray
    places: np.ndarray
    values: np.ndarray
    table: object

    @property
    def met(self) -> int:
        """Rows met so far."""
        return int(self.counts.sum())

    @property
    def bound(self) -> float:
        """Rows with larger keys are not looked at, but for the spare ones of each value."""
        double = 2 if len(self.counts) > 1 else 1.2
        few = double * self.wanted + 6 * np.sqrt(double * self.wanted) + _SPARE
        return min(1.0, few / max(1, self.met)) * _ALL


def keys(places: np.ndarray, seed: int) -> np.ndarray:
    """The keys of rows by their numbers: uint64, as good as random (SplitMix64; G. Steele, D. Lea,
    C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        z = places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64((seed * 0xD1342543DE82EF95 + 0x632BE59BD9B4E019) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def of_chunk(table, start: int, wanted: int, seed: int = 0, by: str = "", bound: float = _ALL):
    """Of a piece, a pyarrow table whose first row has number ``start``. bound : that of what was
    kept of other pieces (see ``Kept.bound``), so that less is kept of this one; any will do."""
    places = np.arange(start, start + table.num_rows)
    drawn = keys(places, seed)
    codes, names = _coded(table.column(by)) if by else (np.zeros(len(places), np.intp), [""])
    held = np.bincount(codes, minlength=len(names))
    counts = pd.Series(held, pd.Index(names, dtype=object), dtype=np.int64)
    kept = np.flatnonzero(_may(drawn, codes, bound, bool(by)))
    values = np.asarray(names, object)[codes[kept]]
    return _trimmed(
        Kept(wanted, seed, counts[counts > 0], drawn[kept], places[kept], values, table.take(kept))
    )


def _coded(column) -> tuple[np.ndarray, list[str]]:
    """Codes of the values of a pyarrow column and their texts, "" for missing and blank ones."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.fill_null(pc.utf8_trim_whitespace(column.cast(pa.string())), "")
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    coded = texts.dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False), coded.dictionary.to_pylist()


def merge(a: Kept, b: Kept) -> Kept:
    """Of the rows of both. Raises BadInput for a column with too many values."""
    import pyarrow as pa

    return _trimmed(
        Kept(
            a.wanted,
            a.seed,
            a.counts.add(b.counts, fill_value=0).astype(np.int64),
            np.concatenate([a.keys, b.keys]),
            np.concatenate([a.places, b.places]),
            np.concatenate([a.values, b.values]),
            pa.concat_tables([a.table, b.table], promote_options="permissive"),
        )
    )


def _may(drawn: np.ndarray, codes: np.ndarray, bound: float, parted: bool) -> np.ndarray:
    """Which rows may be in the sample; parted: in the proportions of a column."""
    may = drawn.astype(np.float64) <= bound
    if parted and len(codes):
        rare = np.bincount(codes[may], minlength=codes.max() + 1) < _SPARE
        some = np.flatnonzero(rare[codes])
        order = some[np.lexsort((drawn[some], codes[some]))]
        first = np.searchsorted(codes[order], codes[order], side="left")
        may[order[np.arange(len(order)) - first < _SPARE]] = True
    return may


def _trimmed(found: Kept) -> Kept:
    if len(found.counts) > MOST_VALUES:
        raise BadInput(
            f"The column has more than {MOST_VALUES:,} different values, too many to draw in their "
            "proportions: choose another column, or draw evenly."
        )
    if len(found.keys) < 3 * found.wanted + 2 * _SPARE * len(found.counts):
        return found
    codes = pd.factorize(found.values)[0]
    kept = np.flatnonzero(_may(found.keys, codes, found.bound, len(found.counts) > 1))
    return found._replace(
        keys=found.keys[kept],
        places=found.places[kept],
        values=found.values[kept],
        table=found.table.take(kept),
    )


def chosen(found: Kept):
    """(places int64, the rows) of the sample, in the order of the file; fewer when there are."""
    wanted = min(found.wanted, found.met)
    order = np.lexsort((found.keys, pd.factorize(found.values)[0]))
    share = shares(found.counts, wanted)
    held = pd.Series(found.values[order], dtype=object)
    rank = held.groupby(held, sort=False).cumcount().to_numpy()
    taken = order[rank < held.map(share).to_numpy(np.int64)] if len(held) else order
    taken = taken[np.argsort(found.places[taken], kind="stable")]
    return found.places[taken], found.table.take(taken)


def shares(counts: pd.Series, wanted: int) -> pd.Series:
    """How many of ``wanted`` rows each value gets: its proportion by largest remainders, and at
    least one where there are as many rows as values."""
    counts = counts.sort_index()  # so that ties do not hang on the order of the pieces
    total = int(counts.sum())
    exact = counts * (wanted / max(1, total))
    given = np.floor(exact).astype(np.int64)
    if wanted >= len(counts):
        given = given.clip(lower=1)
    missing = wanted - int(given.sum())
    rest = (exact - given).sort_values(ascending=False, kind="stable")
    while missing:
        step = 1 if missing > 0 else -1
        able = rest.index if step > 0 else [v for v in rest.index[::-1] if given[v] > 1]
        able = [v for v in able if step < 0 or given[v] < counts[v]]
        if not able:
            break
        for value in able[: abs(missing)]:
            given[value] += step
        missing = wanted - int(given.sum())
    return given


def sentence(found: Kept, taken: int, name: str, by: str = "") -> str:
    """How the sample was drawn, for wherever it is shown."""
    how = f"in the proportions of {words.name(by)}" if by else "each with the same chance"
    return f"{taken:,} of {found.met:,} rows of {name}, drawn {how}, seed {found.seed}."
