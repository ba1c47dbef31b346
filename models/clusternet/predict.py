"""Predicted shares of a set of points: the network on several views of it.

Turning and mirroring a plot hardly changes what people group, so the links are averaged over such
views before groups are made of them; how far the views differ is how unsure the network is.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

MOST_AT_ONCE = 2048


class Look(NamedTuple):
    """shares (m, m) float32 of the points; left_out (m,), share of people who leave a point in no
    group; spread, mean standard deviation of a link share over the views."""

    shares: np.ndarray
    left_out: np.ndarray
    spread: float


@lru_cache(maxsize=2)
def network(path: str = ""):
    """The network with its weights, checked, ready to predict. Raises RuntimeError when damaged."""
    from pathlib import Path

    from models.clusternet.network import ClusterNet
    from models.clusternet.weights import SHIPPED, load_weights

    net = ClusterNet()
    net.load_state_dict(load_weights(Path(path) if path else SHIPPED))
    return net.eval()


def turned(points: np.ndarray, views: int) -> np.ndarray:
    """The points (m, 2) in ``views`` positions: turned evenly about the circle, every second one
    mirrored as well. (views, m, 2)."""
    angle = 2 * np.pi * np.arange(views) / views + 0.1
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1)
    mirror = np.where(np.arange(views) % 2, -1.0, 1.0)
    placed = points[None] * np.stack([mirror, np.ones(views)], axis=1)[:, None]
    return placed @ turn.reshape(views, 2, 2).transpose(0, 2, 1)


def link_shares(points: np.ndarray, views: int, path: str = ""):
    """Links of points and their predicted shares: edges (m, 2), shares (views, m), left_out (n,).

    points : at most MOST_AT_ONCE.
    """
    import torch

    from models.clusternet import links
    from models.clusternet.network import normalised

    net = network(path)
    points = np.asarray(points, float)
    edges = links.edges(points)
    pairs = torch.from_numpy(edges)[None]
    geometry = torch.from_numpy(links.geometry(points, edges))[None]
    shares, left_out = [], []
    with torch.inference_mode():
        for placed in turned(points, views):
            shown = normalised(torch.from_numpy(placed.astype(np.float32))[None])
            out = net(shown, pairs, geometry)
            shares.append(torch.sigmoid(out["links"][0]).numpy())
            left_out.append(torch.sigmoid(out["left_out"][0]).numpy())
    return edges, np.array(shares), np.mean(left_out, axis=0)


def predict(points: np.ndarray, views: int = 3, path: str = "") -> Look:
    """Predicted shares of at most MOST_AT_ONCE points (m, 2)."""
    from models.clusternet import links

    edges, each, left_out = link_shares(points, views, path)
    sure = np.clip(each.astype(float), 1e-6, 1 - 1e-6)
    mean = 1 / (1 + np.exp(-np.log(sure / (1 - sure)).mean(axis=0)))
    shares = links.boundary_shares(edges, mean, len(points))
    return Look(shares, left_out, float(each.std(axis=0).mean()))
