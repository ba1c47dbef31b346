"""What a group looks like in the columns, and which columns set it apart from the next one."""

import numpy as np
import pandas as pd

from analytics.results import Dataset


def shares(prototypes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest other prototype of each group, and how the squared distance to it is made up.

    prototypes : (k, d). Returns int (k,), -1 with one group, and float (k, d): each column's part
    of the squared Euclidean distance; rows sum to 1, or are 0 where two prototypes are equal.
    """
    P = np.asarray(prototypes, np.float64)
    P = P / (np.abs(P).max() or 1.0)
    if len(P) < 2:
        return np.full(len(P), -1), np.zeros(P.shape)
    between = ((P[:, None, :] - P[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(between, np.inf)
    nearest = between.argmin(axis=1)
    parts = (P - P[nearest]) ** 2
    total = parts.sum(axis=1, keepdims=True)
    return nearest, np.divide(parts, total, where=total > 0, out=np.zeros_like(parts))


def in_units(dataset: Dataset, prototypes: np.ndarray) -> np.ndarray:
    """Prototypes (k, d) of the prepared columns, in the units of the table where these are numbers.

    Scaling is linear, so it is undone by the line through each column's prepared and original
    values; a column without original numbers (one-hot, words) stays as it is.
    """
    values = np.array(prototypes, np.float64)
    for j, name in enumerate(dataset.columns):
        if name not in dataset.frame or not pd.api.types.is_numeric_dtype(dataset.frame[name]):
            continue
        original = dataset.frame[name].to_numpy(np.float64, na_value=np.nan)
        prepared = dataset.X[:, j].astype(np.float64)
        known = np.isfinite(original)
        spread = prepared[known].std() if known.any() else 0.0
        if spread == 0:
            continue
        middle, centre = prepared[known].mean(), original[known].mean()
        slope = np.mean((prepared[known] - middle) / spread * (original[known] - centre)) / spread
        values[:, j] = centre + slope * (values[:, j] - middle)
    return values
