"""Which maps to try, in what order, and how many fit into a time budget.

The order is fixed by the seed and the budget by the registry's cost estimates, not by the clock, so
that the same seed gives the same maps on any machine. First each method with its defaults, then
points of a Halton sequence (J. Halton 1960) over the hyper-parameters that shape a map: it covers
the ranges evenly wherever it is cut off.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from analytics import registry
from analytics.errors import BadInput

# Estimates of the registry are cautious: measured on digits, a map takes 0.2 to 0.6 of them. A job
# shares its machine, so not all of that is used.
CAUTION = 0.6
SCORING = (0.3, 1.2)  # seconds to score a map: of the smallest, and more up to SCORED_ROWS rows
SCORED_ROWS = 1_500
CHEAP = 0.1  # of the budget; the default map of a method that takes more is left out
MOST_MAPS = 200


@dataclass(frozen=True)
class Range:
    """One swept hyper-parameter: its values between ``low`` and ``high``, evenly spread on a
    logarithmic or a plain scale, whole numbers or not. ``bend`` : a power of the share of a plain
    scale; above 1 it puts more values near ``low``."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    bend: float = 1.0

    def at(self, share: float) -> float | int:
        """The value at a share of the range, 0 to 1, rounded to what a person would type."""
        if self.log:
            value = math.exp(
                math.log(self.low) + share * (math.log(self.high) - math.log(self.low))
            )
        else:
            value = self.low + share**self.bend * (self.high - self.low)
        return max(round(value), int(self.low)) if self.whole else float(f"{value:.2g}")


# The ranges of the AmbReducer of the CLAMS paper. Maps of UMAP are clear where the smallest
# distance is below about 0.1, so more of its values lie there.
RANGES: dict[str, tuple[Range, ...]] = {
    "tsne": (Range("perplexity", 1, 1000, log=True),),
    "umap": (Range("n_neighbors", 2, 200, log=True, whole=True), Range("min_dist", 0, 1, bend=3)),
    "densmap": (Range("n_neighbors", 2, 200, log=True, whole=True),),
    "isomap": (Range("n_neighbors", 3, 100, log=True, whole=True),),
    "lle": (Range("n_neighbors", 5, 100, log=True, whole=True),),
}
METHODS = ("pca", "tsne", "umap", "isomap", "lle", "mds", "densmap")
DEFAULT_METHODS = ("pca", "tsne", "umap", "isomap", "lle")
SHARES = {"umap": 4, "tsne": 2}  # how many of every eight swept maps; the others one each


@dataclass(frozen=True)
class Candidate:
    """One map to try: method, its changed parameters, estimated seconds with its scoring."""

    method: str
    params: dict[str, Any]
    seconds: float
    default: bool = False


def check_methods(names) -> tuple[str, ...]:
    """The methods to sweep, in a fixed order. Raises BadInput."""
    unknown = [n for n in names if n not in METHODS]
    if unknown or not names:
        raise BadInput(
            f"'{unknown[0]}' is not swept: choose from {', '.join(METHODS)}."
            if unknown
            else f"No method is chosen: choose from {', '.join(METHODS)}."
        )
    return tuple(m for m in METHODS if m in names)


def limits(method: str, n: int) -> tuple[Range, ...]:
    """The ranges of a method for n rows: no more neighbours than the rows allow."""
    most = {"tsne": (n - 1) / 3}.get(method, n - 1)
    found = []
    for r in RANGES.get(method, ()):
        high = r.high if r.name == "min_dist" else max(r.low, min(r.high, most))
        found.append(replace(r, high=high))
    return tuple(found)


def estimate(method: str, params: dict[str, Any], n: int, d: int) -> float:
    """Estimated seconds to draw and score one map, without what a method costs once per run."""
    row = registry.get("projection", method)
    full = row.check(params)
    return CAUTION * (row.cost(n, d, full) - row.cost(0, d, full)) + scoring(n)


def scoring(n: int) -> float:
    """Estimated seconds to score a map of n rows."""
    return SCORING[0] + SCORING[1] * min(n, SCORED_ROWS) / SCORED_ROWS


def fits(method: str, n: int) -> bool:
    """Whether a method takes so many rows."""
    most = registry.get("projection", method).max_rows
    return most is None or n <= most


def order(methods: tuple[str, ...], n: int, d: int, seed: int) -> Iterator[Candidate]:
    """All candidates in their order, without end when a method has a range to sweep."""
    methods = tuple(m for m in methods if fits(m, n))
    seen = set()
    for m in methods:
        yield Candidate(m, {}, estimate(m, {}, n, d), default=True)
        seen.add((m, repr(registry.get("projection", m).check({}))))
    swept = {m: _points(m, n, seed) for m in methods if limits(m, n)}
    misses = 0
    while swept and misses < 50:
        for m, points in swept.items():
            for params in islice(points, SHARES.get(m, 1)):
                key = (m, repr(registry.get("projection", m).check(params)))
                if key in seen:  # rounding meets a short range twice
                    misses += 1
                    continue
                seen.add(key)
                misses = 0
                yield Candidate(m, params, estimate(m, params, n, d))


def _points(method: str, n: int, seed: int) -> Iterator[dict[str, Any]]:
    from scipy.stats import qmc

    ranges = limits(method, n)
    sequence = qmc.Halton(len(ranges), scramble=True, rng=np.random.default_rng(seed))
    while True:
        shares = sequence.random(1)[0]
        yield {r.name: r.at(float(s)) for r, s in zip(ranges, shares, strict=True)}


def plan(
    methods: tuple[str, ...], n: int, d: int, seed: int, seconds: float
) -> tuple[list[Candidate], list[str]]:
    """The candidates whose estimates fit into the budget, and notes.

    The defaults of PCA, t-SNE and UMAP are always among them, since they are what the others are
    compared with. Of the rest, one that alone would take over a quarter of the budget is passed by.
    """
    chosen, notes, left, passed = [], [], seconds, 0
    for c in order(methods, n, d, seed):
        first = c.default and c.method in ("pca", "tsne", "umap")
        drawing = c.seconds - scoring(n)
        too_long = drawing > (CHEAP if c.default else 0.25) * seconds
        if not first and (too_long or c.seconds > left):
            if c.default:
                label = registry.get("projection", c.method).label
                notes.append(f"{label} was left out: one map takes about {drawing:.0f} s.")
            passed += not c.default
            if c.default or (passed < 40 and left > 2 * scoring(n)):
                continue
            break
        chosen.append(c)
        left -= c.seconds
        passed = 0
        if len(chosen) == MOST_MAPS:
            break
    return chosen, notes
