"""GPC: some labels, the number of groups found by splits and merges."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import quietly
from analytics.clustering.methods.novel import task
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset
from analytics.shares import percent


def gpc(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Groups of all rows, labelled ones in their class, as many as the splits and merges leave."""
    from analytics.clustering.gpc import gpc as settle

    work = task(X, dataset, params["hide"])
    known = int(work.codes.max()) + 1
    progress(0.0, "Principal components")
    Z, share = _components(work.X, params["dimensions"])
    guess = max(known, params["guess"] or 2 * known)
    found = settle(Z, work.codes, guess, seed, part(progress, 0.05, 1.0))
    fresh = found.k - known
    notes = [
        f"{known} known classes and {fresh} new group{'' if fresh == 1 else 's'}, from {guess} to "
        f"start with: {found.splits} splits and {found.merges} merges in {found.rounds} rounds.",
        f"Sought in {Z.shape[1]} principal components, which hold {percent(share)} of the "
        "variance.",
        *_hidden(work, found.labels, dataset, params["hide"]),
    ]
    if not found.settled:
        notes.append("Splits and merges still went to and fro at the last round.")
    return Clustering(labels=found.labels, notes=tuple(notes))


def _components(X: np.ndarray, count: int) -> tuple[np.ndarray, float]:
    """The first principal components, of mean squared length 1 as the prior expects, and the share
    of the variance that they hold."""
    from sklearn.decomposition import PCA

    with quietly([]):
        model = PCA(min(count, *X.shape), random_state=0).fit(X)
        Z = model.transform(X)
        length = float(np.sqrt((Z**2).sum(axis=1).mean())) or 1.0
        return Z / length, float(model.explained_variance_ratio_.sum())


def _hidden(work, labels: np.ndarray, dataset: Dataset, hide: int) -> list[str]:
    """How well hidden classes were found."""
    truth = np.asarray(dataset.labels)
    shown = work.new & (truth >= 0)
    if not hide or not shown.any():
        return []
    from analytics.clustering.agreement import compare

    f1 = compare(truth[shown], labels[shown])["macro_f1"]
    return [f"Of the hidden classes alone, the macro-F1 is {f1:.3f}."]


METHODS = (
    Method(
        "gpc",
        "GPC (some labels, number found)",
        "clustering",
        "Labelled rows keep their class; rows without a label join a class or form new groups, "
        "whose number is found by splitting and merging normal distributions.",
        gpc,
        params=(
            Param(
                "guess",
                "int",
                None,
                "Groups to start with",
                "A first guess, known classes included. None: twice the known classes.",
                1,
                1_000,
                optional=True,
            ),
            Param(
                "hide",
                "int",
                0,
                "Hide classes",
                "To try it out: rows of this many classes, the last ones by name, count as not "
                "labelled.",
                0,
                999,
            ),
            Param(
                "dimensions",
                "int",
                10,
                "Principal components",
                "Normal distributions of more than about 20 dimensions take many rows.",
                1,
                100,
                basic=False,
            ),
        ),
        needs=("table", "labels"),
        cost=lambda n, d, p: 0.5 + 1e-8 * n * d * d + 2e-5 * n * p["dimensions"],
        reference="Zhao, Wen & Han 2023, arXiv:2305.06144",
        max_rows=200_000,
        order=214,
        family="labels",
        measured="Half of some classes labelled, ACC of the other rows, 5 seeds: optdigits "
        "0.81 with 12 or 13 groups of 10 (k-means told the number 0.84, mixture 0.78), HAR 0.56 "
        "with 6 or 7 of 6 (0.47, 0.51); pendigits only 0.32 with about 50 of 10 (0.74, 0.69).",
    ),
)
