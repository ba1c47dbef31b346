"""Columns to numbers: missing values, and the matrix of all features.

Everything is computed in float64 and handed on as float32.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import kmers, texts, types, words
from analytics.data.categories import Kinds, is_category, one_hot, ranks
from analytics.data.naming import different
from analytics.data.scale import LARGEST, note_constant, scaled, shift
from analytics.errors import BadInput
from analytics.progress import Progress, part

MOST_COLUMNS = 20_000
MOST_CELLS = 250_000_000  # 1 GB of float32


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
    # A 0/1 column may be called like another column.
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
        values = np.column_stack([values, *(ranks(frame[c]) for c in ranked)])
        notes.append(f"Categories as the rank of their value: {words.names(ranked)}.")
    names = [*columns, *ranked]
    if not names:
        return [], values
    values = fill(values, names, recipe["missing"], notes)
    return scaled(values, names, recipe["scale"], bool(recipe["image"]), notes)


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
    note_constant([c for c, s in zip(names, same, strict=True) if s], notes)
    return np.ascontiguousarray(X[:, ~same]), [c for c, s in zip(names, same, strict=True) if not s]


def coordinates(frame: pd.DataFrame, pair: list[str], missing: str, notes: list[str]) -> np.ndarray:
    """float32 (n, 2) of two columns in their own units."""
    values = fill(numbers(frame, pair), pair, missing, notes)
    large = np.abs(values).max(axis=0, initial=0.0) > LARGEST
    if large.any():
        raise BadInput(
            f"Column {words.name(pair[int(large.argmax())])} holds values beyond {LARGEST:.0e}, "
            "too large for a coordinate: mark other columns as coordinates, or none."
        )
    return (values - shift(values, pair, False, notes)).astype(np.float32)
