"""One numbering for equal partitions, and noise put to its nearest group."""

from typing import Any

import numpy as np

from analytics.results import NOISE

# Extras that hold one entry per group, and the axis it lies on.
_PER_GROUP = {
    "centers": 0,
    "medoids": 0,
    "leaf": 0,
    "prototypes": 0,
    "separability": 0,
    "soft": 1,
    "concept_use": 0,
    "pushes": 0,
}


def canonical(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups numbered by falling size, ties by first member.

    labels : whole numbers (n,), -1 for noise. Returns int32 labels (n,) and the old label of each
    new group (k,).
    """
    labels = np.asarray(labels)
    inside = np.flatnonzero(labels != NOISE)
    new = np.full(len(labels), NOISE, np.int32)
    old, first, inverse, sizes = np.unique(
        labels[inside], return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty(len(old), np.int32)
    rank[order] = np.arange(len(old))
    new[inside] = rank[inverse]
    return new, old[order]


def reorder(extras: dict[str, Any], order: np.ndarray) -> dict[str, np.ndarray]:
    """Extras in the new order of groups; entries of groups without rows are left out.

    Memberships ("soft") are scaled so that each row sums to 1 over the groups that are left.
    """
    moved = {}
    for name, value in extras.items():
        axis = _PER_GROUP.get(name)
        moved[name] = value if axis is None else np.take(value, order, axis=axis)
    if "soft" in moved:
        total = moved["soft"].sum(axis=1, keepdims=True)
        moved["soft"] = np.divide(moved["soft"], total, where=total > 0, out=moved["soft"].copy())
    return moved


def reassign_noise(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Labels in which every noise row joins the group of its nearest grouped row.

    X : (n, d), Euclidean. The nearest member and not the nearest centre decides, so that long or
    bent groups keep their shape. Unchanged when every row is noise.
    """
    from sklearn.neighbors import NearestNeighbors

    from analytics.clustering.methods._common import quietly

    labels = np.array(labels)
    noise = np.flatnonzero(labels == NOISE)
    members = np.flatnonzero(labels != NOISE)
    if len(noise) and len(members):
        with quietly([]):
            nearest = NearestNeighbors(n_neighbors=1).fit(X[members])
            labels[noise] = labels[members[nearest.kneighbors(X[noise])[1][:, 0]]]
    return labels
