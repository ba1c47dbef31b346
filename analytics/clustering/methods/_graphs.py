"""What the methods for graphs share: the graph they run on, and the easy numbers of groups."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import whole
from analytics.graphs.matrix import graph_of
from analytics.progress import Progress
from analytics.results import Clustering, Dataset


def start(
    X: np.ndarray, params: dict[str, Any], dataset: Dataset, progress: Progress, notes: list[str]
) -> tuple[Any, Clustering | None]:
    """The graph (see ``analytics.graphs.matrix.graph_of``), and the answer when all rows, or none,
    are to be put together."""
    n, k = len(X), params.get("n_clusters")
    progress(None, f"Links of {n:,} rows")
    graph = graph_of(X, params, dataset, notes)
    if k not in (1, n):
        return graph, None
    labels = whole(n) if k == 1 else np.arange(n)
    return graph, Clustering(labels=labels, notes=tuple(notes))
