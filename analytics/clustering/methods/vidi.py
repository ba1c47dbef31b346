"""ViDi: rows grouped by why a classifier decided, that is by what each column added."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_HIDDEN = 64


def vidi(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """A classifier learns the labels; its attributions are grouped by k-means or HDBSCAN.

    ViDi (abstract only; its code was not found) clusters DeepSHAP maps of pictures. Departures:
    columns instead of pictures; exact parts of a linear model, or integrated gradients of a small
    network (``analytics.clustering.attribution``); k-means on the parts as they are, so that
    columns that decide count more.
    extras "pushes" (k, d): what each column adds in each group. Raises BadInput for one class.
    """
    from sklearn.cluster import HDBSCAN, KMeans

    from analytics.clustering import attribution, nets, surrogate

    task = surrogate.task_of(dataset, seed)
    notes: list[str] = []
    Z = nets.scaled(X)[0]
    if params["model"] == "linear":
        parts, answered = attribution.linear(Z.astype(np.float64), task, part(progress, 0, 0.8))
    else:
        with nets.seeded(seed):
            learning = part(progress, 0, 0.6)
            net = surrogate.trained(Z, task, _HIDDEN, params["epochs"], learning)
            start = Z[task.learn].mean(axis=0)
            parts, answered = attribution.integrated(net, Z, start, part(progress, 0.6, 0.8))
    progress(0.8, f"Grouping {len(X):,} rows by their attributions")
    with quietly(notes):
        if params["by"] == "kmeans":
            model = KMeans(params["n_clusters"], n_init=10, random_state=seed)
        else:
            model = HDBSCAN(min_cluster_size=min(params["min_cluster_size"], len(X)), copy=True)
        labels = model.fit(parts).labels_
    groups = np.unique(labels[labels >= 0])
    labels = np.where(labels >= 0, np.searchsorted(groups, labels), -1)
    notes.append(surrogate.accuracy(task, answered))
    pushed = attribution.pushes(parts, labels, len(groups)) if len(groups) else parts[:0]
    return Clustering(labels=labels, extras={"pushes": pushed}, notes=tuple(notes))


METHODS = (
    Method(
        "vidi",
        "ViDi (why a classifier decided)",
        "clustering",
        "A classifier learns your labels. Rows belong together when the same columns decided on "
        "them. Shows the columns that speak for and against in each group.",
        vidi,
        params=(
            Param(
                "model",
                "choice",
                "linear",
                "Classifier",
                "linear: logistic regression, exact; network: 64 hidden units, integrated "
                "gradients.",
                choices=("linear", "network"),
            ),
            Param(
                "by",
                "choice",
                "kmeans",
                "Groups by",
                "kmeans: a number of groups; hdbscan: dense regions, with noise.",
                choices=("kmeans", "hdbscan"),
            ),
            groups_param(4, depends_on=("by", ("kmeans",))),
            Param(
                "min_cluster_size",
                "int",
                20,
                "Smallest group",
                "Rows a group must have.",
                2,
                100_000,
                depends_on=("by", ("hdbscan",)),
            ),
            Param(
                "epochs",
                "int",
                100,
                "Rounds",
                "Over the labelled rows.",
                1,
                5_000,
                basic=False,
                depends_on=("model", ("network",)),
            ),
        ),
        needs=("table", "labels"),
        cost=lambda n, d, p: (
            0.1 + 1e-5 * n * (1 + d / 20) + (3 + 1e-8 * n * p["epochs"] * d if "epochs" in p else 0)
        ),
        reference="ViDi (abstract); Lundberg & Lee 2017; Sundararajan, Taly & Yan 2017",
        max_rows=100_000,
        order=155,
        family="labels",
        measured="Purity on rows without a label, 5 seeds, linear, network and k-means, which sees "
        "no label: breast cancer (4 groups) 0.915, 0.918, 0.887; wine (6) 0.938, 0.912, "
        "0.958; digits (20) 0.951, 0.952, 0.917. On breast cancer its groups are less steady.",
    ),
)
