"""Attributed graphs by spectral vectors: links and columns together against either alone."""

import numpy as np

from bench.rows._common import Measured, acc, graph, run, smoothed, spread

METHODS = ("augmented",)
CLAIM = (
    "attributes help when the structure is ambiguous, far better than the former augmentation "
    "(D'Ambra, Vassilevski & Cutillo 2021, abstract; no number on these sets)"
)
SEEDS = 5


def measure():
    for name, bar in (("cora", 0.66), ("citeseer", None)):
        X, y, edges = graph(name)
        known = y >= 0
        k = len(np.unique(y[known]))

        def score(labels, known=known, y=y):
            return acc(y[known], labels[known])

        def found(beta, seed, X=X, edges=edges, k=k):
            return run("augmented", X, seed, edges=edges, n_clusters=k, beta=beta)

        plain = {
            "links alone": np.mean([score(found(0.0, s)[0].labels) for s in range(SEEDS)]),
            "smoothed columns": np.mean([score(smoothed(X, edges, k, s)) for s in range(SEEDS)]),
            "kmeans on columns": np.mean(
                [score(run("kmeans", X, s, n_clusters=k)[0].labels) for s in range(SEEDS)]
            ),
        }
        for beta in (0.1, 0.3, 0.5, 1.0):
            made = [found(beta, s) for s in range(SEEDS)]
            scores = [score(groups.labels) for groups, _ in made]
            yield Measured(
                f"Augmented graph, beta {beta:g}", name, "ACC", float(np.mean(scores)), plain,
                bar if beta == 0.3 else None, spread(scores), made[0][1],
            )  # fmt: skip
