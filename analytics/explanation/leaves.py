"""Decision trees that tell some rows of a table from the rest: the paths to their leaves.

CART (Breiman, Friedman, Olshen & Stone 1984), of depth 3, with balanced classes and leaves of at
least 5 % of the rows to tell (or of the rest, where that is smaller), on the original values.
"""

from dataclasses import dataclass

import numpy as np

from analytics.explanation import readings
from analytics.explanation.readings import Feature

DEPTH, LEAST_LEAF = 3, 0.05  # of the tree; share of the cluster or of the rest, the smaller
MOST_TRIED = 200  # features given to one tree


@dataclass(frozen=True)
class Bound:
    """values <= limit (upper) or values > limit of one feature; missing is neither."""

    feature: int
    upper: bool
    limit: float


class FeatureTable:
    """The features of the rows used, and how a tree is fitted to some of them."""

    def __init__(self, features: list[Feature], seed: int):
        self.features, self.seed = features, seed
        # A tree computes in float32; ranks keep neighbouring large numbers apart.
        ranks = [readings.ranks(feature.values) for feature in features]
        self.ranks = np.column_stack(ranks) if ranks else np.zeros((0, 0), np.float32)

    def holds(self, bound: Bound) -> np.ndarray:
        values = self.features[bound.feature].values
        return values <= bound.limit if bound.upper else values > bound.limit

    def all_hold(self, bounds, rows: np.ndarray) -> np.ndarray:
        """Which of the rows (n,) bool fulfil all bounds."""
        mask = rows.copy()
        for bound in bounds:
            mask &= self.holds(bound)
        return mask

    def leaves(self, member: np.ndarray, rows: np.ndarray) -> list[tuple[Bound, ...]]:
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

    def _walk(self, tree, tried, node: int, path: tuple[Bound, ...], rows, member) -> list:
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
        low, high = Bound(feature, True, limit), Bound(feature, False, limit)
        return [
            *self._walk(tree, tried, tree.children_left[node], (*path, low), left, member),
            *self._walk(tree, tried, tree.children_right[node], (*path, high), right, member),
        ]


def _between(low: float, high: float) -> float:
    """Half way from low to high, and below high."""
    middle = low / 2 + high / 2
    return float(middle if low <= middle < high else low)
