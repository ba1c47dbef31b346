"""Do the groups come back when the method starts, or the data, changes a little?"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analytics.clustering.agreement import contingency, match, table_ari
from analytics.clustering.fit import fit, subset
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress, part, silent
from analytics.registry import Method
from analytics.results import NOISE, Clustering, Dataset, Score, ScoreCard
from analytics.shares import percent

MAX_ROWS = 20_000
MAX_GROUPS = 1_000
SHARE = 0.8
PARAMS = (
    Param("runs", "int", 10, "Runs", "Seeds to try, and subsamples to try.", 2, 100, unit="runs"),
    Param(
        "noise",
        "float",
        0.0,
        "Noise of copies",
        "Noise added to every column of a copy, as a share of its standard deviation; 0: no "
        "copies.",
        0,
        10,
    ),
)

Run = tuple[np.ndarray, np.ndarray]
"""One run: positions in the rows used, and their labels."""

_WORDS = {
    "seeds": (
        "Same groups over seeds",
        "Mean adjusted Rand index between runs with different seeds on the same rows: "
        "1 means the start does not matter.",
    ),
    "subsamples": (
        "Same groups over subsamples",
        "Mean adjusted Rand index between runs on random subsamples of 80 % of the rows, on the "
        "rows both hold. Ben-Hur, Elisseeff & Guyon 2002.",
    ),
    "copies": (
        "Same groups over noisy copies",
        "Mean adjusted Rand index between runs on copies of the rows with noise added.",
    ),
    "recovery": (
        "Groups recovered",
        "For each group the best Jaccard overlap with a group of each subsample run, averaged, "
        "then weighted by size. Hennig 2007: below 0.5 dissolved, above 0.75 a stable group.",
    ),
}


def scores(
    row: Method,
    X: np.ndarray,
    base: Clustering,
    params: dict[str, Any],
    dataset: Dataset,
    runs: int = 10,
    progress: Progress = silent,
    spread: float = 0.0,
    labels: Callable[[str, int], np.ndarray] | None = None,
) -> ScoreCard:
    """Refit over seeds and over subsamples with the same method and parameters, and with a
    ``spread`` above 0 over copies with that much noise in each column (of its deviation).
    labels : gives :meth:`Refits.labels`, where they are made elsewhere.

    values : "seeds", "subsamples" (mean pairwise ARI), "recovery" (mean Jaccard), with 95 %
    bootstrap intervals over runs. groups : "stability" (k,) Jaccard recovery (Hennig 2007,
    doi:10.1016/j.csda.2006.11.025). points : "consistency" (n,), share of the subsample runs
    holding the row that put it to the match of its group; NaN when no run holds it. With copies
    also value "copies" (mean pairwise ARI) and points "steadiness", the same share over copies.
    Raises BadInput for more than 1,000 groups.
    """
    if base.n_clusters > MAX_GROUPS:
        raise BadInput(
            f"Stability follows at most {MAX_GROUPS:,} groups, but there are "
            f"{base.n_clusters:,}: make fewer groups."
        )
    again = Refits(row, X, base, params, dataset, spread)
    made = labels or again.labels
    notes: list[str] = []
    if len(again.rows) < len(X):
        notes.append(f"Runs use {MAX_ROWS:,} of {len(X):,} rows (seed {base.seed}).")
    seeds = []
    if row.seeded:
        seeds = _runs(again, made, "seed", runs, part(progress, 0.0, 0.5), notes)
    else:
        notes.append(f"{row.label} uses no random numbers, so other seeds give the same groups.")
    samples = _runs(again, made, "subsample", runs, part(progress, 0.5, 1.0), notes)
    progress(1.0, "Runs compared")
    notes.append(f"{len(seeds)} seeds; {len(samples)} subsamples of {percent(SHARE)} of the rows.")
    card = _card(base, again.rows, seeds, samples)
    if spread > 0:
        copies = _runs(again, made, "copy", runs, part(progress, 1.0, 1.0), notes)
        notes.append(f"{len(copies)} copies with noise of {spread:g} of each column's deviation.")
        card = _with_copies(card, base, again.rows, copies)
    return card.with_(notes=tuple(notes))


class Refits:
    """The runs of one test, each found by its kind and number alone.

    rows (m,): those that the runs use, drawn with the seed of the groups. Arguments as those of
    :func:`scores`.
    """

    def __init__(self, row: Method, X: np.ndarray, base: Clustering, params, dataset, spread=0.0):
        self._row, self._X, self._base, self._params = row, X, base, params
        self._dataset, self._spread = dataset, spread
        self._rng = np.random.default_rng(base.seed)
        self.rows = np.arange(len(X))
        if len(X) > MAX_ROWS:
            self.rows = np.sort(self._rng.choice(len(X), MAX_ROWS, replace=False))
        self._picked: list[np.ndarray] = []
        self._copies, self._copied = np.random.default_rng(base.seed), 0

    def picked(self, kind: str, number: int) -> np.ndarray:
        """Positions in ``rows`` that a run uses."""
        m = len(self.rows)
        if kind != "subsample":
            return np.arange(m)
        while len(self._picked) <= number:
            drawn = self._rng.choice(m, max(1, round(SHARE * m)), replace=False)
            self._picked.append(np.sort(drawn))
        return self._picked[number]

    def labels(self, kind: str, number: int) -> np.ndarray:
        """Labels of one run: "seed", "subsample" or "copy". Raises BadInput."""
        index = self.rows[self.picked(kind, number)]
        moved = self._noise(number) if kind == "copy" else 0.0
        seed = (self._base.seed + number) % 2**32 if kind == "seed" else self._base.seed
        data = subset(self._dataset, index)
        noise = self._base.params.get("noise", "keep")
        X = self._X[index] + moved
        return fit(self._row, X, self._params, seed, data, silent, noise).labels

    def _noise(self, number: int) -> np.ndarray:
        """The noise of a copy; copies are asked for in their order, or one alone."""
        Z = self._X[self.rows]
        largest = float(np.abs(Z).max()) or 1.0
        widths = self._spread * largest * (Z / largest).std(axis=0)
        while self._copied < number:
            self._copies.normal(size=Z.shape)
            self._copied += 1
        self._copied += 1
        return self._copies.normal(size=Z.shape) * widths


_KINDS = {
    "seed": ("Seed", "over seeds"),
    "subsample": ("Subsample", "on a subsample"),
    "copy": ("Noisy copy", "on a noisy copy"),
}


def _runs(again: Refits, made, kind: str, runs: int, progress: Progress, notes) -> list[Run]:
    """The runs of one kind, up to the first that is not possible. made : gives their labels."""
    found = []
    name, where = _KINDS[kind]
    for i in range(runs):
        progress(i / runs, f"{name} {i + 1} of {runs}")
        try:
            found.append((again.picked(kind, i), made(kind, i)))
        except BadInput as error:
            notes.append(f"A run {where} was not possible: {error}")
            break
    return found


def _card(base: Clustering, rows: np.ndarray, seeds: list[Run], samples: list[Run]) -> ScoreCard:
    """The scores of the runs; rows (m,) are those that the runs used."""
    labels = base.labels[rows]
    recovery, consistency = _recovery(labels, base.n_clusters, samples)
    points = np.full(len(base.labels), np.nan, np.float32)
    points[rows] = consistency
    missing = np.full(base.n_clusters, np.nan)
    return ScoreCard(
        values={
            "seeds": _agreement("seeds", seeds, len(rows), base.seed),
            "subsamples": _agreement("subsamples", samples, len(rows), base.seed),
            "recovery": _recovered(recovery, labels, base),
        },
        points={"consistency": points},
        groups={"stability": recovery.mean(axis=0) if len(recovery) else missing},
    )


def _with_copies(card: ScoreCard, base: Clustering, rows: np.ndarray, copies) -> ScoreCard:
    """The card with what the noisy copies say."""
    steady = np.full(len(base.labels), np.nan, np.float32)
    steady[rows] = _recovery(base.labels[rows], base.n_clusters, copies)[1]
    agreed = _agreement("copies", copies, len(rows), base.seed)
    return card.with_(
        values={**card.values, "copies": agreed}, points={**card.points, "steadiness": steady}
    )


def _agreement(name: str, runs: Sequence[Run], n: int, seed: int) -> Score:
    """Mean ARI over pairs of runs, with an interval from drawing runs again."""
    label, words = _WORDS[name]
    m = len(runs)
    if m < 2:
        return Score(None, label=label, help=f"Not estimated, see the notes. {words}")
    pairs = np.full((m, m), np.nan)
    for i in range(m):
        for j in range(i + 1, m):
            pairs[i, j] = pairs[j, i] = _common_ari(runs[i], runs[j], n)
    upper = pairs[np.triu_indices(m, 1)]
    low, high = _bootstrap_runs(lambda picked: np.nanmean(pairs[np.ix_(picked, picked)]), m, seed)
    value = float(np.mean(upper))
    return Score(value, min(low, value), max(high, value), label, help=words)


def _bootstrap_runs(statistic, m: int, seed: int, draws: int = 500) -> tuple[float, float]:
    """95 % interval of a statistic of m runs; draws of a single run say nothing and are skipped."""
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, m, m) for _ in range(draws))
    values = [statistic(picked) for picked in drawn if len(set(picked.tolist())) > 1]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _common_ari(one: Run, other: Run, n: int) -> float:
    """ARI on the rows that two runs share; noise counts as one more group."""
    first = np.full(n, NOISE - 1, np.int64)
    first[one[0]] = one[1]
    a, b = first[other[0]], other[1]
    both = a >= NOISE
    if not both.any():
        return float("nan")
    a, b = a[both] + 1, b[both].astype(np.int64) + 1
    return table_ari(contingency(a, b, int(a.max()) + 1, int(b.max()) + 1))


def _recovery(labels: np.ndarray, k: int, runs: Sequence[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Jaccard recovery per run and group (r, k), NaN when a run misses it; consistency (n,)."""
    recovery = np.full((len(runs), k), np.nan)
    agreed, held = np.zeros(len(labels)), np.zeros(len(labels))
    for r, (picked, found) in enumerate(runs):
        base = labels[picked]
        recovery[r] = jaccard(base, found, k)
        partner = match(base, found)
        translated = np.array([partner.get(g, -2) for g in range(int(found.max()) + 1)] + [NOISE])
        agreed[picked] += translated[found] == base
        held[picked] += 1
    consistency = np.divide(agreed, held, where=held > 0, out=np.full(len(labels), np.nan))
    return _filled(recovery), consistency


def _filled(recovery: np.ndarray) -> np.ndarray:
    """A group of which a subsample holds no row was not tried there: its mean stands in."""
    with np.errstate(all="ignore"):
        tried = np.sum(~np.isnan(recovery), axis=0)
        mean = np.divide(
            np.nansum(recovery, axis=0), tried, where=tried > 0, out=np.full(len(tried), np.nan)
        )
    return np.where(np.isnan(recovery), mean, recovery)


def jaccard(base: np.ndarray, found: np.ndarray, k: int) -> np.ndarray:
    """Best Jaccard overlap of each base group 0 .. k - 1 with a found group: (k,), 0 to 1.

    NaN for a base group without rows here; noise is no group on either side.
    """
    groups = int(found.max()) + 1
    table = contingency(base.astype(np.int64) + 1, found.astype(np.int64) + 1, k + 1, groups + 1)
    sizes, sizes_found = table.sum(axis=1)[1:], table.sum(axis=0)[1:]
    shared = table[1:, 1:]
    if groups == 0:
        return np.where(sizes > 0, 0.0, np.nan)
    union = sizes[:, None] + sizes_found[None, :] - shared
    best = (shared / np.maximum(union, 1)).max(axis=1)
    return np.where(sizes > 0, best, np.nan)


def _recovered(recovery: np.ndarray, labels: np.ndarray, base: Clustering) -> Score:
    label, words = _WORDS["recovery"]
    sizes = np.bincount(labels[labels != NOISE], minlength=base.n_clusters).astype(float)
    usable = sizes > 0
    if len(recovery) < 2 or not usable.any():
        return Score(None, label=label, help=f"Not estimated, see the notes. {words}")
    usable &= ~np.isnan(recovery).any(axis=0)
    per_run = np.average(recovery[:, usable], axis=1, weights=sizes[usable])
    value = float(per_run.mean())
    low, high = _bootstrap_runs(
        lambda picked: float(per_run[picked].mean()), len(per_run), base.seed
    )
    return Score(value, min(low, value), max(high, value), label, help=words)
