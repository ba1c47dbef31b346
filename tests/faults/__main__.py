"""Kill programs at random moments: ``python -m tests.faults [--kills 200] [--only NAME]``.

Each round starts a program in a data folder (two in three times one that earlier kills have left,
else an empty one, so that first starts are killed too), kills it without warning, starts another
program in the same folder and looks for everything that was acknowledged. Prints a table; the exit
status is 1 when anything was lost.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests import llm_server
from tests.faults import acts
from tests.test_language import NAMES, TRUTH

ROOT = Path(__file__).parents[2]
LONGEST = 1.5  # seconds from the first acknowledgement to the kill
STARTING = 4.0  # seconds within which a kill falls that does not wait for it


@dataclass
class Count:
    """What the rounds of one act came to. acks : pieces of work acknowledged before kills."""

    kills: int = 0
    early: int = 0
    acks: int = 0
    lost: list[str] = field(default_factory=list)


def round_of(name: str, home: Path, seed: int, rng: random.Random, url: str = "") -> list[dict]:
    """Start an act, kill it (or its worker, and then it) and return what it acknowledged."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "FAULTS_MODEL": url}
    env |= {"GESTALT_HOME": str(home), "GESTALT_PLUGINS": "job_operations"}
    env.pop("GESTALT_DATABASE_URL", None)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.acts", name, str(home), str(seed)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT,
    ) as process:  # fmt: skip
        lines = []
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0, STARTING))
        else:
            lines.append(process.stdout.readline())
            time.sleep(rng.uniform(0, LONGEST))
        if name == "working":
            for child in _children(process.pid):
                os.kill(child, signal.SIGKILL)
            time.sleep(rng.uniform(0, 3))
        ended = process.poll()
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate(timeout=60)
    if ended not in (None, 0):
        raise RuntimeError(f"{name} ended by itself: {errors[-2000:]}")
    whole = [line for line in [*lines, *rest.splitlines(True)] if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def _children(pid: int) -> list[int]:
    """The processes that a process has started, by any of its threads."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(p) for task in tasks for p in (task / "children").read_text().split()]
    except OSError:
        return []


def run(kills: int, seed: int, folder: Path, only: str = "", say=print) -> dict[str, Count]:
    """Kill programs in turn; returns the counts by act."""
    rng = random.Random(seed)
    names = [only] if only else list(acts.ACTS)
    counts = {name: Count() for name in names}
    homes: dict[str, list[tuple[Path, list[dict]]]] = {name: [] for name in names}
    oracle = llm_server.Oracle(TRUTH, NAMES)
    with llm_server.serving(oracle) as model:
        for number in range(kills):
            name = names[number % len(names)]
            if not homes[name] or rng.random() < 1 / 3:
                homes[name].append((folder / f"{name}-{number}", []))
            home, acks = homes[name][-1]
            home.mkdir(exist_ok=True)
            asked = len(model.requests)
            new = round_of(name, home, seed * 100_000 + number, rng, model.url)
            count = counts[name]
            found = acts.problems(name, home, acks + new)
            if name == "explaining":
                found += twice(acks, model.requests[asked:])
            acks.extend(new)
            count.kills += 1
            count.early += not new
            count.acks += len(new)
            count.lost += found
            for sentence in found:
                say(f"round {number}: {sentence}")
    return counts


def twice(acks: list[dict], requests: list[dict]) -> list[str]:
    """Texts that were acknowledged in an earlier round and are asked about again."""
    known = {text for ack in acks for text in ack["texts"]}
    again = Counter()
    for body in requests:
        shown = llm_server.fenced(llm_server.prompt(body)).get("Texts", [])
        again.update(set(shown) & known)
    return [f"paid twice for {text!r}" for text in again]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=tuple(acts.ACTS), default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gestalt-faults-") as folder:
        counts = run(options.kills, options.seed, Path(folder), options.only)
    print(f"{'act':12}{'kills':>8}{'early':>8}{'acknowledged':>14}{'lost':>8}")
    for name, count in counts.items():
        print(f"{name:12}{count.kills:8}{count.early:8}{count.acks:14}{len(count.lost):8}")
    return 1 if any(count.lost for count in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
