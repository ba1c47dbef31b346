"""Distances between rows, by blocks: of columns, of a mixed table (Gower), or given ones."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analytics.clustering.methods._common import quietly
from analytics.data.matrices import not_distances
from analytics.errors import BadInput
from analytics.progress import Progress
from analytics.results import Dataset

Between = Callable[..., np.ndarray]

_BLOCK = 512  # rows whose distances are computed at once


def between(X: np.ndarray, metric: str, dataset: Dataset) -> Between:
    """``f(rows, others, progress=None)``: distances of rows to others, float (m, n).

    X : float64 (n, d). "gower" reads the columns of the dataset as they are, and "precomputed"
    takes X itself for the distances. Raises BadInput when the data does not fit the metric.
    """
    if metric == "gower":
        numbers, codes = mixed(X, dataset)
        from analytics.clustering.pam import gower

        def compare(rows, others):
            return gower(numbers[rows], numbers[others], codes[rows], codes[others])

        return lambda rows, others, progress=None: _blocks(compare, rows, others, progress)
    if metric == "precomputed":
        D = given(X, dataset)
        return lambda rows, others, progress=None: D[np.ix_(rows, others)]
    return lambda rows, others, progress=None: dissimilarities(X[rows], X[others], metric, progress)


def _blocks(compare, rows, others, progress: Progress | None) -> np.ndarray:
    D = np.empty((len(rows), len(others)), np.float32)
    for start in range(0, len(rows), _BLOCK):
        if progress is not None:
            progress(0.6 * start / len(rows), f"Distances, row {start:,} of {len(rows):,}")
        D[start : start + _BLOCK] = compare(rows[start : start + _BLOCK], others)
    return D


def dissimilarities(
    A: np.ndarray, B: np.ndarray, metric: str, progress: Progress | None = None
) -> np.ndarray:
    """Distances of the rows of A (m, d) to those of B (n, d): (m, n), float32 unless they are too
    large for it.

    Raises BadInput for the cosine metric when a row is all zero, and when a distance is infinite.
    """
    from scipy.spatial.distance import cdist

    if metric == "cosine" and not (np.abs(A).sum(axis=1).all() and np.abs(B).sum(axis=1).all()):
        raise BadInput(
            "The cosine distance needs a direction but a row is all zero: choose another metric, "
            "or leave such rows out."
        )
    names = {"manhattan": "cityblock"}
    if metric == "jaccard":
        A, B = A != 0, B != 0
    far = 2.0 * A.shape[1] * max(np.abs(A).max(), np.abs(B).max())  # no distance is larger
    D = np.empty((len(A), len(B)), np.float32 if far < 1e38 else np.float64)
    with quietly([]):  # set once: it takes as long as the distances of thousands of rows
        for start in range(0, len(A), _BLOCK):
            if progress is not None:
                progress(0.6 * start / len(A), f"Distances, row {start:,} of {len(A):,}")
            some = A[start : start + _BLOCK]
            D[start : start + _BLOCK] = cdist(some, B, names.get(metric, metric))
    if not np.isfinite(D).all():
        raise BadInput("Some rows are too far apart to be compared: scale the columns first.")
    return np.maximum(D, 0.0, out=D)


def mixed(X: np.ndarray, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The features of a table for Gower's distance: numbers (n, p) over their range, NaN where
    missing, and codes (n, q) of all other columns, -1 where missing.

    J. C. Gower, A general coefficient of similarity and some of its properties, Biometrics 27,
    1971, doi:10.2307/2528823. Raises BadInput when X is not the features but a map or components.
    """
    if not np.array_equal(X, dataset.X):
        raise BadInput(
            "Gower's distance compares the columns of the table as they are: measure distances in "
            "all features, or choose another distance."
        )
    columns = [dataset.frame[c] for c in dataset.params.get("features", ()) if c in dataset.frame]
    if not columns:  # a dataset made from numbers alone
        columns = [pd.Series(column) for column in X.T]
    numbers, codes = [], []
    for given_column in columns:
        dates = pd.api.types.is_datetime64_any_dtype(given_column)
        column = given_column.astype("int64") if dates else given_column
        column = column.where(given_column.notna())
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(np.float64, na_value=np.nan)
            values = np.where(np.isfinite(values), values, np.nan)
            if np.isfinite(values).any():
                # Halved first: the range of the largest numbers there are is no number.
                width = np.nanmax(values / 2) - np.nanmin(values / 2)
                numbers.append(values / 2 / (width or 1.0))
        elif dataset.params.get("encode") != "leave out":
            codes.append(pd.factorize(column)[0])
    n = len(X)
    return (
        np.column_stack(numbers) if numbers else np.zeros((n, 0)),
        np.column_stack(codes).astype(np.int64) if codes else np.zeros((n, 0), np.int64),
    )


def given(X: np.ndarray, dataset: Dataset) -> np.ndarray:
    """X (n, n) as distances, float32 (n, n). Of a sample of rows the same columns are taken.

    Raises BadInput when X is no matrix of distances.
    """
    if X.shape[1] == dataset.total_rows and len(X) < X.shape[1]:
        X = X[:, dataset.rows]
    why = not_distances(X)
    if why:
        raise BadInput(
            f"Given distances are a square table of at least 0, with 0 from each row to itself and "
            f"the same both ways, but {why}: choose all its columns and no scaling on the Data "
            "page, or another distance."
        )
    return (X / 2 + X.T / 2).astype(np.float32)
