"""Few short rules out of the leaves of a tree: the precise ones, without what they do not need."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analytics.explanation import readings, verdict
from analytics.explanation.leaves import Bound, FeatureTable

LEAST_PRECISION, MOST_LOSS = 0.8, 0.01


def union(table: FeatureTable, made, rows: np.ndarray) -> np.ndarray:
    """Which of the rows fulfil one of the rules, bool (n,)."""
    mask = np.zeros(len(rows), bool)
    for bounds in made:
        mask |= table.all_hold(bounds, rows)
    return mask


def short_rules(
    table: FeatureTable, member: np.ndarray, rows: np.ndarray
) -> list[tuple[Bound, ...]]:
    """The rules made from some rows, most hits first; one that adds no row is left out."""
    found = {}
    least = least_precision(member[rows])
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


def least_precision(member: np.ndarray) -> float:
    """The precision of a rule: 80 %, and for a cluster of more than 60 % of the rows as much as
    halves the errors of calling every row a member."""
    return max(LEAST_PRECISION, (1.0 + float(member.mean())) / 2)


def _good(
    table: FeatureTable, member: np.ndarray, rows: np.ndarray, least: float
) -> list[tuple[Bound, ...]]:
    """The leaves that are precise enough, together; or the one leaf that tells the members better
    (by F1) than all of these."""
    leaves = [bounds for bounds in map(_merged, table.leaves(member, rows)) if bounds]
    counts = [verdict.quality(table.all_hold(b, rows), member & rows) for b in leaves]
    pairs = list(zip(leaves, counts, strict=True))
    precise = [b for b, c in pairs if (c.precision or 0.0) >= least]
    together = verdict.quality(union(table, precise, rows), member & rows).f1
    best = max(pairs, key=lambda pair: pair[1].f1, default=None)
    return [best[0]] if best and best[1].f1 > together else precise


def _merged(path: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """One upper and one lower bound per feature, the tighter ones."""
    tight: dict[tuple[int, bool], Bound] = {}
    for bound in path:
        key = (bound.feature, bound.upper)
        pick = min if bound.upper else max
        limit = pick(bound.limit, tight[key].limit) if key in tight else bound.limit
        tight[key] = replace(bound, limit=limit)
    return tuple(tight[key] for key in sorted(tight))


def _precision(mask: np.ndarray, member: np.ndarray) -> float:
    return float(member[mask].mean()) if mask.any() else 0.0


def _pruned(
    bounds: tuple[Bound, ...],
    hold: Callable[[tuple], np.ndarray],
    member: np.ndarray,
    least: float = LEAST_PRECISION,
) -> tuple[Bound, ...]:
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


def _rounded(table: FeatureTable, bounds: tuple[Bound, ...], rows: np.ndarray) -> tuple[Bound, ...]:
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
