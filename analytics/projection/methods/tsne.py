"""t-SNE: neighbours stay neighbours."""

import numpy as np

from analytics.params import Param
from analytics.projection.common import at_most, computed, steady
from analytics.projection.methods.linear import components
from analytics.registry import Method
from analytics.shares import percent

COMPONENTS = 50  # columns kept by the optional PCA beforehand


def _tsne(X, params, seed, progress, notes) -> np.ndarray:
    """t-SNE with Barnes-Hut gradients; scikit-learn offers no progress, so only words are given."""
    from sklearn.manifold import TSNE

    X, _ = steady(X, params["metric"])
    if params.get("pca_first") and X.shape[1] > COMPONENTS and len(X) > COMPONENTS:
        progress(None, f"Reducing {X.shape[1]:,} columns to {COMPONENTS} principal components")
        total = X.shape[1]
        X, _, share = components(X, COMPONENTS)
        notes.append(
            f"Computed from the first {COMPONENTS} principal components of {total:,} columns "
            f"({percent(float(share.sum()), 1)} of the variance)."
        )
    limit = max(1.0, (len(X) - 1) / 3)
    perplexity = at_most(params, "perplexity", limit, "Perplexity", notes)
    rate = params["learning_rate"]
    model = TSNE(
        perplexity=perplexity,
        early_exaggeration=params["early_exaggeration"],
        learning_rate="auto" if rate is None else rate,
        max_iter=params["max_iter"],
        metric=params["metric"],
        init=params["init"],
        angle=params["angle"],
        random_state=seed,
        n_jobs=1,
    )
    progress(None, f"t-SNE is moving {len(X):,} points; no share is known until it ends")
    xy = model.fit_transform(X).astype(np.float64)
    if rate is None:
        notes.append(f"Learning rate {model.learning_rate_:,.0f}, chosen from the number of rows.")
    notes.append(
        f"Ended after {model.n_iter_ + 1:,} steps with a Kullback-Leibler divergence of "
        f"{model.kl_divergence_:.3f}; sizes of groups and gaps between them mean little."
    )
    return xy


PARAMS = (
    Param(
        "perplexity",
        "float",
        30.0,
        "Perplexity",
        "About how many neighbours each point tries to stay close to.",
        1,
        1_000,
        unit="neighbours",
    ),
    Param(
        "metric",
        "choice",
        "euclidean",
        "Distance",
        "How far apart two rows are; cosine compares directions, as for embeddings.",
        choices=("euclidean", "cosine", "manhattan"),
    ),
    Param(
        "pca_first",
        "bool",
        True,
        "PCA first",
        f"With more than {COMPONENTS} columns, use their first {COMPONENTS} principal components; "
        "faster and less noisy.",
        basic=False,
        depends_on=("metric", ("euclidean",)),
    ),
    Param(
        "max_iter",
        "int",
        1000,
        "Steps",
        "Most steps of the optimisation; fewer are faster and less settled.",
        250,
        10_000,
        basic=False,
    ),
    Param(
        "early_exaggeration",
        "float",
        12.0,
        "Early exaggeration",
        "How strongly neighbours attract each other during the first 250 steps.",
        1,
        100,
        basic=False,
    ),
    Param(
        "learning_rate",
        "float",
        None,
        "Learning rate",
        "Size of the steps; empty means chosen from the number of rows.",
        1,
        100_000,
        optional=True,
        basic=False,
    ),
    Param(
        "init",
        "choice",
        "pca",
        "Start",
        "Where points start; PCA keeps the broad layout, random does not.",
        choices=("pca", "random"),
        basic=False,
    ),
    Param(
        "angle",
        "float",
        0.5,
        "Angle",
        "Precision of the forces between far points; smaller is more exact and slower.",
        0.1,
        1,
        basic=False,
    ),
)

METHODS = (
    Method(
        id="tsne",
        label="t-SNE",
        kind="projection",
        summary="Keeps each point's nearest neighbours; shows fine groups well, "
        "but sizes of groups and distances between them mislead.",
        run=computed(_tsne, merge=True),  # equal rows upset the tree of Barnes-Hut t-SNE
        params=PARAMS,
        cost=lambda n, d, params: (
            0.5
            + 3e-3 * n * params.get("max_iter", 1000) / 1000 * (1 + params["perplexity"] / 60)
            + 2e-9 * n * n * min(d, 50)
        ),
        reference="van der Maaten and Hinton 2008, Visualizing data using t-SNE, "
        "JMLR 9:2579-2605, https://jmlr.org/papers/v9/vandermaaten08a.html; tree version: "
        "van der Maaten 2014, JMLR 15:3221-3245",
        max_rows=100_000,
        order=20,
    ),
)
