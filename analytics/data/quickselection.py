"""QuickSelection: which columns say most about the others, without labels.

Z. Atashgahi, G. Sokar, T. van der Lee, E. Mocanu, D. C. Mocanu, R. Veldhuis, M. Pechenizkiy, Quick
and robust feature selection: the strength of energy-efficient sparse training for autoencoders,
Machine Learning 111, 2022, doi:10.1007/s10994-021-06063-x. A sparsely connected autoencoder learns
to rebuild rows from noisy ones; after each round the weakest connections give way to random ones.
Columns that the network relies on keep strong connections. Written from the paper's description.
"""

from dataclasses import dataclass

import numba
import numpy as np

from analytics.data.telling import BATCH, EPSILON, HIDDEN, MOST, rounds
from analytics.progress import Progress, silent

NOISE = 0.2
ZETA = 0.2  # share of the connections that is drawn anew after a round
RATE, MOMENTUM, DECAY = 0.01, 0.9, 1e-5
_FIRST = 0.1  # standard deviation of new weights
_SMALL = 200_000  # places of a layer, up to which the free ones are listed


def strengths(X: np.ndarray, seed: int, progress: Progress = silent) -> np.ndarray:
    """How strongly the network is connected to each column: float64 (d,), to rank columns by.

    X (n, d) finite. Each column is standardised first, so its unit does not matter; a constant one
    gets 0. Above ``MOST`` rows a sample drawn by the seed is used.
    """
    rng = np.random.default_rng(seed)
    X = np.asarray(X, np.float64)
    if len(X) > MOST:
        X = X[np.sort(rng.choice(len(X), MOST, replace=False))]
    largest = np.abs(X).max(axis=0)
    X = X / np.where(largest > 0, largest, 1.0)
    deviation = X.std(axis=0)
    varies = deviation > 1e-12
    found = np.zeros(X.shape[1])
    if varies.sum() < 2:
        found[varies] = 1.0
        return found
    Z = ((X - X.mean(axis=0)) / np.where(varies, deviation, 1.0))[:, varies]
    found[varies] = _train(np.ascontiguousarray(Z.T, np.float32), rng, progress)
    return found


def _train(X: np.ndarray, rng, progress: Progress) -> np.ndarray:
    """Strengths of the rows of X, float32 (d, n): columns of the table."""
    d, n = X.shape
    noisy = X + np.float32(NOISE) * rng.standard_normal(X.shape, dtype=np.float32)
    first, second = _Layer.drawn(d, HIDDEN, rng), _Layer.drawn(HIDDEN, d, rng)
    size, total = min(BATCH, n), rounds(n)
    for number in range(total):
        progress(number / total, f"Ranking {d:,} columns, round {number + 1} of {total}")
        order = rng.permutation(n)
        for start in range(0, n - size + 1, size):
            rows = order[start : start + size]
            _step(first, second, noisy[:, rows], X[:, rows])
        if number < total - 1:
            first.evolve(rng)
            second.evolve(rng)
    kept = first.strong()
    values = np.abs(first.weights[kept]).astype(np.float64)
    return np.bincount(first.sources[kept], values, minlength=d)


def _step(first: "_Layer", second: "_Layer", given: np.ndarray, wanted: np.ndarray) -> None:
    """One step of gradient descent with momentum on half the squared error, summed over columns.

    given, wanted (d, b). Hidden units are sigmoid, outputs linear.
    """
    hidden = 0.5 + 0.5 * np.tanh(0.5 * first.forward(given))
    wrong = second.forward(hidden) - wanted
    back = second.backward(wrong) * hidden * (1 - hidden)
    second.learn(hidden, wrong)
    first.learn(given, back)


@dataclass
class _Layer:
    """Sparse connections: weights (m,) from sources (m,) to targets (m,), sorted by source."""

    shape: tuple[int, int]
    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    speed: np.ndarray
    bias: np.ndarray
    bias_speed: np.ndarray

    @classmethod
    def drawn(cls, wide: int, high: int, rng) -> "_Layer":
        """As many random places as the paper draws; those drawn twice count once."""
        places = np.unique(rng.integers(wide * high, size=EPSILON * (wide + high)))
        weights = rng.normal(0, _FIRST, len(places)).astype(np.float32)
        bias = np.zeros((high, 1), np.float32)
        return cls((wide, high), *np.divmod(places, high), weights, 0 * weights, bias, 0 * bias)

    def forward(self, a: np.ndarray) -> np.ndarray:
        """(high, b) of (wide, b)."""
        return _spread(a, self.sources, self.targets, self.weights, self.shape[1]) + self.bias

    def backward(self, a: np.ndarray) -> np.ndarray:
        """(wide, b) of (high, b)."""
        return _spread(a, self.targets, self.sources, self.weights, self.shape[0])

    def learn(self, a: np.ndarray, error: np.ndarray) -> None:
        """Move the weights: a (wide, b) came in, error (high, b) is wrong behind."""
        slope = _products(a, error, self.sources, self.targets)
        self.speed = MOMENTUM * self.speed - np.float32(RATE) * slope
        self.weights += self.speed - np.float32(DECAY) * self.weights
        slope = error.mean(axis=1, keepdims=True)
        self.bias_speed = MOMENTUM * self.bias_speed - np.float32(RATE) * slope
        self.bias += self.bias_speed - np.float32(DECAY) * self.bias

    def strong(self) -> np.ndarray:
        """Mask (m,) without the share ZETA of smallest positive and of smallest negative ones."""
        keep = np.ones(len(self.weights), bool)
        for side in (self.weights >= 0, self.weights < 0):
            inside = np.flatnonzero(side)
            gone = int(ZETA * len(inside))
            keep[inside[np.argsort(np.abs(self.weights[inside]), kind="stable")[:gone]]] = False
        return keep

    def evolve(self, rng) -> None:
        """The weakest connections make room for as many at random places."""
        keep = self.strong()
        wide, high = self.shape
        held = self.sources[keep] * high + self.targets[keep]
        fresh = _free(held, wide * high, int((~keep).sum()), rng)
        places = np.concatenate([held, fresh])
        order = np.argsort(places)
        new = rng.normal(0, _FIRST, len(fresh)).astype(np.float32)
        self.weights = np.concatenate([self.weights[keep], new])[order]
        self.speed = np.concatenate([self.speed[keep], 0 * new])[order]
        self.sources, self.targets = np.divmod(places[order], high)


def _free(held: np.ndarray, total: int, count: int, rng) -> np.ndarray:
    """``count`` different places below ``total`` that are not held (sorted)."""
    if total <= _SMALL:
        empty = np.ones(total, bool)
        empty[held] = False
        return rng.choice(np.flatnonzero(empty), count, replace=False)
    found = np.zeros(0, np.int64)
    while len(found) < count:
        more = rng.integers(total, size=2 * count)
        at = np.minimum(np.searchsorted(held, more), len(held) - 1)
        found = np.unique(np.concatenate([found, more[held[at] != more]]))
    return rng.choice(found, count, replace=False)


@numba.njit(cache=True)
def _spread(a, sources, targets, weights, size):
    """Sum of weights times a (k, b) along the connections: (size, b)."""
    out = np.zeros((size, a.shape[1]), np.float32)
    for p in range(len(weights)):
        w, i, j = weights[p], sources[p], targets[p]
        for b in range(a.shape[1]):
            out[j, b] += w * a[i, b]
    return out


@numba.njit(cache=True, fastmath=True)
def _products(a, error, sources, targets):
    """Mean over b of a[source, b] * error[target, b] for each connection: (m,)."""
    out = np.zeros(len(sources), np.float32)
    for p in range(len(sources)):
        i, j = sources[p], targets[p]
        total = np.float32(0)
        for b in range(a.shape[1]):
            total += a[i, b] * error[j, b]
        out[p] = total / a.shape[1]
    return out
