"""Maps of a graph: drawn by forces along its links, or by its spectrum."""

import numpy as np

from analytics.errors import BadInput
from analytics.graphs.matrix import PARAMS, graph_of
from analytics.projection.common import one_thread, points, upright
from analytics.registry import Method
from analytics.results import Dataset, Projection

MOST_NODES = 3_000


def _forces(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """Nodes placed by forces, with links of about equal length."""
    from analytics.graphs.layout import forces

    return _mapped(
        dataset,
        params,
        progress,
        lambda graph: forces(graph, seed, progress=progress),
        "Linked nodes are drawn near each other; the distance of two nodes without a link, and of "
        "separate parts, means little.",
    )


def _laplacian(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """The first two spectral coordinates of the links."""
    from analytics.graphs.spectrum import coordinates

    return _mapped(
        dataset,
        params,
        progress,
        lambda graph: coordinates(graph, 2),
        "x and y are the two smoothest patterns over the links.",
    )


def _mapped(dataset: Dataset, params: dict, progress, place, words: str) -> Projection:
    """A map of the graph by ``place(graph) -> (n, 2)``. Raises BadInput."""
    X = points(dataset)
    notes: list[str] = []
    if dataset.n < 2:
        raise BadInput("A graph is drawn from two nodes up: keep at least 2 rows.")
    progress(None, f"Links of {dataset.n:,} nodes")
    with one_thread():
        graph = graph_of(X, params, dataset, notes)
        if not graph.nnz:
            raise BadInput("No two of these rows are linked: use more rows, or links to nearest.")
        xy = upright(place(graph))
    progress(1.0, "Map ready")
    return Projection(
        xy=np.ascontiguousarray(xy, np.float32) + np.float32(0), notes=(*notes, words)
    )


METHODS = (
    Method(
        id="forces",
        label="Node-link layout",
        kind="projection",
        summary="Linked rows pull each other, all others push: the usual drawing of a graph, with "
        "its links. Of a table without links, it draws the links to the nearest rows.",
        run=_forces,
        params=PARAMS,
        cost=lambda n, d, params: 0.3 + 3e-7 * n * n + 1e-9 * n * n * d,
        reference="Fruchterman & Reingold 1991, Graph drawing by force-directed placement, "
        "doi:10.1002/spe.4380211102",
        max_rows=MOST_NODES,
        order=80,
    ),
    Method(
        id="laplacian",
        label="Spectral map of links",
        kind="projection",
        summary="The two smoothest patterns over the links of a graph, for any number of nodes; "
        "groups with few links between them lie apart, details are not seen.",
        run=_laplacian,
        params=PARAMS,
        cost=lambda n, d, params: 0.1 + 2e-5 * n + 1e-9 * n * n * d,
        reference="Hall 1970, doi:10.1287/mnsc.17.3.219; regularised after Amini et al. 2013, "
        "doi:10.1214/13-AOS1138",
        seeded=False,
        order=81,
    ),
)
