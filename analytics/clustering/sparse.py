"""Sparse features of texts: what few of many directions a sentence vector is made of, in words.

A top-k sparse autoencoder (Makhzani & Frey 2014; Gao et al. 2024, arXiv:2406.04093) on sentence
vectors; features are named by the words of the texts that have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.progress import Progress

NAME_WORDS, TOP_TEXTS = 3, 30
REVIVE = 10  # rounds after which features that no text has begin anew
Z95 = 1.96


def features(
    values: np.ndarray, count: int, k: int, epochs: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray, float]:
    """Activations (n, count), at most k above 0 in a row; directions (count, d) of length 1 in the
    space of ``values`` less their mean; and the share of the variance they keep.

    values : float32 (n, d). To be called inside :func:`analytics.clustering.nets.seeded`.
    """
    import torch
    from torch import nn

    from analytics.clustering import nets

    x = torch.from_numpy(nets.scaled(values.astype(np.float64))[0])
    n, d = x.shape
    directions = nn.Parameter(unit_rows(torch.randn(count, d)))
    encoder = nn.Parameter(directions.detach().clone())
    offset = nn.Parameter(torch.zeros(count))

    def active(rows):
        pre = torch.relu(rows @ encoder.T + offset)
        best = pre.topk(min(k, count), dim=1)
        return torch.zeros_like(pre).scatter_(1, best.indices, best.values)

    used = torch.zeros(count)
    optimiser = torch.optim.Adam([directions, encoder, offset], lr=1e-3)
    size = min(nets.BATCH, max(16, n // 7))
    for epoch in range(epochs):
        progress(epoch / epochs, f"Learning features, round {epoch + 1:,} of {epochs:,}")
        for rows in nets.batches(n, size):
            optimiser.zero_grad()
            z = active(x[rows])
            ((z @ directions - x[rows]) ** 2).mean().backward()
            optimiser.step()
            with torch.no_grad():
                directions.copy_(unit_rows(directions))
                used += (z > 0).sum(dim=0)
        if epoch % REVIVE == REVIVE - 1 and epoch < epochs - REVIVE:
            _revive(x, active, directions, encoder, offset, used)
            used.zero_()
    with torch.no_grad():
        z = active(x)
        lost = float(((z @ directions - x) ** 2).mean() / x.var(correction=0).clamp(min=1e-12))
    return z.numpy(), directions.detach().numpy(), max(0.0, 1 - lost)


def unit_rows(rows):
    """Rows of a tensor at length 1."""
    from torch.nn import functional as f

    return f.normalize(rows, dim=1)


def _revive(x, active, directions, encoder, offset, used) -> None:
    """Features that no text has point at what is worst explained."""
    import torch

    dead = torch.nonzero(used == 0).ravel()
    if not len(dead):
        return
    with torch.no_grad():
        rest = x - active(x) @ directions
        worst = (rest**2).sum(dim=1).argsort(descending=True, stable=True)[: len(dead)]
        dead = dead[: len(worst)]
        directions[dead] = unit_rows(rest[worst])
        encoder[dead] = directions[dead]
        offset[dead] = 0.0


def named(texts: Sequence[str], z: np.ndarray) -> list[str]:
    """Three words or pairs of words for each feature: what its strongest 30 texts say more often
    than the others; "" for a feature that no text has."""
    from analytics.explanation.keyterms import counted, telling

    held = counted(texts)
    names = []
    for column in z.T:
        some = np.argsort(-column, kind="stable")[: min(TOP_TEXTS, int((column > 0).sum()))]
        member = np.zeros(len(texts), bool)
        member[some] = True
        names.append(", ".join(telling(held, member, NAME_WORDS)))
    return names


@dataclass(frozen=True)
class Difference:
    """How much more often texts of one set have a feature than those of another.

    share_a, share_b : of the texts. gap : share_a - share_b, with its 95 % interval.
    """

    feature: int
    share_a: float
    share_b: float
    gap: float
    low: float
    high: float


def differences(active: np.ndarray, a: np.ndarray, b: np.ndarray) -> list[Difference]:
    """Each feature, the largest difference first (by the end of its interval nearer to 0).

    active : bool (n, m), who has what. a, b : bool (n,), neither empty. Intervals: Newcombe 1998,
    method 10, from two Wilson intervals; not corrected for the number of features.
    """
    count = [int(side.sum()) for side in (a, b)]
    hits = [active[side].sum(axis=0) for side in (a, b)]
    found = []
    for j in range(active.shape[1]):
        p, q = hits[0][j] / count[0], hits[1][j] / count[1]
        (p_low, p_high), (q_low, q_high) = (
            _wilson(int(h[j]), n) for h, n in zip(hits, count, strict=True)
        )
        low = p - q - float(np.hypot(p - p_low, q_high - q))
        high = p - q + float(np.hypot(p_high - p, q - q_low))
        found.append(Difference(j, float(p), float(q), float(p - q), float(low), float(high)))
    return sorted(found, key=lambda f: (-_sure(f), f.feature))


def _sure(f: Difference) -> float:
    """How far the interval stays from 0; not above 0 when it holds it."""
    return max(f.low, -f.high)


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    p, spread = hits / n, Z95**2 / n
    middle = (p + spread / 2) / (1 + spread)
    half = Z95 * np.sqrt(p * (1 - p) / n + spread / (4 * n)) / (1 + spread)
    return float(middle - half), float(middle + half)


def npmi(active: np.ndarray) -> np.ndarray:
    """How far two features come together, (m, m): ln(p_ij / (p_i p_j)) / -ln p_ij, from -1 (never)
    through 0 (by chance) to 1 (always); 0 for a feature that none, or each, has."""
    a = active.astype(np.float64)
    n = len(a)
    p, both = a.mean(axis=0), a.T @ a / n
    expected = np.outer(p, p)
    some = (both > 0) & (both < 1)
    value = np.where(both > 0, 0.0, -1.0)
    value[some] = np.log(both[some] / expected[some]) / -np.log(both[some])
    plain = (p == 0) | (p == 1)
    value[plain, :] = value[:, plain] = 0.0
    return value
