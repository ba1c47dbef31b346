"""CLAMS here against the original's order of 32 scatterplots of its user study.

Run from the project root: ``python -m bench.clams_reference [--json]``. The plots are evaluation
data and not part of this project: the folder is ``EVAL_DATA`` or ``../shared/data``; without it
the benchmark says so and ends. The simulated people behind the score were chosen by this order;
``models/clams/CARD.md`` has the agreement on plots left out of the choice.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr

from analytics.perception.clams import clams
from models.evaluation import place

# DEMP by Monte Carlo on randomly started mixtures, as measured before this implementation, on the
# 31 plots where it found two or more components.
EARLIER = 0.79


def measure(data: Path) -> pd.DataFrame:
    """One row per plot in the original's order: its rank, ours, the parts, CPU seconds."""
    order = pd.read_csv(data / "reference_order.csv").sort_values("order_here")
    rows = []
    for name, reference in zip(order["name"], order["order_here"], strict=True):
        points = pd.read_csv(data / "scatterplots" / f"{name}.csv")[["x", "y"]].to_numpy(float)
        started = time.process_time()
        found = clams(points)
        rows.append(
            {
                "plot": name,
                "original": int(reference),
                "ambiguity": found.ambiguity,
                "low": found.interval[0],
                "high": found.interval[1],
                "components": found.n_components,
                "points": found.n,
                "seconds": time.process_time() - started,
            }
        )
    return pd.DataFrame(rows)


def agreement(values, reference) -> dict[str, float]:
    """Rank correlations with the original's order."""
    return {
        "spearman": float(spearmanr(values, reference).statistic),
        "kendall": float(kendalltau(values, reference).statistic),
    }


def summary(table: pd.DataFrame) -> dict[str, dict]:
    """Agreement of the score and of the baseline (fewer components, more ambiguous)."""
    found = table[table["components"] > 1]
    return {
        "score, all plots": {
            "plots": len(table),
            **agreement(table["ambiguity"], table["original"]),
        },
        "score, two or more components": {
            "plots": len(found),
            **agreement(found["ambiguity"], found["original"]),
        },
        "number of components alone": {
            "plots": len(table),
            **agreement(-table["components"], table["original"]),
        },
        "earlier Monte Carlo form (published)": {"plots": 31, "spearman": EARLIER},
    }


def scaling(sizes=(1_000, 10_000, 100_000)) -> list[dict]:
    """CPU seconds by number of points, for five blobs and for even noise (the slowest case)."""
    rows = []
    for n in sizes:
        rng = np.random.default_rng(0)
        blobs = rng.normal(size=(n, 2)) + 8 * rng.random((5, 2))[rng.integers(5, size=n)]
        for name, points in (("five blobs", blobs), ("even noise", rng.random((n, 2)))):
            started = time.process_time()
            clams(points)
            rows.append({"plot": name, "points": n, "seconds": time.process_time() - started})
    return rows


def main(arguments: list[str]) -> int:
    data = place("clams")
    if not (data / "reference_order.csv").exists():
        print(f"Skipped: no evaluation data in {data}; set EVAL_DATA to the folder that holds it.")
        return 0
    from bench import standins

    table = measure(data)
    rows = standins.measure(data, seeds=1)
    result = {"agreement": summary(table), "stand-ins": rows, "scaling": scaling()}
    if "--json" in arguments:
        print(json.dumps({**result, "plots": table.round(4).to_dict("records")}))
        return 0
    print(table.round(3).to_string(index=False))
    print()
    for name, numbers in result["agreement"].items():
        words = ", ".join(f"{k} {v:.3f}" for k, v in numbers.items() if k != "plots")
        print(f"{name} ({numbers['plots']} plots): {words}")
    print()
    standins.show(rows)
    print()
    for row in result["scaling"]:
        print(f"{row['plot']}, {row['points']:,} points: {row['seconds']:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
