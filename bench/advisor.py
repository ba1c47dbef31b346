"""The projection advisor against the default t-SNE and UMAP, on digits and on labelled tables.

Run from the project root: ``python -m bench.advisor [--seconds 90] [--search sweep] [--seed 0]
[--json] [NAME ...]``. NAME is "digits" (scikit-learn's) or a table of ``EVAL_DATA`` or
``../shared/data``, in its folder ``tabular``; without names, digits and all tables of at most
3,000 rows. The tables are evaluation data and no part of this project; what is absent is skipped.

The defaults are drawn in the same run. Per map: faithfulness (F1 of steadiness and cohesiveness)
and ambiguity with their 95 % intervals, and, as a check that the advisor does not see, how often
the 10 nearest neighbours on the map vote for a row's true class.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from analytics import api
from analytics.pictures.advice import noise
from analytics.store.artifacts import Artifacts

ROOT = Path(__file__).resolve().parents[1]
MOST_ROWS = 3_000
DEFAULTS = ("tsne", "umap")
NEIGHBOURS = 10


def folder() -> Path:
    """Where the evaluation data is."""
    return Path(os.environ.get("EVAL_DATA") or ROOT.parent / "shared" / "data") / "tabular"


def names() -> list[str]:
    """Digits and the tables small enough."""
    found = ["digits"]
    for path in sorted(folder().glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            if len(file["y"]) <= MOST_ROWS:
                found.append(path.stem)
    return found


def load(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """X and y of a data set, or None when it is absent."""
    if name == "digits":
        from sklearn.datasets import load_digits

        digits = load_digits()
        return digits.data, digits.target
    path = folder() / f"{name}.npz"
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        return file["X"], file["y"]


def class_votes(xy: np.ndarray, y: np.ndarray) -> float:
    """Share of rows whose nearest neighbours on the map vote for their class."""
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(xy).kneighbors(return_distance=False)
    votes = np.array([np.bincount(y[row]).argmax() for row in near])
    return float(np.mean(votes == y))


def measure(name: str, seconds: int, search: str, seed: int, store: Artifacts) -> dict | None:
    """The recommended map and the defaults of one data set."""
    loaded = load(name)
    if loaded is None:
        return None
    X, y = np.asarray(loaded[0], np.float32), np.unique(loaded[1], return_inverse=True)[1]
    dataset = api.prepare(api.read(X, name=f"{name}.npy", store=store), store=store)
    y = y[dataset.rows]
    started = time.perf_counter()
    found = api.advise(dataset, seconds=seconds, search=search, seed=seed, store=store)
    took = time.perf_counter() - started

    def facts(e: dict) -> dict:
        xy = store.require(e["projection"]).xy
        kept = ("name", "faithfulness", "ambiguity", "low", "high", "n_components")
        return {**{k: e[k] for k in kept}, "votes": class_votes(xy, y)}

    result = {
        "data": name,
        "rows": dataset.n,
        "columns": dataset.X.shape[1],
        "maps": len(found.entries),
        "seconds": took,
        "chance": found.facts["chance"],
        "best": found.facts["best"],
        "stopped": found.facts["stopped"],
        "sentence": found.sentence,
        "recommended": None,
        "defaults": {},
    }
    if found.chosen < 0:
        return result
    mine = found.entries[found.chosen]
    result["recommended"] = facts(mine)
    for e in found.entries:
        if e["default"] and e["method"] in DEFAULTS:
            gap = mine["faithfulness"] - e["faithfulness"]
            result["defaults"][e["method"]] = {
                **facts(e),
                "gap": gap,
                "noise": noise(mine, e),
                "faithful": bool(gap >= -noise(mine, e)),
                "clearer": bool(mine["high"] < e["low"]),
                "same": e["projection"] == mine["projection"],
            }
    return result


def show(r: dict) -> None:
    """One data set as lines."""
    print(f"\n{r['data']} ({r['rows']:,} × {r['columns']}), {r['maps']} maps, {r['seconds']:.0f} s")
    rows = [("recommended", r["recommended"])] if r["recommended"] else []
    for method, e in [*rows, *r["defaults"].items()]:
        line = f"  {method:<12} F1 {e['faithfulness']:.3f}  ambiguity {e['ambiguity']:.3f}"
        line += f" ({e['low']:.3f}-{e['high']:.3f})  components {e['n_components']:>2}"
        line += f"  class votes {e['votes']:.3f}  {e['name']}"
        if "faithful" in e:
            line += f"  | as faithful: {e['faithful']}, clearly clearer: {e['clearer']}"
            line += ", the same map" if e["same"] else ""
        print(line)
    if not rows:
        print(" ", r["sentence"])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.advisor")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--search", default="sweep", choices=("sweep", "bayes"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = []
    with tempfile.TemporaryDirectory(prefix="gestalt-advisor-") as home:
        os.environ["GESTALT_HOME"] = home
        store = Artifacts(Path(home) / "results")
        for name in options.names or names():
            found = measure(name, options.seconds, options.search, options.seed, store)
            if found is None:
                print(f"Skipped: no {name} in {folder()}; set EVAL_DATA.", file=sys.stderr)
                continue
            results.append(found)
            if not options.json:
                show(found)
                sys.stdout.flush()
    if options.json:
        print(json.dumps(results))
    else:
        for method in DEFAULTS:
            rows = [r["defaults"][method] for r in results if method in r["defaults"]]
            kept, clear = (sum(e[k] for e in rows) for k in ("faithful", "clearer"))
            both = sum(e["faithful"] and e["clearer"] for e in rows)
            print(
                f"\nagainst the default {method} on {len(rows)} data sets: as faithful {kept}, "
                f"clearly clearer {clear}, both {both}, "
                f"the same map {sum(e['same'] for e in rows)}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
