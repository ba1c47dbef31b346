"""The projection advisor against the default PCA, t-SNE and UMAP, on digits and on labelled tables.

Run from the project root: ``python -m bench.advisor [--seconds 90] [--search sweep] [--seed 0]
[--pictures FOLDER] [--home FOLDER] [--json] [NAME ...]``. NAME is "digits" (scikit-learn's) or a
table of ``EVAL_DATA`` or ``../shared/data``, in its folder ``tabular``; without names, digits and
all tables of at most 3,000 rows. The tables are evaluation data and no part of this project; what
is absent is skipped.

The defaults are drawn in the same run. "recommended" is compared with each of them, and so is, for
t-SNE and UMAP alone, the map that the same rule picks among the maps of that method (which is what
the AmbReducer of the CLAMS paper does). Per map: faithfulness (F1 of steadiness and cohesiveness),
ambiguity (CLAMS) with its 90 % interval, and, as a check that the advisor does not see, how often
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
from analytics.pictures.advice import choose, noise
from analytics.store.artifacts import Artifacts
from models.evaluation import place

MOST_ROWS = 3_000
DEFAULTS = ("pca", "tsne", "umap")
NEIGHBOURS = 10
SIZE = (300, 225)  # of one map in a strip


def names() -> list[str]:
    """Digits and the tables small enough."""
    found = ["digits"]
    for path in sorted(place("tabular").glob("*.npz")):
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
    path = place("tabular") / f"{name}.npz"
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


def measure(name: str, options, store: Artifacts) -> dict | None:
    """The recommended map and the defaults of one data set."""
    loaded = load(name)
    if loaded is None:
        return None
    X, y = np.asarray(loaded[0], np.float32), np.unique(loaded[1], return_inverse=True)[1]
    dataset = api.prepare(api.read(X, name=f"{name}.npy", store=store), store=store)
    y = y[dataset.rows]
    started = time.perf_counter()
    found = api.advise(
        dataset, seconds=options.seconds, search=options.search, seed=options.seed, store=store
    )
    took = time.perf_counter() - started
    if options.pictures:
        strip(name, found, store, Path(options.pictures))

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
    entries = list(found.entries)
    if found.chosen >= 0:
        result["recommended"] = facts(entries[found.chosen])
    for default in [e for e in entries if e["default"] and e["method"] in DEFAULTS]:
        method = default["method"]
        row = {"default": facts(default)}
        if found.chosen >= 0:
            row["recommended"] = versus(entries[found.chosen], default)
        own = [e for e in entries if e["method"] == method]
        tuned = choose(own, found.facts["chance"])
        if tuned >= 0 and len(own) > 1:
            row["tuned"] = {**facts(own[tuned]), **versus(own[tuned], default)}
        result["defaults"][method] = row
    return result


def strip(name: str, found, store: Artifacts, target: Path) -> None:
    """The default maps of t-SNE and UMAP and the recommended one, side by side, as NAME.png."""
    import io

    from PIL import Image

    from analytics.figures.raster import thumbnail

    defaults = {e["method"]: e for e in found.entries if e["default"]}
    shown = [defaults[m] for m in ("tsne", "umap") if m in defaults]
    shown += [found.entries[found.chosen]] if found.chosen >= 0 else []
    pictures = [
        Image.open(io.BytesIO(thumbnail(store.require(e["projection"]).xy, size=SIZE)))
        for e in shown
    ]
    wide = Image.new("RGB", (SIZE[0] * len(pictures), SIZE[1]), "white")
    for i, picture in enumerate(pictures):
        wide.paste(picture, (i * SIZE[0], 0))
    target.mkdir(parents=True, exist_ok=True)
    wide.quantize(64).save(target / f"advisor-{name}.png", optimize=True)


def versus(mine: dict, default: dict) -> dict:
    """Whether a map is as faithful as a default one within the noise, and clearly clearer."""
    gap = mine["faithfulness"] - default["faithfulness"]
    return {
        "gap": gap,
        "noise": noise(mine, default),
        "faithful": bool(gap >= -noise(mine, default)),
        "clearer": bool(mine["high"] < default["low"]),
        "same": mine["projection"] == default["projection"],
    }


def _line(title: str, e: dict, against: dict | None = None) -> str:
    line = f"  {title:<16} F1 {e['faithfulness']:.3f}  ambiguity {e['ambiguity']:.3f}"
    line += f" ({e['low']:.3f}-{e['high']:.3f})  groups {e['n_components']:>2}"
    line += f"  class votes {e['votes']:.3f}  {e['name']}"
    return line + (f"  | {_words(against)}" if against else "")


def _words(v: dict) -> str:
    if v["same"]:
        return "the same map"
    kept = "as faithful" if v["faithful"] else f"less faithful by {-v['gap']:.3f}"
    return f"{kept}, {'clearly' if v['clearer'] else 'not clearly'} clearer"


def show(r: dict) -> None:
    """One data set as lines."""
    print(f"\n{r['data']} ({r['rows']:,} × {r['columns']}), {r['maps']} maps, {r['seconds']:.0f} s")
    print(_line("recommended", r["recommended"]) if r["recommended"] else f"  {r['sentence']}")
    for method, row in r["defaults"].items():
        print(_line(f"{method} default", row["default"]))
        if "recommended" in row:
            print(f"  {'':<16} recommended: {_words(row['recommended'])}")
        if "tuned" in row:
            print(_line(f"{method} tuned", row["tuned"], row["tuned"]))


def summary(results: list[dict]) -> None:
    """How often the aims were met, per default method."""
    for method in DEFAULTS:
        for kind in ("recommended", "tuned"):
            rows = [r["defaults"][method][kind] for r in results
                    if kind in r["defaults"].get(method, {})]  # fmt: skip
            both = sum(v["faithful"] and v["clearer"] for v in rows)
            if rows:
                print(
                    f"{kind} against the default {method}, {len(rows)} data sets: as faithful "
                    f"{sum(v['faithful'] for v in rows)}, clearly clearer "
                    f"{sum(v['clearer'] for v in rows)}, both {both}, "
                    f"the same map {sum(v['same'] for v in rows)}"
                )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.advisor")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--search", default="sweep", choices=("sweep", "bayes"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", default="", metavar="FOLDER", help="write a strip of maps")
    parser.add_argument("--home", default="", metavar="FOLDER", help="keep the maps there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = []
    with tempfile.TemporaryDirectory(prefix="gestalt-advisor-") as passing:
        home = options.home or passing
        os.environ["GESTALT_HOME"] = home
        store = Artifacts(Path(home) / "results")
        for name in options.names or names():
            found = measure(name, options, store)
            if found is None:
                print(f"Skipped: no {name} in {place('tabular')}; set EVAL_DATA.", file=sys.stderr)
                continue
            results.append(found)
            if not options.json:
                show(found)
                sys.stdout.flush()
    if options.json:
        print(json.dumps(results))
    else:
        print()
        summary(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
