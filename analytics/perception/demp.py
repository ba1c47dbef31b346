"""DEMP: how often a draw from one of two Gaussians would be taken for one from the other.

C. Hennig, Methods for merging Gaussian mixture components, ADAC 4, 2010, restricted to the two
components of the pair. That it agrees with people best among seven such rules: Abbas et al.,
ClustMe, Computer Graphics Forum 38(3), 2019.
"""

import numpy as np

from analytics.perception.mixture import Gaussians

LINES = 128  # of the quadrature, each two opposite directions
_BATCH = 256  # pairs handled at once, so that the arrays stay in the processor's cache


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
    densities along a line through the mean is the parabola a r^2 + b r + c. So the share of each
    line is known exactly (P(radius > r) = exp(-r^2 / 2)) and only its direction is left to average
    over: an equally spaced rule on a periodic function. The symmetric root keeps it equivariant
    under mirrors and quarter turns.
    """
    angle = np.pi * (np.arange(LINES) + 0.5) / LINES
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
    """P(a r^2 + b r + c > 0) for r of the Rayleigh distribution with either sign, each half the
    time; a tie counts one half.

    A root lies on one of the two rays. Roots of one sign lie on the same ray, and the sign changes
    between their distances only; roots of both signs lie on either ray, and it changes beyond
    them. At r = 0 the sign is that of c.
    """
    discriminant = b * b - 4 * a * c
    with np.errstate(all="ignore"):
        q = -0.5 * (b + np.copysign(np.sqrt(np.maximum(discriminant, 0)), b))
        one, two = np.exp(-0.5 * (q / a) ** 2), np.exp(-0.5 * (c / q) ** 2)
    one, two = (np.where(np.isnan(beyond), 0.0, beyond) for beyond in (one, two))
    changed = np.where((c > 0) == (a >= 0), np.abs(one - two), one + two) / 2
    crossing = np.where(c > 0, 1 - changed, changed)
    return np.where(discriminant > 0, crossing, np.heaviside(a + c, 0.5))
