"""Concepts of a classifier: parts of its activations, how much each counts, who shares them."""

import numpy as np


def factors(A: np.ndarray, r: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Non-negative U (n, r), V (r, h) with A = U V, each concept's V of length 1.

    A : activations (n, h), not negative. Lee & Seung 2001 by coordinate descent (scikit-learn).
    """
    from sklearn.decomposition import NMF

    from analytics.clustering.methods._common import quietly

    with quietly([]):
        model = NMF(r, init="random", random_state=seed, max_iter=500)
        U = model.fit_transform(A.astype(np.float64))
    V = model.components_
    length = np.linalg.norm(V, axis=1)
    return U * length, V / np.maximum(length, 1e-12)[:, None]


def importance(U: np.ndarray, V: np.ndarray, head: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """How much each concept speaks for the answer given: (n, r).

    head : weights (C, h) of the last layer; chosen : int (n,), the class answered. The answer's
    score over the mean of all scores is linear in the concepts, so their parts U_ik (V w)_kc add
    up to it exactly, but for the bias.
    """
    centred = head - head.mean(axis=0)
    return U * (V @ centred.T)[:, chosen].T


def by_group(parts: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Mean share of each concept in what speaks for the answer, (k, r); rows sum to 1 or are 0."""
    mean = np.stack([np.maximum(parts[labels == g], 0).mean(axis=0) for g in range(k)])
    total = mean.sum(axis=1, keepdims=True)
    return np.divide(mean, total, where=total > 0, out=np.zeros_like(mean))


def shared(use: np.ndarray) -> np.ndarray:
    """What two groups have in common, (k, k): the sum over concepts of the smaller share."""
    use = np.asarray(use, np.float64)
    return np.minimum(use[:, None, :], use[None, :, :]).sum(axis=2)


def facts(parts: np.ndarray, right: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Per concept (r, 3): share of rows in which it counts most, share of the held-out ones among
    them that are answered rightly (NaN without any), and how many those are.

    right : bool (n,), only read at ``test``.
    """
    top = parts.argmax(axis=1)
    r = parts.shape[1]
    prevalence = np.bincount(top, minlength=r) / max(1, len(top))
    seen = np.bincount(top[test], minlength=r)
    good = np.bincount(top[test], right[test].astype(float), r)
    reliable = np.divide(good, seen, where=seen > 0, out=np.full(r, np.nan))
    return np.column_stack([prevalence, reliable, seen])


def pictures(X: np.ndarray, U: np.ndarray) -> np.ndarray:
    """What rows look like that have a concept: (r, d), the mean of X (n, d) with weights U."""
    total = U.sum(axis=0)
    weights = np.divide(U, total, where=total > 0, out=np.full(U.shape, 1 / len(U)))
    return weights.T @ X
