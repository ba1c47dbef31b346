"""Tables that hold the distances between their own rows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analytics.data import encode

_UNEVEN = 1e-4  # of the largest distance: how far a matrix may be from symmetric


def not_distances(X: np.ndarray) -> str:
    """Why X is no matrix of distances, or "" when it is one."""
    n, d = X.shape
    if n != d:
        return f"this one has {n:,} rows and {d:,} columns"
    if not np.isfinite(X).all() or X.min() < 0 or not X.any():
        return "this one has values below 0, or none above"
    if np.abs(np.diag(X)).max() > _UNEVEN * X.max():
        return "this one is not 0 from each row to itself"
    if np.abs(X - X.T).max() > _UNEVEN * X.max():
        return "this one is not the same both ways"
    return "some are too large" if X.max() > 1e37 else ""


def are_distances(frame: pd.DataFrame, features: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether the features of a table are the distances between its rows, three or more."""
    square = len(features) == len(frame) > 2 and all(kinds[c] == "number" for c in features)
    return square and not not_distances(encode.numbers(frame, list(features)))
