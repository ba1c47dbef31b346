"""Coordinates of nodes from the spectrum of their links."""

from typing import Any

import numpy as np

from analytics.graphs.matrix import largest_vectors


def coordinates(graph: Any, count: int) -> np.ndarray:
    """Regularised spectral coordinates of the nodes, float64 (n, count).

    Eigenvectors of D_t^-1/2 (A + t/n 1 1') D_t^-1/2 with t the mean degree and D_t = D + t (Amini
    et al. 2013, doi:10.1214/13-AOS1138), after the first, times their eigenvalue and sqrt(n). The
    faint links between all nodes keep separate parts and lone nodes from taking an axis each.
    """
    n = graph.shape[0]
    values, vectors = regularised_vectors(graph, count + 1)
    kept = vectors[:, 1 : count + 1] * values[1 : count + 1] * np.sqrt(n)
    return np.pad(kept, ((0, 0), (0, count - kept.shape[1])))


def regularised_vectors(graph: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The top ``count`` eigenvalues and eigenvectors (n, count) of the regularised graph."""
    from scipy.sparse.linalg import LinearOperator

    n = graph.shape[0]
    degree = np.asarray(graph.sum(axis=1)).ravel()
    extra = float(degree.mean()) or 1.0
    scale = 1 / np.sqrt(degree + extra)
    if n <= 400:
        dense = (graph.toarray() + extra / n) * scale[:, None] * scale
        return largest_vectors(dense, count)

    def times(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x).ravel() * scale
        return (graph @ x + extra / n * x.sum()) * scale

    operator = LinearOperator((n, n), matvec=times, dtype=np.float64)
    return largest_vectors(operator, count)
