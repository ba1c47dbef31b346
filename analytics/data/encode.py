"""Columns to numbers: missing values, categories, scaling, and the limits of float32.

Everything is computed in float64 and handed on as float32.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics.data import kmers, texts, types, words
from analytics.errors import BadInput
from analytics.progress import Progress, part

MOST_VALUES = 50  # of a category that get a column of their own
MOST_COLUMNS = 20_000
MOST_CELLS = 250_000_000  # 1 GB of float32
LARGEST = 1e15  # beyond it, squared distances overflow float32
Kinds = Mapping[str, str]


def is_category(column: str, frame: pd.DataFrame, kinds: Kinds) -> bool:
    """Whether a feature is encoded by its values: categories and identifiers in words."""
    if kinds[column] == "category":
        return True
    return kinds[column] == "identifier" and isinstance(frame[column].dtype, pd.StringDtype)


def usable(
    frame: pd.DataFrame, features: list[str], kinds: Kinds, encoding: str, notes: list[str]
) -> list[str]:
    """The features without empty columns and, when asked, without categories. Raises BadInput."""
    filled = frame[features].notna().any()
    empty = [c for c in features if not filled[c]]
    if empty:
        notes.append(f"Left out, no value at all: {words.names(empty)}.")
    kept = [c for c in features if filled[c]]
    if encoding == "leave out":
        categories = [c for c in kept if is_category(c, frame, kinds)]
        if categories:
            notes.append(f"Categories left out as chosen: {words.names(categories)}.")
        kept = [c for c in kept if c not in set(categories)]
    if not kept:
        raise BadInput(
            f"None of the {words.count(len(features), 'chosen feature')} can be used (empty, or a "
            "category while categories are left out): choose other columns."
        )
    return kept


def numbers(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """float64 (n, d) of number, boolean and date columns; infinite becomes missing."""
    dated = [c for c, dtype in frame[columns].dtypes.items() if dtype.kind == "M"]
    if dated:
        frame = frame[columns].assign(**{c: types.days(frame[c]) for c in dated})
    values = np.array(frame[columns].to_numpy(np.float64, na_value=np.nan))
    values[np.isinf(values)] = np.nan
    return values


def complete_rows(
    frame: pd.DataFrame, columns: list[str], kinds: Kinds, missing: str, notes: list[str]
) -> np.ndarray:
    """Row numbers to keep: all, or for ``missing="drop"`` those without a gap in ``columns``.

    Raises BadInput when fewer than 2 are left.
    """
    columns = list(dict.fromkeys(columns))
    gaps = np.array(frame[columns].isna())
    floats = [j for j, dtype in enumerate(frame[columns].dtypes) if dtype.kind == "f"]
    if floats:
        infinite = np.isinf(frame[[columns[j] for j in floats]].to_numpy())
        if infinite.any():
            count = words.count(int(infinite.sum()), "infinite value")
            where = [columns[j] for j in np.array(floats)[infinite.any(axis=0)]]
            notes.append(f"{count} in {words.names(where)} treated as missing.")
            gaps[:, floats] |= infinite
    if missing != "drop" or not gaps.any():
        return np.arange(len(frame))
    keep = np.flatnonzero(~gaps.any(axis=1))
    guilty = [columns[j] for j in np.argsort(-gaps.sum(axis=0), kind="stable") if gaps[:, j].any()]
    if len(keep) < 2:
        raise BadInput(
            f"Only {words.count(len(keep), 'row')} without a missing value would remain (most are "
            f"missing in {words.name(guilty[0])}): fill the gaps, or leave that column out."
        )
    left = words.count(len(frame) - len(keep), "row")
    notes.append(f"{left} left out: missing value in {words.names(guilty)}.")
    return keep


def matrix(
    frame: pd.DataFrame,
    features: list[str],
    kinds: Kinds,
    recipe: Mapping[str, Any],
    seed: int,
    progress: Progress,
    notes: list[str],
) -> tuple[np.ndarray, list[str]]:
    """X, float32 (n, d) finite, and the names of its columns. Raises BadInput."""
    categories = [c for c in features if is_category(c, frame, kinds)]
    switches = [c for c in features if kinds[c] == "boolean"]
    prose = [c for c in features if kinds[c] == "text"]
    others = {*categories, *switches, *prose}
    numeric = [c for c in features if c not in others]
    _refuse_size(len(frame), len(numeric) + len(switches))
    ranked = categories if recipe["encode"] == "ordinal" else []
    groups = [_numeric_group(frame, numeric, ranked, recipe, notes)]
    groups.append((switches, fill(numbers(frame, switches), switches, recipe["missing"], notes)))
    if recipe["encode"] == "onehot":
        groups += [one_hot(c, frame[c], notes) for c in categories]
    for position, column in enumerate(prose):
        share = (0.3 + 0.6 * (position + i) / len(prose) for i in (0, 1))
        told = part(progress, *share)
        if recipe["texts_by"] == "kmers":
            groups.append(kmers.by_kmers(column, frame[column], recipe["kmer"], told, notes))
            continue
        said = texts.by_meaning if recipe["texts_by"] == "meaning" else texts.by_words
        groups.append(said(column, frame[column], seed, told, notes))
    columns = different([name for group_names, _ in groups for name in group_names])
    _refuse_size(len(frame), len(columns))
    X = np.concatenate([np.asarray(v, np.float32) for _, v in groups], axis=1)
    return _varying(X, columns, bool(recipe["image"]), notes)


def _numeric_group(
    frame: pd.DataFrame,
    columns: list[str],
    ranked: list[str],
    recipe: Mapping[str, Any],
    notes: list[str],
) -> tuple[list[str], np.ndarray]:
    """Names and filled, scaled values of numbers and dates, and of categories taken as ranks."""
    values = numbers(frame, columns)
    if ranked:
        values = np.column_stack([values, *(_ranks(frame[c]) for c in ranked)])
        notes.append(f"Categories as the rank of their value: {words.names(ranked)}.")
    names = [*columns, *ranked]
    if not names:
        return [], values
    values = fill(values, names, recipe["missing"], notes)
    return scaled(values, names, recipe["scale"], bool(recipe["image"]), notes)


def different(names: list[str]) -> list[str]:
    """The names with " (2)" and so on where a 0/1 column is called like another column."""
    seen: set[str] = set()
    for position, wanted in enumerate(names):
        name, number = wanted, 2
        while name in seen:
            name, number = f"{wanted} ({number})", number + 1
        seen.add(name)
        names[position] = name
    return names


def _refuse_size(n: int, d: int) -> None:
    if d > MOST_COLUMNS:
        raise BadInput(
            f"The features make {d:,} columns, but at most {MOST_COLUMNS:,} can be used: "
            "choose fewer features."
        )
    if n * d > MOST_CELLS:
        raise BadInput(
            f"{n:,} rows of {d:,} columns do not fit in memory: use a sample of at most "
            f"{MOST_CELLS // d:,} rows, or fewer features."
        )


def fill(values: np.ndarray, names: list[str], missing: str, notes: list[str]) -> np.ndarray:
    """The values with gaps filled by the column's mean, median or zero."""
    gaps = np.isnan(values)
    columns = np.flatnonzero(gaps.any(axis=0))
    for j in columns:
        values[gaps[:, j], j] = filler(values[~gaps[:, j], j], missing)
    if len(columns):
        how = "zero" if missing == "zero" else f"the column's {missing}"
        notes.append(
            f"{words.count(int(gaps.sum()), 'missing value')} filled with {how} in "
            f"{words.names([names[j] for j in columns])}."
        )
    return values


def filler(known: np.ndarray, missing: str) -> float:
    """What the gaps of a column are filled with, by its known values."""
    if missing == "mean" and len(known):
        largest = np.abs(known).max() or 1.0
        return float((known / largest).mean() * largest)
    if missing == "median" and len(known):
        middle = np.sort(known)
        return float(middle[(len(known) - 1) // 2] / 2 + middle[len(known) // 2] / 2)
    return 0.0


class Scaling(NamedTuple):
    """keep bool (d,), the columns that stay; largest, middle, spread (kept,): a value becomes
    (value / largest - middle) / spread."""

    keep: np.ndarray
    largest: np.ndarray
    middle: np.ndarray
    spread: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Scaled values of any rows of the same columns."""
        return (values[:, self.keep] / self.largest - self.middle) / self.spread


def scaled(
    values: np.ndarray, names: list[str], scale: str, keep_constant: bool, notes: list[str]
) -> tuple[list[str], np.ndarray]:
    """Column names and scaled values (n, d), without constant columns unless they are pixels."""
    found = scaling(values, names, scale, keep_constant, notes)
    kept = [c for c, k in zip(names, found.keep, strict=True) if k]
    values = found.of(values)
    _refuse_large(values, kept)
    return kept, values


def scaling(
    values: np.ndarray, names: list[str], scale: str, keep_constant: bool, notes: list[str]
) -> Scaling:
    """How these values (n, d) without gaps are scaled. Raises BadInput."""
    low, high = values.min(axis=0), values.max(axis=0)
    keep = np.ones(len(names), bool) if keep_constant else low != high
    _note_constant([c for c, k in zip(names, keep, strict=True) if not k], notes)
    values, low, high = values[:, keep], low[keep], high[keep]
    names = [c for c, k in zip(names, keep, strict=True) if k]
    ones = np.ones(len(names))
    if scale == "none":
        _refuse_large(values, names)
        return Scaling(keep, ones, _shift(values, names, keep_constant, notes), ones)
    # Dividing by the largest value first keeps squares of 1e300 finite and of 1e-300 above zero.
    largest = np.maximum(np.abs(low), np.abs(high))
    largest = np.where(largest > 0, largest, 1.0)
    values = values / largest
    middle, spread = _SCALES[scale](values)
    deviation = values.std(axis=0)
    flat = (spread == 0) & (deviation > 0)
    if flat.any():
        where = [c for c, f in zip(names, flat, strict=True) if f]
        notes.append(
            "Scaled by the standard deviation, because half of the values are equal: "
            f"{words.names(where)}."
        )
        spread = np.where(flat, deviation, spread)
    return Scaling(keep, largest, middle, np.where(spread > 0, spread, 1.0))


# Scaling -> (what becomes 0, what becomes 1) per column.
_SCALES = {
    "standard": lambda values: (values.mean(axis=0), values.std(axis=0)),
    "minmax": lambda values: (values.min(axis=0), np.ptp(values, axis=0)),
    "robust": lambda values: (
        np.median(values, axis=0),
        np.subtract(*np.percentile(values, [75, 25], axis=0)),
    ),
}


def _refuse_large(values: np.ndarray, names: list[str]) -> None:
    large = np.argwhere(np.abs(values) > LARGEST)
    if len(large):
        row, column = large[0]
        raise BadInput(
            f"Column {words.name(names[column])} holds {values[row, column]:.3g}, too large to "
            "measure distances with: choose standard scaling, mend the cell, or leave it out."
        )


def _shift(values: np.ndarray, names: list[str], as_is: bool, notes: list[str]) -> np.ndarray:
    """What is taken from unscaled values (d,): the mean where float32 would lose differences."""
    none = np.zeros(len(names))
    if as_is or values.size == 0:
        return none
    middle = values.mean(axis=0)
    far = np.abs(middle) > 1e4 * values.std(axis=0)
    if far.any():
        where = [c for c, f in zip(names, far, strict=True) if f]
        notes.append(f"Moved to mean zero, so that small differences count: {words.names(where)}.")
    return np.where(far, middle, none)


def _ranks(values: pd.Series) -> np.ndarray:
    """0, 1, ... by sorted value, missing where empty."""
    codes, _ = pd.factorize(values, sort=True)
    return np.where(codes < 0, np.nan, codes)


def one_hot(column: str, values: pd.Series, notes: list[str]) -> tuple[list[str], np.ndarray]:
    """Names and 0/1 float32 columns of a category: its 50 most frequent values, the rest "other".

    Missing cells are a value of their own (rows are dropped earlier when that was chosen).
    """
    texts = types.to_text(values)
    places, labels = vocabulary(column, texts, notes)
    return [f"{column}={label}" for label in labels], ones(texts, places, len(labels))


MISSING = object()  # the key of missing cells, and of values that have no column of their own
OTHERS = object()


def vocabulary(column: str, texts: pd.Series, notes: list[str]) -> tuple[dict, list[str]]:
    """value -> column of a category, with MISSING and OTHERS where there are such; the labels."""
    codes, distinct = pd.factorize(texts, sort=True)
    labels = [str(v) for v in distinct]
    keys: list = list(labels)
    if len(labels) > MOST_VALUES:
        counts = np.bincount(codes[codes >= 0], minlength=len(labels))
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES])
        notes.append(
            f"{words.name(column)}: {len(labels):,} values, the {MOST_VALUES} most frequent kept "
            f"and {len(labels) - MOST_VALUES:,} taken together as 'other'."
        )
        keys = [*(labels[j] for j in kept), OTHERS]
        labels = [*(labels[j] for j in kept), "other values"]
    if (codes < 0).any():
        keys.append(MISSING)
        labels.append("(missing)")
        notes.append(f"Missing cells of {words.name(column)} are a value of their own.")
    return {key: place for place, key in enumerate(keys)}, labels


def ones(texts: pd.Series, places: dict, width: int) -> np.ndarray:
    """0/1 float32 (n, width); a value without a column, where there is none for others, is 0 in
    all of them."""
    codes, distinct = pd.factorize(texts)
    at = [places.get(str(v), places.get(OTHERS, -1)) for v in distinct]
    code = np.array([*at, places.get(MISSING, -1)])[codes]  # code -1, missing, is the last one
    columns = np.zeros((len(code), width), np.float32)
    held = np.flatnonzero(code >= 0)
    columns[held, code[held]] = 1
    return columns


def _varying(
    X: np.ndarray, names: list[str], keep_all: bool, notes: list[str]
) -> tuple[np.ndarray, list[str]]:
    """X without columns that are constant in float32. Raises BadInput when none is left."""
    same = (X[:1] == X).all(axis=0)
    if same.all() or not names:
        raise BadInput(
            "Every chosen feature holds one single value in the rows used, or values too close to "
            "be told apart, so all rows are equal: choose other features or more rows."
        )
    if keep_all or not same.any():
        return np.ascontiguousarray(X), names
    _note_constant([c for c, s in zip(names, same, strict=True) if s], notes)
    return np.ascontiguousarray(X[:, ~same]), [c for c, s in zip(names, same, strict=True) if not s]


def _note_constant(columns: list[str], notes: list[str]) -> None:
    if columns:
        notes.append(f"Left out, one single value: {words.names(columns)}.")


def coordinates(frame: pd.DataFrame, pair: list[str], missing: str, notes: list[str]) -> np.ndarray:
    """float32 (n, 2) of two columns in their own units."""
    values = fill(numbers(frame, pair), pair, missing, notes)
    large = np.abs(values).max(axis=0, initial=0.0) > LARGEST
    if large.any():
        raise BadInput(
            f"Column {words.name(pair[int(large.argmax())])} holds values beyond {LARGEST:.0e}, "
            "too large for a coordinate: mark other columns as coordinates, or none."
        )
    return (values - _shift(values, pair, False, notes)).astype(np.float32)
