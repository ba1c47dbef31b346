"""The scatterplots of all pairs of numeric columns of a dataset."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from analytics.data import words
from analytics.errors import BadInput
from analytics.params import Param
from analytics.perception.operations import drawn_aspect
from analytics.pictures.ranking import Plot
from analytics.projection.methods.chosen import is_axis, original
from analytics.results import Dataset, Projection

FEWEST_VALUES = 3  # a column with fewer different values makes no scatterplot

PARAMS = (
    Param(
        "most",
        "int",
        60,
        "Pairs at most",
        "When the columns make more pairs, so many of them are drawn at random.",
        1,
        500,
    ),
)


def usable(dataset: Dataset) -> tuple[list[str], list[str]]:
    """The feature columns that can be an axis, and why others cannot, in sentences."""
    names = [c for c in dataset.columns if c in dataset.frame.columns]
    names = [c for c in names if is_axis(dataset.frame[c])]
    few, holes, kept = [], [], []
    for name in names:
        values = original(dataset.frame[name])
        if not np.isfinite(values).all():
            holes.append(name)
        elif len(np.unique(values)) < FEWEST_VALUES:
            few.append(name)
        else:
            kept.append(name)
    notes = []
    if few:
        notes.append(f"Left out, fewer than {FEWEST_VALUES} different values: {words.names(few)}.")
    if holes:
        notes.append(f"Left out, missing values: {words.names(holes)}.")
    return kept, notes


def pairs(dataset: Dataset, most: int, seed: int) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of columns to draw, at most ``most``, and notes. Raises BadInput."""
    columns, notes = usable(dataset)
    if len(columns) < 2:
        raise BadInput(
            f"{words.count(len(columns), 'numeric feature column')} with three values or more, and "
            "a scatterplot takes two: choose more features when preparing the data."
        )
    total = len(columns) * (len(columns) - 1) // 2
    if total <= most:
        return list(combinations(columns, 2)), notes
    chosen = _sampled_pairs(len(columns), total, most, np.random.default_rng(seed))
    notes.insert(0, f"{most:,} of {total:,} pairs of columns, chosen at random (seed {seed}).")
    return [(columns[i], columns[j]) for i, j in chosen], notes


def _sampled_pairs(columns: int, total: int, most: int, random) -> list[tuple[int, int]]:
    """Distinct pairs i < j in the order of :func:`itertools.combinations`."""
    places = np.sort(random.choice(total, most, replace=False))
    before = np.concatenate([[0], np.cumsum(np.arange(columns - 1, 0, -1))])
    first = np.searchsorted(before, places, side="right") - 1
    second = places - before[first] + first + 1
    return list(zip(first.tolist(), second.tolist(), strict=True))


def plots(dataset: Dataset, chosen: list[tuple[str, str]]) -> Iterator[Plot]:
    """The plots of these pairs, drawn as the map page draws two columns."""
    for x, y in chosen:
        xy = np.column_stack([original(dataset.frame[name]) for name in (x, y)])
        aspect = drawn_aspect(Projection(xy=xy, axes=(x, y)))
        yield Plot(f"{y} over {x}", xy, aspect, {"x": x, "y": y})
