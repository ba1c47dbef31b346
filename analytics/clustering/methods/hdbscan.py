"""HDBSCAN: dense regions at every distance scale, the most persistent ones kept."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import clamp, quietly
from analytics.params import Param
from analytics.progress import Progress
from analytics.registry import Method
from analytics.results import Clustering, Dataset


def hdbscan(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """HDBSCAN (scikit-learn); extras "probability" (n,) and "condensed_tree" (m, 4).

    ``min_samples`` counts the row itself, as in Campello et al. 2013 and scikit-learn (the
    hdbscan package does not count it); None means min_cluster_size.
    """
    from sklearn.cluster import HDBSCAN

    notes: list[str] = []
    n, smallest = len(X), params["min_cluster_size"]
    asked = params["min_samples"]
    min_samples = min(smallest, n) if asked is None else clamp("min_samples", asked, n, notes)
    progress(None, f"HDBSCAN: {n:,} rows")
    model = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=min_samples,
        cluster_selection_epsilon=params["cluster_selection_epsilon"],
        cluster_selection_method=params["cluster_selection_method"],
        allow_single_cluster=params["allow_single_cluster"],
        copy=True,
    )
    with quietly(notes):
        model.fit(X)
        tree = model._single_linkage_tree_
        merges = np.column_stack([tree["left_node"], tree["right_node"]]).astype(np.int64)
        condensed = condense(merges, np.asarray(tree["value"], float), smallest)
    notes.append(f"min_samples {min_samples}, the row itself counted.")
    if not np.any(model.labels_ >= 0):
        notes.append(
            "No group of the smallest size stands out, so all rows are noise: "
            "lower min_cluster_size, or allow a single group."
        )
    extras = {
        "probability": np.nan_to_num(model.probabilities_, nan=0.0),
        "condensed_tree": condensed,
    }
    return Clustering(labels=model.labels_, extras=extras, notes=tuple(notes))


def condense(merges: np.ndarray, heights: np.ndarray, smallest: int) -> np.ndarray:
    """Single-linkage tree -> condensed tree (Campello, Moulavi & Sander 2013, section 3).

    merges : int (n - 1, 2), step i joins two nodes into node n + i. heights : (n - 1,). Walking
    down from the root, a split counts only when both sides have ``smallest`` rows; otherwise the
    small side's rows leave their group at that level and the group goes on.
    Returns float (m, 4): parent, child, lambda = 1 / height, size of child. Rows are nodes
    0 .. n - 1, groups n (the root), n + 1, ... Lambda is infinite for merges at height 0.
    """
    n = len(merges) + 1
    with np.errstate(divide="ignore"):
        levels = np.where(heights > 0, 1 / np.maximum(heights, 1e-300), np.inf)
    leaves, start, size = _leaf_slices(merges)
    rows: list[tuple[float, float, float, float]] = []
    latest = n
    open_nodes = [(n + len(merges) - 1, n)]
    while open_nodes:
        node, group = open_nodes.pop()
        left, right = merges[node - n]
        level = levels[node - n]
        split = size[left] >= smallest and size[right] >= smallest
        for side in (left, right):
            if split:
                latest += 1
                rows.append((group, latest, level, size[side]))
                _open(open_nodes, rows, side, latest, n, level)
            elif size[side] >= smallest:
                _open(open_nodes, rows, side, group, n, level)
            else:
                members = leaves[start[side] : start[side] + size[side]]
                rows.extend((group, member, level, 1) for member in members)
    return np.array(rows, float).reshape(-1, 4)


def _open(open_nodes: list, rows: list, node: int, group: int, n: int, level: float) -> None:
    """Go on below ``node``, or let it go when it is a single row (smallest size 1)."""
    if node >= n:
        open_nodes.append((node, group))
    else:
        rows.append((group, node, level, 1))


def _leaf_slices(merges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leaves ordered so that each node's are one slice: leaves (n,), start and size by node."""
    n = len(merges) + 1
    pairs = merges.tolist()
    size, start = [1] * (2 * n - 1), [0] * (2 * n - 1)
    for i, (left, right) in enumerate(pairs):
        size[n + i] = size[left] + size[right]
    for i in range(n - 2, -1, -1):
        left, right = pairs[i]
        start[left] = start[n + i]
        start[right] = start[n + i] + size[left]
    leaves = np.argsort(np.array(start[:n]), kind="stable")
    return leaves, np.array(start), np.array(size)


METHODS = (
    Method(
        "hdbscan",
        "HDBSCAN",
        "clustering",
        "Dense regions of differing density, the steadiest level for each; the rest is noise. "
        "Needs no number of groups and no eps; leaves much as noise when groups touch or columns "
        "are many.",
        hdbscan,
        params=(
            Param(
                "min_cluster_size",
                "int",
                15,
                "Smallest group",
                "Fewer rows are no group.",
                2,
                100_000,
                unit="rows",
            ),
            Param(
                "min_samples",
                "int",
                None,
                "Caution",
                "Neighbours, itself counted, that set a row's density; more gives more noise. "
                "None: the smallest group.",
                1,
                10_000,
                optional=True,
                unit="rows",
            ),
            Param(
                "cluster_selection_method",
                "choice",
                "eom",
                "Keep",
                "eom: the most persistent groups; leaf: the smallest ones of the tree.",
                choices=("eom", "leaf"),
                basic=False,
            ),
            Param(
                "cluster_selection_epsilon",
                "float",
                0.0,
                "Do not split below",
                "Groups closer than this distance stay together.",
                0,
                basic=False,
            ),
            Param(
                "allow_single_cluster",
                "bool",
                False,
                "Allow one group",
                "Let all rows be one group.",
                basic=False,
            ),
        ),
        cost=lambda n, d, p: 0.05 + 4e-9 * n * n * (1 + d / 3),
        reference="Campello, Moulavi & Sander 2013, doi:10.1007/978-3-642-37456-2_14",
        max_rows=100_000,
        seeded=False,
        order=70,
    ),
)
