"""Stand-ins for CLAMS against the original's order of 32 scatterplots.

Run from the project root: ``python -m bench.standins [--json] [--seeds 3]``. For each plot a
clustering method is run with jittered settings and its mean disagreement with itself is the score
(``analytics.perception.standins``); CLAMS and DEMP stand in the same table. The plots are
evaluation data, see ``bench.clams_reference``.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.perception import demp, separability
from analytics.perception.clams import clams, components
from analytics.perception.standins import STANDINS, standin
from bench.clams_reference import agreement
from models.evaluation import place


def plots(data: Path) -> list[np.ndarray]:
    """The plots in the original's order, the least ambiguous first."""
    order = pd.read_csv(data / "reference_order.csv").sort_values("order_here")["name"]
    return [
        pd.read_csv(data / "scatterplots" / f"{name}.csv")[["x", "y"]].to_numpy(float)
        for name in order
    ]


def by_demp(points: np.ndarray) -> float:
    """The score with DEMP in the place of the regression, its curve set as before: half of the
    people at 0.05, slope 1.2 per unit of ln DEMP; all pairs of components."""
    fit = components(points)
    i, j = np.triu_indices(len(fit.weights), 1)
    if len(i) == 0:
        return 0.0
    overlap = demp.demp(fit.take(i), fit.take(j))
    share = 1 / (1 + np.exp(-(np.log(overlap) - np.log(0.05)) / 1.2))
    return float(separability.entropy(share).mean())


def measure(data: Path, seeds: int = 3) -> list[dict]:
    """One row per score: its rank correlations with the original's order. Those of a stand-in are
    means over ``seeds`` draws of its settings, with the least and greatest Spearman correlation."""
    found = plots(data)
    order = np.arange(len(found))
    rows = [
        {"score": "CLAMS", **agreement([clams(p, bootstrap=0).ambiguity for p in found], order)},
        {"score": "DEMP", **agreement([by_demp(p) for p in found], order)},
    ]
    for method in STANDINS:
        tries = [
            agreement([standin(p, method, seed=s) for p in found], order) for s in range(seeds)
        ]
        spearman = [t["spearman"] for t in tries]
        rows.append(
            {
                "score": method,
                "spearman": float(np.mean(spearman)),
                "kendall": float(np.mean([t["kendall"] for t in tries])),
                "least": min(spearman),
                "greatest": max(spearman),
            }
        )
    return rows


def show(rows: list[dict]) -> None:
    """The table as lines."""
    print("rank correlation with the original's order")
    for r in rows:
        span = f"  ({r['least']:.2f} to {r['greatest']:.2f})" if "least" in r else ""
        print(f"{r['score']:<10} Spearman {r['spearman']:.3f}{span}, Kendall {r['kendall']:.3f}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.standins")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    if not (place("clams") / "reference_order.csv").exists():
        print(f"Skipped: no evaluation data in {place('clams')}; set EVAL_DATA to its folder.")
        return 0
    rows = measure(place("clams"), options.seeds)
    if options.json:
        print(json.dumps(rows))
    else:
        show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
