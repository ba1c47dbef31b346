"""Spectral vectors of a graph with a further node for every attribute."""

from typing import Any

import numpy as np

EXTRA = 5  # vectors beyond the number of groups, in graphs of 500 nodes and more


def augmented(graph: Any, X: np.ndarray, beta: float) -> Any:
    """[[A, beta B], [beta B', 0]], CSR (n + a, n + a), where B (n, a) says which row has which
    attribute, and how much.

    A column that is nowhere negative is one attribute; another is two, what lies above 0 and what
    lies below. graph : A, CSR (n, n). X : (n, d).
    """
    from scipy.sparse import block_array, csr_array

    B = np.concatenate([np.maximum(X, 0), np.maximum(-X, 0)], axis=1)
    B = B[:, B.any(axis=0)]
    largest = float(B.max(initial=0.0))
    # One scale for all, so that values of any unit weigh like links; 0/1 columns stay as they are.
    B = csr_array(B / (largest if largest > 100 else 1.0) if np.isfinite(largest) else B)
    if beta == 0 or not B.nnz:
        return graph
    return block_array([[graph, beta * B], [beta * B.T, None]], format="csr")


def how_many(n: int, k: int) -> int:
    """How many vectors to read k groups of n nodes from."""
    return min(n, k + min(EXTRA, n // 100))


def vectors(graph: Any, X: np.ndarray, beta: float, count: int) -> np.ndarray:
    """Spectral vectors of the rows in the augmented graph, scaled to length 1: (n, count)."""
    from analytics.graphs.spectrum import regularised_vectors

    whole = augmented(graph, X, beta)
    _, found = regularised_vectors(whole, min(count, whole.shape[0]))
    found = found[: graph.shape[0]]
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(length > 0, length, 1)
