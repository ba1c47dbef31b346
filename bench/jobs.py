"""What a job costs on top of the work: submit-to-result through a worker against a direct call.

Run from the project root: ``python -m bench.jobs [--repeat 20]``. The work is the preparation of a
small sample, each time with another number of rows, so nothing comes from the store. Both ways
take turns, so that other work on the machine slows both.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from analytics import operations
from analytics.data.operations import sample_request
from analytics.jobs.runner import Runner
from analytics.operations import Request
from analytics.store.artifacts import Artifacts


def requests(count: int, first: int) -> list[Request]:
    """Small preparations of one sample that differ in how many rows they draw."""
    table = sample_request("iris")
    return [
        operations.request("dataset", "", (table.digest,), {"sample": 100 + first + k})
        for k in range(count)
    ]


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=20)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        runner = Runner(Path(folder), workers=1, warm=False)
        table = runner.submit(sample_request("iris"))
        assert runner.wait(table.id, 120).state == "done"
        print(f"start of a worker and first result  {time.perf_counter() - started:8.3f} s")

        artifacts = Artifacts(runner.home / "results")
        direct, queued = [], []
        for number, wanted in enumerate(requests(2 * repeat, 0)):
            started = time.perf_counter()
            if number % 2:
                job = runner.wait(runner.submit(wanted).id, 120)
                assert job.state == "done", job.error
            else:
                operations.execute(wanted, artifacts)
            if number > 1:  # the first of each loads libraries
                (queued if number % 2 else direct).append(time.perf_counter() - started)
        plain, through = statistics.median(direct), statistics.median(queued)
        print(f"direct call, median of {len(direct)}          {plain * 1000:8.1f} ms")
        print(f"through a worker, median of {len(queued)}     {through * 1000:8.1f} ms")
        print(f"overhead {(through - plain) * 1000:.1f} ms, ratio {through / plain:.2f}")

        job = runner.submit(Request("dataset", parents=(table.id,), params={"sample": 99}))
        started = time.perf_counter()
        runner.cancel(job.id)
        print(
            f"cancel                              {(time.perf_counter() - started) * 1000:8.1f} ms"
        )
        started = time.perf_counter()
        runner.close()
        print(
            f"close                               {(time.perf_counter() - started) * 1000:8.1f} ms"
        )


if __name__ == "__main__":
    main()
