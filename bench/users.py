"""Many people at once on one server: the main path by scripted visitors, without a browser.

    python -m bench.users [--users 50] [--seconds 600] [--think 10]

Each visitor opens the sample, looks at every page, clusters with settings of its own, draws UMAP
now and then (the heavy work, which waits its turn), selects on the map, brings a file of its own,
saves, follows the link of what it saved, and leaves; then the next one comes. Between two acts it
looks at the page for about ``--think`` seconds, in which parts that redraw themselves do. One
visitor alone, on the same server before the others come, is the baseline.

Seconds are those from the act to the finished page, as the visitor's end of the socket sees them;
the visitors share the machine with the server. Memory is that of the server and its workers (PSS:
what several share is divided among them); what is the server's alone is its USS.
"""

import argparse
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import psutil

from bench.visitor import Fault, Visitor

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("data", "", "clusters", "perception", "compare", "explain", "pictures", "report")
BY_ITSELF = "redrawing by itself"
BAD_LINES = re.compile(r"Traceback|ERROR|failed")


class Notes:
    """What all visitors met: act -> seconds, and what went wrong."""

    def __init__(self):
        self.lock, self.took, self.faults = threading.Lock(), defaultdict(list), []
        self.received = self.visits = 0

    def add(self, act: str, seconds: float) -> None:
        with self.lock:
            self.took[act].append(seconds)

    def all(self) -> np.ndarray:
        """The seconds of what people did, without what redrew itself."""
        mine = [np.array(v) for act, v in self.took.items() if act != BY_ITSELF]
        return np.concatenate(mine or [np.zeros(1)])


def walk(host: str, notes: Notes, who: int, end: float, think: float) -> None:
    """The main path, again and again until ``end``."""
    chance = random.Random(who)
    while time.monotonic() < end:
        try:
            with Visitor(host) as visitor:
                once(visitor, notes, chance, end, think)
                notes.visits += 1
                notes.received += visitor.received
        except (Fault, OSError) as error:
            with notes.lock:
                notes.faults.append(f"visitor {who}: {error}")
            time.sleep(think)


def once(visitor: Visitor, notes: Notes, chance: random.Random, end: float, think: float) -> None:
    """One visit: what a person does, with pauses."""

    def act(name: str, did) -> None:
        if time.monotonic() > end:
            return
        notes.add(name, did())
        for took in visitor.stay(think * chance.uniform(0.5, 1.5)):
            notes.add(BY_ITSELF, took)

    act("open", visitor.open)
    pages = list(PAGES)
    chance.shuffle(pages)
    for page in pages[:4]:
        act("page", lambda page=page: visitor.open(page))
    act("page", lambda: visitor.open("clusters"))
    act("number", lambda: visitor.number("Groups", chance.randint(2, 9)))
    act("cluster", lambda: visitor.press("Cluster"))
    act("page", lambda: visitor.open(""))
    act("colour", lambda: visitor.choose("Colour by", "alcohol, %"))
    act("lasso", lambda: visitor.lasso([(-4, -4), (0, -4), (0, 4), (-4, 4)]))
    if chance.random() < 0.3:
        act("method", lambda: visitor.choose("Method", "UMAP"))
        act("map", lambda: visitor.press("Draw this map"))
    act("page", lambda: visitor.open("data"))
    label = next((k[1] for k in visitor.widgets if k[0] == "file_uploader"), "")
    act("upload", lambda: visitor.upload(label, "mine.csv", table(chance)))
    act("page", lambda: visitor.open(""))
    act("page", lambda: visitor.open("perception"))
    act("save", lambda: visitor.press("Save"))
    act("save", lambda: visitor.press("#save-view"))
    if time.monotonic() < end:
        with Visitor(visitor.host) as other:
            other.query = visitor.query
            act("open the link", other.open)
    for page in pages[4:]:
        act("page", lambda page=page: visitor.open(page))


def table(chance: random.Random) -> bytes:
    """A file of 200 rows that nobody else has."""
    rng = np.random.default_rng(chance.randrange(2**32))
    points = rng.normal(size=(200, 4)) + rng.integers(0, 3, 200)[:, None] * 4
    rows = [",".join(f"{v:.4f}" for v in row) for row in points]
    return "\n".join(["a,b,c,d", *rows]).encode()


class Server:
    """The app on a free port with a data folder of its own."""

    def __init__(self, folder: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.host, self.log = f"127.0.0.1:{port}", Path(folder) / "server.log"
        env = os.environ | {"GESTALT_HOME": f"{folder}/home", "GESTALT_PORT": str(port)}
        env.pop("GESTALT_DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=env,
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.5)
        raise SystemExit(f"the server did not start:\n{self.log.read_text()}")

    def memory(self) -> tuple[float, float, float]:
        """MB of the server, of its workers, and those of the server that are its alone."""
        here = psutil.Process(self.process.pid)
        mine = here.memory_full_info()
        others = sum(c.memory_full_info().pss for c in here.children(recursive=True))
        return mine.pss / 2**20, others / 2**20, mine.uss / 2**20

    def said(self) -> list[str]:
        """Lines of the log that tell of a fault."""
        return [x for x in self.log.read_text(errors="replace").splitlines() if BAD_LINES.search(x)]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def crowd(server: Server, users: int, seconds: float, think: float) -> Notes:
    """So many visitors for so long, arriving over a tenth of the time."""
    notes, start = Notes(), time.monotonic()
    threads = []
    for who in range(users):
        t = threading.Thread(target=walk, args=(server.host, notes, who, start + seconds, think))
        t.start()
        threads.append(t)
        time.sleep(seconds / 10 / users)
    for t in threads:
        t.join(seconds + 300)
    return notes


def told(name: str, notes: Notes) -> float:
    """Print what was met; returns the 95th percentile."""
    found = notes.all()
    print(
        f"{name}: {len(found):,} acts in {notes.visits:,} visits, median {np.median(found):.2f} s, "
        f"95 % within {np.quantile(found, 0.95):.2f} s, longest {found.max():.2f} s, "
        f"{len(notes.faults)} faults, {notes.received / 2**20:,.0f} MB received"
    )
    for act, took in sorted(notes.took.items()):
        print(f"    {act:<20} {len(took):>6}  {np.median(took):.2f}  {np.quantile(took, 0.95):.2f}")
    for fault in notes.faults[:10]:
        print(f"    fault: {fault}")
    return float(np.quantile(found, 0.95))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--think", type=float, default=10)
    parser.add_argument("--keep", type=float, default=180, help="seconds to wait when all left")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gestalt-users-") as folder:
        server = Server(folder)
        try:
            time.sleep(8)
            single = told("1 visitor", crowd(server, 1, min(60, options.seconds), 1.0))
            time.sleep(5)
            before = server.memory()
            met = crowd(server, options.users, options.seconds, options.think)
            many = told(f"{options.users} visitors", met)
            during = server.memory()
            time.sleep(options.keep)
            after = server.memory()
            print(f"95 % of the crowd / 95 % alone: {many / single:.1f}")
            looks = {"before": before, "at the end": during, "after they left": after}
            for when, (mine, others, alone) in looks.items():
                print(
                    f"memory {when}: server {mine:,.0f} MB ({alone:,.0f} its alone), "
                    f"workers {others:,.0f} MB"
                )
            print(f"after / before: server {after[0] / before[0]:.2f}, ", end="")
            print(f"what is its alone {after[2] / before[2]:.2f}, ", end="")
            print(f"with workers {sum(after[:2]) / sum(before[:2]):.2f}")
            print(f"log lines of faults: {len(server.said())}", *server.said()[:5], sep="\n    ")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
