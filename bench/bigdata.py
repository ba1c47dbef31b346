"""Data larger than memory: one pass over 1 GB against pandas that reads it whole.

    python -m bench.bigdata [--gigabytes 1] [--folder PATH] [--engines] [--apply]

Makes one table as CSV and as Parquet in a temporary folder, then runs each way in a process of its
own and prints seconds and the peak of its memory. ``--engines`` also measures the same aggregates
by pyarrow and by DuckDB, which is not shipped.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PIECE = 500_000  # rows made at once
KINDS = np.array([f"kind {letter}" for letter in "abcdefghijklmnopqrst"])


def piece(rows: int, seed: int):
    """Some rows: a place in one of five heaps, three more numbers, a whole number, a category of
    20 values and a code of 200,000."""
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    heap = rng.choice(5, rows, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    middle = np.array([[0, 0], [6, 1], [2, 7], [-5, 5], [8, 8]])[heap]
    place = middle + rng.normal(size=(rows, 2)) * np.array([1.0, 0.7, 0.5, 1.5, 0.4])[heap, None]
    other = rng.normal(heap[:, None], 1.0, (rows, 3))
    columns = {
        "x": place[:, 0].round(5), "y": place[:, 1].round(5),
        "a": other[:, 0].round(5), "b": other[:, 1].round(5),
        "amount": np.exp(other[:, 2]).round(4),
        "visits": rng.poisson(3 + 2 * heap),
        "kind": KINDS[np.minimum(rng.geometric(0.25, rows) - 1, 19)],
        "code": np.char.add("c", rng.integers(0, 200_000, rows).astype(str)),
    }  # fmt: skip
    return pa.table(columns)


def make(folder: Path, size: int) -> dict[str, Path]:
    """The table as CSV of about ``size`` bytes, and as Parquet of as many rows."""
    import pyarrow.parquet as pq
    from pyarrow import csv

    paths = {"csv": folder / "big.csv", "parquet": folder / "big.parquet"}
    first = piece(1, 0)
    with (
        open(paths["csv"], "wb") as file,
        csv.CSVWriter(file, first.schema) as text,
        pq.ParquetWriter(paths["parquet"], first.schema) as columns,
    ):
        seed = 0
        while file.tell() < size:
            seed += 1
            table = piece(PIECE, seed)
            text.write_table(table)
            columns.write_table(table)
    return paths


_MEASURED = """
import json, re, sys, time
sys.path.insert(0, {root!r})
path = {path!r}
started = time.perf_counter()
{code}
seconds = time.perf_counter() - started
# Not ru_maxrss, which starts at that of the parent process.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print("\\nMEASURED", json.dumps({{"seconds": seconds, "peak_mb": peak, "result": result}}))
"""


def measured(code: str, path: Path) -> dict:
    """Seconds, peak memory in MB and ``result`` of code that reads ``path``, in a fresh process."""
    script = _MEASURED.format(root=str(ROOT), path=str(path), code=textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("MEASURED ")]
    if not lines:
        raise SystemExit(f"{done.returncode} {done.stderr[-2000:]}")
    return json.loads(lines[-1].removeprefix("MEASURED "))


ONE_PASS = """
from pathlib import Path
from analytics.bigdata import lattice, survey
from analytics.bigdata.source import opened
facts, seen = survey.look(opened(Path(path)), ("x", "y"))
found = lattice.ambiguity(seen)
result = [facts["rows"], round(found.ambiguity, 5), facts["by_column"]["code"]["distinct"]]
"""
PANDAS = """
import pandas as pd
from analytics.perception.clams import clams
frame = pd.read_csv(path) if path.endswith("csv") else pd.read_parquet(path)
facts = frame.describe(include="all", percentiles=[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
often = {c: frame[c].value_counts().head(5) for c in frame}
found = clams(frame[["x", "y"]].to_numpy())
result = [len(frame), round(found.ambiguity, 5), int(frame["code"].nunique())]
"""
SAMPLE = """
from pathlib import Path
from analytics.bigdata import sampling
from analytics.bigdata.source import Told, opened
from analytics.progress import silent
places, table, said, met = sampling.drawn(opened(Path(path)), 20_000, "kind", 0, silent, Told())
result = said
"""
COUNT = """
from pathlib import Path
from analytics.bigdata import groups
from analytics.bigdata.source import chunks, opened
found = None
for _, table in chunks(opened(Path(path)), ["kind", "amount"]):
    one = groups.of_chunk(table, ["kind"], ["amount"])
    found = one if found is None else groups.merge(found, one)
result = len(groups.table(found))
"""
GROUPED = """
import os
from pathlib import Path
from analytics import api
os.environ["GESTALT_HOME"] = path + ".home"
made = api.sample(path, 10_000, by="kind")
dataset = api.prepare(made, features=["x", "y", "a", "b", "amount", "kind"])
if {method!r} == "people":
    groups = api.perceive(api.project(dataset, "columns", columns=["x", "y"]))
else:
    groups = api.cluster(dataset, {method!r}, n_clusters=5)
result = groups.digest
"""
APPLY = """
import os
os.environ["GESTALT_HOME"] = path + ".home"
from analytics import api
found = api.apply({groups!r}, path, how={how!r})
result = [found.facts["rows"], round(found.facts["agreement"], 4)]
"""
DUCKDB = """
import duckdb
con = duckdb.connect()
con.execute("SET memory_limit='800MB'; SET threads=2; SET enable_progress_bar=false")
parts = ["count(*)"]
for c in ("x", "y", "a", "b", "amount", "visits"):
    parts += [f"count({c}), min({c}), max({c}), avg({c}), stddev_pop({c})",
              f"approx_count_distinct({c})",
              f"approx_quantile({c}, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])"]
for c in ("kind", "code"):
    parts += [f"count({c}), approx_count_distinct({c}), approx_top_k({c}, 5)"]
row = con.execute(f"select {', '.join(parts)} from '{path}'").fetchone()
cells = con.execute(
    "select floor((x + 14) / 30 * 192) i, floor((y + 14) / 30 * 192) j, count(*), sum(x), sum(y),"
    f" sum(x * x), sum(x * y), sum(y * y) from '{path}' group by 1, 2").fetchall()
result = [row[0], len(cells)]
"""
LINES = (
    ("profile and CLAMS, one pass", ONE_PASS),
    ("pandas, read whole", PANDAS),
    ("sample of 20,000 by kind", SAMPLE),
    ("counts and means by kind", COUNT),
)
# Words, method of the groups, how they are given. The groups are made in a process of their own
# before: what that takes is not what giving them to all rows takes.
APPLIED = (
    ("apply k-means to all rows", "kmeans", "method"),
    ("apply k-means, centres moved", "kmeans", "fit"),
    ("apply hierarchy (votes)", "agglomerative", "method"),
    ("apply ClusterNet (votes)", "people", "method"),
)


def applied(path: Path):
    """The code of each way to give groups to all rows, its groups made before."""
    for words, method, how in APPLIED:
        groups = measured(GROUPED.replace("{method!r}", repr(method)), path)["result"]
        yield words, APPLY.replace("{groups!r}", repr(groups)).replace("{how!r}", repr(how))


def report(paths: dict[str, Path], lines, others=()) -> None:
    """Measure and print each way on each file, against the first line. others : (words, code) of
    more ways, by the path."""
    for kind, path in paths.items():
        size = path.stat().st_size
        print(f"\n{kind}, {size / 1e6:,.0f} MB", flush=True)
        first = None
        for words, code in itertools.chain(lines, *(other(path) for other in others)):
            found = measured(code, path)
            first = first or found
            ratio = found["seconds"] / first["seconds"]
            ten = found["seconds"] * 1e10 / size
            print(
                f"  {words:<30} {found['seconds']:7.1f} s ({ratio:.2f}x)  peak "
                f"{found['peak_mb']:7,.0f} MB  10 GB: {ten:5.0f} s  {found['result']}",
                flush=True,
            )


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--folder", default=None, help="where the files are made")
    parser.add_argument("--format", default="csv,parquet", help="of csv, parquet")
    parser.add_argument("--engines", action="store_true", help="only against DuckDB")
    parser.add_argument("--apply", action="store_true", help="only groups given to all rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bigdata-", dir=options.folder) as folder:
        paths = make(Path(folder), int(options.gigabytes * 1e9))
        paths = {k: v for k, v in paths.items() if k in options.format.split(",")}
        if options.engines:
            report(paths, (LINES[0], ("DuckDB, two passes", DUCKDB)))
        else:
            report(paths, () if options.apply else LINES, (applied,))


if __name__ == "__main__":
    main()
