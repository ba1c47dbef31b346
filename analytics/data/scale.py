"""Columns on one scale, and the limits of float32."""

from typing import NamedTuple

import numpy as np

from analytics.data import words
from analytics.errors import BadInput

LARGEST = 1e15  # beyond it, squared distances overflow float32


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
    note_constant([c for c, k in zip(names, keep, strict=True) if not k], notes)
    values, low, high = values[:, keep], low[keep], high[keep]
    names = [c for c, k in zip(names, keep, strict=True) if k]
    ones = np.ones(len(names))
    if scale == "none":
        _refuse_large(values, names)
        return Scaling(keep, ones, shift(values, names, keep_constant, notes), ones)
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


def shift(values: np.ndarray, names: list[str], as_is: bool, notes: list[str]) -> np.ndarray:
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


def note_constant(columns: list[str], notes: list[str]) -> None:
    if columns:
        notes.append(f"Left out, one single value: {words.names(columns)}.")
