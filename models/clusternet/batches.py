"""Batches for training: plots of one size, turned and mirrored, with what people said of them."""

from collections.abc import Iterator

import numpy as np
import torch

from models.clusternet import links

SIZES = (64, 128, 256, 512, 1024, 2048)
_SIZE_WEIGHT = (0.1, 0.2, 0.7, 1.0, 1.2, 0.5)
ANCHORS = 96  # rows of the share matrix that one step looks at


def batch_of(
    shard: dict[str, np.ndarray], chosen: np.ndarray, n: int, rng: np.random.Generator, turn: bool
) -> dict[str, torch.Tensor | list]:
    """n random points of each chosen plot, and its targets; see :func:`targets`."""
    points, labels = [], []
    for i in chosen:
        kept = rng.permutation(shard["sizes"][i])[:n]
        p = shard["points"][i, kept].astype(float)
        points.append(_moved(p, rng) if turn else p)
        labels.append(shard["labels"][i][:, kept])
    return targets(np.array(points), np.array(labels), rng)


def _moved(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points * [1, rng.choice([-1, 1])]) @ turn.T


def targets(points: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> dict:
    """Tensors of a batch.

    points (b, n, 2); labels (b, people, n). anchors (b, a) rows, shares (b, a, n) of people who
    put an anchor and a point into one group; agreement (b, n) mean over the anchors of how far
    people agree, 0 (half and half) to 1; left_out (b, n); edges: a list of (m, 2), geometry and
    link_shares: lists of (m, 4) and (m,); labels.
    """
    b, n, _ = points.shape
    anchors = np.array([rng.permutation(n)[: min(ANCHORS, n)] for _ in range(b)])
    rows = np.take_along_axis(labels, anchors[:, None, :], axis=2)
    same = (rows[..., :, None] == labels[..., None, :]) & (rows[..., :, None] >= 0)
    shares = same.mean(axis=1, dtype=np.float32)
    agreement = np.abs(2 * shares - 1).mean(axis=1)
    pairs = [links.edges(p) for p in points]
    told = []
    for e, each in zip(pairs, labels, strict=True):
        a, c = each[:, e[:, 0]], each[:, e[:, 1]]
        told.append(((a == c) & (a >= 0)).mean(axis=0, dtype=np.float32))
    return {
        "points": torch.from_numpy(points.astype(np.float32)),
        "anchors": torch.from_numpy(anchors),
        "shares": torch.from_numpy(shares),
        "agreement": torch.from_numpy(agreement),
        "left_out": torch.from_numpy((labels < 0).mean(axis=1, dtype=np.float32)),
        "edges": pairs,
        "geometry": [links.geometry(p, e) for p, e in zip(points, pairs, strict=True)],
        "link_shares": told,
        "labels": labels,
    }


def padded(rows: list[np.ndarray]) -> torch.Tensor:
    """Tables (m, c) of a batch as one tensor (b, longest m, c), their last rows repeated."""
    most = max(len(r) for r in rows)
    return torch.from_numpy(
        np.stack([np.vstack([r, np.repeat(r[-1:], most - len(r), axis=0)]) for r in rows])
    )


def stream(shards: list[dict], size: int, rng: np.random.Generator) -> Iterator[dict]:
    """Training batches without end: a size, then plots large enough for it."""
    weights = np.array(_SIZE_WEIGHT) / sum(_SIZE_WEIGHT)
    while True:
        n = int(rng.choice(SIZES, p=weights))
        shard = shards[int(rng.integers(len(shards)))]
        able = np.flatnonzero(shard["sizes"] >= n)
        if len(able):
            count = max(2, round(size * min(1.0, 512 / n)))
            yield batch_of(shard, rng.permutation(able)[:count], n, rng, turn=True)
