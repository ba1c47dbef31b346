"""Small networks for the clustering methods that learn: one thread, seeded, on the processor.

Nothing here draws from or changes the global random state, so the same input and seed give the same
bytes, whatever ran before. All functions are to be called inside :func:`seeded`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from analytics.progress import Progress

BATCH = 256


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch on one thread with its own random numbers, the former state put back afterwards."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def scaled(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """X (n, d) float64 as float32 round zero with unit variance over all values, and (mean, scale).

    One scale for all columns, so that distances keep their proportions: how columns weigh against
    each other was decided when the data was prepared.
    """
    # Halving first keeps the widest float32 values finite.
    mean = (X / 2).mean(axis=0) * 2
    centred = X - mean
    largest = float(np.abs(centred).max()) or 1.0
    scale = largest * (float(np.sqrt(np.mean((centred / largest) ** 2))) or 1.0)
    return (centred / scale).astype(np.float32), mean, scale


def unscaled(Z, mean: np.ndarray, scale: float) -> np.ndarray:
    """What :func:`scaled` was made from: float64, of a tensor (m, d)."""
    return Z.double().numpy() * scale + mean


def dense(sizes: Sequence[int], last=None):
    """Linear layers with ReLU between them: a torch module. ``last``: a module to end with."""
    from torch import nn

    layers: list[nn.Module] = []
    for width, narrower in pairwise(sizes):
        layers += [nn.Linear(width, narrower), nn.ReLU()]
    return nn.Sequential(*layers[:-1], *([last] if last is not None else []))


def batches(n: int, size: int):
    """One epoch's rows in random order, in batches of nearly equal size: tensors of indices."""
    import torch

    return torch.randperm(n).chunk(max(1, round(n / size)))


def train(
    parameters,
    loss,
    n: int,
    epochs: int,
    progress: Progress,
    words: str,
    rate: float = 1e-3,
    size: int | None = None,
):
    """Adam on ``loss(rows) -> scalar tensor`` over shuffled batches of rows 0 .. n - 1.

    size : rows in a batch; None: 256, fewer in small tables, which would get too few steps.
    """
    import torch

    size = size or min(BATCH, max(16, n // 7))
    optimiser = torch.optim.Adam(list(parameters), lr=rate)
    for epoch in range(epochs):
        progress(epoch / epochs, f"{words}, round {epoch + 1:,} of {epochs:,}")
        for rows in batches(n, size):
            optimiser.zero_grad()
            loss(rows).backward()
            optimiser.step()
