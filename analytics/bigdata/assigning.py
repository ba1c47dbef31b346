"""How a row that a clustering never saw gets its group: one rule per method.

k-means takes the nearest centre, a mixture its likeliest component, k-medoids the nearest medoid by
its own distance. Every other method, groups corrected by hand and the groups that people would see
have no rule of their own: there the five nearest rows of the sample vote.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.bigdata import batches, mixtures
from analytics.clustering import space as spaces
from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import rules
from analytics.operations import STAGE
from analytics.progress import silent
from analytics.projection.methods.chosen import original
from analytics.results import NOISE, Clustering, Dataset, Grouping, Projection

VOTERS = 5
MOST_COLUMNS = 2_000  # of which a linear map is told
_CENTRES = ("kmeans", "minibatch", "bisecting")
_MEDOIDS = ("fasterpam", "fastclara", "fastclarans")

Place = Callable[[np.ndarray, pd.DataFrame], np.ndarray]


@dataclass(frozen=True, eq=False)
class Rule:
    """label(X float32 (n, d), frame of original values) -> int32 (n,). words : what it does.
    agreement : share of the sample's rows that get their own label by it; of those that vote, each
    judged by the others. columns : beside the features, that it reads from the frame; gaps :
    whether these may be missing. mixture : of a Gaussian mixture, and numbers : the group of each
    of its components."""

    label: Callable[[np.ndarray, pd.DataFrame], np.ndarray]
    words: str
    agreement: float
    columns: tuple[str, ...] = ()
    gaps: bool = False
    mixture: mixtures.Mixture | None = None
    numbers: np.ndarray | None = None


def rule_of(
    found: Clustering | Grouping,
    dataset: Dataset,
    projection: Projection | None = None,
    how: str = "method",
) -> Rule:
    """The rule of a result on a dataset. how : "method", or "rules" for the readable rules that
    tell the groups. Raises BadInput where there is none."""
    if how == "rules":
        return _by_rules(found, dataset)
    if isinstance(found, Grouping):
        place, columns = place_of(dataset, projection, {"space": "map"})
        return _votes(place, dataset, found.labels, columns, (1.0, found.aspect))
    place, columns = place_of(dataset, projection, found.params)
    own = {k: v for k, v in found.params.items() if k not in STAGE["clustering"]}
    if found.params.get("noise", "keep") == "keep":
        if found.method in _CENTRES:
            return _nearest(place, dataset, found, columns)
        if found.method == "gmm":
            return _likeliest(place, dataset, found, own, columns)
        if found.method in _MEDOIDS:
            return _medoids(place, dataset, found, own["metric"], columns)
    return _votes(place, dataset, found.labels, columns)


# --- where a row lies -----------------------------------------------------------------------------


def place_of(
    dataset: Dataset, projection: Projection | None, params: dict[str, Any]
) -> tuple[Place, tuple[str, ...]]:
    """From X and the original columns to the space of the distances, and the columns it reads
    beside the features. Raises BadInput for a map that has no rule for further rows."""
    space = params.get("space", "full")
    if space == "pca":
        X = np.asarray(dataset.X, np.float64)
        if np.all(X[0] == X):
            return lambda X, frame: np.zeros((len(X), 1)), ()
        model = spaces.principal(X, params["components"])
        return lambda X, frame: model.transform(np.asarray(X, np.float64)), ()
    if space != "map":
        return lambda X, frame: np.asarray(X, np.float64), ()
    if projection is None:
        raise BadInput("These groups rest on a map that is no longer stored: make it again.")
    if projection.method in ("columns", "given"):
        return _axes(dataset, projection)
    return _linear(dataset, projection), ()


def _axes(dataset: Dataset, projection: Projection) -> tuple[Place, tuple[str, ...]]:
    """Two columns as they are."""
    axes = list(projection.axes)
    if not set(axes) <= set(dataset.frame.columns):
        raise BadInput("The axes of this map are no columns of the file: choose another map.")
    shift = np.zeros(2)
    if projection.method == "given":  # ready coordinates may have been moved to mean zero
        own = _originals(dataset.frame, axes)
        shift = np.nanmean(own - projection.xy, axis=0)
        shift = np.where(np.abs(shift) > 1e-3 * (1 + np.abs(projection.xy).max()), shift, 0.0)

    def place(X: np.ndarray, frame: pd.DataFrame) -> np.ndarray:
        values = _originals(frame, axes) - shift
        return values.astype(np.float32).astype(np.float64)

    return place, tuple(axes)


def _originals(frame: pd.DataFrame, axes: list[str]) -> np.ndarray:
    """The columns as a map of two columns shows them, float64 (n, 2)."""
    return np.column_stack([original(frame[axis]) for axis in axes])


def _linear(dataset: Dataset, projection: Projection) -> Place:
    """A map that is a weighted sum of the columns, its weights told from the rows it shows."""
    X, xy = np.asarray(dataset.X, np.float64), np.asarray(projection.xy, np.float64)
    if X.shape[1] <= MOST_COLUMNS:
        middle, origin = X.mean(axis=0), xy.mean(axis=0)
        weights = np.linalg.lstsq(X - middle, xy - origin, rcond=1e-10)[0]
        off = np.abs((X - middle) @ weights + origin - xy).max()
        if off <= 1e-4 * np.ptp(xy, axis=0).max() and len(X) > X.shape[1] + 1:
            return lambda X, frame: (np.asarray(X, np.float64) - middle) @ weights + origin
    raise BadInput(
        f"The map '{projection.method}' places only the rows it was made from, so groups on it "
        "cannot be given to all rows: use PCA, two columns, or cluster in all columns."
    )


# --- the rules ------------------------------------------------------------------------------------


def _rule(label, words_: str, dataset: Dataset, labels: np.ndarray, columns) -> Rule:
    same = float(np.mean(label(dataset.X, dataset.frame) == labels))
    return Rule(label, words_, same, columns)


def _nearest(place: Place, dataset: Dataset, found: Clustering, columns) -> Rule:
    centers = np.asarray(found.extras["centers"], np.float64)

    def label(X, frame):
        return batches.nearest(place(X, frame), centers)[0]

    said = f"the nearest of {words.count(len(centers), 'centre')}"
    return _rule(label, said, dataset, found.labels, columns)


def _likeliest(place: Place, dataset: Dataset, found: Clustering, own: dict, columns) -> Rule:
    """The mixture is fitted again from its seed, which gives the same one."""
    from analytics.clustering.methods._common import quietly
    from analytics.clustering.methods.mixture import fitted

    model, scale, middle = fitted(place(dataset.X, dataset.frame), own, found.seed, silent, [])
    numbers = np.full(len(model.weights_), NOISE, np.int32)
    with quietly([]):
        first = model.predict((place(dataset.X, dataset.frame) - middle) / scale)
    for component in np.unique(first):  # its number among groups by size
        numbers[component] = np.bincount(found.labels[first == component]).argmax()

    def label(X, frame):
        with quietly([]):
            return numbers[model.predict((place(X, frame) - middle) / scale)]

    said = f"the likeliest of {words.count(len(numbers), 'component')} of the mixture"
    rule = _rule(label, said, dataset, found.labels, columns)
    return replace(rule, mixture=mixtures.of_model(model, scale, middle), numbers=numbers)


def likeliest(
    rule: Rule, place: Place, mixture: mixtures.Mixture, dataset: Dataset, labels: np.ndarray
) -> Rule:
    """The rule of a mixture with another one in its place, of the same components."""

    def label(X, frame):
        return rule.numbers[mixtures.likeliest(place(X, frame), mixture)]

    same = float(np.mean(label(dataset.X, dataset.frame) == labels))
    return replace(rule, label=label, agreement=same, mixture=mixture)


def _medoids(place: Place, dataset: Dataset, found: Clustering, metric: str, columns) -> Rule:
    from analytics.clustering.distances import dissimilarities

    if metric in ("gower", "precomputed"):
        raise BadInput(
            f"Groups by the distance '{metric}' cannot be given to all rows: cluster with another "
            "distance."
        )
    centers = np.asarray(found.extras["centers"], np.float64)

    def label(X, frame):
        apart = dissimilarities(place(X, frame), centers, metric)
        return apart.argmin(axis=1).astype(np.int32)

    said = f"the nearest of {words.count(len(centers), 'medoid')} ({metric})"
    return _rule(label, said, dataset, found.labels, columns)


def _votes(place: Place, dataset: Dataset, labels: np.ndarray, columns, stretch=None) -> Rule:
    """Most of the five nearest rows of the sample, the nearest of them where votes are equal."""
    from scipy.spatial import cKDTree

    def at(X, frame):
        points = place(X, frame)
        return points if stretch is None else points * stretch

    points = at(dataset.X, dataset.frame)
    tree, labels = cKDTree(points), np.asarray(labels, np.int32)
    voters = min(VOTERS, len(points))

    def label(X, frame):
        near = tree.query(at(X, frame), voters, workers=-1)[1].reshape(len(X), -1)
        return _most(labels[near])

    near = tree.query(points, min(voters + 1, len(points)), workers=-1)[1].reshape(len(points), -1)
    itself = near == np.arange(len(points))[:, None]
    itself[~itself.any(axis=1), -1] = True  # equal rows stand before it
    others = near[~itself].reshape(len(points), -1)
    same = float(np.mean(_most(labels[others]) == labels)) if others.shape[1] else 1.0
    said = f"the vote of the {voters} nearest rows of the sample"
    return Rule(label, said, same, columns)


def _most(votes: np.ndarray) -> np.ndarray:
    """The most frequent label of each row (n, v), the first of equals."""
    often = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(votes)), often.argmax(axis=1)]


def _by_rules(found: Clustering, dataset: Dataset) -> Rule:
    """The readable rules; where several hold, the most precise; none: in no group."""
    if not isinstance(found, Clustering):
        raise BadInput("Rules tell the groups of a clustering: choose one.")
    columns = [c for c in dataset.features if c != dataset.text_column]
    made = rules.explain(dataset.frame[columns], found.labels, seed=0)
    each = [(r.fitted.precision, c.label, r) for c in made.clusters for r in c.rules]
    if not each:
        raise BadInput("No rule in words tells these groups, so there is none to apply.")
    each.sort(key=lambda one: one[0])

    def label(X, frame):
        frame, out = frame[columns], np.full(len(frame), NOISE, np.int32)
        for _, group, rule in each:
            out[rules.matches(rule, frame)] = group
        return out

    said = f"{words.count(len(each), 'rule')} in words, the most precise where several hold"
    return replace(_rule(label, said, dataset, found.labels, tuple(columns)), gaps=True)
