"""The same jobs with one process, with a Dask cluster of 1 worker, and of 2: seconds and ratios.

Run from the project root: ``python -m bench.engine [--rows 20000] [--small 100]``. Scheduler and
workers are started on loopback, one thread and one numeric thread each. One process computes the
parts one after another, as worker processes do. All share one machine, so two workers need two free
cores. Last, what a job costs on the cluster beside its work, and what the scheduler's process used.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from analytics.clustering.operations import clustering_request, stability_request
from analytics.comparing.operations import sweep_request
from analytics.data import uploads
from analytics.jobs.dask_engine import DaskRunner
from analytics.jobs.desk import Desk
from analytics.jobs.runner import Runner
from analytics.operations import Request, request
from bench.dask_pair import Pair

ENGINES = ("one process", "cluster of 1", "cluster of 2")


def done(runner: Desk, wanted: Request) -> float:
    """Seconds from submission to result."""
    started = time.perf_counter()
    job = runner.wait(runner.submit(wanted).id, 3600)
    assert job.state == "done", job.error
    return time.perf_counter() - started


def prepared(runner: Desk, rows: int):
    """A dataset of ten blurred groups in ten columns, and its clustering by a mixture."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 10))[rng.integers(10, size=rows)] * 2 + rng.normal(size=(rows, 10))
    lines = [",".join(f"c{i}" for i in range(10)), *(",".join(f"{v:.5f}" for v in r) for r in X)]
    staged = uploads.stage("\n".join(lines).encode(), "made.csv", runner.home)
    table = request("table", "file", (), staged)
    dataset = request("dataset", "", (table.digest,), {})
    for wanted in (table, dataset):
        done(runner, wanted)
    made = runner._artifacts.load(dataset.digest)
    mixture = clustering_request(made, "gmm", {"n_clusters": 10})
    done(runner, mixture)
    return made, runner._artifacts.load(mixture.digest)


def tried(runner: Desk, rows: int, small: int) -> dict[str, float]:
    """Seconds of each job, the libraries being loaded, and of one small job of many."""
    dataset, mixture = prepared(runner, rows)
    few = request("dataset", "", dataset.parents, {"sample": 200})
    done(runner, few)
    few = runner._artifacts.load(few.digest)
    for k in range(2):  # so that processes are there and have loaded what they need
        done(runner, sweep_request(few, "kmeans", "n_clusters", [2 + k, 9 + k], runs=4))
    found = {
        "stability of a mixture, 20 runs": done(runner, stability_request(mixture, 10)),
        "sweep of k-means, 8 values": done(
            runner, sweep_request(dataset, "kmeans", "n_clusters", range(4, 20, 2), runs=4)
        ),
    }
    asked = [request("dataset", "", dataset.parents, {"sample": 100 + i}) for i in range(small)]
    started = time.perf_counter()
    for job in runner.submit_chain(asked):
        runner.wait(job.id, 600)
    found[f"a small preparation, mean of {small}"] = (time.perf_counter() - started) / small
    alone = [request("dataset", "", dataset.parents, {"sample": 900 + i}) for i in range(11)]
    found["a small preparation alone, median"] = statistics.median(done(runner, r) for r in alone)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--small", type=int, default=100)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for workers, name in enumerate(ENGINES):
            pair = Pair(Path(folder) / f"pair{workers}", workers) if workers else None
            home = Path(folder) / f"home{workers}"
            runner = DaskRunner(home, pair.url) if pair else Runner(home, workers=1, warm=False)
            try:
                found[name] = tried(runner, options.rows, options.small)
                if pair:
                    used = psutil.Process(pair.scheduler.pid).cpu_times()
                    print(f"{name}: the scheduler used {used.user + used.system:.2f} s of a core")
            finally:
                runner.close()
                if pair:
                    pair.stop()
    base = found[ENGINES[0]]
    print(f"{'':36}" + "".join(f"{name:>22}" for name in ENGINES))
    for what, seconds in base.items():
        cells = [f"{found[n][what]:9.3f} s {seconds / found[n][what]:5.2f}x" for n in ENGINES]
        print(f"{what:36}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
