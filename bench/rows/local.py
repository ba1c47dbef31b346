"""The group of one node under labels that are partly wrong, on co-author and co-purchase graphs."""

import numpy as np

from bench.rows._common import Measured, graph, run

METHODS = ("local",)
CLAIM = "noisy labels raise F1 by up to 13 % (Back de Luca, Fountoulakis & Yang 2024, abstract)"
NODES = 4


def measure():
    for name in ("amazon_photo", "coauthor_cs"):
        X, y, edges = graph(name)
        degree = np.bincount(edges.ravel(), minlength=len(y))
        rng = np.random.default_rng(0)
        classes = np.unique(y[y >= 0])[:8]
        nodes = {c: rng.choice(np.flatnonzero((y == c) & (degree > 0)), NODES, replace=False)
                 for c in classes}  # fmt: skip
        alone = found(X, y, edges, degree, nodes, None)
        yield Measured("Without labels", name, "F1", alone[0], seconds=alone[1])
        for share in (0.7, 0.8, 0.9):
            noisy = {c: np.where(rng.random(len(y)) < share, y == c, y != c) for c in classes}
            ours = found(X, y, edges, degree, nodes, noisy)
            plain = {
                "labels alone": float(np.mean([f1(noisy[c], y == c) for c in classes])),
                "without labels": alone[0],
            }
            yield Measured(
                f"{share:.0%} of labels right", name, "F1", ours[0], plain,
                spread=f"{len(classes)} classes x {NODES} nodes", seconds=ours[1],
            )  # fmt: skip


def found(X, y, edges, degree, nodes, noisy) -> tuple[float, float]:
    """Mean F1 and seconds over classes and nodes, with the true volume as size."""
    scores, seconds = [], []
    for c, round_ in nodes.items():
        size = float(degree[y == c].sum() / degree.sum())
        for node in round_:
            given = None if noisy is None else noisy[c].astype(int)
            if given is not None:
                given[node] = 1
            groups, took = run("local", X, 0, labels=given, edges=edges, node=int(node), size=size)
            scores.append(f1(groups.labels == 0, y == c))
            seconds.append(took)
    return float(np.mean(scores)), float(np.mean(seconds))


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    """F1 of two sets of rows, bool (n,)."""
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))
