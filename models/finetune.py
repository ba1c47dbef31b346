"""Fine-tune the perception models on studies: ``python -m models.finetune FILE --out DIR``.

FILE is the export of a study (a zip, or one ``.npz`` in the neutral format) or a folder of such
``.npz``. A quarter of the plots is held out. ClusterNet goes on training from the shipped weights;
the separability regression of CLAMS keeps its features and moves its coefficients only as far as
the people's answers pull them. Both are measured on the held-out plots before and after. Nothing
that is shipped changes: DIR gets ``clusternet.safetensors`` with its checksum,
``separability.json`` and ``report.json``.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analytics.errors import BadInput
from analytics.perception import separability
from analytics.results import NOISE

FOLDS = 4
LEAST_PLOTS = 4
MOST_POINTS = 2048
ONE = 0.5  # of the pairs across two components that a person joins: they see one group
KEEP = 10.0  # penalty on what is moved, that of the shipped regression


class Grouped(NamedTuple):
    """A plot as people grouped it: name, points (n, 2), labels (people, n), -1 = not grouped."""

    name: str
    points: np.ndarray
    labels: np.ndarray


def read(source: Path) -> list[Grouped]:
    """The plots with at least two people. Raises BadInput."""
    if source.is_dir():
        from models.clusternet.data import read_neutral

        names = [path.stem for path in sorted(source.glob("*.npz"))]
        every = [Grouped(n, p, q) for n, (p, q, _) in zip(names, read_neutral(source), strict=True)]
    elif source.is_file():
        from analytics.study import files

        every = [Grouped(p.name, p.xy, labels) for p, labels in files.read(source, source.name)]
    else:
        raise BadInput(f"There is no file or folder {source}: check its path.")
    kept = [plot for plot in every if len(plot.labels) >= 2]
    if len(kept) < LEAST_PLOTS:
        raise BadInput(
            f"{len(kept)} plots were grouped by two people or more, but {LEAST_PLOTS} are needed: "
            "three to learn from and one to check on."
        )
    return kept


def parted(plots: list[Grouped], fold: int = 0) -> tuple[list[Grouped], list[Grouped]]:
    """Plots to learn from, and a quarter held out; over the folds 0 to 3 each plot once."""
    order = np.random.default_rng(0).permutation(len(plots))
    held = set(order[fold % FOLDS :: FOLDS])
    learn = [plot for i, plot in enumerate(plots) if i not in held]
    return learn, [plot for i, plot in enumerate(plots) if i in held]


# --- ClusterNet ---------------------------------------------------------------------------------


def match(plots: list[Grouped], weights: str = "") -> dict[str, float]:
    """How ClusterNet with these weights ("" = shipped) meets the people of plots, means over plots.

    "ari" : adjusted Rand index of its groups with a person. "share_error" : mean absolute error of
    the share of people per pair of points. "groups" : number of groups it sees.
    """
    from analytics.perception.shares import groups_of
    from analytics.study.agreement import ari_of, shares_of
    from models.clusternet.predict import predict

    rows = []
    for plot in plots:
        points, labels = _at_most(plot)
        shares = predict(points, views=2, path=weights).shares
        groups = groups_of(shares)
        told = shares_of(labels)
        off = ~np.eye(len(points), dtype=bool)
        rows.append(
            {
                "ari": np.mean([ari_of(groups, row) for row in labels]),
                "share_error": np.abs(shares - told)[off].mean(),
                "groups": groups.max() + 1,
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _at_most(plot: Grouped) -> tuple[np.ndarray, np.ndarray]:
    kept = np.random.default_rng(0).permutation(len(plot.points))[:MOST_POINTS]
    return plot.points[kept], plot.labels[:, kept].astype(np.int16)


def tune_network(
    plots: list[Grouped], out: Path, steps: int, made: int, rate: float, threads: int
) -> Path:
    """Go on training on the plots, and in one step of four on ``made`` generated ones, so that what
    was learned before is not lost. Returns the file of the new weights."""
    from models.clusternet import data
    from models.clusternet.train import train
    from models.clusternet.weights import SHIPPED

    people = data.pack([(p.points.astype(np.float32), p.labels, "people") for p in plots])
    shards = [people] * 3
    if made:
        seeds = range(data.VALIDATION_SEED * 2, data.VALIDATION_SEED * 2 + made)
        shards.append(data.pack([data.annotated(seed) for seed in seeds]))
    about = f"{len(plots)} plots of a study, from the shipped weights."
    train(shards, {}, out, steps, 8, rate, "cpu", threads, about, SHIPPED)
    return out / "clusternet.safetensors"


# --- CLAMS --------------------------------------------------------------------------------------


def pairs_of(plot: Grouped) -> tuple[np.ndarray, np.ndarray]:
    """Features (p, d) of the pairs of components of a plot, and the share (p,) of its people who
    see one group in each: who join at least half of the pairs of points across the two."""
    from analytics.perception.clams import components, drawn_as
    from analytics.perception.features import features

    mixture = components(plot.points)
    drawing = drawn_as(plot.points.min(axis=0), plot.points.max(axis=0), 1.0)
    of = _nearest(mixture, (plot.points - drawing.centre) / drawing.side)
    i, j = np.triu_indices(len(mixture.weights), 1)
    held = np.bincount(of, minlength=len(mixture.weights)) > 0
    i, j = i[held[i] & held[j]], j[held[i] & held[j]]
    if not len(i):
        return np.zeros((0, len(separability.NAMES))), np.zeros(0)
    one = np.stack([_joined(row, of, i, j) >= ONE for row in plot.labels])
    return features(mixture.take(i), mixture.take(j)), one.mean(axis=0)


def _nearest(mixture, points: np.ndarray) -> np.ndarray:
    """The most likely component of each point, (n,)."""
    away = points[:, None] - mixture.means[None]
    inverse = np.linalg.inv(mixture.covariances)
    squared = np.einsum("nki,kij,nkj->nk", away, inverse, away)
    level = np.log(np.maximum(mixture.weights, 1e-300))
    level = level - 0.5 * np.linalg.slogdet(mixture.covariances)[1]
    return (level - 0.5 * squared).argmax(axis=1)


def _joined(labels: np.ndarray, of: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Share (p,) of the pairs of points across components i and j that one person joins."""
    k, groups = int(of.max()) + 1, int(labels.max(initial=NOISE)) + 1
    table = np.zeros((k, max(groups, 1)))
    np.add.at(table, (of[labels != NOISE], labels[labels != NOISE]), 1)
    size = np.bincount(of, minlength=k)
    return (table @ table.T)[i, j] / (size[i] * size[j])


def tune_regression(X: np.ndarray, shares: np.ndarray, people: int) -> dict[str, Any]:
    """The shipped regression with its coefficients moved towards shares (p,) of ``people``.

    Ridge on the change of the logit: few answers move it little.
    """
    from models.clams.regressors import logit

    model = {k: np.array(v) for k, v in separability.model().items()}
    Z = (np.clip(X, model["low"], model["high"]) - model["mean"]) / model["scale"]
    left = logit(shares, people) - (Z @ model["coefficients"] + model["intercept"])
    A = np.column_stack([Z, np.ones(len(Z))])
    moved = np.linalg.solve(A.T @ A + KEEP * np.eye(A.shape[1]), A.T @ left)
    new = {**model, "coefficients": model["coefficients"] + moved[:-1]}
    new["intercept"] = model["intercept"] + moved[-1]
    return {k: v.tolist() for k, v in new.items()}


def error(model: dict, X: np.ndarray, shares: np.ndarray) -> float | None:
    """Root mean square error of predicted shares; None without pairs."""
    if not len(X):
        return None
    return float(np.sqrt(np.mean((separability.evaluate(model, X) - shares) ** 2)))


# --- the command --------------------------------------------------------------------------------


def run(
    source: Path,
    out: Path,
    *,
    steps: int = 200,
    made: int = 50,
    rate: float = 1e-3,
    threads: int = 1,
    fold: int = 0,
) -> dict[str, Any]:
    """Fine-tune both models; returns and writes the report. Raises BadInput."""
    plots = read(source)
    out.mkdir(parents=True, exist_ok=True)
    learn, held = parted(plots, fold)
    before = match(held)
    after = match(held, str(tune_network(learn, out, steps, made, rate, threads)))
    known, unseen = _stacked(learn), _stacked(held)
    people = round(float(np.mean([len(plot.labels) for plot in learn])))
    model = tune_regression(*known, people) if len(known[0]) else separability.model()
    shipped = separability.model()
    report = {
        "learned_from": [plot.name for plot in learn],
        "held_out": [plot.name for plot in held],
        "clusternet": {"before": before, "after": after, "steps": steps},
        "clams": {
            "pairs": len(known[0]),
            "held_out_pairs": len(unseen[0]),
            "before": error(shipped, *unseen),
            "after": error(model, *unseen),
        },
    }
    numbers = {"format": 1, "features": list(separability.NAMES), "model": model}
    numbers["trained_on"] = f"the shipped regression, moved by {len(learn)} plots of a study"
    (out / "separability.json").write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def _stacked(plots: list[Grouped]) -> tuple[np.ndarray, np.ndarray]:
    found = [pairs_of(plot) for plot in plots]
    return np.concatenate([X for X, _ in found]), np.concatenate([s for _, s in found])


def main(arguments: list[str] | None = None) -> int:
    """Run it; 2 when the input cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m models.finetune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, default=Path("finetuned"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--made", type=int, default=50, help="generated plots learned from as well")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    options = parser.parse_args(arguments)
    try:
        report = run(
            options.source,
            options.out,
            steps=options.steps,
            made=options.made,
            rate=options.rate,
            threads=options.threads,
        )
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    print(table(report))
    return 0


def table(report: dict[str, Any]) -> str:
    """The report in words and numbers."""
    lines = [f"{'on held-out plots':34}{'before':>9}{'after':>9}"]
    words = {
        "ari": "ClusterNet: ARI with a person",
        "share_error": "ClusterNet: error of shares",
        "groups": "ClusterNet: groups seen",
    }
    net = report["clusternet"]
    for name, said in words.items():
        lines.append(f"{said:34}{net['before'][name]:9.3f}{net['after'][name]:9.3f}")
    clams = report["clams"]
    if clams["before"] is not None:
        said = "CLAMS: error of one-group shares"
        lines.append(f"{said:34}{clams['before']:9.3f}{clams['after']:9.3f}")
    lines.append(
        f"{len(report['learned_from'])} plots to learn from, {len(report['held_out'])} held out."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
