"""Gaussian mixture clustering as a semidefinite programme over memberships (iLA-SDP).

Y. Zhuang, X. Chen, Y. Yang, Likelihood adjusted semidefinite programs for clustering heterogeneous
data, ICML 2023, arXiv:2209.15097. Written from a description of the method. With the covariances
given the centres drop out of the likelihood; what is left is linear in Z_k = 1_G 1_G' / |G|, one
matrix per group, and is maximised over positive semidefinite Z_k >= 0 with sum_k trace Z_k = K and
(sum_k Z_k) 1 = 1. Without the trace all rows may share one group: that is the constraint that keeps
K groups.
"""

import numpy as np

from analytics.progress import Progress, silent

RHO = 1.0  # step of the splitting, for objectives of spread 1
MOST, CLOSE = 600, 1e-3  # rounds of the splitting; largest violation that ends them
OUTER = 8  # rounds of memberships and covariances
_RIDGE = 1e-3  # of the mean variance, added to each covariance


def solve(
    A: np.ndarray, progress: Progress = silent, most: int = MOST, close: float = CLOSE
) -> tuple[np.ndarray, float]:
    """Z (p, n, n) that maximises sum_k <A_k, Z_k> under the constraints, and the largest violation.

    A (p, n, n), symmetric, one matrix per group. Splitting (ADMM) with a copy of Z that is
    semidefinite and one that is non-negative; what is returned satisfies the equations exactly.
    """
    return _split(A, len(A), progress, most, close)


def solve_one(
    A: np.ndarray, k: int, progress: Progress = silent, most: int = MOST, close: float = CLOSE
) -> tuple[np.ndarray, float]:
    """The same for groups that share a covariance: one Z (n, n) of trace k (SDP k-means)."""
    Z, off = _split(A[None], k, progress, most, close)
    return Z[0], off


def _split(A, k: int, progress: Progress, most: int, close: float):
    """Copies W (semidefinite) and V (non-negative) of Z, pulled together."""
    spread = float(np.abs(A - A.mean()).max()) or 1.0
    step = A / spread / (2 * RHO)
    n = A.shape[1]
    W = V = np.broadcast_to(np.eye(n) * k / (n * len(A)), A.shape).copy()
    u, v = np.zeros_like(A), np.zeros_like(A)
    for number in range(most):
        if number % 10 == 0:
            progress(None, f"Memberships, step {number} of at most {most}")
        Z = _equations((W - u + V - v) / 2 + step, k)
        W, V = _semidefinite(Z + u), np.maximum(Z + v, 0)
        u, v = u + Z - W, v + Z - V
        off = max(float(np.abs(Z - W).max()), float(np.abs(Z - V).max()))
        if off < close / k and number > 20:
            break
    return Z, off


def _equations(Y: np.ndarray, k: int) -> np.ndarray:
    """The nearest Z with sum_k Z_k 1 = 1 and sum_k trace Z_k = k: the same change to each, of the
    form (a 1' + 1 a') / 2 + t I."""
    p, n = Y.shape[:2]
    total = Y.sum(axis=0)
    rows = (1 - total.sum(axis=1)) / p
    trace = (k - np.trace(total)) / p
    whole = (rows.sum() - trace) / (n - 1)
    t = (trace - whole) / n
    a = (2 * (rows - t) - whole) / n
    return Y + (a[:, None] + a[None]) / 2 + t * np.eye(n)


def _semidefinite(Y: np.ndarray) -> np.ndarray:
    """Each matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh((Y + Y.transpose(0, 2, 1)) / 2)
    return (vectors * np.maximum(values, 0)[:, None, :]) @ vectors.transpose(0, 2, 1)


def objective(X: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """A (k, n, n): A_k = X P X' - (g 1' + 1 g') / 2 with P the inverse of the covariance of group k
    and g_i = x_i' P x_i + log of its determinant."""
    made = []
    for S in covariances:
        P = np.linalg.inv(S)
        products = X @ P @ X.T
        g = np.diag(products) + np.linalg.slogdet(S)[1]
        made.append(products - (g[:, None] + g[None]) / 2)
    return np.stack(made)


def ila(X: np.ndarray, k: int, seed: int, progress: Progress = silent):
    """labels (n,), the largest violation of the last programme and the number of rounds of
    memberships; X (n, d), n > k >= 2.

    The programme with one covariance gives first groups; then memberships and covariances in turn
    until the groups stay.
    """
    from sklearn.cluster import KMeans

    scale = float(X.var(axis=0).mean()) or 1.0
    one = objective(X, np.eye(X.shape[1])[None] * scale)[0]
    Z, off = solve_one(one, k, progress)
    leading = np.linalg.eigh(Z)[1][:, -k:]
    labels = KMeans(k, n_init=10, random_state=seed).fit_predict(leading)
    for rounds in range(1, OUTER + 1):
        covariances = np.stack([_covariance(X[labels == g], X) for g in range(k)])
        Z, off = solve(objective(X, covariances), progress)
        progress(min(0.9, rounds / OUTER), f"Memberships, round {rounds}")
        found = Z.sum(axis=2).argmax(axis=0)
        if len(np.unique(found)) < k or np.array_equal(found, labels):
            break
        labels = found
    return labels, off, rounds


def _covariance(own: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The covariance of a group; of fewer rows than dimensions, mixed with that of all rows."""
    d = X.shape[1]
    whole = np.cov(X.T, bias=True).reshape(d, d)
    weight = min(1.0, len(own) / (2 * d + 2))
    inside = np.cov(own.T, bias=True).reshape(d, d) if len(own) > 1 else whole
    mixed = weight * inside + (1 - weight) * whole
    return mixed + _RIDGE * (np.trace(whole) / d or 1.0) * np.eye(d)


def spread_to(X: np.ndarray, sample: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Group of every row by the normal distributions of the groups of a sample (quadratic
    discriminant): labels (n,)."""
    S, scores = X[sample], []
    for g in range(k):
        own = S[labels == g]
        covariance = _covariance(own, S)
        away = X - own.mean(axis=0)
        far = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away)
        share = np.log(len(own) / len(S))
        scores.append(share - 0.5 * (far + np.linalg.slogdet(covariance)[1]))
    found = np.argmax(scores, axis=0)
    found[sample] = labels
    return found
