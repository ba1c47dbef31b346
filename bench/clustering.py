"""Seconds of every clustering method by number of rows, with ratios to k-means in the same run.

    python bench/clustering.py [--quick] [--columns 20]

Rows are drawn from eight Gaussian groups; k is 8 where a method takes it. A method is not run on
more rows than it accepts, nor when its last time says that it would take more than ``LIMIT``
seconds. The scores of the k-means groups are timed too.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.stability import scores as stability
from analytics.clustering.suggest import check, suggest
from analytics.clustering.validity import scores as validity
from analytics.progress import silent
from analytics.results import Dataset

LIMIT = 45.0


def points(n: int, d: int) -> np.ndarray:
    """Eight Gaussian groups of unit spread, centres 4 apart per axis on average: (n, d)."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(8, d)) * 4 / np.sqrt(max(d / 4, 1))
    return (centers[rng.integers(0, 8, n)] + rng.normal(size=(n, d))).astype(np.float32)


def timed(function, *arguments):
    """(result, processor seconds).

    Everything runs on one thread, so on an idle machine these are the seconds one waits; on a busy
    one they stay the same.
    """
    started = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - started


def expected(seconds: list[float | None], sizes: list[int]) -> float:
    """Seconds for the last size, from the growth so far; power 1.5 from a single time."""
    if not seconds:
        return 0.0
    if seconds[-1] is None:
        return float("inf")
    power = 1.5
    if len(seconds) > 1:
        power = np.log(seconds[-1] / seconds[-2]) / np.log(sizes[-2] / sizes[-3])
    return seconds[-1] * (sizes[-1] / sizes[-2]) ** power


def method_rows(sizes: list[int], d: int) -> list[tuple[str, list[float | None]]]:
    """Seconds per method and size; None where it was not run."""
    datasets = {n: Dataset(X=points(n, d)) for n in sizes}
    table = []
    for row in registry.methods("clustering"):
        params = row.check(
            {"n_clusters": 8} if any(p.name == "n_clusters" for p in row.params) else {}
        )
        # The first call of a method loads its library.
        fit(row, np.asarray(datasets[sizes[0]].X[:100], float), params, 0, datasets[sizes[0]])
        seconds: list[float | None] = []
        for i, n in enumerate(sizes):
            if expected(seconds, sizes[: i + 1]) > LIMIT or n > (row.max_rows or n):
                seconds.append(None)
                continue
            X = datasets[n].X.astype(float)
            _, took = timed(fit, row, X, params, 0, datasets[n])
            seconds.append(took)
        table.append((row.id, seconds))
        print(f"{row.id} done", file=sys.stderr)
    return table


def score_rows(sizes: list[int], d: int) -> list[tuple[str, list[float | None]]]:
    """Seconds of the scores of k-means groups, per size."""
    row = registry.get("clustering", "kmeans")
    params = row.check({"n_clusters": 8})
    table: dict[str, list[float | None]] = {}
    for n in sizes:
        data = Dataset(X=points(n, d))
        X = data.X.astype(float)
        groups = fit(row, X, params, 0, data)
        for name, function, arguments in (
            ("validity", validity, (X, groups.labels, data)),
            ("stability, 5 runs", stability, (row, X, groups, params, data, 5)),
            ("suggest k", suggest, ("k", X, check("k", {}), 0, silent)),
            ("suggest eps", suggest, ("eps", X, check("eps", {}), 0, silent)),
        ):
            table.setdefault(name, []).append(timed(function, *arguments)[1])
    return list(table.items())


def show(title: str, table, sizes: list[int], base: list[float | None]) -> None:
    """Print seconds, ratio to k-means, and growth to the next size as an exponent."""
    print(f"\n{title}\n{'':20}" + "".join(f"{n:>26,}" for n in sizes))
    for name, seconds in table:
        cells = []
        for i, s in enumerate(seconds):
            if s is None or base[i] is None:
                cells.append(f"{'-':>26}")
                continue
            before = seconds[i - 1] if i else None
            power = (
                f"n^{np.log(s / before) / np.log(sizes[i] / sizes[i - 1]):.1f}" if before else ""
            )
            cells.append(f"{s:>9.2f} s {s / base[i]:>7.1f}x {power:>6}")
        print(f"{name:20}" + "".join(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="up to 2,000 rows only")
    parser.add_argument("--columns", type=int, default=20)
    options = parser.parse_args()
    sizes = [500, 2_000] if options.quick else [1_000, 10_000, 100_000]
    table = method_rows(sizes, options.columns)
    base = dict(table)["kmeans"]
    show(f"Methods, {options.columns} columns (ratio to k-means)", table, sizes, base)
    show("Scores of k-means groups", score_rows(sizes, options.columns), sizes, base)


if __name__ == "__main__":
    main()
