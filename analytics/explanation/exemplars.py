"""Rows that stand for a cluster, rows at its edge, and, for images, its mean picture.

The distance of a row to a cluster is its mean distance to members, as in the silhouette (Rousseeuw
1987), so that clusters of any shape have exemplars; the first one is the medoid. Above some
thousand rows the members measured against are a seeded sample.
"""

from dataclasses import dataclass

import numpy as np

from analytics.explanation import verdict
from analytics.progress import Progress, silent
from analytics.results import NOISE

SHOWN = 6
REFERENCES = 2_000  # members measured against, all clusters together
MOST_WORK = 4e10  # multiplications


@dataclass(frozen=True)
class Exemplars:
    """Row numbers. typical : nearest to the other members, the medoid first. borderline : members
    about as near to another cluster, the nearest first; none without another cluster."""

    typical: tuple[int, ...]
    borderline: tuple[int, ...]


def exemplars(
    X: np.ndarray, labels: np.ndarray, *, seed: int = 0, progress: Progress = silent
) -> dict[int, Exemplars]:
    """X : float (n, d), finite. labels : int (n,), -1 is noise, which has none."""
    names = [int(label) for label in np.unique(labels) if label != NOISE]
    if not names:
        return {}
    near = _distances(np.asarray(X, np.float32), labels, names, seed, progress)
    near = np.round(near / (near.max() or 1.0), 6)  # equal distances are a tie, rounded or not
    found = {}
    for place, label in enumerate(names):
        rows = np.flatnonzero(labels == label)
        own = near[rows, place]
        typical = rows[np.argsort(own, kind="stable")[:SHOWN]]
        others = np.delete(near[rows], place, axis=1)
        edge = np.array([], int)
        if others.shape[1]:
            margin = others.min(axis=1) - own
            order = np.argsort(margin, kind="stable")
            edge = [r for r in rows[order] if r not in typical[:1]][:SHOWN]
        found[label] = Exemplars(tuple(map(int, typical)), tuple(map(int, edge)))
    return found


def _distances(X, labels, names: list[int], seed: int, progress: Progress) -> np.ndarray:
    """Mean distance of each row to members of each cluster, itself left out, float (n, k)."""
    rng = np.random.default_rng(seed)
    most = min(REFERENCES, MOST_WORK / max(1, X.size))
    each = max(3, int(most / len(names)))
    X = X - X.mean(axis=0)  # float32 keeps small distances exact near the origin
    squares = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    near = np.empty((len(X), len(names)))
    for place, label in enumerate(names):
        progress(place / len(names), "Finding typical rows")
        mine = np.flatnonzero(labels == label)
        rows = mine if len(mine) <= each else np.sort(rng.choice(mine, each, replace=False))
        square = squares[:, None] + squares[rows] - 2.0 * (X @ X[rows].T)
        square[rows, np.arange(len(rows))] = 0.0
        total = np.sqrt(np.maximum(square, 0.0)).sum(axis=1)
        counted = np.full(len(X), len(rows))
        counted[rows] -= 1
        near[:, place] = total / np.maximum(counted, 1)
    return near


def mean_pictures(pixels: np.ndarray, labels: np.ndarray, names: list[int]) -> np.ndarray:
    """The mean of each cluster, float (k, d), of pixels (n, d)."""
    return np.stack([pixels[labels == label].mean(axis=0) for label in names])


def nearest_picture(pixels: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Per row the cluster whose mean picture, made without the row's fold, is nearest, int (n,);
    -1 where no cluster is left."""
    nearest = np.full(len(labels), NOISE)
    for fold in np.unique(folds):
        test = folds == fold
        names = [int(label) for label in np.unique(labels[~test]) if label != NOISE]
        if names:
            means = mean_pictures(pixels[~test], labels[~test], names)
            square = (means**2).sum(axis=1) - 2.0 * pixels[test] @ means.T
            nearest[test] = np.array(names)[np.argmin(square, axis=1)]
    return nearest


def picture_verdicts(pixels: np.ndarray, labels: np.ndarray, folds: np.ndarray):
    """label -> (held-out Quality, mix-ups) of "it looks most like this cluster's mean picture"."""
    nearest = nearest_picture(pixels, labels, folds)
    return {
        int(label): (
            verdict.quality(nearest == label, labels == label),
            verdict.confused(nearest == label, labels, int(label)),
        )
        for label in np.unique(labels)
        if label != NOISE
    }
