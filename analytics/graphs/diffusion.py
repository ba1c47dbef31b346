"""The group round one node, found by letting mass flow from it along the links."""

from typing import Any

import numba
import numpy as np

MOST_PUSHES = 200  # per node, on average
_AT_ONCE = 200_000


def weighted(graph: Any, inside: np.ndarray | None, epsilon: float) -> Any:
    """The links, weakened to ``epsilon`` where the labels of their ends differ.

    inside : (n,) 1 for rows labelled like the node in the middle, 0 for others, NaN where nothing
    is known (such links keep their weight); or None.
    """
    if inside is None:
        return graph
    found = graph.tocoo()
    one, other = inside[found.row], inside[found.col]
    differ = np.isfinite(one) & np.isfinite(other) & (one != other)
    found.data = np.where(differ, epsilon * found.data, found.data)
    return found.tocsr()


def flow(
    graph: Any, held: np.ndarray, seed: int, volume: float, order: int, progress
) -> np.ndarray:
    """Node potentials x (n,) of flow diffusion (Fountoulakis, Wang & Yang 2020, arXiv:2004.08935,
    algorithm 1) with all the mass at ``seed``.

    held : (n,) the mass that each node can hold, its degree. volume : the mass to start with.
    order : seed of the order in which nodes are worked off. progress : called between rounds. Mass
    that cannot be held (more than the part of the graph can) stays where it is after a limit of
    steps.
    """
    degree = np.asarray(graph.sum(axis=1)).ravel()
    n = graph.shape[0]
    mass, x = np.zeros(n), np.zeros(n)
    mass[seed] = volume
    rng = np.random.default_rng(order)
    left = MOST_PUSHES * n
    while left > 0:
        progress(1 - left / (MOST_PUSHES * n), "Letting mass flow along the links")
        at_once = min(_AT_ONCE, left)
        done = _push(graph.indptr, graph.indices, graph.data, degree, held, mass, x,
                     rng.permutation(n), at_once)  # fmt: skip
        left -= at_once
        if done:
            break
    return x


@numba.njit(cache=True)
def _push(indptr, indices, data, degree, held, mass, x, order, pushes):
    """Push mass over capacity to neighbours, at most ``pushes`` times; whether nothing is left."""
    while True:
        busy = False
        for i in order:
            over = mass[i] - held[i]
            if degree[i] <= 0 or over <= 1e-3 * held[i]:
                continue
            busy = True
            step = over / degree[i]
            x[i] += step
            mass[i] = held[i]
            for e in range(indptr[i], indptr[i + 1]):
                mass[indices[e]] += data[e] * step
            pushes -= 1
            if pushes <= 0:
                return False
        if not busy:
            return True


def sweep(graph: Any, x: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """The rows with the largest potential, as many as give the smallest conductance, and that.

    Conductance is the weight of links that leave over the smaller of the two volumes.
    """
    reached = np.flatnonzero(x > 0)
    if not len(reached):
        return np.array([seed]), 1.0
    order = reached[np.argsort(-x[reached], kind="stable")]
    degree = np.asarray(graph.sum(axis=1)).ravel()
    total, cuts, volumes = degree.sum(), *_swept(graph.indptr, graph.indices, graph.data, order,
                                                 degree)  # fmt: skip
    below = np.minimum(volumes, total - volumes)
    conductance = np.divide(cuts, below, out=np.ones(len(cuts)), where=below > 0)
    best = int(np.argmin(conductance))
    return order[: best + 1], float(conductance[best])


@numba.njit(cache=True)
def _swept(indptr, indices, data, order, degree):
    """Weight of the links that leave, and volume, of the first 1, 2, ... rows of ``order``."""
    inside = np.zeros(len(degree), np.bool_)
    cuts, volumes = np.zeros(len(order)), np.zeros(len(order))
    cut = volume = 0.0
    for t in range(len(order)):
        i = order[t]
        volume += degree[i]
        cut += degree[i]
        for e in range(indptr[i], indptr[i + 1]):
            if inside[indices[e]]:
                cut -= 2 * data[e]
        inside[i] = True
        cuts[t], volumes[t] = cut, volume
    return cuts, volumes
