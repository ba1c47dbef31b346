"""Time the projection methods and the faithfulness scores by number of rows.

Prints processor seconds (every method uses one thread, so other work on the machine counts
little), the ratio against PCA of the same rows in the same run, and how the time grows: the
exponent p of seconds ~ rows ^ p between the first and the last size. ``--quick`` stops at fewer
rows, ``--full`` goes on to the row limits and takes over an hour. Run as
``python -m bench.projection``.
"""

import argparse
import math
import time

import numpy as np

from analytics import registry
from analytics.progress import silent
from analytics.projection.faithfulness import score
from analytics.results import Dataset

COLUMNS = 20
SIZES = {"quick": (250, 500, 1_000), "default": (500, 1_000, 2_000), "full": (1_000, 3_000, 10_000)}
FAST = {"quick": 10_000, "default": 100_000, "full": 1_000_000}  # last size of the cheap methods
CHEAP = ("pca", "random", "columns", "given")


def sample(n: int) -> Dataset:
    """Ten round groups in 20 columns, the same for equal n."""
    random = np.random.default_rng(n)
    centres = random.normal(scale=4.0, size=(10, COLUMNS))
    X = centres[random.integers(10, size=n)] + random.normal(size=(n, COLUMNS))
    names = tuple(f"c{j}" for j in range(COLUMNS))
    return Dataset(X=X.astype(np.float32), columns=names, coords=X[:, :2].astype(np.float32))


def seconds(function, *arguments) -> float:
    """Processor seconds of one call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def growth(times: dict[int, float]) -> str:
    """The exponent of seconds ~ rows ^ p between the first and the last size."""
    (n0, t0), *_, (n1, t1) = times.items()
    return f"n^{math.log(t1 / t0) / math.log(n1 / n0):.1f}"


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--quick", action="store_true")
    level.add_argument("--full", action="store_true")
    parser.add_argument("--methods", default="", help="ids separated by commas; empty means all")
    given = parser.parse_args()
    name = "quick" if given.quick else "full" if given.full else "default"
    wanted = [m for m in given.methods.split(",") if m]
    rows = [m for m in registry.methods("projection") if not wanted or m.id in wanted]
    sizes = SIZES[name]
    warm(rows)
    print(f"{'method':14}{'rows':>10}{'seconds':>10}{'x PCA':>9}{'estimate':>10}  growth")
    pca: dict[int, float] = {}
    for row in [registry.get("projection", "pca"), *(r for r in rows if r.id != "pca")]:
        mine = [*sizes, *((FAST[name],) if row.id in CHEAP else ())]
        times = {}
        for n in mine:
            if row.max_rows is None or n <= row.max_rows:
                times[n] = time_method(row, n)
                pca.setdefault(n, times[n])
                report(row, n, times, pca)
    faithfulness((1_000, 3_000, FAST[name]))


def warm(rows) -> None:
    """First calls load and compile the libraries; their time is named apart."""
    data = sample(60)
    for row in rows:
        spent = seconds(row.run, data, row.check({}), 0, silent)
        if spent > 1:
            print(f"first call of {row.label}, loading and compiling: {spent:.1f} s")


def time_method(row, n: int) -> float:
    """Seconds of the default parameters; the better of three where that is quick."""
    data = sample(n)
    spent = [seconds(row.run, data, row.check({}), 0, silent)]
    while len(spent) < 3 and sum(spent) < 1:
        spent.append(seconds(row.run, data, row.check({}), 0, silent))
    return max(min(spent), 1e-5)


def report(row, n: int, times: dict[int, float], pca: dict[int, float]) -> None:
    """One line of the table."""
    ratio = f"{times[n] / pca[n]:.1f}" if n in pca else ""
    estimate = row.cost(n, COLUMNS, row.check({}))
    last = growth(times) if len(times) > 1 else ""
    print(f"{row.id:14}{n:>10,}{times[n]:>10.3f}{ratio:>9}{estimate:>10.2f}  {last}", flush=True)


def faithfulness(sizes) -> None:
    """The scores of the first two columns as a map of 50 columns."""
    print(f"\n{'faithfulness':14}{'rows':>10}{'seconds':>10}")
    for n in sizes:
        X = np.random.default_rng(n).normal(size=(n, 50)).astype(np.float32)
        print(f"{'':14}{n:>10,}{seconds(score, X, X[:, :2]):>10.3f}", flush=True)


if __name__ == "__main__":
    main()
