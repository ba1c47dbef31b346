"""k-mer profiles: species told apart by pieces of DNA of several lengths, and by shared words."""

import time

import numpy as np
import pandas as pd

from analytics.data import kmers, texts
from analytics.progress import silent
from bench.rows._common import Measured, ari, run, spread

METHODS = ()
CLAIM = (
    "learned vectors double the ARI of species over other ways (DNABERT-S, Zhou et al. 2024, "
    "abstract); k-mer profiles are the plain way that needs no weights"
)
SEEDS = range(3)


def measure():
    for length in (300, 1_000, 3_000):
        draws = [species(150, length, s, count=5) for s in SEEDS]
        plain = {"words": mean(draws, lambda v, s: texts.by_words("s", v, s, silent, [])[1])[0]}
        for k in (2, 3, 4, 6):
            started = time.perf_counter()
            value, runs = mean(draws, lambda v, s, k=k: kmers.by_kmers("s", v, k, silent, [])[1])
            seconds = (time.perf_counter() - started) / len(draws)
            what = f"k-means, pieces of {k}"
            where = f"5 made-up species, {length:,} bases"
            yield Measured(what, where, "ARI", value, plain, None, spread(runs), seconds)


def mean(draws, made) -> tuple[float, list[float]]:
    """ARI of k-means with the true number in the columns that ``made(texts, seed)`` gives."""
    found = []
    for seed, (sequences, y) in enumerate(draws):
        X = made(pd.Series(sequences), seed)
        found.append(ari(y, run("kmeans", X, seed, n_clusters=y.max() + 1)[0].labels))
    return float(np.mean(found)), found


def species(n: int, length: int, seed: int, count: int = 3) -> tuple[list[str], np.ndarray]:
    """DNA of made-up species: Markov chains in which two bases weigh the next, each its own."""
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.full(4, 20.0), size=(count, 16)).cumsum(axis=2)
    y = np.arange(n) % count
    made = np.zeros((n, length), int)
    made[:, :2] = rng.integers(4, size=(n, 2))
    for i in range(2, length):
        rows = chance[y, 4 * made[:, i - 2] + made[:, i - 1]]
        made[:, i] = np.minimum((rng.random((n, 1)) > rows).sum(axis=1), 3)
    return ["".join(row) for row in np.array(list("ACGT"))[made]], y
