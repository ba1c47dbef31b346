"""The same jobs with one process, with a Dask cluster of 1 worker, and of 2: seconds and ratios.

Run from the project root: ``python -m bench.engine [--rows 20000] [--small 100]``, or with
``--large 8`` for jobs on a Parquet file of 8 million rows, whose row groups are parts (``--csv``:
on a CSV of as many, cut by its bytes). Scheduler and workers are started on loopback, one thread
and one numeric thread each. One process computes the parts one after another, as worker processes
do. All share one machine, so two workers need two free cores. Last, what a job costs on the cluster
beside its work, and what the scheduler's process used.
"""

import argparse
import hashlib
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
from pyarrow import csv

from analytics.bigdata import sampling, where
from analytics.bigdata.applying import applied_request
from analytics.bigdata.scoring import large_ambiguity_request
from analytics.bigdata.source import stamp_of
from analytics.bigdata.survey import survey_request
from analytics.clustering.operations import clustering_request, stability_request
from analytics.comparing.operations import sweep_request
from analytics.data import uploads
from analytics.jobs.dask_engine import DaskRunner
from analytics.jobs.desk import Desk
from analytics.jobs.runner import Runner
from analytics.operations import Request, request
from bench.bigdata import piece
from bench.dask_pair import Pair

WRITERS = {"parquet": pq.ParquetWriter, "csv": csv.CSVWriter}
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


def large(runner: Desk, path: Path) -> dict[str, float]:
    """Seconds of each job on a large file. The bytes of its labels must be the same every time."""
    content = where.identify(path)
    table = sampling.sample_request(content, path.name, 10_000, "kind")
    done(runner, table)
    chosen = {"features": ["x", "y", "a", "b", "amount"]}
    recipe = {**runner._artifacts.load(table.digest).recipe, **chosen}
    dataset = request("dataset", "", (table.digest,), recipe)
    done(runner, dataset)
    ready = runner._artifacts.load(dataset.digest)
    groups = clustering_request(ready, "kmeans", {"n_clusters": 5})
    done(runner, groups)
    parents = [runner._artifacts.load(d) for d in (table.digest, dataset.digest)]
    found = runner._artifacts.load(groups.digest)
    place = where.Place(path.name, stamp_of(path))
    applied, fit = (
        applied_request(found, parents, content, path.name, how) for how in ("method", "fit")
    )
    seconds = {
        "profile of a large file": done(runner, survey_request(place)),
        "CLAMS of all its points": done(runner, large_ambiguity_request(place, ["x", "y"])),
        "k-means given to all its rows": done(runner, applied),
        "the same, centres moved over all": done(runner, fit),
    }
    for wanted in (applied, fit):
        labels = runner.home / "applied" / f"{wanted.digest}.parquet"
        print(f"labels: {hashlib.sha256(labels.read_bytes()).hexdigest()[:16]}", flush=True)
    print(runner._artifacts.load(fit.digest).notes[-1])
    return seconds


def made(folder: Path, millions: int, kind: str) -> Path:
    """A file of so many million rows; of Parquet, in row groups of half a million."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{millions}.{kind}"
    tables = (piece(500_000, seed) for seed in range(2 * millions))
    first = next(tables)
    with WRITERS[kind](path, first.schema) as file:
        for table in itertools.chain([first], tables):
            file.write_table(table)
    return path


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=0, help="millions of rows of a file")
    parser.add_argument("--csv", action="store_true", help="make that file a CSV, not Parquet")
    options = parser.parse_args()
    kind = "csv" if options.csv else "parquet"
    os.environ["OMP_NUM_THREADS"] = "1"
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        if options.large:
            os.environ["GESTALT_DATA"] = f"{folder}/data"
            # The first is smaller: with it the processes start and load what they need.
            paths = [made(Path(folder) / "data", m, kind) for m in (2, options.large)]
        for workers, name in enumerate(ENGINES):
            pair = Pair(Path(folder) / f"pair{workers}", workers) if workers else None
            home = Path(folder) / f"home{workers}"
            os.environ["GESTALT_HOME"] = str(home)
            runner = DaskRunner(home, pair.url) if pair else Runner(home, workers=1, warm=False)
            try:
                if options.large:
                    found[name] = [large(runner, path) for path in paths][-1]
                else:
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
