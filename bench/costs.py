"""Every clustering method on 2,000 rows of 20 columns: seconds, and what the form says beforehand.

    python -m bench.costs [METHOD ...] [--rows 2000] [--columns 20]

Five groups that overlap a little, settings at their defaults. What a method needs beside the table
is there: labels on a tenth of the rows, four domains, links to the ten nearest rows, a text for
each row. Each method runs in a process of its own, so its memory (resident, highest, what was
there before subtracted) is its own too; the libraries' loading counts, as it does in the app.
"""

import argparse
import json
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd

from analytics import registry
from analytics.clustering.fit import fit
from analytics.results import UNLABELLED, Dataset

LIMIT = 600  # seconds


def data(n: int, d: int) -> Dataset:
    """The dataset that every method can use."""
    from sklearn.datasets import make_blobs
    from sklearn.neighbors import kneighbors_graph

    X, y = make_blobs(n, d, centers=5, cluster_std=4.0, random_state=0)
    rng = np.random.default_rng(0)
    near = kneighbors_graph(X, min(10, n - 1)).tocoo()
    words = [[f"{'abcde'[g]}{i}" for i in rng.integers(0, 40, 25)] for g in y]
    return Dataset(
        X=X.astype(np.float32),
        rows=np.arange(n),
        frame=pd.DataFrame({"text": [" ".join(w) for w in words]}),
        text_column="text",
        labels=np.where(rng.random(n) < 0.1, y, UNLABELLED).astype(np.int32),
        label_names=tuple("abcde"),
        domain=(rng.integers(0, 4, n) * (y < 4)).astype(np.int32),
        domain_names=tuple("wxyz"),
        edges=np.stack([near.row, near.col], axis=1).astype(np.int64),
    )


def one(method: str, n: int, d: int) -> dict:
    """Run one method here; seconds, MB, groups, and the seconds said beforehand."""
    import psutil

    row, dataset = registry.get("clustering", method), data(n, d)
    params = row.check({})
    here, highest, done = psutil.Process(), [0], threading.Event()
    before = here.memory_info().rss

    def watch() -> None:
        while not done.wait(0.02):
            highest[0] = max(highest[0], here.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    start = time.perf_counter()
    try:
        found = fit(row, dataset.X.astype(np.float64), params, 0, dataset)
    finally:
        took = time.perf_counter() - start
        done.set()
        watching.join()
    megabytes = max(0, highest[0] - before) / 2**20
    said = row.cost(n, d, params)
    return {"seconds": took, "said": said, "mb": megabytes, "groups": found.n_clusters}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("methods", nargs="*", metavar="METHOD")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(one(options.methods[0], options.rows, options.columns)))
        return
    size = ["--rows", str(options.rows), "--columns", str(options.columns)]
    print(f"{'method':<14} {'s':>6} {'said':>6} {'ratio':>6} {'MB':>6} {'groups':>6}")
    for method in options.methods or [m.id for m in registry.methods("clustering")]:
        command = [sys.executable, "-m", "bench.costs", method, "--child", *size]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        if ended.returncode:
            print(f"{method:<14} {(ended.stderr.strip().splitlines() or ['?'])[-1][:90]}")
            continue
        e = json.loads(ended.stdout.splitlines()[-1])
        print(
            f"{method:<14} {e['seconds']:6.1f} {e['said']:6.1f} {e['seconds'] / e['said']:6.2f} "
            f"{e['mb']:6.0f} {e['groups']:6}",
            flush=True,
        )


if __name__ == "__main__":
    main()
