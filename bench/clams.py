"""How fast, how exact and how sure the CLAMS score is: ``python -m bench.clams [--quick]``.

* seconds and extra memory by number of points, and the growth from one size to the next;
* against the textbook pipeline in the same run: scikit-learn mixtures of every size fitted to the
  points, the knee of their BIC, the pairs of the one chosen;
* the score from a histogram against that from the points themselves;
* how often the 90 % interval of a sample holds the score of a very large one.
"""

import json
import sys
import time

import numpy as np
import psutil

from analytics.perception import cells, limits
from analytics.perception.clams import clams
from analytics.perception.groups import knee
from analytics.perception.mixture import Gaussians
from analytics.perception.separability import score
from models.clams import reference
from models.evaluation import folder

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
DRAWS = 200
LARGE = 200_000


def blobs(n: int, seed: int = 0, spread: float = 8.0) -> np.ndarray:
    """Five round blobs of one size at random places, some of them touching."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)) + spread * rng.random((5, 2))[rng.integers(5, size=n)]


def seconds(work, *arguments, **options) -> tuple[float, float]:
    """Wall and processor seconds of one call; the second says more on a busy machine."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments, **options)
    return time.perf_counter() - wall, time.process_time() - cpu


def growth(sizes=SIZES) -> list[dict]:
    """Seconds with the interval and extra memory by number of points."""
    rows = []
    for n in sizes:
        for name, points in (
            ("blobs", blobs(n)),
            ("noise", np.random.default_rng(0).random((n, 2))),
        ):
            wall, cpu = zip(*(seconds(clams, points) for _ in range(3)), strict=True)
            row = {"plot": name, "points": n, "seconds": min(wall), "cpu_seconds": min(cpu)}
            rows.append({**row, "extra_mb": _memory(points)})
    return rows


def _memory(points: np.ndarray) -> float:
    """Most memory above what was there before, looked at during one run, in MB."""
    import threading

    process, done, most = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def watch():
        while not done.wait(0.005):
            most[0] = max(most[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    clams(points)
    done.set()
    watcher.join()
    return most[0] / 1e6


def textbook(points: np.ndarray) -> float:
    """The score as one would write it down: a scikit-learn mixture for every k, pointwise."""
    from sklearn.mixture import GaussianMixture

    low, high = points.min(axis=0), points.max(axis=0)
    drawn = (points - (low + high) / 2) / (high - low).max()
    fits = [GaussianMixture(k, random_state=0).fit(drawn) for k in range(1, limits.MOST + 1)]
    chosen = fits[knee(np.array([fit.bic(drawn) for fit in fits]))[0] - 1]
    return score(Gaussians(chosen.weights_, chosen.means_, chosen.covariances_))


def against_the_textbook(n: int = 5_000, times: int = 3) -> dict:
    """Both on the same points, in turn: processor seconds and their ratio, without an interval."""
    ours, theirs = [], []
    for seed in range(times):
        points = blobs(n, seed)
        ours.append(seconds(clams, points, bootstrap=0)[1])
        theirs.append(seconds(textbook, points)[1])
    return {
        "points": n,
        "cpu_seconds": float(np.median(ours)),
        "textbook_cpu_seconds": float(np.median(theirs)),
        "ratio": float(np.median(np.array(theirs) / np.array(ours))),
    }


def on_real_plots() -> dict | None:
    """The textbook's processor seconds over ours on the reference plots of 5,000 points, most of
    them projections without clear groups; and what the interval costs beside the score."""
    where = folder("clams")
    if where is None:
        return None
    large = [points for _, points in reference.plots(where) if len(points) >= 5_000]
    theirs = np.array([seconds(textbook, p)[1] for p in large])
    ours = np.array([seconds(clams, p, bootstrap=0)[1] for p in large])
    both = np.array([seconds(clams, p)[1] for p in large])
    return {
        "plots": len(large),
        "ratio": float(np.median(theirs / ours)),
        "least": float((theirs / ours).min()),
        "most": float((theirs / ours).max()),
        "cpu_seconds": float(np.median(ours)),
        "interval_cpu_seconds": float(np.median(both - ours)),
    }


def exactness() -> list[dict] | None:
    """The reference plots scored from the points and from a histogram, and how far they differ."""
    where = folder("clams")
    if where is None:
        return None
    rows, most = [], cells.MAX_POINTS
    for name, points in reference.plots(where):
        exact = clams(points, bootstrap=0)
        cells.MAX_POINTS = 0
        binned = clams(points, bootstrap=0)
        cells.MAX_POINTS = most
        rows.append(
            {
                "plot": name,
                "points": exact.ambiguity,
                "cells": binned.ambiguity,
                "k": [exact.n_components, binned.n_components],
            }
        )
    return rows


def coverage(draws: int = DRAWS, n: int = 1_000) -> dict:
    """How often the interval of n points holds the score of LARGE points of the same source."""
    held, widths = 0, []
    for source in range(draws // 10):
        rng = np.random.default_rng(1_000 + source)
        k = int(rng.integers(2, 7))
        centres, roots = rng.uniform(-1, 1, (k, 2)) * 4, rng.normal(size=(k, 2, 2)) * 0.7
        weights = rng.dirichlet(np.full(k, 4.0))

        def sample(count, seed, centres=centres, roots=roots, weights=weights):
            inner = np.random.default_rng(seed)
            which = inner.choice(len(weights), count, p=weights)
            noise = inner.normal(size=(count, 2))
            return centres[which] + np.einsum("nij,nj->ni", roots[which], noise)

        truth = clams(sample(LARGE, 0), bootstrap=0).ambiguity
        for draw in range(10):
            low, high = clams(sample(n, 10 + draw), seed=draw).interval
            held += low <= truth <= high
            widths.append(high - low)
    return {
        "points": n,
        "draws": draws,
        "held": held / draws,
        "median_width": float(np.median(widths)),
    }


def main(arguments: list[str]) -> int:
    quick = "--quick" in arguments
    found = {
        "growth": growth(SIZES[:3] if quick else SIZES),
        "textbook": against_the_textbook(times=1 if quick else 3),
        "textbook_real": None if quick else on_real_plots(),
        "exactness": exactness(),
        "coverage": coverage(20 if quick else DRAWS),
    }
    if "--json" in arguments:
        print(json.dumps(found))
        return 0
    before = {}
    for row in found["growth"]:
        last = before.get(row["plot"])
        exponent = "" if last is None else f", growth n^{np.log10(row['cpu_seconds'] / last):.2f}"
        before[row["plot"]] = row["cpu_seconds"]
        print(
            f"{row['plot']}, {row['points']:,} points: {row['seconds']:.2f} s "
            f"({row['cpu_seconds']:.2f} of the processor), "
            f"{row['extra_mb']:.0f} MB more{exponent}"
        )
    print("\nagainst the textbook:", {k: round(v, 3) for k, v in found["textbook"].items()})
    if found["textbook_real"]:
        rounded = {k: round(v, 3) for k, v in found["textbook_real"].items()}
        print("on the reference plots of 5,000 points:", rounded)
    if found["exactness"] is None:
        print("\nexactness: skipped, the reference plots are not here (set EVAL_DATA)")
    else:
        gaps = [abs(row["points"] - row["cells"]) for row in found["exactness"]]
        print(f"\ncells against points: {max(gaps):.4f} at most on {len(gaps)} plots")
    print("\n90 % interval:", found["coverage"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
