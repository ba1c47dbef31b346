"""Clusters of a table as rules that a person can read and check.

Per cluster, a decision tree of depth 3 (CART: Breiman, Friedman, Olshen & Stone 1984), cluster
against the rest, with balanced classes and leaves of at least 5 % of the cluster (or of the rest,
where that is smaller), on the original values. Leaves that are right for at least 80 % of their
rows (more for a cluster of most rows) become rules; where one other leaf tells the cluster better
(by F1) than all of these, that one does, with a note. Conditions whose loss costs less than 1 %
precision are dropped. Rules are also scored on rows left out.

A missing value fulfils no condition but "is missing". Names and values are raw text of the table:
whoever shows a sentence escapes it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.data.naming import shorten
from analytics.errors import BadInput
from analytics.explanation import readings, verdict
from analytics.explanation.leaves import Bound, FeatureTable
from analytics.explanation.readings import Feature
from analytics.explanation.shortening import least_precision, short_rules, union
from analytics.explanation.verdict import Quality
from analytics.progress import Progress, silent
from analytics.results import NOISE

MOST_ROWS = 20_000

_WORDS = {  # kind of feature, whether the bound is an upper one
    ("number", True): "at most {}",
    ("number", False): "more than {}",
    ("value", True): "not {}",
    ("value", False): "{}",
    ("gap", True): "given",
    ("gap", False): "missing",
}


@dataclass(frozen=True)
class Condition:
    """Something that is true or false of a row.

    column : position in the table. name : unique readable name. kind : "at most", "more than",
    "is", "is not", "given" or "missing". value : a number for the first two, a text for "is" and
    "is not", else None. words : what follows "is" in a sentence.
    """

    column: int
    name: str
    kind: str
    value: float | str | None
    words: str


@dataclass(frozen=True)
class Rule:
    """Conditions that all hold; ``fitted`` counts it on the rows it was made from."""

    conditions: tuple[Condition, ...]
    fitted: Quality

    @property
    def sentence(self) -> str:
        """For example "petal length is at most 2 and width is more than 1", raw text."""
        by_column: dict[int, list[Condition]] = {}
        for condition in self.conditions:
            by_column.setdefault(condition.column, []).append(condition)
        parts = [
            f"{group[0].name} is {' and '.join(c.words for c in group)}"
            for group in by_column.values()
        ]
        return ", and ".join(parts)


@dataclass(frozen=True)
class Cluster:
    """A cluster in rules, the one with most members first; a row belongs if it fulfils one.

    fitted : all rules on the rows they were made from, which flatters. held_out : on rows left out
    when the rules were made (5 folds), None when that is not possible. confused : (other label,
    rows taken for members) among those left out. note : why there are no good rules, or "".
    """

    label: int
    rules: tuple[Rule, ...]
    fitted: Quality
    held_out: Quality | None = None
    confused: tuple[tuple[int, int], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Rules:
    """clusters : in the order of their numbers. rows : used, of ``total_rows``. notes : what was
    left out."""

    clusters: tuple[Cluster, ...]
    rows: int
    total_rows: int
    notes: tuple[str, ...]


def explain(
    frame: pd.DataFrame,
    labels,
    *,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    progress: Progress = silent,
) -> Rules:
    """Rules for each cluster of a table.

    frame : n rows of original values. labels : n whole numbers, -1 is noise, which belongs to the
    rest. seed : of the sample, folds and ties between columns. most_rows : a larger table is
    sampled to about this many, each cluster by its share. Raises BadInput.
    """
    labels = _checked(frame, labels, most_rows)
    rng = np.random.default_rng(seed)
    rows = verdict.stratified(labels, most_rows, rng)
    features, notes = readings.features(frame, rows)
    labels = labels[rows]
    if len(rows) < len(frame):
        notes.append(f"Rules were made from {len(rows):,} of {len(frame):,} rows.")
    folds = verdict.folds(labels, rng)
    names = [int(label) for label in np.unique(labels) if label != NOISE]
    table = FeatureTable(features, seed)
    found = []
    for done, label in enumerate(names):
        progress(done / len(names), f"Rules for cluster {done + 1} of {len(names)}")
        found.append(_cluster(table, label, labels, folds))
    progress(1.0, "Rules")
    return Rules(tuple(found), len(rows), len(frame), tuple(notes))


def matches(rule: Rule, frame: pd.DataFrame) -> np.ndarray:
    """Which rows of a table with the same columns fulfil a rule, bool (n,)."""
    mask = np.ones(len(frame), bool)
    for c in rule.conditions:
        kind, values = readings.column(frame.iloc[:, c.column])
        missing = np.isnan(values) if kind == "number" else pd.isna(values)
        if c.kind in ("missing", "given"):
            mask &= missing == (c.kind == "missing")
        elif c.kind in ("is", "is not"):
            mask &= ~missing & ((values == c.value) == (c.kind == "is"))
        else:
            mask &= values <= c.value if c.kind == "at most" else values > c.value
    return mask


def _cluster(table: FeatureTable, label: int, labels: np.ndarray, folds: np.ndarray) -> Cluster:
    member = labels == label
    rows, size = np.ones(len(member), bool), int(member.sum())
    for applies, why in (
        (size == len(member), "There is nothing beside this cluster to tell it from."),
        (size == 1, "One row alone has nothing in common to describe."),
        (not table.features, "No column has two different values to describe it by."),
    ):
        if applies:
            return Cluster(label, (), Quality(0, 0, size, len(member)), note=why)
    made = short_rules(table, member, rows)
    rules = tuple(_rule(table, bounds, member) for bounds in made)
    note = "" if rules else "No short rule tells it from the rest."
    least = least_precision(member)
    if any((r.fitted.precision or 0.0) < least for r in rules):
        note = f"Its rule is right for less than {100 * least:.0f} % of the rows it is true of."
    fitted = verdict.quality(union(table, made, rows), member)
    found = _left_out(table, member, folds)
    if found is None:
        return Cluster(label, rules, fitted, note=note)
    mixed = tuple(verdict.confused(found, labels, label))
    return Cluster(label, rules, fitted, verdict.quality(found, member), mixed, note)


def _left_out(table: FeatureTable, member: np.ndarray, folds: np.ndarray) -> np.ndarray | None:
    """Which rows fulfil a rule that was made without their fold, bool (n,)."""
    found = np.zeros(len(member), bool)
    for fold in np.unique(folds):
        test = folds == fold
        if not member[~test].any() or member[~test].all():
            return None
        found |= union(table, short_rules(table, member, ~test), test)
    return found


def _rule(table: FeatureTable, bounds: tuple[Bound, ...], member: np.ndarray) -> Rule:
    fitted = verdict.quality(table.all_hold(bounds, np.ones(len(member), bool)), member)
    # "more than" before "at most" of the same column.
    ordered = sorted(bounds, key=lambda b: (table.features[b.feature].column, b.upper, b.feature))
    conditions = tuple(_condition(table.features[b.feature], b) for b in ordered)
    return Rule(conditions, fitted)


def _condition(feature: Feature, bound: Bound) -> Condition:
    value = bound.limit + 0.0 if feature.kind == "number" else feature.value  # no minus zero
    shown = readings.written(value) if feature.kind == "number" else shorten(value)
    words = _WORDS[feature.kind, bound.upper].format(shown)
    kinds = {"number": ("at most", "more than"), "value": ("is not", "is")}
    kind = kinds.get(feature.kind, ("given", "missing"))[0 if bound.upper else 1]
    return Condition(feature.column, feature.name, kind, value, words)


def _checked(frame: pd.DataFrame, labels, most_rows: int) -> np.ndarray:
    """The labels as int64 (n,). Raises BadInput."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(frame):
        raise BadInput(
            f"The table has {len(frame):,} rows, the clusters {labels.size:,} labels: give one "
            "whole number per row."
        )
    if not len(frame):
        raise BadInput("The table has no rows: give one with at least two.")
    if labels.min() < NOISE:
        raise BadInput("A label is below -1: number the clusters from 0, -1 for noise.")
    if most_rows < 2:
        raise BadInput("Rules need at least two rows: raise the number of rows to sample.")
    return labels.astype(np.int64)
