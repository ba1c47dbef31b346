"""Would people see one group or two? The share of people, predicted from two Gaussians.

:func:`predict` is the seam of the measure: whatever replaces it takes the same two batches of
Gaussians and returns the same share. Here it is the directly estimated misclassification
probability (DEMP) of the pair, put through a fixed logistic curve.

DEMP: C. Hennig, Methods for merging Gaussian mixture components, ADAC 4, 2010, restricted to the
two components of the pair. That it agrees with people best among seven such rules: Abbas et al.,
ClustMe, Computer Graphics Forum 38(3), 2019.
"""

import numpy as np

from analytics.perception.mixture import Gaussians

EVEN_DEMP = 0.05  # at this overlap half of the people see one group
SLOPE = 1.2  # of the logistic curve, in units of ln DEMP
ANGLES = 256  # directions of the quadrature
_BATCH = 256  # pairs handled at once, so that the arrays stay in the processor's cache


def predict(first: Gaussians, second: Gaussians) -> np.ndarray:
    """Share of people who see one group where two Gaussians are drawn: (m,), 0 to 1.

    first, second : m Gaussians each; the i-th of one is paired with the i-th of the other. Only
    their relative weights, and shapes up to a common motion and scale, matter.
    """
    overlap = demp(first, second)
    return 1.0 / (1.0 + np.exp(-(np.log(overlap) - np.log(EVEN_DEMP)) / SLOPE))


def demp(first: Gaussians, second: Gaussians) -> np.ndarray:
    """Directly estimated misclassification probability of m pairs: (m,), at least 1e-300.

    The larger of: a draw from the first is likelier under the second, and the reverse. Two equal
    round Gaussians of standard deviation 1 at distance d have Phi(-d / 2).
    """
    larger = np.empty(len(first.weights))
    for start in range(0, len(larger), _BATCH):
        a = Gaussians(*(values[start : start + _BATCH] for values in first))
        b = Gaussians(*(values[start : start + _BATCH] for values in second))
        larger[start : start + _BATCH] = np.maximum(_mistaken(a, b), _mistaken(b, a))
    return np.clip(larger, 1e-300, 1.0)


def _mistaken(source: Gaussians, other: Gaussians) -> np.ndarray:
    """Probability that a draw from ``source`` is likelier under ``other``, weights included: (m,).

    With x = mean + root z and z = r u a standard normal in polar form, the log ratio of the two
    densities along a ray is the parabola a r^2 + b r + c. So the share of each ray is known
    exactly (P(radius > r) = exp(-r^2 / 2)) and only the direction is left to average over: an
    equally spaced rule on a periodic function. The symmetric root keeps it equivariant under
    mirrors and quarter turns.
    """
    angle = 2 * np.pi * (np.arange(ANGLES) + 0.5) / ANGLES
    u = np.stack([np.cos(angle), np.sin(angle)])
    values, vectors = np.linalg.eigh(source.covariances)
    root = np.einsum("mij,mj,mkj->mik", vectors, np.sqrt(values), vectors)
    precision = np.linalg.inv(other.covariances)
    delta = source.means - other.means
    pull = np.einsum("mi,mij->mj", delta, precision)
    log_det = np.linalg.slogdet(other.covariances)[1] - np.log(values).sum(axis=1)
    with np.errstate(divide="ignore"):
        log_odds = np.log(other.weights) - np.log(source.weights)
    c = log_odds - 0.5 * log_det - 0.5 * np.einsum("mi,mi->m", pull, delta)
    b = -np.einsum("mj,mjk->mk", pull, root) @ u
    seen = root @ precision @ root
    form = np.stack([seen[:, 0, 0], 2 * seen[:, 0, 1], seen[:, 1, 1]], axis=1)
    a = 0.5 - 0.5 * form @ np.stack([u[0] ** 2, u[0] * u[1], u[1] ** 2])
    same = (np.abs(a).max(axis=1) < 1e-12) & (np.abs(b).max(axis=1) < 1e-12) & (np.abs(c) < 1e-12)
    a[same], b[same], c[same] = 0.0, 0.0, 0.0
    return _positive_share(a, b, c[:, None]).mean(axis=1)


def _positive_share(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """P(a r^2 + b r + c > 0) for r of the Rayleigh distribution; a tie counts one half."""
    discriminant = b * b - 4 * a * c
    with np.errstate(all="ignore"):
        q = -0.5 * (b + np.copysign(np.sqrt(np.maximum(discriminant, 0)), b))
        one, two = q / a, c / q
        low = np.exp(-0.5 * np.maximum(np.fmin(one, two), 0) ** 2)
        high = np.exp(-0.5 * np.maximum(np.fmax(one, two), 0) ** 2)
    crossing = np.where(a >= 0, 1 - low + high, low - high)
    return np.where(discriminant > 0, crossing, np.heaviside(a + c, 0.5))


def entropy(share: np.ndarray) -> np.ndarray:
    """Binary entropy in bits of shares in [0, 1]: 0 when all agree, 1 when half and half."""
    p = np.asarray(share, float)
    q = 1 - p
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(np.where(p > 0, p * np.log2(p), 0) + np.where(q > 0, q * np.log2(q), 0))
    return np.clip(bits, 0.0, 1.0)


def gabriel_edges(means: np.ndarray) -> np.ndarray:
    """Gabriel graph of points (k, 2): bool (k, k), symmetric.

    Two points are joined when no third lies inside the circle whose diameter they span, that is,
    when no third sees them under an angle of more than 90 degrees.
    """
    to_first = means[None, :, :] - means[:, None, :]
    # dots[i, j, l] = (means[i] - means[l]) . (means[j] - means[l]), negative inside the circle
    dots = np.einsum("lid,ljd->ijl", to_first, to_first)
    joined = ~(dots < -1e-12 * np.abs(dots).max(initial=0)).any(axis=2)
    np.fill_diagonal(joined, False)
    return joined


def kept_pairs(means: np.ndarray, one_group: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Which pairs count: bool (p,) over the pairs of ``np.triu_indices(k, 1)``.

    A pair counts when more than ``threshold`` of the people would see one group, or when its means
    are Gabriel neighbours. At 0, the value of the original, all pairs with any overlap count.
    """
    i, j = np.triu_indices(len(means), 1)
    return (one_group > threshold) | gabriel_edges(means)[i, j]
