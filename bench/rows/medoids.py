"""k-medoids: loss and time of the swaps, against plain PAM."""

from time import perf_counter

import numpy as np

from analytics.clustering import pam
from analytics.clustering.methods.medoids import dissimilarities
from bench.rows._common import Measured, digits

METHODS = ("fasterpam", "fastclara", "fastclarans")
CLAIM = (
    "FasterPAM swaps O(k) times faster than PAM at the same loss; 458x at k = 100, 1191x at "
    "k = 200 (Schubert & Rousseeuw 2021)"
)


def measure():
    X, _ = digits()
    D = dissimilarities(X, X, "euclidean")
    swapped(D[:50, :50].copy(), 3, "fasterpam"), swapped(D[:50, :50].copy(), 3, "fastpam1")
    for k in (10, 100):
        loss, seconds = swapped(D, k, "fasterpam")
        pam_loss, _ = swapped(D, k, "fastpam1")
        yield Measured(
            f"FasterPAM, k = {k}", "digits", "loss", loss,
            {"fastpam1": pam_loss}, less=True, seconds=seconds,
        )  # fmt: skip


def swapped(D: np.ndarray, k: int, algorithm: str) -> tuple[float, float]:
    """Loss and seconds of the swaps alone, from one random start."""
    rng = np.random.default_rng(0)
    medoids, order = rng.choice(len(D), k, replace=False), rng.permutation(len(D))
    began = perf_counter()
    if algorithm == "fasterpam":
        pam.fasterpam(D, medoids, order, 10_000)
    else:
        pam.fastpam1(D, medoids, 10_000)
    seconds = perf_counter() - began
    return float(D[medoids].min(axis=0).sum(dtype=np.float64)), seconds
