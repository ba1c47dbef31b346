"""Can clustering methods be ranked on these plots? On clear plots they rank alike, on ambiguous
ones perhaps not.

Application 1 of the CLAMS paper (Jeon et al., VIS 2023): 8 methods are scored on each plot, and the
rank correlation of their scores is taken over all pairs of plots, within the third of low and
within the third of high ambiguity. Where plots do not rank the methods alike, a benchmark on them
says little. The score is the mean silhouette, as in the paper; the settings of each method are
those of a small grid that reach its highest silhouette on that plot, noise rows counting as 0.
"""

from typing import Any

import numpy as np

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.silhouette import silhouettes
from analytics.clustering.xmeans import xmeans
from analytics.errors import BadInput
from analytics.pictures.ranking import scored
from analytics.progress import Progress, silent
from analytics.results import Dataset, Gallery, Score, ScoreCard

POINTS = 400  # of each plot, so that the grids stay affordable
FEWEST_PLOTS = 9
BOOTSTRAP = 1_000
GROUPS = (2, 3, 4, 5, 6, 8, 10)
SIZES = (5, 10, 20, 40)
SHARES = (0.02, 0.03, 0.05, 0.08)  # of the plot's longer side

# Name for people -> registered method and its grid; None is X-means, which has no settings.
CLUSTERERS: dict[str, tuple[str, list[dict[str, Any]]] | None] = {
    "k-means": ("kmeans", [{"n_clusters": k} for k in GROUPS]),
    "X-means": None,
    "Gaussian mixture": ("gmm", [{"n_clusters": k} for k in GROUPS]),
    "Ward": ("agglomerative", [{"n_clusters": k, "linkage": "ward"} for k in GROUPS]),
    "Average linkage": ("agglomerative", [{"n_clusters": k, "linkage": "average"} for k in GROUPS]),
    "BIRCH": ("birch", [{"n_clusters": k, "threshold": 0.03} for k in GROUPS]),
    "DBSCAN": ("dbscan", [{"eps": e, "min_samples": 5} for e in SHARES]),
    "HDBSCAN": ("hdbscan", [{"min_cluster_size": s} for s in SIZES]),
}


def compare(gallery: Gallery, seed: int = 0, progress: Progress = silent) -> ScoreCard:
    """Rank agreement on the clear and on the ambiguous third of ranked plots.

    values : "low", "high" (mean Spearman correlation of the methods' scores over pairs of plots in
    that third, -1 to 1), "difference" (low - high), with 95 % bootstrap intervals over plots.
    tables : "scores" (plots, methods) in the order of ambiguity, "ranks_low", "ranks_high"
    (methods, 3) mean rank with its lowest and highest; methods as in CLUSTERERS.
    points : "ambiguity" of the plots. Raises BadInput with fewer than nine plots.
    """
    entries = [e for e in scored(gallery.entries) if e["picture"] in gallery.points]
    if len(entries) < FEWEST_PLOTS:
        raise BadInput(
            f"{len(entries)} of these plots show two groups or more, and at least {FEWEST_PLOTS} "
            "are needed, three for each third: rank more plots."
        )
    scores = []
    for i, e in enumerate(entries):
        progress(i / len(entries), f"Clustering plot {i + 1} of {len(entries)} in 8 ways")
        stretch = np.array([1.0, float(e["aspect"])])
        scores.append(plot_scores(gallery.points[e["picture"]] * stretch, seed))
    table = np.array(scores)
    third = len(entries) // 3
    low, high = table[:third], table[-third:]
    progress(1.0, "Compared")
    return ScoreCard(
        values=_values(low, high, seed),
        points={"ambiguity": np.array([e["ambiguity"] for e in entries], np.float32)},
        tables={
            "scores": table,
            "ranks_low": _rank_ranges(low),
            "ranks_high": _rank_ranges(high),
        },
        notes=(
            f"{third} clear and {third} ambiguous of {len(entries)} plots with two groups or more; "
            f"at most {POINTS} points of each.",
        ),
    )


def plot_scores(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """The silhouette each method of CLUSTERERS reaches on a plot (n, 2): float (8,)."""
    random = np.random.default_rng(seed)
    X = np.asarray(points, np.float64)
    if len(X) > POINTS:
        X = X[np.sort(random.choice(len(X), POINTS, replace=False))]
    X = (X - X.min(axis=0)) / max(float(np.ptp(X, axis=0).max()), 1e-300)
    dataset = Dataset(X=X.astype(np.float32), columns=("x", "y"), rows=np.arange(len(X)))
    return np.array([_best(row, X, dataset, seed) for row in CLUSTERERS.values()])


def _best(row, X: np.ndarray, dataset: Dataset, seed: int) -> float:
    """The highest mean silhouette of a method over its grid; -1 when it never finds two groups."""
    labelings = []
    if row is None:
        labelings.append(xmeans(X, seed=seed))
    else:
        method = registry.get("clustering", row[0])
        for params in row[1]:
            if params.get("n_clusters", 0) >= len(X):
                continue
            labelings.append(fit(method, X, method.check(params), seed, dataset).labels)
    return max((_silhouette(X, labels) for labels in labelings), default=-1.0)


def _silhouette(X: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette over all rows, noise rows counting as 0."""
    inside = np.flatnonzero(labels >= 0)
    if len(np.unique(labels[inside])) < 2:
        return -1.0
    values = silhouettes(X[inside], [labels[inside]], np.arange(len(inside)))[0]
    return float(values.sum() / len(X))


def agreement(table: np.ndarray) -> np.ndarray:
    """Spearman correlation of the rows of scores (plots, methods), over all pairs: (p, p)."""
    from scipy.stats import rankdata

    ranks = rankdata(table, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = np.sqrt((ranks**2).sum(axis=1))
    size[size == 0] = np.inf  # all methods equal: no order, no correlation
    return (ranks / size[:, None]) @ (ranks / size[:, None]).T


def _mean_pair(correlation: np.ndarray, rows: np.ndarray) -> float:
    """Mean over pairs of different plots among ``rows``, which may repeat."""
    i, j = np.triu_indices(len(rows), 1)
    apart = rows[i] != rows[j]
    return float(correlation[rows[i], rows[j]][apart].mean()) if apart.any() else np.nan


def _values(low: np.ndarray, high: np.ndarray, seed: int) -> dict[str, Score]:
    random = np.random.default_rng(seed)
    pair = agreement(low), agreement(high)
    every = np.arange(len(low))
    now = [_mean_pair(c, every) for c in pair]
    again = np.array(
        [
            [_mean_pair(c, random.integers(len(every), size=len(every))) for c in pair]
            for _ in range(BOOTSTRAP)
        ]
    )
    ends = np.nanpercentile(again, [2.5, 97.5], axis=0)
    apart = np.nanpercentile(again[:, 0] - again[:, 1], [2.5, 97.5])
    help_ = "Mean rank correlation of 8 clusterers' silhouettes over pairs of plots."
    return {
        "low": Score(now[0], *map(float, ends[:, 0]), "Clear plots", "higher", help_),
        "high": Score(now[1], *map(float, ends[:, 1]), "Ambiguous plots", "higher", help_),
        "difference": Score(
            now[0] - now[1], *map(float, apart), "Difference", "higher", "Clear less ambiguous."
        ),
    }


def _rank_ranges(table: np.ndarray) -> np.ndarray:
    """Mean, lowest and highest rank of each method over plots, 1 is best: (methods, 3)."""
    from scipy.stats import rankdata

    ranks = rankdata(-table, axis=1)
    return np.stack([ranks.mean(axis=0), ranks.min(axis=0), ranks.max(axis=0)], axis=1)


def sentence(card: ScoreCard) -> str:
    """What the comparison says."""
    low, high, gap = (card.values[k] for k in ("low", "high", "difference"))
    numbers = f"rank correlation {low.value:.2f} on clear plots, {high.value:.2f} on ambiguous ones"
    if gap.low is not None and gap.low > 0:
        return f"Clusterers rank alike on clear plots and less so on ambiguous ones: {numbers}."
    if gap.high is not None and gap.high < 0:
        return f"Here clusterers rank more alike on ambiguous plots than on clear ones: {numbers}."
    return f"No difference shown with so few plots: {numbers}, and their intervals overlap."
