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

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.data.naming import shorten
from analytics.errors import BadInput
from analytics.explanation import readings, verdict
from analytics.explanation.readings import Feature
from analytics.explanation.verdict import Quality
from analytics.progress import Progress, silent
from analytics.results import NOISE

DEPTH, LEAST_LEAF = 3, 0.05  # of the tree; share of the cluster or of the rest, the smaller
LEAST_PRECISION, MOST_LOSS = 0.8, 0.01
MOST_ROWS = 20_000
MOST_TRIED = 200  # features given to one tree

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


@dataclass(frozen=True)
class _Bound:
    """values <= limit (upper) or values > limit of one feature; missing is neither."""

    feature: int
    upper: bool
    limit: float


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
    table = _Table(features, seed)
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


class _Table:
    """The features of the rows used, and how a tree is fitted to some of them."""

    def __init__(self, features: list[Feature], seed: int):
        self.features, self.seed = features, seed
        # A tree computes in float32; ranks keep neighbouring large numbers apart.
        ranks = [readings.ranks(feature.values) for feature in features]
        self.ranks = np.column_stack(ranks) if ranks else np.zeros((0, 0), np.float32)

    def holds(self, bound: _Bound) -> np.ndarray:
        values = self.features[bound.feature].values
        return values <= bound.limit if bound.upper else values > bound.limit

    def all_hold(self, bounds, rows: np.ndarray) -> np.ndarray:
        """Which of the rows (n,) bool fulfil all bounds."""
        mask = rows.copy()
        for bound in bounds:
            mask &= self.holds(bound)
        return mask

    def leaves(self, member: np.ndarray, rows: np.ndarray) -> list[tuple[_Bound, ...]]:
        """The paths to the leaves of a tree fitted to the rows."""
        from sklearn.tree import DecisionTreeClassifier

        tried = self._tried(member[rows], rows)
        inside = int(member[rows].sum())
        smaller = min(inside, int(rows.sum()) - inside)
        tree = DecisionTreeClassifier(
            max_depth=DEPTH,
            min_samples_leaf=max(1, int(np.ceil(LEAST_LEAF * smaller))),
            class_weight="balanced",
            random_state=self.seed,
        ).fit(self.ranks[np.ix_(rows, tried)], member[rows])
        return self._walk(tree.tree_, tried, 0, (), rows, member)

    def _tried(self, member: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The features for a tree: all, or those whose ranks among the rows follow membership most.
        Found from the rows the tree is made from only, so that left-out rows stay unseen."""
        if len(self.features) <= MOST_TRIED:
            return np.arange(len(self.features))
        ranks = self.ranks[rows]
        given = np.maximum((~np.isnan(ranks)).sum(axis=0), 1)
        centred = np.nan_to_num(ranks - np.nansum(ranks, axis=0) / given)
        spread = np.sqrt((centred**2).mean(axis=0))
        shift = np.abs((member - member.mean()).astype(np.float32) @ centred)
        order = np.argsort(-shift / np.where(spread > 0, spread, np.inf), kind="stable")
        return np.sort(order[:MOST_TRIED])

    def _walk(self, tree, tried, node: int, path: tuple[_Bound, ...], rows, member) -> list:
        # Rounding errors let the tree split nodes of one class, too.
        if tree.children_left[node] < 0 or member[rows].all() or not member[rows].any():
            return [path]
        feature = int(tried[tree.feature[node]])
        left = rows & (self.ranks[:, feature] <= tree.threshold[node])
        right = rows & (self.ranks[:, feature] > tree.threshold[node])
        if not left.any() or not right.any():  # only missing values went there
            return [path]
        values = self.features[feature].values
        limit = _between(values[left].max(), values[right].min())
        low, high = _Bound(feature, True, limit), _Bound(feature, False, limit)
        return [
            *self._walk(tree, tried, tree.children_left[node], (*path, low), left, member),
            *self._walk(tree, tried, tree.children_right[node], (*path, high), right, member),
        ]


def _between(low: float, high: float) -> float:
    """Half way from low to high, and below high."""
    middle = low / 2 + high / 2
    return float(middle if low <= middle < high else low)


def _cluster(table: _Table, label: int, labels: np.ndarray, folds: np.ndarray) -> Cluster:
    member = labels == label
    rows, size = np.ones(len(member), bool), int(member.sum())
    for applies, why in (
        (size == len(member), "There is nothing beside this cluster to tell it from."),
        (size == 1, "One row alone has nothing in common to describe."),
        (not table.features, "No column has two different values to describe it by."),
    ):
        if applies:
            return Cluster(label, (), Quality(0, 0, size, len(member)), note=why)
    made = _rules(table, member, rows)
    rules = tuple(_rule(table, bounds, member) for bounds in made)
    note = "" if rules else "No short rule tells it from the rest."
    least = _least(member)
    if any((r.fitted.precision or 0.0) < least for r in rules):
        note = f"Its rule is right for less than {100 * least:.0f} % of the rows it is true of."
    fitted = verdict.quality(_union(table, made, rows), member)
    found = _left_out(table, member, folds)
    if found is None:
        return Cluster(label, rules, fitted, note=note)
    mixed = tuple(verdict.confused(found, labels, label))
    return Cluster(label, rules, fitted, verdict.quality(found, member), mixed, note)


def _left_out(table: _Table, member: np.ndarray, folds: np.ndarray) -> np.ndarray | None:
    """Which rows fulfil a rule that was made without their fold, bool (n,)."""
    found = np.zeros(len(member), bool)
    for fold in np.unique(folds):
        test = folds == fold
        if not member[~test].any() or member[~test].all():
            return None
        found |= _union(table, _rules(table, member, ~test), test)
    return found


def _union(table: _Table, made, rows: np.ndarray) -> np.ndarray:
    """Which of the rows fulfil one of the rules, bool (n,)."""
    mask = np.zeros(len(rows), bool)
    for bounds in made:
        mask |= table.all_hold(bounds, rows)
    return mask


def _rules(table: _Table, member: np.ndarray, rows: np.ndarray) -> list[tuple[_Bound, ...]]:
    """The rules made from some rows, most hits first; one that adds no row is left out."""
    found = {}
    least = _least(member[rows])
    for leaf in _good(table, member, rows, least):
        bounds = _pruned(leaf, lambda b: table.all_hold(b, rows), member, least)
        found[bounds] = table.all_hold(bounds, rows)
    order = sorted(found, key=lambda b: (-int((found[b] & member).sum()), int(found[b].sum())))
    kept, covered = [], np.zeros(len(member), bool)
    for bounds in order:
        if (found[bounds] & ~covered).any():
            covered |= found[bounds]
            kept.append(_rounded(table, bounds, rows))
    return kept


def _least(member: np.ndarray) -> float:
    """The precision of a rule: 80 %, and for a cluster of more than 60 % of the rows as much as
    halves the errors of calling every row a member."""
    return max(LEAST_PRECISION, (1.0 + float(member.mean())) / 2)


def _good(
    table: _Table, member: np.ndarray, rows: np.ndarray, least: float
) -> list[tuple[_Bound, ...]]:
    """The leaves that are precise enough, together; or the one leaf that tells the members better
    (by F1) than all of these."""
    leaves = [bounds for bounds in map(_merged, table.leaves(member, rows)) if bounds]
    counts = [verdict.quality(table.all_hold(b, rows), member & rows) for b in leaves]
    pairs = list(zip(leaves, counts, strict=True))
    precise = [b for b, c in pairs if (c.precision or 0.0) >= least]
    together = verdict.quality(_union(table, precise, rows), member & rows).f1
    best = max(pairs, key=lambda pair: pair[1].f1, default=None)
    return [best[0]] if best and best[1].f1 > together else precise


def _merged(path: tuple[_Bound, ...]) -> tuple[_Bound, ...]:
    """One upper and one lower bound per feature, the tighter ones."""
    tight: dict[tuple[int, bool], _Bound] = {}
    for bound in path:
        key = (bound.feature, bound.upper)
        pick = min if bound.upper else max
        limit = pick(bound.limit, tight[key].limit) if key in tight else bound.limit
        tight[key] = replace(bound, limit=limit)
    return tuple(tight[key] for key in sorted(tight))


def _precision(mask: np.ndarray, member: np.ndarray) -> float:
    return float(member[mask].mean()) if mask.any() else 0.0


def _pruned(
    bounds: tuple[_Bound, ...],
    hold: Callable[[tuple], np.ndarray],
    member: np.ndarray,
    least: float = LEAST_PRECISION,
) -> tuple[_Bound, ...]:
    """Without the conditions that cost less than 1 % precision, counted from the whole leaf; a leaf
    that is precise enough stays so."""
    whole = _precision(hold(bounds), member)
    enough = whole - MOST_LOSS + 1e-12
    if whole >= least:
        enough = max(least, enough)
    while len(bounds) > 1:
        shorter = [bounds[:i] + bounds[i + 1 :] for i in range(len(bounds))]
        masks = [hold(b) for b in shorter]
        ranked = [(_precision(m, member), int(m.sum())) for m in masks]
        best = max(range(len(shorter)), key=lambda i: ranked[i])
        if ranked[best][0] < enough:
            break
        bounds = shorter[best]
    return bounds


def _rounded(table: _Table, bounds: tuple[_Bound, ...], rows: np.ndarray) -> tuple[_Bound, ...]:
    """Limits of numbers with as few digits as leave the same rows."""
    wanted = table.all_hold(bounds, rows)
    for i, bound in enumerate(bounds):
        if table.features[bound.feature].kind != "number":
            continue
        for limit in readings.rounder(bound.limit):
            tried = (*bounds[:i], replace(bound, limit=limit), *bounds[i + 1 :])
            if (table.all_hold(tried, rows) == wanted).all():
                bounds = tried
                break
    return bounds


def _rule(table: _Table, bounds: tuple[_Bound, ...], member: np.ndarray) -> Rule:
    fitted = verdict.quality(table.all_hold(bounds, np.ones(len(member), bool)), member)
    # "more than" before "at most" of the same column.
    ordered = sorted(bounds, key=lambda b: (table.features[b.feature].column, b.upper, b.feature))
    conditions = tuple(_condition(table.features[b.feature], b) for b in ordered)
    return Rule(conditions, fitted)


def _condition(feature: Feature, bound: _Bound) -> Condition:
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
