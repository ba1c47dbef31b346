"""Would people see one group or two? The share of people, predicted from two Gaussians.

A regression of the logit of that share on the features of the pair (see ``features``). Its numbers
are the plain text of ``models/clams/separability.json``; how they came about, on whom they rest and
what they were measured at stands in ``models/clams/CARD.md``.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from analytics.perception.features import NAMES, features
from analytics.perception.mixture import Gaussians

FILE = Path(__file__).resolve().parents[2] / "models" / "clams" / "separability.json"


def predict(first: Gaussians, second: Gaussians, ink: float | np.ndarray = 0.0) -> np.ndarray:
    """Share of people who see one group where two Gaussians are drawn: (m,), 0 to 1.

    first, second : m Gaussians each; the i-th of one is paired with the i-th of the other. Only
    their relative weights, and shapes up to a common motion and scale, matter.
    ink : how far marks cover each other, see :func:`ridge.valley`.
    """
    if len(first.weights) == 0:
        return np.zeros(0)
    return evaluate(model(), features(first, second, ink))


@lru_cache(maxsize=1)
def model() -> dict:
    """The shipped regression."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    if found["features"] != list(NAMES):
        raise RuntimeError(f"{FILE} was fitted on other features: train it again.")
    return found["model"]


def evaluate(numbers: dict, X: np.ndarray) -> np.ndarray:
    """Shares (m,) that a regression predicts for features (m, d).

    numbers : "low" and "high" (d,), the range it was fitted on, beyond which features are cut;
    "mean" and "scale" (d,), which standardise them; "coefficients" (d,) and "intercept".
    """
    low, high, mean, scale, coefficients = (
        np.array(numbers[key]) for key in ("low", "high", "mean", "scale", "coefficients")
    )
    logit = (np.clip(X, low, high) - mean) / scale @ coefficients + numbers["intercept"]
    return 1 / (1 + np.exp(-logit))


def pairs(fit: Gaussians, ink: float | np.ndarray = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of components that count, int32 (p, 2) with i < j, and the share of people who see
    one group in each, (p,)."""
    every = np.stack(np.triu_indices(len(fit.weights), 1), axis=1).astype(np.int32)
    one_group = predict(fit.take(every[:, 0]), fit.take(every[:, 1]), ink)
    kept = kept_pairs(fit.means, one_group)
    return every[kept], one_group[kept]


def score(fit: Gaussians, ink: float | np.ndarray = 0.0) -> float:
    """Mean entropy over the pairs of a mixture that count, 0 for one component."""
    bits = entropy(pairs(fit, ink)[1])
    return float(bits.mean()) if len(bits) else 0.0


def scores(fits: Gaussians) -> np.ndarray:
    """:func:`score` of r mixtures of k > 1 components each, weights (r, k): (r,)."""
    i, j = np.triu_indices(fits.weights.shape[1], 1)
    first, second = (
        Gaussians(*(v[:, at].reshape(-1, *v.shape[2:]) for v in fits)) for at in (i, j)
    )
    shares = predict(first, second).reshape(len(fits.weights), -1)
    kept = shares > 0
    for row in np.flatnonzero(~kept.all(axis=1)):
        kept[row] = kept_pairs(fits.means[row], shares[row])
    return (entropy(shares) * kept).sum(axis=1) / kept.sum(axis=1)


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
