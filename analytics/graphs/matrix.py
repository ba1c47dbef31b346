"""A graph as a sparse matrix: of links, or of nearest rows; its parts and its spectrum."""

from typing import Any

import numpy as np

from analytics.params import Param
from analytics.results import Dataset

NEIGHBOURS = 10
PARAMS = (
    Param(
        "links",
        "choice",
        None,
        "Links",
        "The links that came with the data, or links from each row to its nearest rows. "
        "Automatic: those of the data where there are any.",
        choices=("given", "nearest"),
        optional=True,
        basic=False,
    ),
    Param(
        "n_neighbors",
        "int",
        NEIGHBOURS,
        "Nearest rows",
        "How many nearest rows each row is linked with, where links are not given.",
        1,
        1_000,
        basic=False,
    ),
)


def graph_of(X: np.ndarray, params: dict[str, Any], dataset: Dataset, notes: list[str]) -> Any:
    """The graph that a method runs on: CSR float64 (n, n), symmetric, zero diagonal.

    params : with "links" and "n_neighbors", see :data:`PARAMS`. The note says which graph it is.
    Raises BadInput when links are asked for that the data does not have.
    """
    from analytics.errors import BadInput

    wanted = params.get("links")
    if wanted == "given" and dataset.edges is None:
        raise BadInput(
            "The data has no links of its own: add a list of links on the data page, or choose "
            "links to the nearest rows."
        )
    if dataset.edges is not None and wanted != "nearest":
        found = of_links(dataset.edges, dataset.edge_weights, len(X))
        notes.append(f"The graph is the {found.nnz // 2:,} links of the data.")
    else:
        k = min(params.get("n_neighbors", NEIGHBOURS), len(X) - 1)
        found = nearest(X, k)
        notes.append(
            f"The graph links each row with its {k} nearest ones, {found.nnz // 2:,} links in all."
        )
    count, label = parts(found)
    if count > 1:
        largest = int(np.bincount(label).max())
        notes.append(
            f"It falls into {count:,} separate parts; the largest has {largest:,} of "
            f"{len(X):,} rows."
        )
    return found


def of_links(edges: np.ndarray, weights: np.ndarray | None, n: int) -> Any:
    """CSR float64 (n, n) of links (see :mod:`analytics.graphs`), 1 where there is no weight."""
    from scipy.sparse import coo_array

    values = np.ones(len(edges)) if weights is None else np.asarray(weights, np.float64)
    one, other = edges[:, 0], edges[:, 1]
    both = (np.concatenate([one, other]), np.concatenate([other, one]))
    return coo_array((np.concatenate([values, values]), both), shape=(n, n)).tocsr()


def nearest(X: np.ndarray, k: int) -> Any:
    """Links of each row with its k nearest others, either way, each of weight 1: CSR (n, n)."""
    from scipy.sparse import csr_array
    from sklearn.neighbors import kneighbors_graph
    from threadpoolctl import threadpool_limits

    if k < 1:
        return csr_array((len(X), len(X)))
    with threadpool_limits(1), np.errstate(all="ignore"):
        found = csr_array(kneighbors_graph(_steady(X), k, mode="connectivity"))
    return csr_array(found.maximum(found.T))


def _steady(X: np.ndarray) -> np.ndarray:
    """Values of a size whose squares are finite and not zero."""
    X = X - X.mean(axis=0)
    size = float(np.abs(X).max(initial=0.0))
    return X / size if size > 0 else X


def pairs_of(graph: Any) -> tuple[np.ndarray, np.ndarray]:
    """The links of a graph once each: edges int32 (m, 2) and weights float32 (m,)."""
    from scipy.sparse import triu

    upper = triu(graph, 1).tocoo()
    order = np.lexsort((upper.col, upper.row))
    edges = np.column_stack([upper.row, upper.col])[order].astype(np.int32)
    return edges, upper.data[order].astype(np.float32)


def parts(graph: Any) -> tuple[int, np.ndarray]:
    """The number of parts with no link between them, and the part of each row (n,)."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(graph, directed=False)
    return int(count), label


def normalised(graph: Any) -> Any:
    """D^-1/2 A D^-1/2, rows without a link left at zero."""
    from scipy.sparse import diags_array

    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = np.divide(1.0, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    return (diags_array(scale) @ graph @ diags_array(scale)).tocsr()


def largest_vectors(matrix: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, falling, and eigenvectors (n, count) of the top of a symmetric matrix.

    The start of the search and the signs are fixed, so equal matrices give equal vectors: the
    largest entry of each vector is positive.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh
    from threadpoolctl import threadpool_limits

    n = matrix.shape[0]
    count = min(count, n)
    with threadpool_limits(1):
        if n <= 400 or count >= n - 1:
            dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
            values, vectors = np.linalg.eigh(dense)
            values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
        else:
            start = np.random.default_rng(0).random(n) + 0.5
            wide = min(n - 1, max(2 * count + 1, 40))
            try:
                values, vectors = eigsh(matrix, count, which="LA", v0=start, ncv=wide, tol=1e-6)
            except ArpackNoConvergence as stopped:
                values, vectors = stopped.eigenvalues, stopped.eigenvectors
            order = np.argsort(-values, kind="stable")
            values, vectors = values[order], vectors[:, order]
    far = np.argmax(np.abs(vectors), axis=0)
    signs = np.where(vectors[far, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    return values, vectors * signs
