"""What can be asked of this stage: links of rows to their nearest ones, to draw on a map."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analytics.graphs import matrix
from analytics.operations import Request, request
from analytics.params import validate
from analytics.progress import Progress
from analytics.results import Dataset, Graph

ON, OFF = "on", "off"
CHOICES = ("", ON, OFF)


def nearest_request(dataset: Dataset | str) -> Request:
    """Ask for the links of each row to its nearest ones. dataset : the record or its digest."""
    digest = dataset if isinstance(dataset, str) else dataset.digest
    params = validate(matrix.PARAMS, {"links": "nearest"})
    return request("links", "nearest", (digest,), params)


def links(wanted: Request, parents: Sequence[Any], progress: Progress) -> Graph:
    """The links of a dataset, those asked for. Raises BadInput."""
    (dataset,) = parents
    notes: list[str] = []
    progress(None, f"Nearest rows of {dataset.n:,}")
    graph = matrix.graph_of(np.asarray(dataset.X, np.float64), dict(wanted.params), dataset, notes)
    edges, _ = matrix.pairs_of(graph)
    return Graph(edges=edges, notes=tuple(notes))


def drawn(dataset: Dataset, choice: str, load: Callable[[Request], Any]) -> np.ndarray | None:
    """The links to draw on a map, (m, 2), or None.

    choice : "" draws those of the data where there are any, "on" else those to the nearest rows,
    "off" none. load : gives the result of a request, or None while it is not there.
    """
    if choice == OFF or (choice != ON and dataset.edges is None):
        return None
    if dataset.edges is not None:
        return dataset.edges
    found = load(nearest_request(dataset))
    return None if found is None else found.edges
