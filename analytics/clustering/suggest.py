"""Suggested parameters with the curve behind them: a number of groups, or a distance."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.clustering.knee import knee
from analytics.clustering.methods._common import METRICS, k_distances, quietly
from analytics.clustering.silhouette import silhouettes
from analytics.errors import BadInput
from analytics.params import Param, validate
from analytics.progress import Progress, part
from analytics.results import Dataset, Score, ScoreCard

MAX_ROWS = 5_000
MEDOID_ROWS = 3_000
PARAMS = {
    "k": (
        Param("max_k", "int", 12, "Up to", "Most groups to try.", 2, 50, unit="groups"),
        Param(
            "bic",
            "bool",
            False,
            "Gaussian mixture too",
            "Also fit a mixture for each number and give its BIC.",
        ),
    ),
    "eps": (
        Param(
            "min_samples",
            "int",
            5,
            "Dense from",
            "The curve shows the distance to this many rows, itself counted.",
            2,
            10_000,
            unit="rows",
        ),
    ),
    "medoids": (
        Param("max_k", "int", 20, "Up to", "Most groups to try.", 2, 50, unit="groups"),
        Param("metric", "choice", "euclidean", "Distance", "See k-medoids.", choices=METRICS),
    ),
}


def check(what: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Canonical parameters of a suggestion. Raises BadInput."""
    if what not in PARAMS:
        raise BadInput(f"There is no suggestion for '{what}': choose one of {', '.join(PARAMS)}.")
    return validate(PARAMS[what], params)


def suggest(
    what: str,
    X: np.ndarray,
    params: dict[str, Any],
    seed: int,
    progress: Progress,
    dataset: Dataset | None = None,
) -> ScoreCard:
    """The suggestion for X (n, d).

    what "k": values "k_silhouette", "k_inertia", with ``bic`` "k_bic"; tables "k" (m, 4) with
    columns k, silhouette, inertia, BIC (NaN when not asked for).
    what "medoids": values "k_medoids"; tables "medoids" (m, 2) with columns k and mean medoid
    silhouette, of distances as :func:`analytics.clustering.distances.between` takes them.
    what "eps": values "eps"; tables "eps" (m, 2) with columns rank of row and distance, ascending.
    """
    if len(X) < 3:
        raise BadInput(f"There are {len(X)} rows, and a suggestion takes at least 3.")
    if what == "medoids":
        return _suggest_medoids(X, params, seed, progress, dataset or Dataset(X=X))
    return (_suggest_k if what == "k" else _suggest_eps)(X, params, seed, progress)


def _suggest_medoids(X, params: dict, seed: int, progress: Progress, dataset) -> ScoreCard:
    from analytics.clustering.distances import between
    from analytics.clustering.medoid_silhouette import dynmsc

    rows, notes = np.arange(len(X)), []
    if len(X) > MEDOID_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(X), MEDOID_ROWS, replace=False))
        notes.append(f"The curve uses {MEDOID_ROWS:,} of {len(X):,} rows (seed {seed}).")
    D = between(X, params["metric"], dataset)(rows, rows, part(progress, 0.0, 0.5))
    curve, _ = dynmsc(D, min(params["max_k"], len(rows) - 1), seed, part(progress, 0.5, 1.0))
    words = (
        "number with the highest medoid silhouette: how much nearer rows are to their medoid than "
        "to the next. Lenssen & Schubert 2024"
    )
    best = _best(curve[:, 0], curve[:, 1], "Groups by medoid silhouette", words)
    return ScoreCard(values={"k_medoids": best}, tables={"medoids": curve}, notes=tuple(notes))


def _suggest_k(X: np.ndarray, params: dict, seed: int, progress: Progress) -> ScoreCard:
    notes = ["Each number is tried with k-means (4 starts)."]
    if len(X) > MAX_ROWS:
        notes.append(f"The curve uses {MAX_ROWS:,} of {len(X):,} rows (seed {seed}).")
        X = X[np.sort(np.random.default_rng(seed).choice(len(X), MAX_ROWS, replace=False))]
    different = len(np.unique(X, axis=0))
    most = min(params["max_k"], different - 1, len(X) - 1)
    if most < 2:
        why = "Not defined: too few rows differ."
        empty = {
            name: Score(None, label=label, better="", help=why)
            for name, label in (
                ("k_silhouette", "Groups by silhouette"),
                ("k_inertia", "Groups by the knee of the spread"),
            )
        }
        return ScoreCard(values=empty, tables={"k": np.zeros((0, 4))}, notes=tuple(notes))
    if most < params["max_k"]:
        notes.append(f"Numbers up to {most} are tried, because only {different} rows differ.")
    tried, curve = _curve(X, most, params["bic"], seed, progress)
    values = {
        "k_silhouette": _best(tried, curve[:, 1], "Groups by silhouette", "highest silhouette"),
        "k_inertia": _at_knee(tried, curve[:, 2]),
    }
    if params["bic"]:
        values["k_bic"] = _best(tried, -curve[:, 3], "Groups by BIC", "lowest BIC of a mixture")
    return ScoreCard(values=values, tables={"k": curve}, notes=tuple(notes))


def _curve(X: np.ndarray, most: int, bic: bool, seed: int, progress: Progress):
    """Numbers 1 .. most (m,) and the table (m, 4) of k, silhouette, inertia, BIC."""
    from sklearn.cluster import KMeans

    tried = np.arange(1, most + 1)
    curve = np.full((most, 4), np.nan)
    curve[:, 0] = tried
    labelings = []
    for i, k in enumerate(tried):
        progress(0.6 * i / most, f"{k} of up to {most} groups")
        with quietly([]):
            model = KMeans(int(k), n_init=4, random_state=seed).fit(X)
        curve[i, 2] = model.inertia_
        labelings.append(model.labels_)
        if bic:
            curve[i, 3] = _bic(X, int(k), seed)
    found = silhouettes(X, labelings[1:], np.arange(len(X)))
    curve[1:, 1] = [values.mean() for values in found]
    progress(1.0, "Curve ready")
    return tried, curve


def _bic(X: np.ndarray, k: int, seed: int) -> float:
    """BIC of a mixture with full covariances, or diagonal ones when rows are too few for them."""
    from sklearn.mixture import GaussianMixture

    n, d = X.shape
    shape = "full" if n > 5 * k * d and d <= 50 else "diag"
    Y = X - X.mean(axis=0)
    Y /= np.abs(Y).max()
    with quietly([]):
        return float(GaussianMixture(k, covariance_type=shape, random_state=seed).fit(Y).bic(Y))


def _best(tried: np.ndarray, curve: np.ndarray, label: str, words: str) -> Score:
    best = int(np.nanargmax(curve))
    return Score(float(tried[best]), label=label, better="", help=f"The number with the {words}.")


def _at_knee(tried: np.ndarray, inertia: np.ndarray) -> Score:
    found = knee(tried, inertia)
    words = (
        "Where more groups stop lowering the spread by much: the knee of the sum of squared "
        "distances. Satopaa et al. 2011."
    )
    label = "Groups by the knee of the spread"
    if found is None:
        return Score(None, label=label, better="", help=f"Not defined: no knee. {words}")
    return Score(float(tried[found]), label=label, better="", help=words)


def _suggest_eps(X: np.ndarray, params: dict, seed: int, progress: Progress) -> ScoreCard:
    progress(0.1, "Distances to the nearest rows")
    k = min(params["min_samples"], len(X))
    notes = []
    curve = k_distances(X, k, seed, MAX_ROWS)
    if len(curve) < len(X):
        notes.append(
            f"The curve shows {len(curve):,} of {len(X):,} rows (seed {seed}), "
            "each compared with all rows."
        )
    found = knee(np.arange(len(curve)), curve)
    words = (
        f"The knee of the sorted distances to the {k}th row, itself counted: below it rows lie in "
        "dense regions. Ester et al. 1996."
    )
    eps = float(curve[found]) if found is not None and curve[found] > 0 else None
    help_ = words if eps is not None else f"Not defined: the curve has no knee. {words}"
    progress(1.0, "Curve ready")
    return ScoreCard(
        values={"eps": Score(eps, label="Distance (eps)", better="", help=help_)},
        tables={"eps": np.column_stack([np.arange(len(curve)), curve])},
        notes=tuple(notes),
    )
