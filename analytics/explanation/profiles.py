"""Which columns set a cluster apart: means or shares inside against outside, most telling first.

The difference is in standard deviations of the column over all rows. With p the cluster's share of
the rows it equals r / sqrt(p (1 - p)), r the correlation of the column with membership, so Fisher's
z gives its interval. Columns that the clusters were made from are bound to differ: for them an
interval would answer a question that the clustering has settled, and none is given. For the other
columns the intervals hold together with 95 % (Bonferroni over all clusters and such columns).
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from analytics.explanation import readings
from analytics.explanation.readings import Feature
from analytics.progress import Progress, silent
from analytics.results import NOISE

KEPT = 12  # columns per cluster, used and other each
LEVEL = 0.05


@dataclass(frozen=True)
class Contrast:
    """One column (or one value of a category, or its gaps) in one cluster.

    column : its name in the table. name : on one line, short and unique. kind : "number", "value"
    (share of rows with ``value``) or "gap" (share without any value).
    used : whether the clusters were made from the column. inside, outside : means of numbers, else
    shares, of rows that have a value. medians : (inside, outside) of numbers. difference : inside
    minus outside in standard deviations of all rows. interval : of it, or None for used columns and
    for fewer than 4 rows.
    """

    column: str
    name: str
    kind: str
    value: str | None
    used: bool
    inside: float
    outside: float
    medians: tuple[float, float] | None
    difference: float
    interval: tuple[float, float] | None

    def to_json(self) -> dict:
        """A plain dict, with lists as JSON has them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def profiles(
    frame: pd.DataFrame,
    labels: np.ndarray,
    used: Collection[str],
    progress: Progress = silent,
) -> tuple[dict[int, list[Contrast]], list[str]]:
    """The columns that tell each cluster, by falling difference, and notes on what was left out.

    frame : n rows of original values. labels : int (n,), -1 is noise, which belongs to the rest.
    used : names of the columns that the clusters were made from.
    """
    features, notes = readings.features(frame, np.arange(len(frame)))
    names = [int(label) for label in np.unique(labels) if label != NOISE]
    originals = list(frame.columns)
    is_used = [originals[f.column] in used for f in features]
    tests = max(1, len(names) * is_used.count(False))
    found: dict[int, list[Contrast]] = {label: [] for label in names}
    for done, (feature, known) in enumerate(zip(features, is_used, strict=True)):
        if done % 25 == 0:
            progress(done / len(features), "Comparing columns")
        column = originals[feature.column]
        for label, contrast in _contrasts(column, feature, labels, names, known, tests):
            found[label].append(contrast)
    return {label: _telling(found[label]) for label in names}, notes


def _contrasts(column: str, feature: Feature, labels, names: list[int], used: bool, tests: int):
    """(label, Contrast) of every cluster that has a value of the feature inside and outside."""
    there = ~np.isnan(feature.values)
    values, groups = feature.values[there], labels[there]
    # Dividing by the largest value keeps squares of 1e300 finite.
    unit = float(np.abs(values).max(initial=0.0)) or 1.0
    scaled = values / unit
    spread = float(scaled.std()) if len(scaled) else 0.0
    for label in names:
        inside = groups == label
        count, rest = int(inside.sum()), int((~inside).sum())
        if not count or not rest or spread == 0:
            continue
        means = float(scaled[inside].mean()), float(scaled[~inside].mean())
        difference = float(means[0] - means[1]) / spread
        medians = None
        if feature.kind == "number":
            medians = float(np.median(values[inside])), float(np.median(values[~inside]))
        yield (
            label,
            Contrast(
                column,
                feature.name,
                feature.kind,
                feature.value,
                used,
                means[0] * unit,
                means[1] * unit,
                medians,
                difference,
                None if used else interval(difference, count, rest, tests),
            ),
        )


def interval(difference: float, inside: int, outside: int, tests: int = 1):
    """(low, high) of a difference in standard deviations of all rows, by Fisher's z of the
    correlation behind it, with 95 % for all ``tests`` together; None for fewer than 4 rows."""
    from scipy.stats import norm

    n = inside + outside
    if n < 4:
        return None
    root = np.sqrt(inside * outside) / n
    # Drawn in by one row, so that a perfect difference does not claim to be without error.
    z = np.arctanh(np.clip(difference * root, -1, 1) * (1 - 1 / n))
    half = norm.ppf(1 - LEVEL / (2 * tests)) / np.sqrt(n - 3)
    low, high = float(np.tanh(z - half) / root), float(np.tanh(z + half) / root)
    return min(low, difference), max(high, difference)


def _telling(contrasts: list[Contrast]) -> list[Contrast]:
    """The largest differences, at most KEPT of used and of other columns; of a category with two
    values only the more frequent one inside."""
    order = sorted(contrasts, key=lambda c: (-round(abs(c.difference), 9), -c.inside, c.name))
    kept, seen = [], set()
    left = {True: KEPT, False: KEPT}
    for contrast in order:
        size = round(contrast.difference, 9)
        if contrast.kind == "value" and (contrast.name, -size) in seen:
            continue
        seen.add((contrast.name, size))
        if left[contrast.used] > 0:
            left[contrast.used] -= 1
            kept.append(contrast)
    return kept
