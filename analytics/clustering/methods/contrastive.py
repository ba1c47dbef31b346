"""SCGC, SCGC* and PamC, see :mod:`analytics.graphs.contrast`."""

from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly, refuse_memory
from analytics.clustering.methods._graphs import start
from analytics.graphs.matrix import PARAMS
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset


def scgc(X, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset) -> Clustering:
    """SCGC or SCGC*, whose loss compares every node with every other."""
    return _contrasted(X, params, seed, progress, dataset, params["form"])


def pamc(X, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset) -> Clustering:
    """PamC, whose loss compares nodes along the links, and groups with groups."""
    return _contrasted(X, params, seed, progress, dataset, "pamc")


def _contrasted(
    X: np.ndarray,
    params: dict[str, Any],
    seed: int,
    progress: Progress,
    dataset: Dataset,
    form: str,
) -> Clustering:
    """Groups by one of the three forms; "soft" (n, k) memberships when they are read."""
    from sklearn.cluster import KMeans

    from analytics.graphs import contrast

    k, notes = params["n_clusters"], []
    graph, easy = start(X, params, dataset, progress, notes)
    if easy is not None:
        return easy
    near = _near(graph, params["order"], form)
    own = ("tau", "contrast", "target", "width", "pretrain", "epochs")
    settings = contrast.Settings(form, k, **{name: params[name] for name in own})
    with quietly(notes):
        found = contrast.fit(_unit(X), near, settings, seed, part(progress, 0.1, 0.95))
        notes.append(
            f"Loss {found.losses[0]:.3g} at the first epoch and {found.losses[-1]:.3g} at the last."
        )
        if params["read"] == "memberships":
            return Clustering(
                labels=found.q.argmax(axis=1), extras={"soft": found.q}, notes=tuple(notes)
            )
        length = np.linalg.norm(found.z, axis=1, keepdims=True).astype(np.float64)
        directions = found.z / np.where(length > 0, length, 1)
        labels = KMeans(k, n_init=10, random_state=seed).fit(directions).labels_
    return Clustering(labels=labels, notes=tuple(notes))


def _near(graph: Any, order: int, form: str) -> Any:
    """Nearness along the links. Raises BadInput when it would not fit into memory."""
    from analytics.graphs.contrast import steps

    reach = float(np.diff(graph.indptr).mean()) ** min(order, 2)
    refuse_memory(
        60.0 * graph.shape[0] * min(reach + 1, graph.shape[0]),
        f"What is reached in {order} steps along the links",
        "take fewer steps, or a sample of the rows",
    )
    found = steps(graph, order, form != "scgc")
    refuse_memory(100.0 * found.nnz, f"{found.nnz:,} pairs of near rows", "take fewer steps")
    return found


def _unit(X: np.ndarray) -> np.ndarray:
    """Values scaled by one factor where they are too large or small for a network."""
    size = float(np.abs(X).max(initial=0.0))
    return X if 1e-2 <= size <= 1e2 else X / size


def _own(order: int, tau: float) -> tuple[Param, ...]:
    """The parameters that the forms share."""
    return (
        Param("order", "int", order, "Steps along the links",
              "Rows reached in so many steps count as near.", 1, 5),
        Param("tau", "float", tau, "Sharpness of likeness",
              "Multiplies the cosine of two rows in the loss.", 0.01, 20, basic=False),
        Param("contrast", "float", 1.0, "Weight of the links",
              "Of the contrastive loss (alpha).", 0, 100, basic=False),
        Param("target", "float", 0.1, "Weight of the centres",
              "Of the loss that sharpens memberships (beta).", 0, 100, basic=False),
        Param("width", "int", 256, "Hidden units", "Of encoder and decoder.", 4, 4096,
              basic=False),
        Param("pretrain", "int", 30, "Epochs of the autoencoder",
              "Before the links are looked at.", 1, 1000, basic=False),
        Param("epochs", "int", 60, "Epochs", "Rounds over all rows.", 1, 1000),
        Param("read", "choice", "directions", "Read groups by",
              "k-means on the directions of the encoded rows, or the sharpened memberships, as in "
              "the paper.", choices=("directions", "memberships"), basic=False),
        *PARAMS,
    )  # fmt: skip


def _cost(n: int, d: int, p: dict, pairs: float) -> float:
    layers = n * d * p["width"] / 5e10
    return 1 + p["epochs"] * (6 * layers + pairs) + 12 * p["pretrain"] * layers + 1e-9 * n * n * d


METHODS = (
    Method(
        "scgc",
        "SCGC and SCGC*",
        "clustering",
        "A small network encodes the columns of each row so that rows near along the links are "
        "alike. For a graph with attributes of a few thousand rows; slow, and its settings "
        "matter.",
        scgc,
        params=(
            groups_param(),
            Param(
                "form",
                "choice",
                "scgc_star",
                "Form",
                "SCGC* adds up all steps along the links; SCGC takes the last one and keeps the "
                "decoder.",
                choices=("scgc_star", "scgc"),
            ),
            *_own(3, 0.5),
        ),
        cost=lambda n, d, p: _cost(n, d, p, 1.3e-8 * n * n),
        reference="SCGC: Self-supervised contrastive graph clustering (Kulatilleke, Portmann & "
        "Chandra 2022, arXiv:2204.12656)",
        max_rows=5_000,
        order=310,
        family="graphs",
        measured="SCGC*: ACC on Cora 0.73 at the last epoch, smoothed columns and k-means 0.64; on "
        "Citeseer, with the same settings, 0.62 and 0.68.",
    ),
    Method(
        "pamc",
        "PamC",
        "clustering",
        "As SCGC, but rows are compared along the links only, and groups with groups: for more "
        "rows at a lower cost, and less exact.",
        pamc,
        params=(groups_param(), *_own(2, 1.0)),
        cost=lambda n, d, p: _cost(n, d, p, 2e-5 * n),
        reference="Efficient block contrastive learning via parameter-free meta-node approximation "
        "(Kulatilleke, Portmann & Chandra 2022, arXiv:2209.14067)",
        max_rows=50_000,
        order=311,
        family="graphs",
        measured="ACC on Cora 0.59 at the last epoch, below smoothed columns and k-means (0.64).",
    ),
)
