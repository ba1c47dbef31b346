"""BIRCH: one pass builds a tree of small summaries, which are then grouped."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_MOST_SUMMARIES = 5_000


def birch(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """BIRCH (scikit-learn), its summaries grouped by Ward's method into k.

    Raises BadInput when the threshold leaves too many summaries to group.
    """
    from sklearn.cluster import Birch

    notes: list[str] = []
    threshold, factor = params["threshold"], params["branching_factor"]
    with quietly(notes):
        if threshold is None:
            progress(None, "Choosing the threshold on a sample")
            threshold = _threshold(X, params["n_clusters"], seed, notes)
        progress(None, f"BIRCH: one pass over {len(X):,} rows")
        model = Birch(threshold=threshold, branching_factor=factor, n_clusters=None).fit(X)
        summaries = len(model.subcluster_centers_)
        if summaries > _MOST_SUMMARIES:
            raise BadInput(
                f"The threshold {threshold:.6g} leaves {summaries:,} summaries to group, and at "
                f"most {_MOST_SUMMARIES:,} can be: choose a larger threshold, or none."
            )
        progress(None, f"BIRCH: grouping {summaries:,} summaries")
        # Without new rows this only runs the last step, the grouping.
        model.set_params(n_clusters=params["n_clusters"]).partial_fit(None)
        labels = model.predict(X)
    notes.append(f"{summaries:,} summaries of {len(X):,} rows were grouped.")
    return Clustering(labels=labels, notes=tuple(notes))


def _threshold(X: np.ndarray, k: int, seed: int, notes: list[str]) -> float:
    """The smallest of a rising series of radii that gives few enough summaries of 1,000 rows."""
    from scipy.spatial.distance import pdist
    from sklearn.cluster import Birch

    sample = X
    if len(X) > 1_000:
        sample = X[np.random.default_rng(seed).choice(len(X), 1_000, replace=False)]
    apart = pdist(sample)
    positive = apart[apart > 0]
    # A sample of many rows can be all equal although the data is not.
    radius = float(np.median(positive)) / 8 if len(positive) else float(np.ptp(X, axis=0).max())
    enough = max(200, 5 * k)
    while True:
        found = Birch(threshold=radius, n_clusters=None).fit(sample)
        if len(found.subcluster_centers_) <= enough:
            break
        radius *= 1.4
    notes.append(f"The threshold was set to {radius:.6g} from {len(sample):,} rows.")
    return radius


METHODS = (
    Method(
        "birch",
        "BIRCH",
        "clustering",
        "Summarises rows in one pass, then groups the summaries. For many rows and few columns; "
        "depends on the order of the rows, prefers round groups, and weakens beyond 20 columns.",
        birch,
        params=(
            groups_param(),
            Param(
                "threshold",
                "float",
                None,
                "Summary radius",
                "Rows within it share a summary. None: chosen on a sample.",
                1e-12,
                1e100,
                optional=True,
            ),
            Param(
                "branching_factor",
                "int",
                50,
                "Branching",
                "Most summaries per node of the tree.",
                2,
                1_000,
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.3 + 6e-5 * n + 1e-7 * n * d,
        reference="Zhang, Ramakrishnan & Livny 1996, doi:10.1145/233269.233324",
        max_rows=500_000,
        order=110,
    ),
)
