"""The original's order of 32 scatterplots: calibration and cross-validation.

The order is that of the authors' own implementation, trained on 34 people's judgements, so it
carries what those people saw. Only the population of simulated people is chosen by it, never the
regression itself.
"""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.perception import clams
from analytics.perception.features import features
from analytics.perception.separability import entropy, evaluate
from models.clams.people import Population, Seen, draw_people, one_cluster
from models.clams.regressors import PEOPLE, fit_linear

# The populations tried. Wider spreads are left out: with them, more than one person in ten would
# see two groups in a single Gaussian.
GRID = {
    "density_share": (0.0, 0.3, 0.5, 0.7),
    "width": (0.01, 0.02, 0.04),
    "valley": (0.3, 0.5, 0.7),
    "smallest": (0.003, 0.02, 0.04),
    "overlap": (0.03, 0.05, 0.1),
    "spread": (1.5, 2.0, 2.5),
}
BEST = 0.1  # share of the populations that is kept, those of the best agreement
FOLDS, REPEATS = 4, 50


class Reference(NamedTuple):
    """names, in the original's order from the least ambiguous; X (p, d), features of the pairs of
    all plots; plot (p,), the plot that each pair is in."""

    names: list[str]
    X: np.ndarray
    plot: np.ndarray


def plots(folder: Path) -> list[tuple[str, np.ndarray]]:
    """Names and points (n, 2), the least ambiguous plot of the original's order first."""
    order = pd.read_csv(folder / "reference_order.csv").sort_values("order_here")
    places = [pd.read_csv(folder / "scatterplots" / f"{name}.csv") for name in order["name"]]
    return [(n, p[["x", "y"]].to_numpy(float)) for n, p in zip(order["name"], places, strict=True)]


def read(folder: Path) -> Reference:
    """Fit the reference plots and take the features of their pairs."""
    named, parts = plots(folder), []
    for _, points in named:
        fit = clams.components(points)
        i, j = np.triu_indices(len(fit.weights), 1)
        parts.append(features(fit.take(i), fit.take(j)))
    plot = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    return Reference([name for name, _ in named], np.concatenate(parts), plot)


def scores(reference: Reference, predict) -> np.ndarray:
    """The CLAMS score of each reference plot by a regression: (plots,)."""
    bits, m = entropy(predict(reference.X)), len(reference.names)
    pairs = np.bincount(reference.plot, minlength=m)
    return np.bincount(reference.plot, bits, m) / np.maximum(pairs, 1)


def spearman(values: np.ndarray) -> float:
    """Rank correlation of values with their positions."""
    ranks = pd.Series(values).rank().to_numpy()
    return float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1])


def populations() -> list[Population]:
    """The grid, without the combinations that differ only in what nobody uses."""
    found = (Population(*values) for values in product(*GRID.values()))
    first = {name: values[0] for name, values in GRID.items()}
    return [
        p
        for p in found
        if p.density_share > 0 or (p.width, p.valley) == (first["width"], first["valley"])
    ]


def judged(seen: Seen, tried: list[Population]) -> np.ndarray:
    """Share of each population that sees one cluster in each plot: (populations, m)."""
    return np.stack([one_cluster(seen, draw_people(p, PEOPLE)).mean(axis=1) for p in tried])


def agreement(reference: Reference, X: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Scores of the reference plots by a regression on each row of shares: (populations, plots)."""
    return np.stack([scores(reference, regression(X, row)) for row in shares])


def regression(X: np.ndarray, shares: np.ndarray):
    """The linear regression on these shares, as a function of features."""
    model = fit_linear(X, shares)
    return lambda Z: evaluate(model, Z)


def choose(table: np.ndarray, plots: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Rows of the populations that agree best on the given plots.

    All of them are kept together: a crowd drawn from many likely populations is steadier than the
    single best one.
    """
    found = np.array([spearman(row[plots]) for row in table])
    return np.argsort(-found, kind="stable")[: max(1, round(BEST * len(table)))]


def cross_validate(
    reference: Reference, X: np.ndarray, shares: np.ndarray, table: np.ndarray
) -> dict[str, float]:
    """Agreement on plots that the populations were not chosen by.

    In each fold the populations are chosen by the other plots, a regression is fitted on their
    shares, and each held-out plot is placed among the others by its score. The Spearman
    correlation of these places with the original's order, REPEATS times.
    """
    rng, m, found = np.random.default_rng(0), len(reference.names), []
    for _ in range(REPEATS):
        fold, place = rng.permutation(m) % FOLDS, np.empty(m)
        for f in range(FOLDS):
            kept, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
            crowd = shares[choose(table, kept)].mean(axis=0)
            fitted = scores(reference, regression(X, crowd))
            place[held] = _places(np.sort(fitted[kept]), fitted[held])
        found.append(spearman(place))
    low, high = np.percentile(found, [5, 95])
    return {"mean": float(np.mean(found)), "p5": float(low), "p95": float(high)}


def _places(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where values fall among sorted others, on a scale that runs on beyond both ends."""
    inside = np.interp(values, others, np.arange(len(others)))
    return inside + 0.5 * (values > others[-1]) - 0.5 * (values < others[0])
