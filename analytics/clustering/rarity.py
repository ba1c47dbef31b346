"""How rare each row is among the groups: weights for training on what is seldom."""

import numpy as np

from analytics.results import NOISE

RARITY = "groups:rarity"  # the name of the point layer
ETA, GAMMA = 1.0, 5.0  # the values of the published code


def weights(labels: np.ndarray, eta: float = ETA, gamma: float = GAMMA) -> np.ndarray:
    """Weight of each row (n,), eta / (eta + 1) for the commonest to 1 for the rarest.

    (eta + (1 - p)^gamma) / (eta + 1) with p the share of rows in the row's group (Shrivastava,
    Zhang, Nagesh & Parchami 2023, DatasetEquity). Each noise row counts as a group of its own.
    """
    labels = np.asarray(labels)
    inside = labels != NOISE
    share = np.full(len(labels), 1 / max(1, len(labels)))
    if inside.any():
        share[inside] = np.bincount(labels[inside])[labels[inside]] / len(labels)
    return (eta + (1 - share) ** gamma) / (eta + 1)
