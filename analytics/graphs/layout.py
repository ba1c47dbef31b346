"""A node-link layout: linked nodes pull each other, all nodes push each other away."""

import numba
import numpy as np

from analytics.graphs.matrix import pairs_of
from analytics.graphs.spectrum import coordinates
from analytics.progress import Progress, silent

ROUNDS = 200
_AT_ONCE = 10
_MIDDLE = 0.6  # puts a lone node at about 1.3 sqrt(n)


def forces(graph, seed: int = 0, rounds: int = ROUNDS, progress: Progress = silent) -> np.ndarray:
    """Positions of the nodes, float64 (n, 2), where linked nodes want the distance 1.

    Forces of Fruchterman & Reingold 1991 (doi:10.1002/spe.4380211102): push 1 / d between all
    pairs, pull w d^2 along links (w the weight over the mean weight), and a weak pull to the middle
    that keeps separate parts together. Steps shrink evenly to zero. The start is the spectral
    coordinates, slightly shaken by the seed, so the layout hardly depends on it.
    """
    n = graph.shape[0]
    edges, weights = pairs_of(graph)
    rng = np.random.default_rng(seed)
    xy = coordinates(graph, 2) if n > 2 else np.zeros((n, 2))
    spread = np.sqrt(n)
    size = float(np.abs(xy).max(initial=0.0))
    # Roots pull in what the spectrum puts far out, and spread what it puts on one spot.
    xy = np.sign(xy) * np.sqrt(np.abs(xy) / size) * spread if size > 0 else xy
    xy = xy + rng.normal(0, 0.05 * spread, (n, 2))
    pull = weights / weights.mean() if len(weights) else weights
    for start in range(0, rounds, _AT_ONCE):
        progress(start / rounds, f"Placing {n:,} nodes, round {start} of {rounds}")
        for i in range(start, min(rounds, start + _AT_ONCE)):
            step = 0.15 * spread * (1 - i / rounds)
            xy = _moved(xy, edges, pull.astype(np.float64), step)
    progress(1.0, "Nodes placed")
    return xy - xy.mean(axis=0)


@numba.njit(cache=True)
def _moved(xy, edges, pull, step):
    """Positions after one round in which no node moves further than ``step``."""
    n = len(xy)
    move = np.zeros((n, 2))
    for i in range(n):
        for j in range(i):
            dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
            push = 1.0 / max(dx * dx + dy * dy, 1e-4)
            move[i, 0] += dx * push
            move[i, 1] += dy * push
            move[j, 0] -= dx * push
            move[j, 1] -= dy * push
    for e in range(len(edges)):
        i, j = edges[e, 0], edges[e, 1]
        dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
        force = pull[e] * np.sqrt(dx * dx + dy * dy)
        move[i, 0] -= dx * force
        move[i, 1] -= dy * force
        move[j, 0] += dx * force
        move[j, 1] += dy * force
    out = np.empty_like(xy)
    for i in range(n):
        mx = move[i, 0] - _MIDDLE * xy[i, 0]
        my = move[i, 1] - _MIDDLE * xy[i, 1]
        length = np.sqrt(mx * mx + my * my)
        scale = min(length, step) / length if length > 1e-12 else 0.0
        out[i, 0] = xy[i, 0] + mx * scale
        out[i, 1] = xy[i, 1] + my * scale
    return out
