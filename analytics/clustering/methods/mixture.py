"""Gaussian mixture: groups as overlapping ellipsoids with soft memberships."""

import math
from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly, refuse_memory
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset


def gmm(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Gaussian mixture by EM (scikit-learn); extras "soft" (n, k) and "centers" (k, d).

    Raises BadInput when no covariance can be estimated.
    """
    k, notes = params["n_clusters"], []
    model, scale, middle = fitted(X, params, seed, progress, notes)
    Y = (X - middle) / scale
    with quietly(notes):
        soft, bic = model.predict_proba(Y), float(model.bic(Y))
    labels = soft.argmax(axis=1)
    empty = k - len(np.unique(labels))
    if empty:
        notes.append(f"Left out: {empty} of {k} components, the likeliest for no row.")
    notes.append(f"BIC {bic:.6g} (lower is better, for this data only).")
    extras = {"soft": soft, "centers": model.means_ * scale + middle}
    return Clustering(labels=labels, extras=extras, notes=tuple(notes))


def fitted(X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, notes: list[str]):
    """(model, scale, middle): the mixture of (X - middle) / scale.

    The data is centred and divided by one power of two near its largest spread, so that
    ``reg_covar`` means the same for every unit. Raises BadInput.
    """
    from sklearn.mixture import GaussianMixture

    n, d = X.shape
    k, shape = params["n_clusters"], params["covariance_type"]
    matrices = {"full": k * d * d, "tied": d * d}.get(shape, k * d)
    refuse_memory(
        32.0 * matrices + 24.0 * n * k,
        f"A {shape} covariance over {d:,} columns",
        "choose diag or spherical, or cluster in a PCA space",
    )
    middle = X.mean(axis=0)
    scale = 2.0 ** round(math.log2(np.abs(X - middle).max()))
    options = {name: value for name, value in params.items() if name != "n_clusters"}
    model = GaussianMixture(n_components=k, random_state=seed, **options)
    progress(None, f"Gaussian mixture: {n:,} rows, {k} components")
    with quietly(notes):
        try:
            return model.fit((X - middle) / scale), scale, middle
        except ValueError as error:
            if "ill-defined" not in str(error):
                raise
            raise BadInput(
                "A component of the mixture shrank to fewer dimensions than the data has: "
                "raise reg_covar, ask for fewer groups, or choose diag covariance."
            ) from None


METHODS = (
    Method(
        "gmm",
        "Gaussian mixture",
        "clustering",
        "Fits k overlapping ellipsoids and gives each row a share in each. Good for stretched or "
        "overlapping groups; bent groups come out in pieces, and many columns need many rows.",
        gmm,
        params=(
            groups_param(),
            Param(
                "covariance_type",
                "choice",
                "full",
                "Shape",
                "full: any ellipsoid each; tied: one shared; diag: along the axes; "
                "spherical: round.",
                choices=("full", "tied", "diag", "spherical"),
            ),
            Param("n_init", "int", 2, "Starts", "How many starts; the likeliest is kept.", 1, 100),
            Param("max_iter", "int", 200, "Iterations", "Most EM rounds.", 1, 10_000, basic=False),
            Param(
                "tol",
                "float",
                1e-3,
                "Tolerance",
                "Stop when the mean log-likelihood gains less.",
                0,
                1,
                basic=False,
            ),
            Param(
                "reg_covar",
                "float",
                1e-6,
                "Regularisation",
                "Added to the diagonal of each covariance, in units of the data's spread squared.",
                0,
                1,
                basic=False,
            ),
        ),
        cost=lambda n, d, p: (
            0.1
            + 3e-10 * n * p["n_clusters"] * d * (d if p["covariance_type"] == "full" else 2) * 60
        ),
        reference="Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x",
        order=40,
    ),
)
