"""PBN: an autoencoder that also learns the known classes; its code is where new ones are sought.

Projection-based NCD of Troisemaine et al. 2024, doi:10.1007/s10618-024-01025-y. Written from the
paper's description.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analytics.clustering.nets import seeded
from analytics.progress import Progress, part, silent

BATCH = 512


@dataclass(frozen=True)
class Settings:
    """weight : of the classifier, 0 to 1, against the reconstruction. latent : width of the code.
    rate : learning rate. dropout : share of units left out. epochs : rounds over all rows."""

    latent: int
    weight: float = 0.064
    rate: float = 8.8e-4
    dropout: float = 0.086
    epochs: int = 200


def encode(
    X: np.ndarray,
    codes: np.ndarray,
    settings: Settings,
    seed: int,
    progress: Progress = silent,
    others: tuple[np.ndarray, ...] = (),
) -> list[np.ndarray]:
    """The codes float64 (n, latent) of X, and of other rows by the same network.

    X (n, d) : standardised rows, known and unknown, n >= 2. codes (n,) : class 0 .. c - 1 of the
    known ones, negative for the unknown. Loss: weight * cross-entropy of the known rows + (1 -
    weight) * squared error of all rows, a sum over columns and a mean over rows. AdamW.
    """
    import torch
    from torch.nn import functional

    with seeded(seed):
        encoder, decoder, classifier = _network(X.shape[1], int(codes.max()) + 1, settings)
        network = torch.nn.ModuleList([encoder, decoder, classifier])
        optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate)
        parts_of_rows = torch.randperm(len(X)).split(BATCH)  # shuffled once, as in the program
        rows, classes = torch.from_numpy(X.astype(np.float32)), torch.from_numpy(codes)
        for epoch in range(settings.epochs):
            progress(epoch / settings.epochs, f"PBN, round {epoch + 1} of {settings.epochs}")
            for batch in parts_of_rows:
                if len(batch) < 2:  # a batch norm of one row is not defined
                    continue
                shown, known = rows[batch], classes[batch] >= 0
                code = functional.normalize(encoder(shown), dim=1)
                error = (decoder(code) - shown).square().sum() / len(batch)
                loss = (1 - settings.weight) * error
                if known.any():
                    said = classifier(code[known])
                    loss = loss + settings.weight * functional.cross_entropy(
                        said, classes[batch][known]
                    )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        encoder.eval()
        with torch.inference_mode():
            return [
                encoder(torch.from_numpy(R.astype(np.float32))).numpy().astype(np.float64)
                for R in (X, *others)
            ]


def codes_of_several(
    X: np.ndarray,
    codes: np.ndarray,
    settings: Settings,
    networks: int,
    seed: int,
    progress: Progress = silent,
    others: tuple[np.ndarray, ...] = (),
) -> list[np.ndarray]:
    """Codes of length 1 of several networks side by side, (n, networks * latent), see encode."""
    sides = []
    for i in range(networks):
        said = part(progress, i / networks, (i + 1) / networks)
        made = encode(X, codes, settings, seed + i, said, others)
        sides.append(
            [Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12) for Z in made]
        )
    return [np.hstack(Z) for Z in zip(*sides, strict=True)]


def _network(d: int, classes: int, settings: Settings):
    """Encoder d - 3d/4 - d/2 - latent with ReLU, batch norm and dropout between, its mirror, and a
    linear classifier."""
    from torch import nn

    widths = [d, max(2, 3 * d // 4), max(2, d // 2), settings.latent]

    def between(width):
        return [nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout(settings.dropout)]

    def chain(sizes):
        layers = []
        for here, there in pairwise(sizes):
            layers += [nn.Linear(here, there), *between(there)]
        return nn.Sequential(*layers[:-3])

    return chain(widths), chain(widths[::-1]), nn.Linear(settings.latent, classes)
