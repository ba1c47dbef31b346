"""Concepts: rows grouped by the parts of its layer with which a classifier decides on them."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset
from analytics.shares import percent


def concepts(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """A perceptron learns the labels; its ReLU layer is factorised into concepts; rows for whose
    answer the same concepts speak belong together.

    Fel et al., A holistic approach to unifying automatic concept extraction and concept importance
    estimation, NeurIPS 2023: concepts by NMF, importance through the linear head, the strategic
    cluster graph. Departure: one hidden layer on columns instead of a deep network on pieces of
    pictures. extras "concept_use" (k, r): share of each concept in a group; "concept_facts" (r, 3),
    see ``analytics.clustering.concepts.facts``; "concept_pictures" (r, d).
    Raises BadInput for labels of one class.
    """
    import torch
    from sklearn.cluster import KMeans
    from torch.nn import functional as f

    from analytics.clustering import concepts as own
    from analytics.clustering import nets, surrogate

    k, r = params["n_clusters"], params["concepts"]
    task = surrogate.task_of(dataset, seed)
    notes: list[str] = []
    Z = nets.scaled(X)[0]
    with nets.seeded(seed):
        learning = part(progress, 0, 0.6)
        net = surrogate.trained(Z, task, params["hidden"], params["epochs"], learning)
        with torch.no_grad():
            active = f.relu(net[0](torch.from_numpy(Z)))
            answered = net[2](active).argmax(dim=1).numpy()
            active, head = active.numpy(), net[2].weight.double().numpy()
    progress(0.6, f"Finding {r} concepts")
    U, V = own.factors(active, r, seed)
    parts = own.importance(U, V, head, answered)
    progress(0.9, f"Grouping {len(X):,} rows by their concepts")
    length = np.linalg.norm(parts, axis=1, keepdims=True)
    with quietly(notes):
        alike = np.divide(parts, length, where=length > 0, out=np.zeros_like(parts))
        labels = KMeans(k, n_init=10, random_state=seed).fit(alike).labels_
    found = np.unique(labels, return_inverse=True)[1]
    kept = 1 - float(np.sum((active - U @ V) ** 2)) / max(float(np.sum(active**2)), 1e-12)
    notes += [
        surrogate.accuracy(task, answered),
        f"{r} concepts keep {percent(max(0.0, kept))} of the layer's activity.",
    ]
    return Clustering(
        labels=found,
        extras={
            "concept_use": own.by_group(parts, found, found.max() + 1),
            "concept_facts": own.facts(parts, answered == task.y, task.test),
            "concept_pictures": own.pictures(X, U),
        },
        notes=tuple(notes),
    )


METHODS = (
    Method(
        "concepts",
        "Concepts (how a classifier decides)",
        "clustering",
        "A small network learns your labels. Rows belong together when the same parts of it speak "
        "for the answer, whatever the answer is. Shows the parts, how often each decides, and how "
        "often it is right.",
        concepts,
        params=(
            groups_param(),
            Param("concepts", "int", 12, "Concepts", "Parts to look for.", 2, 100),
            Param(
                "hidden", "int", 64, "Units", "Of the network's hidden layer.", 4, 1024, basic=False
            ),
            Param("epochs", "int", 100, "Rounds", "Over the labelled rows.", 1, 5_000, basic=False),
        ),
        needs=("table", "labels"),
        cost=lambda n, d, p: (
            3 + 4e-9 * n * p["epochs"] * p["hidden"] * (d + 10) / 10 + 2e-5 * n * p["concepts"]
        ),
        reference="Fel et al. 2023, NeurIPS 36, arXiv:2306.07304",
        max_rows=200_000,
        order=150,
        family="labels",
        measured="Purity on digits without a label (20 groups, 3 seeds) 0.976, k-means, which sees "
        "no label, 0.923; breast cancer (6 groups) 0.980 against 0.945. Its most and least "
        "reliable concepts differ by 9 and 14 points of accuracy.",
    ),
)
