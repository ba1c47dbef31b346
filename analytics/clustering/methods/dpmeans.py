"""DP-means: k-means that opens a new group where a row is too far from all."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import smallest_distance
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_ROUNDS = 300
_MOST_GROUPS = 1_000


def dpmeans(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Kulis & Jordan, Revisiting k-means: new algorithms via Bayesian nonparametrics, ICML 2012.

    Rows are visited in one random order per round. extras "centers" (k, d). Raises BadInput when
    the distance would make more than 1,000 groups.
    """
    notes: list[str] = []
    reach = params["distance"] or _reach(X, params["groups"], notes)
    order = np.random.default_rng(seed).permutation(len(X))
    middle = (X / 2).mean(axis=0) * 2
    Z = X - middle
    size = float(np.abs(Z).max())
    labels, centers, rounds = lloyd(Z[order] / size, reach / size, progress)
    back = np.empty(len(X), np.int64)
    back[order] = labels
    notes.append(f"{len(centers):,} groups at a distance of {reach:.6g}, after {rounds} rounds.")
    if rounds == _ROUNDS:
        notes.append("The search stopped at its limit of rounds before it settled.")
    return Clustering(labels=back, extras={"centers": centers * size + middle}, notes=tuple(notes))


def lloyd(Z: np.ndarray, reach: float, progress: Progress):
    """Labels (n,), centres (k, d) and rounds of DP-means of rows Z in the order given.

    A row farther than ``reach`` from every centre becomes one; centres move to the mean of their
    rows after each round, and those without rows go.
    """
    centers, labels = Z.mean(axis=0)[None], np.full(len(Z), -1)
    for rounds in range(1, _ROUNDS + 1):
        progress(rounds / _ROUNDS, f"Round {rounds}, {len(centers):,} groups")
        found, centers = assign(Z, centers, reach)
        kept, found = np.unique(found, return_inverse=True)
        settled = np.array_equal(found, labels)
        labels = found
        sums = np.zeros((len(kept), Z.shape[1]))
        np.add.at(sums, labels, Z)
        centers = sums / np.bincount(labels)[:, None]
        if settled:
            break
    return labels, centers, rounds


def assign(Z: np.ndarray, centers: np.ndarray, reach: float):
    """The nearest centre of each row (n,), new centres opened on the way, and all centres."""
    from scipy.spatial.distance import cdist

    D = cdist(Z, centers)
    near, labels = D.min(axis=1), D.argmin(axis=1)
    while (near > reach).any():
        first = int((near > reach).argmax())  # rows before it keep what they have
        if len(centers) >= _MOST_GROUPS:
            raise BadInput(
                f"This distance makes more than {_MOST_GROUPS:,} groups: choose a larger one."
            )
        centers = np.concatenate([centers, Z[first : first + 1]])
        away = cdist(Z[first:], Z[first : first + 1])[:, 0]
        closer = away < near[first:]
        labels[first:][closer] = len(centers) - 1
        near[first:][closer] = away[closer]
    return labels, centers


def _reach(X: np.ndarray, groups: int, notes: list[str]) -> float:
    """The distance from the farthest-first walk of the paper: that of its row number ``groups``."""
    from scipy.spatial.distance import cdist

    scale = float(np.abs(X).max()) or 1.0
    Z = X / scale
    near = cdist(Z, (Z.mean(axis=0))[None])[:, 0]
    for _ in range(min(groups, len(Z)) - 1):
        far = int(near.argmax())
        near = np.minimum(near, cdist(Z, Z[far : far + 1])[:, 0])
    reach = float(near.max()) * scale
    if reach <= 0:
        reach = smallest_distance(X, 0) / 2
    notes.append(f"The distance was set to {reach:.6g}, from a guess of about {groups} groups.")
    return reach


METHODS = (
    Method(
        "dpmeans",
        "DP-means",
        "clustering",
        "k-means without a number of groups: a row farther than a given distance from every centre "
        "opens a group of its own. Round groups of one size; outliers become groups.",
        dpmeans,
        params=(
            Param(
                "distance",
                "float",
                None,
                "Distance",
                "Rows farther than this from every centre open a group. None: from the guess.",
                1e-300,
                optional=True,
            ),
            Param(
                "groups",
                "int",
                8,
                "Guess",
                "About how many groups, for a distance left empty.",
                1,
                1_000,
            ),
        ),
        cost=lambda n, d, p: 0.1 + 2e-7 * n * d * p["groups"],
        reference="Kulis & Jordan 2012, ICML, arXiv:1111.0352",
        order=39,
        family="split",
        measured="With the number of classes as guess below k-means on all six sets tried: ARI "
        "0.48 against 0.67 on digits, 0.92 against 0.94 on 15 equal clouds, 0.61 against 1 where "
        "sizes differ.",
    ),
)
