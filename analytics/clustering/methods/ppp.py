"""PPP: halve a set by k-means where a mixture of two Gaussians confirms it, again and again.

"PPP, Probabilistic Partitive Partitioning". Only its abstract could be read: k-means partitions, a
Gaussian mixture validates, the number of groups is found and does not depend on the start. The
steps here are our reading of it, and are said in docs/methods/ppp.md.
"""

from collections import deque
from typing import Any

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_FEWEST = 10  # rows of a set that is tried
_PER_NUMBER = 5  # rows for each number of a full covariance, else it is diagonal
_MOST_SETS = 1_000
_AXES = 6  # principal axes along which a halving starts, and four diagonals
_AS_GOOD = 0.01  # sum of squares above the least of halves that count as another answer


def ppp(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Groups, with extras "split_tree" (m, 5): parent (-1 for the root), size, stability, agreement
    of mixture and halves, fall of the BIC per row; "leaf" (k,): its row there of each group;
    "separability" (k,): mean lead of the own group's posterior over the next."""
    Z = _standard(X)
    tree, leaves = [], []
    waiting = deque([(np.arange(len(Z)), -1)])
    while waiting:
        rows, parent = waiting.popleft()
        placed = sum(len(leaf) for _, leaf in leaves) / len(Z)
        progress(0.9 * placed, f"{len(tree) + 1} sets, {len(leaves)} final")
        halves, facts = None, (np.nan, np.nan, np.nan)
        if len(rows) >= max(_FEWEST, 2 * params["smallest"]) and len(tree) < _MOST_SETS:
            halves, facts = _split(Z[rows], params)
        tree.append((parent, len(rows), *facts))
        if halves is None:
            leaves.append((len(tree) - 1, rows))
            continue
        waiting.extend((rows[halves == side], len(tree) - 1) for side in (0, 1))
    labels = np.empty(len(Z), np.int64)
    for i, (_, rows) in enumerate(leaves):
        labels[rows] = i
    separability = _separability(Z, labels, len(leaves))
    best = int(np.argmax(separability))
    notes = []
    if len(leaves) > 1:
        notes.append(
            f"The most separable group has {int((labels == best).sum()):,} rows: a row leads by "
            f"{separability[best]:.2f} on average (0 to 1) in the chance to belong to it."
        )
    elif np.isfinite(tree[0][2]):
        notes.append(
            f"The data stays whole: for its best halves, same halves is {tree[0][2]:.2f}, mixture "
            f"agrees {tree[0][3]:.2f}, and the BIC per row falls by {tree[0][4]:.3g}."
        )
    return Clustering(
        labels=labels,
        extras={
            "split_tree": np.array(tree, np.float64),
            "leaf": np.array([node for node, _ in leaves], np.int64),
            "separability": separability,
        },
        notes=tuple(notes),
    )


def _standard(X: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and standard deviation 1; constant ones 0."""
    X = X / (np.abs(X).max() or 1.0)  # the squares of the largest numbers are no numbers
    X = X - X.mean(axis=0)
    spread = X.std(axis=0)
    return np.divide(X, spread, out=np.zeros_like(X), where=spread > 1e-12)


def _split(Z: np.ndarray, params: dict) -> tuple[np.ndarray | None, tuple[float, float, float]]:
    """Side (n,) of each row, or None when the set stays whole; stability, agreement of the mixture
    with the halves, fall of the BIC per row.

    Of the halves that are as good as the best, those that the mixture confirms most are taken.
    """
    from sklearn.metrics import adjusted_rand_score

    found = _two_means(Z - Z.mean(axis=0))
    found = [h for h in found if params["smallest"] <= h.sum() <= len(h) - params["smallest"]]
    if not found:
        return None, (np.nan, np.nan, np.nan)
    tried = []
    for halves in found:
        if not any(_crossing(halves, other) == 0 and _same(halves, other) for other, *_ in tried):
            side, fall = _mixture(Z, halves)
            tried.append((halves, float(adjusted_rand_score(halves, side)), fall))
    halves, agreement, fall = max(tried, key=lambda t: t[1])
    stability = 1 - 4 * float(np.mean([_crossing(halves, other) for other in found]))
    good = stability >= params["stability"] and agreement >= params["agreement"] and fall > 0
    return (halves if good else None), (stability, agreement, fall)


def _crossing(a: np.ndarray, b: np.ndarray) -> float:
    """How far two halvings cut across each other, 0 to 1/4: the share of the rows in the smallest
    of the four sets they make. 0 when one only moves whole parts over, as A | BC and AB | C do."""
    return float(np.bincount(2 * a + b, minlength=4).min() / len(a))


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.all(a == b) or np.all(a != b))


def _two_means(Z: np.ndarray) -> list[np.ndarray]:
    """The halves with the least sum of squares, and those of the starts that came as near.

    Z (n, d), centred. Two-means starts at one standard deviation to both sides along the principal
    axes and along the diagonals of the first ones: nothing is drawn, and the order of the rows does
    not matter.
    """
    from sklearn.cluster import KMeans

    spread, axes = np.linalg.svd(Z, full_matrices=False)[1:]
    along = (axes * spread[:, None] / np.sqrt(len(Z)))[: min(_AXES, int((spread > 1e-9).sum()))]
    starts = [*along]
    for other in along[1:3]:
        starts += [(along[0] + other) / np.sqrt(2), (along[0] - other) / np.sqrt(2)]
    with quietly([]):
        made = [KMeans(2, init=np.stack([-s, s]), n_init=1, tol=0).fit(Z) for s in starts]
    made.sort(key=lambda m: m.inertia_)
    return [m.labels_ for m in made if m.inertia_ <= made[0].inertia_ * (1 + _AS_GOOD)]


def _mixture(Z: np.ndarray, halves: np.ndarray) -> tuple[np.ndarray, float]:
    """Side of each row by two Gaussians started from the halves, and how far the BIC per row falls
    below that of one Gaussian."""
    from sklearn.mixture import GaussianMixture

    n, d = Z.shape
    kind = "full" if n >= _PER_NUMBER * d * (d + 3) / 2 else "diag"
    parts = [Z[halves == side] for side in (0, 1)]
    spread = np.stack([part.var(axis=0) + 1e-3 for part in parts])
    precisions = 1 / spread if kind == "diag" else np.stack([np.diag(1 / s) for s in spread])
    with quietly([]):
        one = GaussianMixture(1, covariance_type=kind, reg_covar=1e-3).fit(Z)
        two = GaussianMixture(
            2,
            covariance_type=kind,
            reg_covar=1e-3,
            weights_init=[len(part) / n for part in parts],
            means_init=[part.mean(axis=0) for part in parts],
            precisions_init=precisions,
            random_state=0,
        ).fit(Z)
        return two.predict(Z), float(one.bic(Z) - two.bic(Z)) / n


def _separability(Z: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Mean over the rows of each group of its posterior less the next best, with one Gaussian
    (diagonal) per group: (k,), -1 to 1; 1 for a single group."""
    from scipy.special import logsumexp

    if k == 1:
        return np.ones(1)
    logs = np.empty((len(Z), k))
    for i in range(k):
        part = Z[labels == i]
        spread = part.var(axis=0) + 1e-3
        far = ((Z - part.mean(axis=0)) ** 2 / spread).sum(axis=1)
        logs[:, i] = np.log(len(part) / len(Z)) - 0.5 * (far + np.log(spread).sum())
    chance = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    every = np.arange(len(Z))
    own = chance[every, labels]
    chance[every, labels] = -1
    lead = own - chance.max(axis=1)
    return np.array([lead[labels == i].mean() for i in range(k)])


METHODS = (
    Method(
        "ppp",
        "PPP (split and validate)",
        "clustering",
        "Halves the data by k-means as long as a mixture of two Gaussians confirms the halves. "
        "Finds the number of groups and gives the same answer every time; sees compact groups "
        "only, and an early doubtful cut stops it.",
        ppp,
        params=(
            Param(
                "stability",
                "float",
                0.9,
                "Same halves",
                "Least mean agreement (ARI) of the halves between starts.",
                0,
                1,
            ),
            Param(
                "agreement",
                "float",
                0.9,
                "Mixture agrees",
                "Least agreement (ARI) of the mixture with the halves.",
                0,
                1,
            ),
            Param("smallest", "int", 5, "Smallest group", "Rows.", 2, 100_000, unit="rows"),
        ),
        cost=lambda n, d, p: 0.3 + 2e-6 * n * d + 3e-8 * n * d * d,
        reference="PPP, Probabilistic Partitive Partitioning (abstract)",
        seeded=False,
        order=38,
        family="split",
        measured="The same groups over 20 seeds and orders of the rows on all 12 sets tried, where "
        "restarts of k-means differ (least ARI 0.43 to 0.88). The number of groups is often too "
        "low: 8 of 8 on separate clouds, but 2 of 3 on iris and 1 of 10 on digits.",
    ),
)
