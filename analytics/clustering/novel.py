"""New classes among rows without a label, found with the help of the labelled ones.

C. Troisemaine, A. Reiffers-Masson, S. Gosselin, V. Lemaire, S. Vaton, A practical approach to novel
class discovery in tabular data, Data Mining and Knowledge Discovery 38, 2024,
doi:10.1007/s10618-024-01025-y. Written from the paper's description.
"""

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.progress import Progress, silent

STARTS = 10
ROUNDS = 300
MOST_CLASSES = 30


def kmeans(
    known: np.ndarray, codes: np.ndarray, new: np.ndarray, k: int, seed: int, starts: int = STARTS
) -> tuple[np.ndarray, float]:
    """NCD k-means: k centres (k, d) of the unlabelled rows, and the sum of distances to them.

    known (m, d) with codes (m,) 0 .. c - 1; new (n, d), n >= k. New centres start like those of
    k-means++, but away from the known ones too. Then only the new centres move, over the new rows;
    the best of ten starts is kept. As in the authors' program the chance of a start goes by the
    distance and the best is the least sum of distances, neither squared.
    """
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(seed)
    means = np.stack([known[codes == c].mean(axis=0) for c in np.unique(codes)])
    best, centers = np.inf, None
    for _ in range(starts):
        start = spread(means, new, k, rng)
        with quietly([]):
            model = KMeans(k, init=start, n_init=1, max_iter=ROUNDS).fit(new)
            far = float(model.transform(new).min(axis=1).sum())
        if far < best:
            best, centers = far, model.cluster_centers_
    return centers, best


def spread(means: np.ndarray, new: np.ndarray, k: int, rng) -> np.ndarray:
    """k rows of ``new``, each drawn by its distance to the nearest centre so far."""
    from scipy.spatial.distance import cdist

    near = cdist(new, means).min(axis=1)
    chosen = []
    for _ in range(k):
        total = near.sum()
        chance = near / total if total > 0 else None  # all rows lie on a centre: any will do
        chosen.append(int(rng.choice(len(new), p=chance)))
        near = np.minimum(near, cdist(new, new[chosen[-1:]])[:, 0])
    return new[chosen]


def nearest(X: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Index of the nearest centre of each row, int (n,)."""
    from scipy.spatial.distance import cdist

    return cdist(X, centers).argmin(axis=1)


def spectral_space(X: np.ndarray, least: float, components: int) -> np.ndarray:
    """Eigenvectors 2 .. components + 1 of the normalised Laplacian of all rows: (n, components).

    The similarity is Gaussian, as wide as makes the longest edge of the minimum spanning tree one
    of sqrt(``least``): with d2 its squared length, exp(-d^2 / 2 s^2) has s^2 = -d2 / ln(least).
    """
    from scipy.linalg import eigh
    from scipy.spatial.distance import cdist

    from analytics.clustering.spanning import longest_edge

    with quietly([]):
        D = cdist(X, X, "sqeuclidean")
        longest = longest_edge(D)
        if longest <= 0:
            return np.zeros((len(X), components))
        D *= np.log(least) / (2 * longest)
        A = np.exp(D, out=D)
        np.fill_diagonal(A, 0.0)
        root = 1 / np.sqrt(np.maximum(A.sum(axis=1), 1e-300))
        A *= root[:, None]
        A *= root
        n = len(A)
        wanted = [max(0, n - 1 - components), max(0, n - 2)]  # the largest of A, but the first
        vectors = eigh(A, subset_by_index=wanted, overwrite_a=True, check_finite=False)[1]
    return np.ascontiguousarray(vectors[:, ::-1])


def number_of_classes(Z: np.ndarray, seed: int, progress: Progress = silent) -> int:
    """The number of groups, 2 to 30, of the rows of a space with the highest silhouette."""
    from analytics.clustering.suggest import check, suggest

    if len(Z) < 4:
        return len(Z)
    card = suggest("k", Z, check("k", {"max_k": MOST_CLASSES}), seed, progress)
    found = card.values["k_silhouette"].value
    return int(found) if found else 1


def hidden(codes: np.ndarray, folds: int, seed: int):
    """Known rows and hidden rows, masks (m,), of each fold: half of the known classes are hidden,
    at least two, and one at least stays. codes (m,). Nothing with fewer than three classes."""
    classes = np.unique(codes)
    if len(classes) < 3:
        return
    rng = np.random.default_rng(seed)
    for _ in range(folds):
        gone = rng.permutation(classes)[: max(2, len(classes) // 2)]
        out = np.isin(codes, gone)
        yield ~out, out
