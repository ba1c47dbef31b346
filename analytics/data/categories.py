"""Categories as numbers: a 0/1 column for each of their values, or ranks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.data import types, words

MOST_VALUES = 50  # of a category that get a column of their own
Kinds = Mapping[str, str]


def is_category(column: str, frame: pd.DataFrame, kinds: Kinds) -> bool:
    """Whether a feature is encoded by its values: categories and identifiers in words."""
    if kinds[column] == "category":
        return True
    return kinds[column] == "identifier" and isinstance(frame[column].dtype, pd.StringDtype)


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


def ranks(values: pd.Series) -> np.ndarray:
    """0, 1, ... by sorted value, missing where empty."""
    codes, _ = pd.factorize(values, sort=True)
    return np.where(codes < 0, np.nan, codes)
