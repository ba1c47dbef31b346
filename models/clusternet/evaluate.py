"""How close the shipped network comes: ``python -m models.clusternet.evaluate``.

Prints, from the evaluation data (``../shared/data`` or EVAL_DATA; a table whose data is absent is
left out with a sentence): agreement with expert groupings per set, beside classical methods with
their best single setting over the sets; the predicted share for two Gaussians against DEMP; the
plot-level disagreement against the original CLAMS order; how far turning and shuffling moves the
answer. ``--json`` prints one object, ``--only NAME`` one table. Nothing here is fitted to the sets.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analytics.perception.clusternet import group_as_people
from models.evaluation import folder

MOST = 5_000  # points per set for the classical methods; the slow ones get fewer
SLOW_MOST = 2_000


def expert_sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """name -> points (n, 2), labels (variants, n) with 0 = noise; empty when the data is absent."""
    base = folder("clustering-2d")
    found = {}
    for path in sorted(base.glob("*.npz")) if base else []:
        with np.load(path, allow_pickle=False) as file:
            found[path.stem] = (file["points"].astype(float), file["labels"].astype(int))
    return found


def score(groups: np.ndarray, variants: np.ndarray) -> float:
    """Best adjusted Rand index over the accepted groupings, their noise points left out."""
    from sklearn.metrics import adjusted_rand_score

    return max(adjusted_rand_score(v[v > 0], groups[v > 0]) for v in variants)


def ours(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """The network's groups."""
    return group_as_people(points, seed=seed).labels


# --- classical methods --------------------------------------------------------------------------


def _kmeans(p, variants):
    from sklearn.cluster import KMeans

    return [KMeans(int(v.max()), n_init=5, random_state=0).fit_predict(p) for v in variants]


def _dbscan(p, _, eps, least):
    from sklearn.cluster import DBSCAN

    return [DBSCAN(eps=eps, min_samples=least).fit_predict(p)]


def _hdbscan(p, _, size):
    from sklearn.cluster import HDBSCAN

    return [HDBSCAN(min_cluster_size=size, copy=True).fit_predict(p)]


def _mean_shift(p, _, width):
    from sklearn.cluster import MeanShift

    return [MeanShift(bandwidth=width, bin_seeding=True).fit_predict(p)]


def _spectral(p, variants, near):
    from sklearn.cluster import SpectralClustering

    found = []
    for v in variants:
        made = SpectralClustering(
            int(v.max()), affinity="nearest_neighbors", n_neighbors=near, random_state=0
        )
        found.append(made.fit_predict(p))
    return found


def _gmm(p, _, kind):
    from sklearn.mixture import GaussianMixture

    fits = [
        GaussianMixture(k, covariance_type=kind, random_state=0, max_iter=60).fit(p)
        for k in range(1, 41, 1 if len(p) < 600 else 2)
    ]
    return [min(fits, key=lambda f: f.bic(p)).predict(p)]


# name -> (function(points, variants, **setting), settings, most points). k-means and spectral are
# told the true number of groups of each accepted grouping, and keep the better answer.
CLASSICAL: dict[str, tuple[Callable, list[dict], int]] = {
    "k-means, true k": (_kmeans, [{}], MOST),
    "DBSCAN": (
        _dbscan,
        [{"eps": e, "least": m} for e in (0.01, 0.02, 0.03, 0.04, 0.06, 0.09) for m in (3, 5, 10)],
        MOST,
    ),
    "HDBSCAN": (_hdbscan, [{"size": s} for s in (5, 10, 15, 20, 30, 50)], MOST),
    "mean shift": (_mean_shift, [{"width": w} for w in (0.05, 0.08, 0.12, 0.18, 0.25)], SLOW_MOST),
    "spectral, true k": (_spectral, [{"near": k} for k in (6, 10, 20)], SLOW_MOST),
    "GMM + BIC": (_gmm, [{"kind": k} for k in ("full", "diag")], SLOW_MOST),
}


def classical(sets: dict, names: list[str] | None = None) -> dict[str, dict]:
    """Per method: its best single setting over the sets and its score per set with it."""
    found = {}
    for name in names or CLASSICAL:
        function, settings, most = CLASSICAL[name]
        table = np.zeros((len(settings), len(sets)))
        for j, (points, variants) in enumerate(sets.values()):
            kept = np.random.default_rng(0).permutation(len(points))[:most]
            p = points[kept] - points[kept].min(axis=0)
            p, seen = p / p.max(), variants[:, kept]
            for i, setting in enumerate(settings):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    answers = function(p, seen, **setting)
                table[i, j] = max(score(a, seen) for a in answers)
        best = int(table.mean(axis=1).argmax())
        found[name] = {
            "setting": settings[best],
            "mean": float(table[best].mean()),
            "sets": dict(zip(sets, table[best].round(4).tolist(), strict=True)),
        }
        print(f"{name} done", file=sys.stderr, flush=True)
    return found


# --- tables -------------------------------------------------------------------------------------


def experts(baselines: bool = True) -> dict:
    """Scores on the expert-labelled sets."""
    sets = expert_sets()
    if not sets:
        return {}
    mine = {name: score(ours(p), v) for name, (p, v) in sets.items()}
    result = {"ClusterNet": {"setting": {}, "mean": float(np.mean(list(mine.values()))),
                             "sets": mine}}  # fmt: skip
    return result | (classical(sets) if baselines else {})


def two_gaussians(n: int = 400, plots: int = 3) -> dict:
    """Predicted share of people who see one group in plots of two Gaussians, against DEMP.

    Three pairs: two equal round ones, a small and a large one, two long ones side by side. The
    share is the mean over pairs of points of which one comes from each Gaussian.
    """
    from scipy.stats import spearmanr

    from analytics.perception.demp import demp
    from analytics.perception.mixture import Gaussians

    pairs = {
        "equal": (1, 1, 1, 1, 0.5),
        "unequal": (1, 1, 0.4, 0.4, 0.75),
        "long": (0.5, 2, 0.5, 2, 0.5),
    }
    rows = []
    for name, (ax, ay, bx, by, weight) in pairs.items():
        for d in np.linspace(0, 6, 25):
            one = Gaussians(np.array([weight]), np.zeros((1, 2)), np.diag([ax**2, ay**2])[None])
            two = Gaussians(
                np.array([1 - weight]), np.array([[d, 0.0]]), np.diag([bx**2, by**2])[None]
            )
            share = []
            for seed in range(plots):
                rng = np.random.default_rng([int(d * 100), seed])
                m = round(n * weight)
                a = rng.normal(size=(m, 2)) * [ax, ay]
                b = rng.normal(size=(n - m, 2)) * [bx, by] + [d, 0]
                found = group_as_people(np.vstack([a, b]), seed=seed)
                share.append(found.shares[:m, m:].mean())
            rows.append((name, float(d), float(demp(one, two)[0]), float(np.mean(share))))
    order = [r[2] for r in rows], [r[3] for r in rows]
    falls = {
        name: float(spearmanr([r[1] for r in rows if r[0] == name],
                              [r[3] for r in rows if r[0] == name]).statistic)
        for name in pairs
    }  # fmt: skip
    return {
        "spearman with DEMP": float(spearmanr(*order).statistic),
        "spearman with distance": falls,
        "rows": rows,
    }


def clams_order() -> dict:
    """Predicted disagreement of 32 plots against the order of the original CLAMS."""
    import pandas as pd
    from scipy.stats import rankdata, spearmanr

    from analytics.perception.clams import clams

    base = folder("clams")
    if base is None:
        return {}
    order = pd.read_csv(base / "reference_order.csv")
    net, score_ = [], []
    for name in order["name"]:
        points = pd.read_csv(base / "scatterplots" / f"{name}.csv")[["x", "y"]].to_numpy(float)
        found = group_as_people(points)
        net.append((1 - found.two_people, 1 - found.agreement))
        score_.append(clams(points, bootstrap=0).ambiguity)
    reference = order["order_here"].to_numpy()
    net = np.array(net)
    both = rankdata(net[:, 1]) + rankdata(score_)
    return {
        "1 - expected ARI of two people": float(spearmanr(net[:, 0], reference).statistic),
        "1 - agreement": float(spearmanr(net[:, 1], reference).statistic),
        "CLAMS": float(spearmanr(score_, reference).statistic),
        "mean rank of CLAMS and 1 - agreement": float(spearmanr(both, reference).statistic),
    }


def invariance() -> dict:
    """Mean ARI of the answer to a turned, mirrored, scaled and shuffled set with the first one."""
    from sklearn.metrics import adjusted_rand_score

    changes = {name: [] for name in ("turned 37°", "mirrored", "scaled", "shuffled", "other seed")}
    for points, _ in expert_sets().values():
        base = ours(points)
        a = np.deg2rad(37)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        order = np.random.default_rng(1).permutation(len(points))
        back = np.argsort(order)
        answers = {
            "turned 37°": ours(points @ turn.T),
            "mirrored": ours(points * [-1, 1]),
            "scaled": ours(points * 1234.5),
            "shuffled": ours(points[order])[back],
            "other seed": ours(points, seed=1),
        }
        for name, labels in answers.items():
            changes[name].append(adjusted_rand_score(base, labels))
    return {name: float(np.mean(v)) for name, v in changes.items() if v}


TABLES = {
    "experts": experts,
    "gaussians": two_gaussians,
    "clams": clams_order,
    "invariance": invariance,
}


def show(name: str, result: dict) -> None:
    """Print one table as text."""
    print(f"\n== {name}")
    if not result:
        print("The evaluation data is absent: set EVAL_DATA to the folder that holds it.")
    elif name == "experts":
        methods = list(result)
        print(f"{'':28}" + "".join(f"{m[:16]:>18}" for m in methods))
        for each in next(iter(result.values()))["sets"]:
            print(f"{each:28}" + "".join(f"{result[m]['sets'][each]:18.2f}" for m in methods))
        print(f"{'mean':28}" + "".join(f"{result[m]['mean']:18.3f}" for m in methods))
        for m in methods:
            print(f"{m}: best single setting {result[m]['setting'] or 'none to set'}")
    else:
        for key, value in result.items():
            if key != "rows":
                print(f"{key}: {value}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=list(TABLES), action="append")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="also write the JSON object to this file")
    options = parser.parse_args(arguments)
    results = {}
    for name in options.only or TABLES:
        table = TABLES[name]
        results[name] = experts(not options.no_baselines) if name == "experts" else table()
        if not options.json:
            show(name, results[name])
    if options.json:
        print(json.dumps(results))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
