"""k-medoids: loss and time of the swaps, against PAM as in the textbook and the reference package.

The package ``kmedoids`` (GPL) is no part of this project. To compare with it, install it in an
environment of its own and name its Python in the variable KMEDOIDS_PYTHON.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numba
import numpy as np

from analytics.clustering import pam
from analytics.clustering.distances import dissimilarities
from bench.rows._common import Measured, digits

METHODS = ("fasterpam", "fastclara", "fastclarans")
CLAIM = (
    "FasterPAM swaps O(k) times faster than PAM at the same loss; 458x at k = 100, 1191x at "
    "k = 200 (Schubert & Rousseeuw 2021)"
)
STARTS = 4  # the default of the method
SWAPS = 20  # of plain PAM, which takes about a second for each at k = 100
_REFERENCE = """
import json, sys, time, numpy as np, kmedoids
D, out = np.load(sys.argv[1]), []
for seed in range(8):
    began = time.perf_counter()
    found = kmedoids.fasterpam(D, int(sys.argv[2]), random_state=seed, n_cpu=1)
    out.append([float(found.loss), time.perf_counter() - began])
print(json.dumps(out))
"""
_MEMORY = """
import resource, time, numpy as np
from analytics import registry
from analytics.clustering.fit import fit
from analytics.results import Dataset
X = np.random.default_rng(0).normal(size=(10_000, 20)).astype(np.float32)
row = registry.get("clustering", "fasterpam")
fit(row, X[:200].astype(float), row.check({"n_clusters": 5}), 0, Dataset(X=X[:200]))
began = time.perf_counter()
fit(row, X.astype(float), row.check({"n_clusters": 50}), 0, Dataset(X=X))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def measure():
    D = dissimilarities(*[digits()[0]] * 2, "euclidean")
    for k in (10, 100, 200):
        yield from swaps(D, k)
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True
    )
    seconds, memory = map(float, done.stdout.split())
    big = "10,000 x 20, k = 50, distances included"
    yield Measured("FasterPAM", big, "seconds", seconds, bar=15, less=True, seconds=seconds)
    yield Measured("FasterPAM", big, "GB at most", memory, bar=1, less=True)


def swaps(D: np.ndarray, k: int):
    """Loss and time at one k."""
    eager(D[:60, :60].copy(), 3, 0), plain_pam(D[:60, :60].copy(), np.arange(3), 1)
    runs = [eager(D, k, seed) for seed in range(8)]
    seconds = float(np.median([s for _, s in runs]))
    best = min(loss for loss, _ in runs[:STARTS])
    built = pam.build(D, k)
    pam.fastpam1(D, built, 10_000)
    pam_loss = sum_of(D, built)
    what = f"FasterPAM, best of {STARTS} starts, k = {k}"
    plain = {"PAM (BUILD and best swaps)": pam_loss}
    median = float(np.median([loss for loss, _ in runs]))
    yield Measured(
        what, "digits", "loss", best, plain, pam_loss, f"median start {median:.6g}", less=True
    )
    start = np.random.default_rng(0).choice(len(D), k, replace=False)
    began = perf_counter()
    made = plain_pam(D, start, SWAPS)
    slow = perf_counter() - began
    yield Measured(
        f"times faster than plain PAM ({made} swaps), k = {k}",
        "digits", "ratio", slow / seconds, bar=200 if k == 100 else None,
        spread=f"{slow:.3g} s against {seconds:.3g} s for one start to its end", seconds=seconds,
    )  # fmt: skip
    theirs = reference(D, k)
    if theirs:
        loss, other = np.median(theirs, axis=0)
        yield Measured(
            f"seconds over those of the Rust package, k = {k}", "digits", "ratio", seconds / other,
            bar=1.3, spread=f"{other:.3g} s; loss {median / loss:.4f} of theirs", less=True,
        )  # fmt: skip


def sum_of(D: np.ndarray, medoids) -> float:
    """The loss: sum of distances to the nearest medoid."""
    return float(D[medoids].min(axis=0).sum(dtype=np.float64))


def eager(D: np.ndarray, k: int, seed: int) -> tuple[float, float]:
    """Loss and seconds of FasterPAM's swaps alone, from one random start."""
    rng = np.random.default_rng(seed)
    medoids, order = rng.choice(len(D), k, replace=False), rng.permutation(len(D))
    began = perf_counter()
    pam.fasterpam(D, medoids, order, 10_000)
    return sum_of(D, medoids), perf_counter() - began


@numba.njit
def plain_pam(D, medoids, most):
    """The textbook swap phase, compiled too: each pair of medoid and candidate costs one pass over
    the rows with their two nearest medoids. Returns the swaps made; stops after ``most``."""
    n, k = len(D), len(medoids)
    for swap in range(most):
        near, dn, _, ds = pam.assign(D, medoids, True)
        best, who, where = 0.0, -1, -1
        for j in range(n):
            if np.any(medoids == j):
                continue
            for slot in range(k):
                change = 0.0
                for o in range(n):
                    rest = ds[o] if near[o] == slot else dn[o]
                    change += min(D[j, o], rest) - dn[o]
                if change < best:
                    best, who, where = change, j, slot
        if who < 0:
            return swap
        medoids[where] = who
    return most


def reference(D: np.ndarray, k: int) -> list[list[float]]:
    """[loss, seconds] of eight runs of the reference package; empty when it is not named."""
    python = os.environ.get("KMEDOIDS_PYTHON")
    if not python:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "distances.npy"
        np.save(path, D)
        done = subprocess.run(
            [python, "-c", _REFERENCE, str(path), str(k)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return json.loads(done.stdout)
