"""Seconds to read, prepare, project, cluster, score and draw, by number of rows, with growth.

``python -m bench.pipeline [--rows 1000,10000,100000,1000000] [--columns 20]``. The growth is the
exponent between one size and the next (1.0: twice the rows, twice the time); the ratio is against
reading the same file, measured in the same run.
"""

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

STEPS = ("read", "profile", "prepare", "PCA", "k-means", "faithfulness", "CLAMS", "draw")


def write_csv(path: Path, n: int, d: int) -> None:
    """Eight Gaussian blobs in d dimensions and their names."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 8, n)
    X = rng.normal(0, 6, (8, d))[kind] + rng.normal(0, 1, (n, d))
    frame = pd.DataFrame(X.astype(np.float32), columns=[f"m{i}" for i in range(d)])
    frame.assign(group=kind.astype(str)).to_csv(path, index=False)


def measure(n: int, d: int, folder: Path) -> dict[str, float]:
    """Seconds of each step on n rows, through the same requests as the app."""
    from analytics.clustering.operations import clustering_request
    from analytics.data import profile, readers, types
    from analytics.data.operations import dataset_request, file_request
    from analytics.data.uploads import stage
    from analytics.figures.map import map_figure
    from analytics.operations import execute
    from analytics.perception.operations import ambiguity_request
    from analytics.projection.operations import faithfulness_request, projection_request
    from analytics.store.artifacts import Artifacts

    store = Artifacts(folder / f"results-{n}")
    path = folder / f"{n}.csv"
    write_csv(path, n, d)
    seconds: dict[str, float] = {}

    def timed(name, function):
        started = time.perf_counter()
        result = function()
        seconds[name] = time.perf_counter() - started
        return result

    frame, _, _ = timed("read", lambda: readers.read_file(path, path.name))
    typed, kinds, vectors, _ = types.infer(frame)
    timed("profile", lambda: profile.profile(typed, kinds, vectors))
    with path.open("rb") as file:
        table = execute(file_request(stage(file, path.name, folder), {}), store)
    dataset = timed("prepare", lambda: execute(dataset_request(table), store))
    projection = timed("PCA", lambda: execute(projection_request(dataset, "pca"), store))
    request = clustering_request(dataset, "kmeans", {"n_clusters": 8})
    clustering = timed("k-means", lambda: execute(request, store))
    timed("faithfulness", lambda: execute(faithfulness_request(projection), store))
    timed("CLAMS", lambda: execute(ambiguity_request(projection), store))
    timed("draw", lambda: map_figure(projection.xy, groups=clustering.labels).figure.to_json())
    return seconds


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    import os

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000,10000,100000,1000000")
    parser.add_argument("--columns", type=int, default=20)
    options = parser.parse_args(arguments)
    sizes = [int(float(n)) for n in options.rows.split(",")]
    with tempfile.TemporaryDirectory() as name:
        os.environ["GESTALT_HOME"] = name
        measure(500, options.columns, Path(name))  # imports and first calls, not counted
        table = {n: measure(n, options.columns, Path(name)) for n in sizes}
    print(f"Seconds by rows, {options.columns} columns and a label (ratio to read; growth)")
    print(f"{'step':>14}" + "".join(f"{n:>24,}" for n in sizes))
    for step in STEPS:
        cells = []
        for i, n in enumerate(sizes):
            value = table[n][step]
            growth = ""
            if i:
                before = table[sizes[i - 1]][step]
                growth = f"; {math.log(value / before) / math.log(n / sizes[i - 1]):.2f}"
            cells.append(f"{value:8.3f} ({value / table[n]['read']:.1f}x{growth})")
        print(f"{step:>14}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
