"""Many scatterplots in the order of their ambiguity (CLAMS), the clearest first."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from analytics.errors import BadInput
from analytics.perception.clams import clams
from analytics.progress import Progress, part, silent
from analytics.results import Ambiguity, Gallery

SHOWN = 1_000  # points of a plot kept for its thumbnail
MOST_POINTS = 50_000  # points of a plot that are scored; more are sampled


class Plot(NamedTuple):
    """One scatterplot: its name, its points (n, 2), how they are drawn, and what made it.

    ``source`` : plain JSON that lets a page open it, for example {"x": .., "y": ..}.
    ``problem`` : why it cannot be scored, instead of points.
    """

    name: str
    xy: np.ndarray | None
    aspect: float = 1.0
    source: dict[str, Any] | None = None
    problem: str = ""


def rank(
    plots: Iterable[Plot], count: int, seed: int = 0, progress: Progress = silent, notes=()
) -> Gallery:
    """Score plots and sort them.

    entries : {"name", "picture" (key of ``points``), "ambiguity", "low", "high", "n_components",
    "n", "aspect", "warnings", "problem", **source}. Plots with two or more groups come first, the
    clearest of them on top; then those that read as one group, whose score is 0 by definition;
    then those that could not be scored, with the reason.
    """
    entries, points = [], {}
    random = np.random.default_rng(seed)
    for i, plot in enumerate(plots):
        progress(i / max(count, 1), f"Scoring plot {i + 1:,} of {count:,}: {plot.name}")
        entry, shown = _scored(plot, seed, random, part(progress, i / count, (i + 1) / count))
        if shown is not None:
            entry["picture"] = f"p{i}"
            points[f"p{i}"] = shown
        entries.append(entry)
    if not entries:
        raise BadInput("There is no scatterplot to rank: choose other data.")
    progress(1.0, "Ranked")
    order = sorted(range(len(entries)), key=lambda i: place(entries[i]))
    ranked = tuple(entries[i] for i in order)
    return Gallery(entries=ranked, points=points, sentence=sentence(ranked), notes=tuple(notes))


def _scored(plot: Plot, seed: int, random: np.random.Generator, progress: Progress):
    """The entry of a plot and the points of its thumbnail."""
    entry = {"name": plot.name, "picture": "", "problem": plot.problem, **(plot.source or {})}
    if plot.xy is None:
        return entry, None
    xy = np.asarray(plot.xy, np.float64)
    shown = _sample(xy, SHOWN, random).astype(np.float32)
    try:
        found = clams(
            _sample(xy, MOST_POINTS, random),
            aspect=plot.aspect,
            seed=seed,
            progress=_quiet(progress),
        )
    except BadInput as error:
        return {**entry, "problem": str(error)}, None
    scores = scores_of(found, len(xy))
    if len(xy) > MOST_POINTS:
        scores["warnings"].append(f"Scored on {MOST_POINTS:,} of {len(xy):,} points.")
    return {**entry, **scores}, shown


def scores_of(found: Ambiguity, n: int) -> dict[str, Any]:
    """The scores of a plot of n points as plain JSON."""
    low, high = found.interval if len(found.interval) == 2 else (None, None)
    return {
        "ambiguity": float(found.ambiguity),
        "low": low,
        "high": high,
        "n_components": int(found.n_components),
        "n": n,
        "aspect": float(found.aspect),
        "warnings": list(found.warnings),
    }


def _quiet(progress: Progress) -> Progress:
    """The share of a plot's own work, under the words for all plots."""
    return lambda fraction, words: None if fraction is None else progress(fraction, "Scoring plots")


def _sample(xy: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    if len(xy) <= most:
        return xy
    return xy[np.sort(random.choice(len(xy), most, replace=False))]


def place(entry: dict[str, Any]) -> tuple:
    """What entries are sorted by: see :func:`rank`."""
    if entry["problem"]:
        return (2, 0.0, entry["name"])
    if entry["n_components"] < 2:
        return (1, -entry["n"], entry["name"])
    return (0, entry["ambiguity"], entry["name"])


def scored(entries) -> list[dict[str, Any]]:
    """The entries with two or more groups, in their order."""
    return [e for e in entries if not e["problem"] and e["n_components"] > 1]


def sentence(entries) -> str:
    """What the ranking says, in one sentence."""
    good = scored(entries)
    rest = len(entries) - len(good)
    if entries and all(e["problem"] for e in entries):
        return "None of these plots could be scored: what is missing stands under each."
    if not good:
        return (
            "None of these plots shows two groups or more, so there is nothing to disagree about."
        )
    first, last = good[0], good[-1]
    words = f"Clearest is {first['name']} (ambiguity {first['ambiguity']:.2f})"
    if len(good) > 1:
        words += f", most ambiguous {last['name']} ({last['ambiguity']:.2f})"
    if rest:
        words += f"; {rest:,} of {len(entries):,} plots read as one group or could not be scored"
    return words + "."
