"""A Gaussian mixture over pieces: what a piece says of it, and the mixture that leads to.

:func:`moments` of all pieces, joined and given to :func:`moved`, are one round of EM on all rows,
wherever they lie (Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x). Squares
are taken from the means of the round before, so that small spreads far from zero lose no digits.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics.errors import BadInput

_BLOCK = 1 << 22  # numbers held at once
_NONE = 1e-9  # rows, below which a component has none


class Mixture(NamedTuple):
    """weights (k,), means (k, d) and covariances of (x - middle) / scale, in the shapes of
    scikit-learn: (k, d, d) full, (d, d) tied, (k, d) diag, (k,) spherical. least: added to each
    variance. middle (d,)."""

    shape: str
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    least: float
    middle: np.ndarray
    scale: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, of the same bits."""
        return {k: v.tolist() if hasattr(v, "tolist") else v for k, v in self._asdict().items()}


class Moments(NamedTuple):
    """counts (k,): how many rows fall to each component, in shares; sums (k, d) of them and
    squares (shaped like the covariances; (k, d) of spherical ones) from its mean, or of tied ones
    from zero; likelihood: the log-likelihoods of the rows, added up; rows."""

    counts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    likelihood: float
    rows: int


def of_model(model: Any, scale: float, middle: np.ndarray) -> Mixture:
    """Of a fitted model of scikit-learn."""
    return Mixture(
        model.covariance_type,
        np.asarray(model.weights_, np.float64),
        np.asarray(model.means_, np.float64),
        np.asarray(model.covariances_, np.float64),
        float(model.reg_covar),
        np.asarray(middle, np.float64),
        float(scale),
    )


def from_json(given: Mapping[str, Any]) -> Mixture:
    """What :meth:`Mixture.to_json` gave."""
    return Mixture(**{k: np.array(v) if isinstance(v, list) else v for k, v in given.items()})


def likeliest(X: np.ndarray, mixture: Mixture) -> np.ndarray:
    """The likeliest component of each row of X (n, d), the first of equals."""
    found = [_weighted(Y, mixture, _whitening(mixture)).argmax(axis=1) for Y in _blocks(X, mixture)]
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def moments(X: np.ndarray, mixture: Mixture) -> Moments:
    """Of a piece, rows X (n, d)."""
    found, whitening = nothing(mixture), _whitening(mixture)
    for Y in _blocks(X, mixture):
        logs = _weighted(Y, mixture, whitening)
        highest = logs.max(axis=1, keepdims=True)
        shares = np.exp(logs - highest)
        total = shares.sum(axis=1, keepdims=True)
        shares /= total
        likelihood = float((highest + np.log(total)).sum())
        sums, squares = np.empty_like(found.sums), np.zeros_like(found.squares)
        for j, mean in enumerate(mixture.means):
            apart = Y - mean
            weighted = shares[:, j, None] * apart
            sums[j] = weighted.sum(axis=0)
            if mixture.shape == "full":
                squares[j] = weighted.T @ apart
            elif mixture.shape != "tied":
                squares[j] = (weighted * apart).sum(axis=0)
        if mixture.shape == "tied":
            squares = Y.T @ Y
        found = merge(found, Moments(shares.sum(axis=0), sums, squares, likelihood, len(Y)))
    return found


def nothing(mixture: Mixture) -> Moments:
    """Of no rows."""
    k, d = mixture.means.shape
    shape = {"full": (k, d, d), "tied": (d, d)}.get(mixture.shape, (k, d))
    return Moments(np.zeros(k), np.zeros((k, d)), np.zeros(shape), 0.0, 0)


def merge(a: Moments, b: Moments) -> Moments:
    """Of the rows of both."""
    return Moments(*(x + y for x, y in zip(a, b, strict=True)))


def moved(mixture: Mixture, found: Moments) -> Mixture:
    """The mixture that is likeliest by these shares. A component without rows stays as it is."""
    if not found.rows:
        return mixture
    counts = found.counts
    some = counts > _NONE
    step = found.sums / np.where(some, counts, 1.0)[:, None] * some[:, None]
    means = mixture.means + step
    least = mixture.least
    if mixture.shape == "tied":
        between = (counts * means.T) @ means
        covariances = (found.squares - between) / counts.sum() + least * np.eye(means.shape[1])
    else:
        each = np.where(some, counts, 1.0)
        if mixture.shape == "full":
            covariances = found.squares / each[:, None, None] - step[:, :, None] * step[:, None]
            covariances += least * np.eye(means.shape[1])
        else:
            covariances = found.squares / each[:, None] - step**2 + least
            if mixture.shape == "spherical":
                covariances = covariances.mean(axis=1)
        kept = some.reshape(-1, *[1] * (covariances.ndim - 1))
        covariances = np.where(kept, covariances, mixture.covariances)
    if mixture.shape in ("full", "tied"):
        covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
    return mixture._replace(weights=counts / counts.sum(), means=means, covariances=covariances)


def numbers(k: int, d: int, shape: str) -> int:
    """How many numbers a mixture of k components over d columns is."""
    return k + k * d + {"full": k * d * d, "tied": d * d, "spherical": k}.get(shape, k * d)


def _blocks(X: np.ndarray, mixture: Mixture) -> Any:
    step = max(1, _BLOCK // max(mixture.means.shape))
    for start in range(0, len(X), step):
        yield (np.asarray(X[start : start + step], np.float64) - mixture.middle) / mixture.scale


def _whitening(mixture: Mixture) -> tuple[list[np.ndarray], np.ndarray]:
    """For each component what makes its ellipsoid round, (d, d) to multiply by or (d,) or a number;
    and the logarithm of its determinant (k,). Raises BadInput for a flat one."""
    from scipy.linalg import solve_triangular

    (k, d), held = mixture.means.shape, mixture.covariances
    try:
        if mixture.shape in ("full", "tied"):
            each = held if mixture.shape == "full" else held[None]
            lower = np.linalg.cholesky(each)
            round_ = [solve_triangular(one, np.eye(d), lower=True).T for one in lower]
            logs = np.array([np.log(np.diag(one)).sum() for one in round_])
            times = k if mixture.shape == "tied" else 1
            return round_ * times, np.repeat(logs, times)
        if not (held > 0).all():
            raise np.linalg.LinAlgError
    except np.linalg.LinAlgError:
        raise BadInput(
            "Over all rows a component of the mixture shrinks to fewer dimensions than the data "
            "has: raise reg_covar, ask for fewer groups, or choose diag covariance."
        ) from None
    round_ = held**-0.5
    logs = np.log(round_)
    return list(round_), logs.sum(axis=1) if mixture.shape == "diag" else d * logs


def _weighted(Y: np.ndarray, mixture: Mixture, whitening: tuple) -> np.ndarray:
    """The log-density of each row under each component, times its weight: (n, k)."""
    out = np.empty((len(Y), len(mixture.means)))
    with np.errstate(divide="ignore"):  # a component without rows weighs nothing
        constant = np.log(mixture.weights) + whitening[1]
    constant -= 0.5 * Y.shape[1] * np.log(2 * np.pi)
    for j, (mean, by) in enumerate(zip(mixture.means, whitening[0], strict=True)):
        apart = Y - mean
        apart = apart @ by if np.ndim(by) == 2 else apart * by
        out[:, j] = constant[j] - 0.5 * np.einsum("ij,ij->i", apart, apart)
    return out
