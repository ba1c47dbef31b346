"""What the method modules share: quiet library calls, the group-count parameter, clamping."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param

# Distances of the methods that take any, see ``analytics.clustering.distances``.
METRICS = ("euclidean", "manhattan", "cosine", "jaccard", "gower", "precomputed")

# Library warnings that mean something to the reader, as (pattern, sentence). Others are dropped.
_MEANINGFUL = (
    (
        r"Number of distinct clusters \((\d+)\) found smaller than n_clusters \((\d+)\)",
        "{0} groups found where {1} were asked for: too few rows differ.",
    ),
    (
        r"Number of subclusters found \((\d+)\) by BIRCH is less than \((\d+)\)",
        "{0} groups found where {1} were asked for: a smaller threshold gives more.",
    ),
    (
        r"(?i)(did not converge|failed to converge|initialization .* converge|maxiter)",
        "The search stopped at its limit of iterations before it settled: "
        "allow more iterations or see the result as provisional.",
    ),
    (
        r"Graph is not fully connected",
        "The neighbour graph falls into separate pieces: with fewer groups than pieces, "
        "chance decides which are joined.",
    ),
    (
        r"mutually equal similarities",
        "All rows are equally similar, so the number of groups follows from the preference alone.",
    ),
    (
        r"All reachability values are inf",
        "No row has enough neighbours within the largest distance allowed: raise max_eps.",
    ),
)


@contextmanager
def quietly(notes: list[str]) -> Iterator[None]:
    """Run library code on one thread, without warnings; the meaningful ones go to ``notes``.

    One thread, because the order in which several add up their partial sums changes the last
    digits: the same input and seed must give the same bytes on every machine. Points and
    parameters are checked before they come here; without the library's own checks, which some
    methods repeat for every row, OPTICS takes half the time.
    """
    from sklearn import config_context
    from threadpoolctl import threadpool_limits

    with (
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="ignore"),
        config_context(assume_finite=True, skip_parameter_validation=True),
        threadpool_limits(1),
    ):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        for pattern, sentence in _MEANINGFUL:
            found = re.search(pattern, str(warning.message))
            if found:
                note = sentence.format(*found.groups())
                if note not in notes:
                    notes.append(note)


def groups_param(default: int = 8, help: str = "How many groups to make.", **more) -> Param:
    """The number of groups, at most what a person can tell apart times a generous factor."""
    return Param("n_clusters", "int", default, "Groups", help, 1, 1000, **more)


def clamp(name: str, value: int, most: int, notes: list[str]) -> int:
    """``value``, or ``most`` with a note when the data has too few rows for it."""
    if value <= most:
        return value
    notes.append(f"{name} was lowered from {value} to {most}, because there are too few rows.")
    return most


def whole(n: int) -> np.ndarray:
    """All rows in one group: int32 (n,)."""
    return np.zeros(n, np.int32)


def k_distances(X: np.ndarray, k: int, seed: int, at_most: int = 5_000) -> np.ndarray:
    """Distance to the k-th nearest row, counting the row itself, sorted ascending: (m,).

    X : (n, d). Exact for every row up to ``at_most`` rows, above that for a seeded sample of rows
    (each still compared with all rows).
    """
    from sklearn.neighbors import NearestNeighbors

    queries = X
    if len(X) > at_most:
        queries = X[np.random.default_rng(seed).choice(len(X), at_most, replace=False)]
    with quietly([]):
        tree = NearestNeighbors(n_neighbors=min(k, len(X))).fit(X)
        distances = tree.kneighbors(queries)[0][:, -1]
    return np.sort(distances)


def eps_from_knee(X: np.ndarray, min_samples: int, seed: int, notes: list[str]) -> float:
    """The distance at the knee of the k-distance curve (Ester et al. 1996, section 4.2), noted."""
    from analytics.clustering.knee import knee

    curve = k_distances(X, min_samples, seed)
    found = knee(np.arange(len(curve)), curve)
    eps = float(curve[-1] if found is None else curve[found])
    sampled = f" (curve of {len(curve):,} of {len(X):,} rows)" if len(curve) < len(X) else ""
    if eps > 0:
        notes.append(f"eps was set to {eps:.6g}, the knee of the k-distance curve{sampled}.")
        return eps
    # Dense means equal here. Half of the next distance keeps equal rows together, others apart.
    positive = curve[curve > 0]
    eps = float(positive[0] if len(positive) else smallest_distance(X, seed)) / 2
    notes.append(f"eps was set to {eps:.6g}, because most rows repeat{sampled}.")
    return eps


def smallest_distance(X: np.ndarray, seed: int, at_most: int = 5_000) -> float:
    """A small distance between two different rows, at least one of them in a seeded sample."""
    different = np.unique(X, axis=0)
    return float(k_distances(different, 2, seed, at_most)[0])


def refuse_memory(needed_bytes: float, cause: str, advice: str) -> None:
    """Raise BadInput when a step would need more than 2 GB, instead of being killed half-way."""
    if needed_bytes > 2e9:
        raise BadInput(f"{cause} would need about {needed_bytes / 1e9:.1f} GB of memory: {advice}.")
