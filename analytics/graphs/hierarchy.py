"""Communities of a graph, found small first and then merged into a tree."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.graphs.matrix import largest_vectors

MOST = 200  # communities found at the bottom


@dataclass(frozen=True, eq=False)
class Tree:
    """bottom int (n,) the community of each node, 0 .. q - 1; linkage float64 (q - 1, 4) in scipy's
    form, heights -ln of the share of possible links between two that are merged; inside (q,) the
    same for the links inside a community; inversions : what merges below what it is made of."""

    bottom: np.ndarray
    linkage: np.ndarray
    inside: np.ndarray
    inversions: np.ndarray


def bethe_hessian(graph: Any) -> tuple[Any, float]:
    """H = (r^2 - 1) I - r A + D with r^2 the mean excess degree (Saade, Krzakala & Zdeborova 2014,
    arXiv:1406.1880, eq. 2), CSR (n, n); and r. Its negative eigenvalues tell communities."""
    from scipy.sparse import diags_array, eye_array

    degree = np.asarray(graph.sum(axis=1)).ravel()
    square = max(float((degree**2).sum() / max(degree.sum(), 1e-300)) - 1, 1.0)
    r = np.sqrt(square)
    H = (square - 1) * eye_array(len(degree)) - r * graph + diags_array(degree)
    return H.tocsr(), float(r)


def communities(graph: Any, wanted: int | None, seed: int) -> np.ndarray:
    """The communities at the bottom, int (n,): k-means on the eigenvectors of the Bethe-Hessian.

    There are as many as it has negative eigenvalues, or ``wanted``, if that is more.
    """
    from sklearn.cluster import KMeans

    from analytics.clustering.methods._common import quietly

    n = graph.shape[0]
    H, _ = bethe_hessian(graph)
    most = min(n, max(MOST, wanted or 0))
    values, found = _lowest(H, most, wanted or 0)
    count = max(int(np.sum(values < -1e-8)), wanted or 0, 1)
    if count == 1:
        return np.zeros(n, np.int64)
    if count >= n:
        return np.arange(n)
    with quietly([]):
        vectors = found[:, :count]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.where(length > 0, length, 1)
        return KMeans(count, n_init=10, random_state=seed).fit(vectors).labels_


def _lowest(H: Any, most: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest eigenvalues and vectors: all negative ones, and at least ``least``, but at most
    ``most``."""
    count = min(most, max(16, least + 1))
    while True:
        values, found = largest_vectors(-H, count)
        if values[-1] < 0 or count >= most:
            return -values, found
        count = min(most, 2 * count)


def tree(graph: Any, bottom: np.ndarray) -> Tree:
    """Merge the two communities with the largest share of possible links between them, again and
    again; the share of a merged one to another is the mean over its nodes."""
    size, share = _shares(graph, bottom)
    q = len(size)
    inside = -np.log(_floored(np.diag(share), share))
    between = share.copy()
    np.fill_diagonal(between, -1.0)
    node, height = list(range(q)), list(inside)
    low = float(_floored(np.zeros(1), share)[0])
    linkage, inversions = np.zeros((max(q - 1, 0), 4)), []
    sizes, held = size.astype(float), np.ones(q)
    for step in range(q - 1):
        i, j = np.unravel_index(np.argmax(between), between.shape)
        i, j = min(i, j), max(i, j)
        at = -np.log(max(between[i, j], low))
        inversions += [node[x] for x in (i, j) if height[node[x]] > at + 1e-9]
        held[i] += held[j]
        linkage[step] = (*sorted((node[i], node[j])), max(at, 0.0), held[i])
        merged = (sizes[i] * between[i] + sizes[j] * between[j]) / (sizes[i] + sizes[j])
        merged[[i, j]] = -1.0
        between[i], between[:, i] = merged, merged
        between[j], between[:, j] = -1.0, -1.0
        sizes[i] += sizes[j]
        node[i] = q + step
        height.append(at)
    return Tree(bottom, linkage, inside, np.array(inversions, np.int64))


def _shares(graph: Any, bottom: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes (q,), and the share of possible links (or the mean weight) between and inside the
    communities (q, q)."""
    from scipy.sparse import csr_array

    n, q = len(bottom), int(bottom.max()) + 1
    member = csr_array((np.ones(n), (np.arange(n), bottom)), shape=(n, q))
    links = (member.T @ graph @ member).toarray()
    size = np.bincount(bottom, minlength=q)
    possible = np.outer(size, size).astype(float)
    possible[np.diag_indices(q)] = np.maximum(size * (size - 1.0), 1.0)
    return size, links / possible


def _floored(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Shares above 0: none at all counts as a tenth of the smallest there is."""
    positive = share[share > 0]
    return np.maximum(values, float(positive.min()) / 10 if len(positive) else 1e-3)


def cut(found: Tree, k: int) -> np.ndarray:
    """The communities (n,) when k are left of the q at the bottom."""
    q = len(found.linkage) + 1
    group = np.arange(q + len(found.linkage))
    for step in range(max(q - k, 0)):
        a, b = found.linkage[step, :2].astype(int)
        group[(group == group[a]) | (group == group[b])] = q + step
    return group[:q][found.bottom]
