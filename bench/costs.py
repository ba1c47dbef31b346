"""Every clustering method on 2,000 rows of 20 columns: seconds, memory, and what its form says.

    python -m bench.costs [METHOD ...] [--rows 2000] [--columns 20]

Five groups that overlap a little, settings at their defaults. What a method needs beside the table
is there: labels on a tenth of the rows (none where it finds groups without), four domains, links to
the ten nearest rows, a text for each row. Each method runs twice in a process of its own. The first
run loads libraries, as in a worker that has just been started, and its highest resident memory
above what was there before is given; the second finds them loaded. The estimate, which a person
sees before pressing the button, is off when it misses both by more than three times; anything under
a second counts as one, since the form says "about a second" then.
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

LIMIT = 600  # seconds of a process
BAR = 60  # seconds within which each is to end, or to say beforehand that it does not
OFF = 3  # times


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
    """Run one method here twice; seconds of both, MB of the first, groups, and seconds said."""
    import psutil

    row, dataset = registry.get("clustering", method), data(n, d)
    params = row.check({})
    X = dataset.X.astype(np.float64)
    here, done = psutil.Process(), threading.Event()
    before = highest = here.memory_info().rss

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.02):
            highest = max(highest, here.memory_info().rss)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        found = fit(row, X, params, 0, dataset)
        seconds.append(time.perf_counter() - started)
        done.set()
    megabytes = (highest - before) / 2**20
    said = row.cost(n, d, params)
    return {"first": seconds[0], "again": seconds[1], "said": said, "mb": megabytes,
            "groups": found.n_clusters}  # fmt: skip


def verdict(e: dict) -> str:
    """Whether the estimate fits, and whether the bar is kept."""
    low, high = (max(1.0, seconds) for seconds in sorted((e["first"], e["again"])))
    said = max(1.0, e["said"])
    words = []
    if low > OFF * said or said > OFF * high:
        words.append("estimate off")
    if high > BAR >= said:
        words.append(f"over {BAR} s, not said")
    return ", ".join(words)


def main() -> None:
    """Print a line per method, and what is to be mended."""
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
    print("| method | s, first | s, again | s, said | MB | groups | |")
    print("|---|---|---|---|---|---|---|")
    for method in options.methods or [m.id for m in registry.methods("clustering")]:
        command = [sys.executable, "-m", "bench.costs", method, "--child", *size]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        if ended.returncode:
            said = (ended.stderr.strip().splitlines() or ["?"])[-1][:90]
            print(f"| `{method}` | {said} ||||||", flush=True)
            continue
        e = json.loads(ended.stdout.splitlines()[-1])
        print(
            f"| `{method}` | {e['first']:.2f} | {e['again']:.2f} | {e['said']:.2f} | "
            f"{e['mb']:.0f} | {e['groups']} | {verdict(e)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
