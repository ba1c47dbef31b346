"""Groupings made on other rows of one table, brought to the rows on screen."""

import numpy as np

from analytics.results import UNLABELLED


def aligned(labels: np.ndarray, rows: np.ndarray, here: np.ndarray) -> np.ndarray:
    """The labels of the rows on screen: int32 (m,), UNLABELLED for a row that was not grouped.

    labels : (n,), of the rows with the table's row numbers ``rows`` (n,). here : (m,) row numbers
    of the rows on screen. Both hold each number at most once.
    """
    if len(rows) == len(here) and np.array_equal(rows, here):
        return np.asarray(labels, np.int32)
    order = np.argsort(rows, kind="stable")
    place = np.searchsorted(rows[order], here)
    place = np.minimum(place, max(len(rows) - 1, 0))
    found = np.full(len(here), UNLABELLED, np.int32)
    if len(rows):
        known = rows[order][place] == here
        found[known] = np.asarray(labels)[order[place[known]]]
    return found


def shared_words(labels: np.ndarray) -> str:
    """What to say of an aligned grouping that lacks some rows, or ""."""
    held = int(np.sum(labels != UNLABELLED))
    if held == len(labels):
        return ""
    if not held:
        return "This result holds none of the rows shown: it was made on other rows of the table."
    return (
        f"{held:,} of the {len(labels):,} rows shown are in this result; it was made on other rows "
        "of the table, and only those in both are compared."
    )
