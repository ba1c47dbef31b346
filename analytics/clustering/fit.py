"""Run one method on points: checks before, one numbering after."""

from typing import Any

import numpy as np

from analytics.clustering.relabel import canonical, reassign_noise, reorder
from analytics.errors import BadInput
from analytics.needs import require
from analytics.progress import Progress, silent
from analytics.registry import Method
from analytics.results import NOISE, Clustering, Dataset

NOISE_CHOICES = ("keep", "nearest")


def fit(
    row: Method,
    X: np.ndarray,
    params: dict[str, Any],
    seed: int,
    dataset: Dataset,
    progress: Progress = silent,
    noise: str = "keep",
) -> Clustering:
    """Groups of X (n, d) float64 with canonical labels, extras in their order, and notes.

    noise : "keep", or "nearest" to put noise rows to the group of their nearest grouped row.
    Raises BadInput.
    """
    check_noise(noise)
    require(row, dataset)
    _check(row, X, params)
    equal = bool(np.all(X[0] == X))
    if equal:
        what = "There is one row" if len(X) == 1 else f"All {len(X):,} rows are equal here"
        found = Clustering(
            labels=np.zeros(len(X), np.int32), notes=(f"{what}, so there is one group.",)
        )
    else:
        found = row.run(X, params, seed, progress, dataset)
    raw, notes = np.asarray(found.labels), list(found.notes)
    if noise == "nearest":
        raw = _without_noise(X, raw, notes)
    labels, order = canonical(raw)
    asked = params.get("n_clusters") or 0
    if not equal and len(order) < asked and not any("groups found where" in n for n in notes):
        notes.append(f"{len(order)} groups found where {asked} were asked for.")
    return found.with_(
        labels=labels,
        n_clusters=len(order),
        extras=reorder(found.extras, order),
        notes=tuple(notes),
    )


def subset(dataset: Dataset, index: np.ndarray) -> Dataset:
    """The dataset of some rows only, for methods that read more than X."""
    cut = {
        name: getattr(dataset, name)[index]
        for name in ("X", "rows", "labels", "domain", "coords")
        if getattr(dataset, name) is not None and len(getattr(dataset, name)) == dataset.n
    }
    if dataset.edges is not None:
        from analytics.graphs.links import among

        kept = among(dataset.edges, dataset.edge_weights, index, dataset.n)
        cut["edges"], cut["edge_weights"] = kept
    frame = dataset.frame
    return dataset.with_(**cut, frame=frame.iloc[index] if len(frame) == dataset.n else frame)


def check_noise(noise: str) -> None:
    """Raise BadInput for anything but "keep" and "nearest"."""
    if noise not in NOISE_CHOICES:
        raise BadInput(f"Noise is {noise!r}, but it is one of {', '.join(NOISE_CHOICES)}.")


def _check(row: Method, X: np.ndarray, params: dict[str, Any]) -> None:
    n, d = X.shape
    if n == 0 or d == 0:
        raise BadInput("There is nothing to cluster: the prepared data has no rows or no columns.")
    if row.max_rows is not None and n > row.max_rows:
        raise BadInput(
            f"{row.label} takes at most {row.max_rows:,} rows, but there are {n:,}: "
            "sample the rows, or choose a method for more rows, such as k-means."
        )
    k = params.get("n_clusters")
    if k is not None and k > n:
        rows = "is only 1 row" if n == 1 else f"are only {n:,} rows"
        raise BadInput(f"{k} groups were asked for but there {rows}: ask for at most {n}.")


def _without_noise(X: np.ndarray, raw: np.ndarray, notes: list[str]) -> np.ndarray:
    count = int(np.sum(raw == NOISE))
    if count == len(raw):
        notes.append("All rows are noise, so there is no group to move them to.")
    elif count:
        notes.append(f"{count:,} noise rows were moved to the group of their nearest grouped row.")
    return reassign_noise(X, raw)
