"""k-medoids: groups round real rows, under a distance of the reader's choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.clustering.methods._common import METRICS, groups_param
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_SAMPLES = 5  # of CLARA
_STARTS = 2  # of CLARANS
_FEWEST_TRIES, _TRIED_SHARE = 250, 0.0125  # of CLARANS, of the k (n - k) neighbours of a solution
_DRAWN = 64  # candidates of CLARANS whose distances are computed at once


_METRIC = Param(
    "metric",
    "choice",
    "euclidean",
    "Distance",
    "Jaccard compares which columns are not zero; gower the columns of a mixed table, each over "
    "its range; precomputed: the table is square and holds the distances themselves.",
    choices=METRICS,
)
_SWAPS = Param(
    "max_iter", "int", 10_000, "Swaps", "Most swaps of medoids.", 1, 1_000_000, basic=False
)


def fasterpam(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """PAM by eager swaps (FasterPAM) or by best swaps (FastPAM1), the best of several starts;
    extras "medoids", "centers"."""
    from analytics.clustering import pam
    from analytics.clustering.distances import between

    n, rng = len(X), np.random.default_rng(seed)
    progress(0.0, f"Distances between {n:,} rows")
    D = between(X, params["metric"], dataset)(np.arange(n), np.arange(n), progress)
    k, notes = params["n_clusters"], []
    if k is None:
        k = _number(X, params, seed, part(progress, 0.6, 0.8), dataset, notes)
    best = np.inf
    for start in range(1 if params["start"] == "build" else params["n_init"]):
        progress(0.8, f"Choosing {k} of {n:,} rows, start {start + 1}")
        found = pam.build(D, k) if params["start"] == "build" else rng.choice(n, k, replace=False)
        if params["algorithm"] == "fastpam1":
            made, done = pam.fastpam1(D, found, params["max_iter"])
        else:
            made, done = pam.fasterpam(D, found, rng.permutation(n), params["max_iter"])
        loss = float(D[found].min(axis=0).sum(dtype=np.float64))
        if loss < best:
            best, medoids, swaps, settled = loss, found, made, done
    return _clustering(X, medoids, D[medoids], swaps, settled, notes)


def _number(X, params, seed: int, progress: Progress, dataset, notes: list[str]) -> int:
    """The number of groups with the highest medoid silhouette, noted."""
    from analytics.clustering.suggest import check, suggest

    if len(X) < 3:
        notes.append("One group for each row, because there are fewer than three.")
        return len(X)
    wanted = check("medoids", {"metric": params["metric"]})
    card = suggest("medoids", X, wanted, seed, progress, dataset)
    k, curve = int(card.values["k_medoids"].value), card.tables["medoids"]
    notes.append(
        f"{k} groups by the highest medoid silhouette ({curve[:, 1].max():.3f}) of "
        f"2 to {int(curve[-1, 0])}."
    )
    notes += card.notes
    return k


def clara(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """FasterPAM on samples, the medoids that serve all rows best kept (FastCLARA)."""
    from analytics.clustering import pam
    from analytics.clustering.distances import between

    n, k, rng = len(X), params["n_clusters"], np.random.default_rng(seed)
    every, compare = np.arange(n), between(X, params["metric"], dataset)
    size = min(n, max(params["sample_size"], 2 * k))
    best, medoids, distances, swaps = np.inf, np.zeros(0, np.int64), None, 0
    for run in range(_SAMPLES):
        progress(run / _SAMPLES, f"Sample {run + 1} of {_SAMPLES}")
        # The best medoids so far stay in the sample, as in the original.
        others = np.setdiff1d(every, medoids)
        drawn = rng.choice(others, min(size - len(medoids), len(others)), replace=False)
        rows = np.concatenate([medoids, drawn])
        D = compare(rows, rows)
        start = rng.choice(len(rows), k, replace=False)
        made, _ = pam.fasterpam(D, start, rng.permutation(len(rows)), params["max_iter"])
        found = compare(rows[start], every)
        loss = float(found.min(axis=0).sum(dtype=np.float64))
        if loss < best:
            best, medoids, distances, swaps = loss, rows[start], found, made
    return _clustering(X, medoids, distances, swaps, True)


def clarans(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """A random walk over swaps that help (FastCLARANS): each candidate is tried for all medoids at
    once, so the number of tries is that of the original divided by k."""
    from analytics.clustering import pam
    from analytics.clustering.distances import between

    n, k, rng = len(X), params["n_clusters"], np.random.default_rng(seed)
    every, compare = np.arange(n), between(X, params["metric"], dataset)
    tries = int(max(_FEWEST_TRIES, _TRIED_SHARE * k * (n - k)) / k) + 1
    best, kept, swaps = np.inf, None, 0
    for run in range(_STARTS if k < n else 1):
        medoids = rng.choice(n, k, replace=False)
        D = compare(medoids, every)
        near, dn, _, ds = pam.assign(D, medoids, False)
        loss, scratch, failed, at = pam.removal(near, dn, ds, k), np.zeros(k), 0, _DRAWN
        while failed < tries and k < n and swaps < params["max_iter"]:
            progress((run + failed / tries) / _STARTS, f"Walk {run + 1} of {_STARTS}")
            if at == _DRAWN:
                drawn = rng.integers(n, size=_DRAWN)
                lines, at = compare(drawn, every), 0
            j, line, at = int(drawn[at]), lines[at], at + 1
            gain, slot = pam.change(line, near, dn, ds, loss, scratch)
            if j in medoids or gain >= -1e-9 * dn.sum():
                failed += 1
                continue
            medoids[slot], D[slot], failed, swaps = j, line, 0, swaps + 1
            near, dn, _, ds = pam.assign(D, medoids, False)
            loss = pam.removal(near, dn, ds, k)
        if dn.sum() < best:
            best, kept = float(dn.sum()), (medoids.copy(), D.copy())
    return _clustering(X, *kept, swaps, swaps < params["max_iter"])


def _clustering(
    X: np.ndarray,
    medoids: np.ndarray,
    D: np.ndarray,
    swaps: int,
    settled: bool,
    notes: Sequence[str] = (),
) -> Clustering:
    """The result of medoids (k,) with their distances D (k, n) to all rows."""
    labels = D.argmin(axis=0)
    labels[medoids] = np.arange(len(medoids))  # Also where two medoids lie at one place.
    loss = D[labels, np.arange(len(X))].sum(dtype=np.float64)
    notes = [*notes, f"Sum of distances to the medoids: {loss:.6g}, after {swaps:,} swaps."]
    if not settled:
        notes.append("The search stopped at its limit of swaps before it settled: allow more.")
    medoids = np.asarray(medoids, np.int64)
    return Clustering(
        labels=labels, extras={"medoids": medoids, "centers": X[medoids]}, notes=tuple(notes)
    )


METHODS = (
    Method(
        "fasterpam",
        "k-medoids (FasterPAM)",
        "clustering",
        "Groups round real rows, which stand as examples, under several distances. Less moved by "
        "outliers than k-means; needs all distances, and finds round groups only.",
        fasterpam,
        params=(
            groups_param(
                help="How many groups. None: the number from 2 to 20 with the highest medoid "
                "silhouette.",
                optional=True,
            ),
            _METRIC,
            Param("n_init", "int", 4, "Starts", "The best of so many random starts.", 1, 100),
            Param(
                "algorithm",
                "choice",
                "fasterpam",
                "Swaps",
                "At once whatever helps (fasterpam), or the best of all, as PAM does (fastpam1).",
                choices=("fasterpam", "fastpam1"),
                basic=False,
            ),
            Param(
                "start",
                "choice",
                "random",
                "Start",
                "Random rows, or chosen one by one (build, slower).",
                choices=("random", "build"),
                basic=False,
            ),
            _SWAPS,
        ),
        cost=lambda n, d, p: 0.1 + 1.5e-9 * n * n * d + 2e-8 * n * n,
        reference="Schubert & Rousseeuw 2021, doi:10.1016/j.is.2021.101804",
        max_rows=12_000,
        order=32,
        version=3,
        family="medoids",
        measured="Digits, k = 100: the best of four starts has 0.06 % less loss than PAM, and one "
        "start takes 0.011 s where 20 swaps of plain PAM take 280 to 350 times as long. 10,000 "
        "rows, k = 50: 3.1 s.",
    ),
    Method(
        "fastclara",
        "k-medoids on samples (FastCLARA)",
        "clustering",
        "FasterPAM on five samples; the medoids that serve all rows best are kept. For many rows; "
        "small groups can be missed by every sample.",
        clara,
        params=(
            groups_param(),
            _METRIC,
            Param(
                "sample_size",
                "int",
                1_000,
                "Sample",
                "Rows in each sample.",
                10,
                10_000,
                unit="rows",
            ),
            _SWAPS,
        ),
        cost=lambda n, d, p: 0.2 + 5e-9 * n * d * p["n_clusters"] + 1e-7 * p["sample_size"] ** 2,
        reference="Kaufman & Rousseeuw 1986; Schubert & Rousseeuw 2021, "
        "doi:10.1016/j.is.2021.101804",
        order=34,
        family="medoids",
        measured="10,000 rows, k = 50: 0.12 s, with 1.7 % more loss than FasterPAM on all rows.",
    ),
    Method(
        "fastclarans",
        "k-medoids by random swaps (FastCLARANS)",
        "clustering",
        "Walks through random swaps that help. Needs no matrix of distances; slower and less exact "
        "than FasterPAM where that one fits.",
        clarans,
        params=(groups_param(), _METRIC, _SWAPS),
        cost=lambda n, d, p: 0.2 + 1e-9 * n * n * d,
        reference="Ng & Han 2002, doi:10.1109/TKDE.2002.1033770; Schubert & Rousseeuw 2021",
        max_rows=20_000,
        order=36,
        family="medoids",
        version=2,
        measured="10,000 rows of 2 features, k = 50: 0.5 s, with 1.5 % more loss than FasterPAM.",
    ),
)
