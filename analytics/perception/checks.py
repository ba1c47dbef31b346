"""What the perception scores take, and one clear sentence for what they cannot."""

import math

import numpy as np

from analytics.errors import BadInput

LARGEST = 1e140  # coordinates beyond it have squares that are not numbers


def check_points(points) -> np.ndarray:
    """Points as float (n, 2), finite, at least one. Raises BadInput."""
    try:
        array = np.asarray(points)
        array = array.astype(float, copy=False) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.ndim != 2 or array.shape[1] != 2:
        raise BadInput("The score takes a table of two columns of numbers, x and y, one per row.")
    if len(array) == 0:
        raise BadInput("There are no points to score: give at least one row.")
    low, high = float(array.min()), float(array.max())
    if not math.isfinite(low + high):
        wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
        if len(wrong):
            raise BadInput(
                f"{len(wrong):,} of {len(array):,} points have a missing or infinite coordinate "
                f"(the first in row {wrong[0]}, counting from 0): fill or remove them before "
                "scoring."
            )
    if max(-low, high) > LARGEST:
        raise BadInput(
            f"A coordinate reaches {max(-low, high):.3g}, but the score takes values up to "
            f"{LARGEST:g}: rescale or remove it."
        )
    return array


def check_number(name: str, value, low: float, high: float) -> float:
    """A number from low to high. Raises BadInput naming it."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise BadInput(f"'{name}' is {value!r}, but it takes a number from {low:g} to {high:g}.")
    return number


def check_whole(name: str, value, high: int) -> int:
    """A whole number from 0 to high. Raises BadInput naming it."""
    number = check_number(name, value, 0, high)
    if number != int(number):
        raise BadInput(f"'{name}' is {value!r}, but it takes a whole number from 0 to {high}.")
    return int(number)
