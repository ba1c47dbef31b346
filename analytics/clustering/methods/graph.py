"""Methods that read the links between rows: spectral vectors, communities, the group of a node."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly
from analytics.clustering.methods._graphs import start
from analytics.errors import BadInput
from analytics.graphs.matrix import PARAMS
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import NOISE, Clustering, Dataset

FAMILY = "graphs"


def augmented(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """k-means on spectral vectors of the graph with a node for every attribute."""
    from sklearn.cluster import KMeans

    from analytics.graphs.augmented import how_many, vectors

    n, k, notes = len(X), params["n_clusters"], []
    graph, easy = start(X, params, dataset, progress, notes)
    if easy is not None:
        return easy
    progress(0.3, f"{how_many(n, k)} spectral vectors")
    with quietly(notes):
        found = vectors(graph, X, params["beta"], how_many(n, k))
        progress(0.8, f"{k} groups")
        labels = KMeans(k, n_init=10, random_state=seed).fit(found).labels_
    return Clustering(labels=labels, notes=tuple(notes))


def communities(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Small communities merged into a tree; extras "community" (n,) at the bottom and
    "community_linkage" (q - 1, 4)."""
    from analytics.graphs import hierarchy

    k, notes = params["n_clusters"], []
    graph, easy = start(X, params, dataset, progress, notes)
    if easy is not None:
        return easy
    if not graph.nnz:
        raise BadInput("No two of these rows are linked, so there are no communities: add links.")
    progress(0.2, "Communities at the bottom")
    with quietly(notes):
        bottom = hierarchy.communities(graph, k, seed)
        progress(0.8, "Merging communities")
        tree = hierarchy.tree(graph, bottom)
    labels = bottom if k is None else hierarchy.cut(tree, k)
    q = len(tree.linkage) + 1
    notes.append(f"{q} communities at the bottom of the tree.")
    if len(tree.inversions):
        notes.append(
            f"{len(tree.inversions)} of {q} communities have a smaller share of links inside than "
            "to what they are merged with: there the tree is not to be trusted."
        )
    else:
        notes.append("Every community has more links inside than to what it is merged with.")
    extras = {"community": bottom.astype(np.int32)}
    if q > 1:
        extras |= {"community_linkage": tree.linkage, "inversions": tree.inversions}
    return Clustering(labels=labels, extras=extras, notes=tuple(notes))


def local(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """The group round one node; all other rows are noise. Raises BadInput."""
    from analytics.graphs import diffusion

    n, notes = len(X), []
    graph, _ = start(X, params, dataset, progress, notes)
    held = np.asarray(graph.sum(axis=1)).ravel()
    node = _node(params["node"], held, dataset, notes)
    inside = _inside(X, node, params, dataset, seed, progress, notes)
    found = diffusion.weighted(graph, inside, params["epsilon"])
    volume = params["size"] * held.sum()
    tried = []
    for i, factor in enumerate(FACTORS):
        x = diffusion.flow(found, held, node, factor * volume, seed, progress)
        progress((i + 1) / len(FACTORS), "Cutting where few links leave")
        tried.append(diffusion.sweep(found, x, node))
    rows, conductance = min(tried, key=lambda pair: pair[1])
    labels = np.full(n, NOISE, np.int32)
    labels[rows] = labels[node] = 0
    notes.append(
        f"{int(np.sum(labels == 0)):,} rows in the group round row {_number(dataset, node)}; "
        f"conductance {conductance:.2f} (0: no link leaves, 1: all do). All others are noise."
    )
    return Clustering(labels=labels, notes=tuple(notes))


FACTORS = (1.5, 2.0, 3.0, 4.0)  # of the volume asked for, as mass to start with


def _number(dataset: Dataset, node: int) -> int:
    """The row of the table that a row of the dataset is."""
    return int(dataset.rows[node]) if len(dataset.rows) == dataset.n else node


def _node(wanted: int | None, degree: np.ndarray, dataset: Dataset, notes: list[str]) -> int:
    """The node in the middle: the row of the table asked for, or the one with most links."""
    if wanted is None:
        node = int(np.argmax(degree))
        notes.append(f"Round row {_number(dataset, node)}, which has the most links.")
    else:
        rows = dataset.rows if len(dataset.rows) == dataset.n else np.arange(dataset.n)
        found = np.flatnonzero(rows == wanted)
        if not len(found):
            raise BadInput(
                f"Row {wanted:,} is not among the {dataset.n:,} rows in use: choose another one; "
                "rows are counted from 0."
            )
        node = int(found[0])
    if degree[node] <= 0:
        raise BadInput("The row in the middle has no link, so no group: choose another one.")
    return node


def _inside(X, node, params, dataset: Dataset, seed, progress, notes) -> np.ndarray | None:
    """1 for rows labelled like the node in the middle, 0 for others, or None without labels.

    With labels on a part of the rows, the others get theirs by logistic regression on the columns.
    """
    if params["labels"] == "ignore" or dataset.labels is None:
        return None
    known = dataset.labels >= 0
    own = int(dataset.labels[node])
    if own < 0:
        notes.append("The row in the middle has no label, so labels are not used.")
        return None
    inside = (dataset.labels == own).astype(float)
    name = dataset.label_names[own] if own < len(dataset.label_names) else str(own)
    said = f"Links between rows labelled {name[:40]} and others are weakened."
    if not known.all() and 0 < inside[known].mean() < 1:
        from sklearn.linear_model import LogisticRegression

        progress(None, "Labels for rows without one")
        with quietly([]):
            model = LogisticRegression(max_iter=300).fit(X[known], inside[known])
            inside[~known] = model.predict(X[~known])
        said += (
            f" {int((~known).sum()):,} rows without a label got one by logistic regression on the "
            f"{int(known.sum()):,} with one."
        )
    elif not known.all():
        inside[~known] = np.nan
    notes.append(said)
    return inside


METHODS = (
    Method(
        "augmented",
        "Augmented graph",
        "clustering",
        "Reads links and columns together: every attribute becomes a node linked to the rows that "
        "have it, then spectral vectors and k-means. For a graph with attributes; a table without "
        "links is linked to its nearest rows.",
        augmented,
        params=(
            groups_param(),
            Param(
                "beta",
                "float",
                0.3,
                "Weight of the columns",
                "A link to an attribute counts this much of a link to a row; 0 reads links alone.",
                0,
                100,
            ),
            *PARAMS,
        ),
        cost=lambda n, d, p: 0.3 + 1e-9 * n * d * 60 + 1e-9 * n * n * d,
        reference="Extending bootstrap AMG for clustering of attributed graphs "
        "(D'Ambra, Vassilevski & Cutillo 2021, arXiv:2109.09367)",
        max_rows=100_000,
        order=300,
        family=FAMILY,
        measured="ACC on Cora 0.69, links alone 0.50, smoothed columns and k-means 0.65; on "
        "Citeseer 0.66, 0.33 and 0.69.",
    ),
    Method(
        "communities",
        "Communities bottom-up",
        "clustering",
        "Finds small communities of a graph by their links, then merges the two with most links "
        "between them, again and again: a tree with every level. Columns are not read.",
        communities,
        params=(
            Param(
                "n_clusters",
                "int",
                None,
                "Groups",
                "How many groups to leave; automatic keeps the communities at the bottom, as many "
                "as the spectrum tells apart.",
                1,
                1000,
                optional=True,
            ),
            *PARAMS,
        ),
        cost=lambda n, d, p: 0.5 + 1e-4 * n + 1e-9 * n * n * d,
        reference="When does bottom-up beat top-down in hierarchical community detection? "
        "(Dreveton, Kuroda, Grossglauser & Thiran 2023, arXiv:2306.00833)",
        max_rows=50_000,
        order=301,
        family=FAMILY,
        measured="Trees of eight communities of unequal size: ARI 0.86 and 0.90, halving from the "
        "top 0.79; of equal size near the threshold 0.56, halving 0.61.",
    ),
    Method(
        "local",
        "Group of one node",
        "clustering",
        "The group round one row, found by letting mass flow along the links; labels, even wrong "
        "ones, steer it. Reads only the part of the graph round it; all other rows are noise.",
        local,
        params=(
            Param(
                "node",
                "int",
                None,
                "Row in the middle",
                "Its number in the table, counted from 0; automatic takes the one with most links.",
                0,
                1_000_000_000,
                optional=True,
            ),
            Param(
                "size",
                "float",
                0.1,
                "About how big",
                "Share of all links that end in the group.",
                0.0001,
                1,
            ),
            Param(
                "labels",
                "choice",
                "use",
                "Labels",
                "Use the label column, which may be wrong in places, or links alone.",
                choices=("use", "ignore"),
            ),
            Param(
                "epsilon",
                "float",
                0.05,
                "Links between labels",
                "What a link between rows of different labels counts.",
                0,
                1,
                basic=False,
            ),
            *PARAMS,
        ),
        cost=lambda n, d, p: 0.5 + 5e-5 * n + 1e-9 * n * n * d,
        reference="Local graph clustering with noisy labels (Back de Luca, Fountoulakis & Yang, "
        "ICLR 2024, arXiv:2310.08031)",
        max_rows=200_000,
        order=302,
        family=FAMILY,
        measured="Coauthor CS with 80 % right labels: F1 0.63, labels alone 0.29, links alone "
        "0.39; Amazon Photo 0.71, 0.47 and 0.52.",
    ),
)
