"""Prototype clustering in which neighbours agree, with or without a few labelled rows.

I. M. Ziko, E. Granger, I. Ben Ayed, Scalable Laplacian K-modes, NeurIPS 2018; I. M. Ziko, M.
Boudiaf, J. Dolz, E. Granger, I. Ben Ayed, Transductive few-shot learning: clustering is all you
need?, 2021, arXiv:2106.09516. Written from the papers' description of the bound optimiser.
"""

from dataclasses import dataclass

import numpy as np

from analytics.progress import Progress, silent

_INNER, _OUTER = 600, 100  # most rounds
_INNER_CHANGE, _OUTER_CHANGE = 1e-6, 1e-5  # relative change of the energy that ends them


@dataclass(frozen=True)
class Found:
    """soft (n, k), rows add up to 1. prototypes (k, d). energy : after each outer round."""

    soft: np.ndarray
    prototypes: np.ndarray
    energy: tuple[float, ...]


def neighbours(X: np.ndarray, count: int):
    """Links of each row to its ``count`` nearest others (sparse (n, n): 1 where both are among the
    nearest of each other, 1/2 where one is), and the mean squared distance over them.

    The authors' program leaves the links one way only; but z' W z is lowered by steps along
    (W + W') z, so the two ways are averaged here.
    """
    from scipy.sparse import csr_matrix
    from sklearn.neighbors import NearestNeighbors

    n = len(X)
    count = min(count, n - 1)
    far, near = NearestNeighbors(n_neighbors=count).fit(X).kneighbors()
    W = csr_matrix((np.ones(n * count), near.ravel(), np.arange(n + 1) * count), shape=(n, n))
    return (W + W.T) / 2, float(np.mean(far**2)) or 1.0


def optimise(
    X: np.ndarray,
    W,
    width: float,
    start: np.ndarray,
    smoothing: float,
    modes: bool,
    fixed: np.ndarray | None = None,
    progress: Progress = silent,
) -> Found:
    """Lower the energy sum z a - smoothing sum_k z_k' W z_k + sum z log z over soft groups z.

    X (n, d), rows of length 1. a_ik : squared distance to prototype k, or with ``modes``
    -exp(-squared distance / (2 width)). start (k, d) : prototypes. fixed (n,) : the group of
    labelled rows, negative for others; they keep it in every round (the authors' program sets them
    at the start of the inner rounds only).
    """
    k = len(start)
    held = np.flatnonzero(fixed >= 0) if fixed is not None else np.zeros(0, int)
    hot = np.eye(k)[fixed[held]] if len(held) else np.zeros((0, k))
    prototypes, energies = start.copy(), []
    Z = None
    for outer in range(_OUTER):
        progress(min(0.95, outer / 20), f"Round {outer + 1}, neighbours agree")
        a = _cost(X, prototypes, width, modes)
        made = _softmax(-a) if Z is None else Z
        made[held] = hot
        made, energy = _inner(made, a, W, smoothing, held, hot)
        if Z is not None and len(np.unique(made.argmax(axis=1))) < k:
            break  # a group would disappear: the state before is kept
        Z = made
        energies.append(energy)
        prototypes = _prototypes(X, Z, modes)
        if outer and abs(energies[-1] - energies[-2]) <= _OUTER_CHANGE * abs(energies[-2]):
            break
    return Found(Z, prototypes, tuple(energies))


def _inner(Z, a, W, smoothing: float, held, hot):
    """Rounds of the bound: each row takes the softmax of its costs and its neighbours' groups."""
    before = np.inf
    for _ in range(_INNER):
        Z = _softmax(smoothing * (W @ Z) - a)
        Z[held] = hot
        linked = W @ Z
        logs = np.log(np.maximum(Z, 1e-300))
        energy = float((Z * (logs + a - smoothing * linked)).sum())
        if abs(energy - before) <= _INNER_CHANGE * abs(before):
            break
        before = energy
    return Z, energy


def _cost(X, prototypes, width: float, modes: bool) -> np.ndarray:
    from scipy.spatial.distance import cdist

    far = cdist(X, prototypes, "sqeuclidean")
    return -np.exp(-far / (2 * width)) if modes else far


def _prototypes(X, Z, modes: bool) -> np.ndarray:
    """Weighted means, or for modes the row that belongs to the group most."""
    if modes:
        return X[Z.argmax(axis=0)]
    return (Z.T @ X) / np.maximum(Z.sum(axis=0), 1e-300)[:, None]


def _softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits - logits.max(axis=1, keepdims=True)
    Z = np.exp(logits)
    return Z / Z.sum(axis=1, keepdims=True)
