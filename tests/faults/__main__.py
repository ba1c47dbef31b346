"""Kill programs at random moments: ``python -m tests.faults [--kills 200] [--only NAME]
[--postgres]``.

Each round starts a program in a data folder (two in three times one that earlier kills have left,
else an empty one, so that first starts are killed too), kills it without warning, starts another
program in the same folder and looks for everything that was acknowledged. With ``--postgres`` the
data folders have databases of one PostgreSQL server: in some rounds that server is killed and
started again, and the program must go on by itself; in some, two programs work on one folder and
database, and the second must go on when the first is killed. Prints a table; the exit status is 1
when anything was lost.
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests import llm_server
from tests.faults import acts, databases, operating
from tests.test_language import NAMES, TRUTH

ROOT = Path(__file__).parents[2]
LONGEST = 1.5  # seconds from the first acknowledgement to the kill
STARTING = 4.0  # seconds within which a kill falls that does not wait for it
SHORT = 0.05  # seconds from the start of an operator's act to a kill that is meant for it
BACK = 60  # seconds within which a program must have gone on
WITH_DATABASE = ("saving", "importing", "studying", "reviewing", *operating.ACTS)
ALONE = ("restoring",)  # the server is stopped, and nothing else restores


@dataclass
class Count:
    """What the rounds of one act came to. acks : pieces of work acknowledged before kills.
    databases : kills of the database. pairs : rounds with two programs. inside : kills that have
    left a trace of an operator's act half done."""

    kills: int = 0
    early: int = 0
    databases: int = 0
    pairs: int = 0
    inside: int = 0
    acks: int = 0
    lost: list[str] = field(default_factory=list)


@dataclass
class Program:
    """An act under way. said : the file of its acknowledgements."""

    process: subprocess.Popen
    said: Path

    def acks(self) -> list[dict]:
        """What it acknowledged so far, without what it was told of its database."""
        lines = self.said.read_text().splitlines(True)
        told = [json.loads(line) for line in lines if line.endswith("\n")]
        return [ack for ack in told if "away" not in ack]

    def more_than(self, acks: int) -> bool:
        """Wait for another acknowledgement; False when none comes."""
        end = time.monotonic() + BACK
        while time.monotonic() < end and len(self.acks()) <= acks:
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        return len(self.acks()) > acks

    def kill(self) -> None:
        """Kill it, if that was not done. Raises RuntimeError when it had ended by itself."""
        if self.process.returncode == -signal.SIGKILL:
            return
        ended = self.process.poll()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if ended not in (None, 0):
            errors = self.said.with_suffix(".errors").read_text()[-2000:]
            raise RuntimeError(f"a program ended by itself: {errors}")


def _program(name: str, home: Path, seed: int, url: str) -> Program:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "FAULTS_MODEL": url}
    env |= {"GESTALT_HOME": str(home), "GESTALT_PLUGINS": "job_operations"}
    env.pop("GESTALT_DATABASE_URL", None)
    said = home.parent / f"{home.name}-{seed}.said"
    with open(said, "w") as out, open(said.with_suffix(".errors"), "w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.acts", name, str(home), str(seed)],
            stdout=out, stderr=errors, env=env, cwd=ROOT,
        )  # fmt: skip
    return Program(process, said)


@dataclass
class Round:
    """What came of a round: acknowledged before kills, and what did not go on."""

    acks: list[dict]
    stuck: list[str]
    database: bool = False
    pair: bool = False


def round_of(
    name: str, home: Path, seed: int, rng: random.Random, url: str = "", server=None
) -> Round:
    """Start an act, kill it (or its worker, or its database, and then it)."""
    done = Round([], [])
    if server and name in WITH_DATABASE:
        way = rng.choice(("program", "database", "pair")[: 2 if name in ALONE else 3])
        done.database, done.pair = way == "database", way == "pair"
    programs = [_program(name, home, seed, url)]
    if done.pair:
        programs.append(_program(name, home, seed + 50_000_000, url))
    try:
        _let_work(programs[0], rng)
        if name in operating.BEFORE and rng.random() < 0.5:
            _until(programs[0], operating.BEFORE[name])
            time.sleep(rng.uniform(0, SHORT))
        if name == "working":
            for child in databases.children(programs[0].process.pid):
                os.kill(child, signal.SIGKILL)
            time.sleep(rng.uniform(0, 3))
        if done.database:
            _without(server, rng)
            if not programs[0].more_than(len(programs[0].acks())):
                done.stuck.append(f"{name} did not go on when its database was back")
            time.sleep(rng.uniform(0, LONGEST / 3))
        if done.pair:
            programs[0].kill()
            if not programs[1].more_than(len(programs[1].acks())):
                done.stuck.append(f"{name} did not go on when its neighbour was killed")
    finally:
        for program in programs:
            program.kill()
    done.acks = [ack for program in programs for ack in program.acks()]
    return done


def _let_work(program: Program, rng: random.Random) -> None:
    """Wait until the kill: one time in five whatever was acknowledged until then."""
    if rng.random() < 0.2:
        time.sleep(rng.uniform(0, STARTING))
    else:
        program.more_than(0)
        time.sleep(rng.uniform(0, LONGEST))


def _until(program: Program, word: str) -> None:
    """Wait for a new acknowledgement of one kind."""
    before, end = len(program.acks()), time.monotonic() + BACK
    while time.monotonic() < end and program.process.poll() is None:
        if any(word in ack for ack in program.acks()[before:]):
            break
        time.sleep(0.002)


def _without(server, rng: random.Random) -> None:
    """Kill the database and start it again a moment later."""
    server.kill()
    time.sleep(rng.uniform(0, 1))
    server.start()


def run(
    kills: int, seed: int, folder: Path, only: str = "", say=print, server=None
) -> dict[str, Count]:
    """Kill programs in turn; returns the counts by act. server : a ``databases.Server``."""
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
            if server and not (home / databases.NAMED).exists():
                server.database(home.name, home)
            asked = len(model.requests)
            done = round_of(name, home, seed * 100_000 + number, rng, model.url, server)
            new, count = done.acks, counts[name]
            count.inside += operating.on_the_way(name, home, new)
            found = done.stuck + acts.problems(name, home, acks + new)
            if name == "explaining":
                found += twice(acks, model.requests[asked:])
            acks.extend(new)
            count.kills += 1
            count.early += not new
            count.databases += done.database
            count.pairs += done.pair
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
    parser.add_argument("--postgres", action="store_true", help="databases of PostgreSQL")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gestalt-faults-"))
        server = stack.enter_context(databases.server()) if options.postgres else None
        counts = run(options.kills, options.seed, Path(folder), options.only, server=server)
    print(
        f"{'act':12}{'rounds':>8}{'early':>8}{'database':>10}{'pairs':>8}{'inside':>8}{'acks':>9}{'lost':>8}"
    )
    for name, count in counts.items():
        where = f"{count.kills:8}{count.early:8}{count.databases:10}{count.pairs:8}{count.inside:8}"
        print(f"{name:12}{where}{count.acks:9}{len(count.lost):8}")
    return 1 if any(count.lost for count in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
