"""Communities bottom-up against top-down halving, on trees of communities whose truth is known."""

import numpy as np

from analytics.graphs.links import among, tidy
from analytics.graphs.matrix import largest_vectors, normalised, of_links, parts
from bench.rows._common import Measured, ari, graph, run, spread

METHODS = ("communities",)
CLAIM = (
    "bottom-up recovers the middle levels of a hierarchy where top-down fails (Dreveton, Kuroda, "
    "Grossglauser & Thiran 2023)"
)
SEEDS = 5
# Expected links of a node to its own bottom community, and to what it meets at each level above.
SETTINGS = {
    "clear": (14.0, 5.0, 2.0, 1.0),
    "near the threshold": (7.0, 3.0, 2.0, 1.5),
    "flat": (9.0, 1.2, 1.1, 1.0),
}


def measure():
    for name, strengths in SETTINGS.items():
        for sizes in ((100,) * 8, (40, 60, 100, 140, 60, 180, 80, 140)):
            what = name if len(set(sizes)) == 1 else f"{name}, uneven"
            yield from one(what, strengths, sizes)
    y, edges = largest_part(*graph("cora")[1:])
    X = np.arange(len(y))[:, None]
    found = [run("communities", X, s, edges=edges, n_clusters=7) for s in range(SEEDS)]
    scores = [ari(y, groups.labels) for groups, _ in found]
    rival = ari(y, halved(edges, len(X), 7))
    yield Measured(
        "Bottom-up, 7 groups", "cora, largest part", "ARI", float(np.mean(scores)),
        {"top-down": rival}, spread=spread(scores), seconds=found[0][1],
    )  # fmt: skip


def largest_part(y, edges) -> tuple[np.ndarray, np.ndarray]:
    """Labels and links of the largest connected part: separate parts are merged last, so that few
    groups of a graph of many parts are these."""
    _, label = parts(of_links(edges, None, len(y)))
    rows = np.flatnonzero(label == np.bincount(label).argmax())
    return y[rows], among(edges, None, rows, len(y))[0]


def one(what: str, strengths, sizes):
    """Agreement at each of the three levels."""
    drawn = [tree(sizes, strengths, seed) for seed in range(SEEDS)]
    for level in (1, 2, 3):
        ours, rivals = [], []
        for seed, (edges, bottom) in enumerate(drawn):
            truth, n = bottom >> (3 - level), len(bottom)
            made, _ = run("communities", np.arange(n)[:, None], seed, edges=edges,
                          n_clusters=2**level)  # fmt: skip
            ours.append(ari(truth, made.labels))
            rivals.append(ari(truth, halved(edges, n, 2**level)))
        yield Measured(
            f"Bottom-up, {2**level} groups", f"binary tree, {what}", "ARI",
            float(np.mean(ours)), {"top-down": float(np.mean(rivals))}, spread=spread(ours),
        )  # fmt: skip


def tree(sizes, strengths, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Links (m, 2) of a graph whose eight communities are the leaves of a binary tree, and the
    community of each node."""
    rng = np.random.default_rng(seed)
    bottom = np.repeat(np.arange(8), sizes)
    meets = np.zeros((8, 8), int)
    for step in (1, 2, 3):
        meets += (np.arange(8)[:, None] >> (step - 1)) != (np.arange(8) >> (step - 1))
    per = np.array(strengths) / (np.mean(sizes) * np.array([1, 1, 2, 4]))
    drawn = np.triu(rng.random((len(bottom),) * 2) < per[meets][bottom][:, bottom], 1)
    return tidy(np.argwhere(drawn), None, len(bottom)).edges, bottom


def halved(edges: np.ndarray, n: int, k: int) -> np.ndarray:
    """The top-down rival: the largest group is halved by the sign of the second spectral vector of
    its normalised links, until there are k."""
    whole, labels = of_links(edges, None, n), np.zeros(n, int)
    for new in range(1, k):
        rows = np.flatnonzero(labels == np.bincount(labels).argmax())
        part = normalised(whole[rows][:, rows])
        _, vectors = largest_vectors(part, 2)
        labels[rows[vectors[:, 1] > 0]] = new
    return labels
