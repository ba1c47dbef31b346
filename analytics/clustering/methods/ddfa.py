"""DDFA: groups that are present in different shares in different domains (latent label shift)."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly, whole
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset
from analytics.shares import percent

_FOLDS = 3
_HIDDEN = 128
_STEPS = 40  # passes of the classifier over its rows
_STARTS = 10  # of k-means
_ROWS_IN_BIN = 50  # on average, at least: the counts of smaller ones are mostly chance


def ddfa(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Discriminate, discretise, factorise, adjust (Roberts, Mani, Garg & Lipton, NeurIPS 2022).

    A classifier tells domains apart; what it says of a row is a mixture of what is typical of
    groups. Departures: the factorisation starts from k-means with one cluster per group, since
    with as many domains as groups it has many exact answers, and without ``bins`` this start stands
    as it is; memberships are non-negative least squares instead of a clipped pseudo-inverse. Rows
    without a domain count by their values alone.
    extras "soft" (n, k). Raises BadInput for fewer domains than groups.
    """
    n, k = len(X), params["n_clusters"]
    domain, sizes = _domains(dataset, k)
    if k == 1:
        return Clustering(labels=whole(n))
    notes: list[str] = []
    chances, hits = domain_chances(X, domain, sizes, seed, part(progress, 0, 0.7))
    progress(0.7, "Which rows point to the same domains")
    typical, found = _typical(chances, domain, sizes, k, params["bins"], seed)
    progress(0.8, f"Memberships of {n:,} rows")
    soft = memberships(chances, typical, domain)
    lost = soft.sum(axis=1) == 0
    soft[lost, found[lost]] = 1.0
    notes += _lights(hits, sizes, typical)
    return Clustering(
        labels=soft.argmax(axis=1),
        extras={"soft": soft / soft.sum(axis=1, keepdims=True)},
        notes=tuple(notes),
    )


def _domains(dataset: Dataset, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes 0 .. D - 1 of the domains present (n,), -1 for none, and their sizes (D,)."""
    given = np.asarray(dataset.domain)
    known = given >= 0
    domain = np.full(len(given), -1)
    domain[known] = np.unique(given[known], return_inverse=True)[1]
    sizes = np.bincount(domain[known])
    if len(sizes) < k:
        raise BadInput(
            f"{k} groups need at least {k} domains but there are only {len(sizes)}: ask for fewer "
            "groups, or choose a column with more domains."
        )
    if k > 1 and sizes.min() < 2:
        raise BadInput("A domain has only one row: each needs at least 2, better 50.")
    return domain, sizes


def domain_chances(
    X: np.ndarray, domain: np.ndarray, sizes: np.ndarray, seed: int, progress: Progress
) -> tuple[np.ndarray, float]:
    """p(domain | row) (n, D) by classifiers that did not see the row, as if domains were of equal
    size, and the share of rows whose domain they name."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neural_network import MLPClassifier

    from analytics.clustering.nets import scaled

    Z = scaled(X)[0]
    known = np.flatnonzero(domain >= 0)
    unknown = np.flatnonzero(domain < 0)
    chances = np.zeros((len(X), len(sizes)))
    count = int(min(_FOLDS, sizes.min()))
    folds = StratifiedKFold(count, shuffle=True, random_state=seed)
    for i, (learn, rest) in enumerate(folds.split(known, domain[known])):
        progress(i / count, f"Telling {len(sizes)} domains apart, part {i + 1} of {count}")
        with quietly([]):
            model = MLPClassifier((_HIDDEN,), alpha=1e-3, max_iter=_STEPS, random_state=seed)
            model.fit(Z[known[learn]], domain[known[learn]])
            chances[known[rest]] = model.predict_proba(Z[known[rest]])
            if len(unknown):
                chances[unknown] += model.predict_proba(Z[unknown]) / count
    hits = float(np.mean(chances[known].argmax(axis=1) == domain[known]))
    chances = chances / sizes
    return chances / chances.sum(axis=1, keepdims=True), hits


def _typical(chances, domain, sizes, k: int, bins: int, seed: int):
    """p(domain | group) (k, D) and the cluster of each row (n,) it started from."""
    from sklearn.cluster import KMeans

    def cut(count: int) -> np.ndarray:
        with quietly([]):
            return KMeans(count, n_init=_STARTS, random_state=seed).fit(chances).labels_

    first = cut(k)
    known = domain >= 0
    start = _counts(first[known], domain[known], k, sizes)
    empty = start.sum(axis=1) == 0
    start[empty] = 1 / len(sizes)
    bins = min(bins, len(chances) // _ROWS_IN_BIN)
    if bins > k:
        fine = cut(bins)
        start = factorise(_counts(fine[known], domain[known], bins, sizes), start)
    return start / start.sum(axis=1, keepdims=True), first


def _counts(bins: np.ndarray, domain: np.ndarray, count: int, sizes: np.ndarray) -> np.ndarray:
    """Share of each domain's rows in each bin: (count, D), columns sum to 1."""
    table = np.zeros((count, len(sizes)))
    np.add.at(table, (bins, domain), 1)
    return table / sizes


def factorise(table: np.ndarray, start: np.ndarray, rounds: int = 100) -> np.ndarray:
    """H (k, D) of table (m, D) = W H by multiplicative steps (Lee & Seung 2001, Frobenius).

    start : (k, D), where H begins; W begins as its least squares. Both stay non-negative.
    """
    tiny = 1e-12
    H = np.maximum(start, 1e-6)
    W = np.maximum(_least_squares(table, H), 1e-6 * table.mean())
    for _ in range(rounds):
        H = H * (W.T @ table) / (W.T @ W @ H + tiny)
        W = W * (table @ H.T) / (W @ (H @ H.T) + tiny)
    return H * W.sum(axis=0)[:, None]


def memberships(chances: np.ndarray, typical: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Unscaled p(group | row, domain) (n, k) from p(domain | row) and p(domain | group) (k, D)."""
    plain = _least_squares(chances, typical)
    here = np.where(domain[:, None] >= 0, typical[:, domain].T, 1.0)
    return plain * np.maximum(here, 1e-12)


def _least_squares(rows: np.ndarray, H: np.ndarray) -> np.ndarray:
    """The non-negative w (n, k) that bring w H nearest to each row (n, D)."""
    from scipy.optimize import nnls

    return np.stack([nnls(H.T, row)[0] for row in rows])


def _lights(hits: float, sizes: np.ndarray, typical: np.ndarray) -> list[str]:
    """What to judge the result by, and a warning when it should not be believed."""
    chance = float(sizes.max() / sizes.sum())
    condition = float(np.linalg.cond(typical))
    notes = [
        f"Domains named rightly for {percent(hits)} of the rows (the largest alone: "
        f"{percent(chance)}). "
        f"Condition number of the groups' domains: {min(condition, 1e9):.3g}."
    ]
    if hits < 1.2 * chance or condition > 100:
        notes.append(
            "The domains hardly differ, so what shifts together cannot be seen: k-means is "
            "likely to be better here."
        )
    return notes


METHODS = (
    Method(
        "ddfa",
        "DDFA (what shifts together)",
        "clustering",
        "Finds groups by their shares in several domains (sites, months, shops): rows belong "
        "together when they come and go together, alike or not. Needs a domain column with at "
        "least as many domains as groups, and shares that differ clearly.",
        ddfa,
        params=(
            groups_param(2),
            Param(
                "bins",
                "int",
                0,
                "Bins",
                "Small clusters of rows that the factorisation counts, of 50 rows or more on "
                "average; the paper takes 30 to 60. 0: no factorisation, which did better here.",
                0,
                1_000,
                basic=False,
            ),
        ),
        needs=("table", "domain"),
        cost=lambda n, d, p: 0.3 + 8e-6 * n * (d + 20) + 2e-5 * n * p["n_clusters"],
        reference="Roberts et al. 2022, Unsupervised learning under latent label shift, NeurIPS 35",
        order=130,
        family="labels",
        measured="optdigits in 10 domains, median ACC of 5 seeds: 0.933 under strong shift "
        "(alpha 0.5), 0.887 (alpha 3), 0.649 (alpha 10), where k-means with 0.822 is "
        "better.",
    ),
)
