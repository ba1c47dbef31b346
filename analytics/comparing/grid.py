"""Families of statistics of signals against methods: which pair groups the signals best."""

from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np

from analytics.clustering.operations import clustering_request, validity_request
from analytics.data.operations import dataset_request
from analytics.data.signals import CHOICES, SIDES
from analytics.errors import BadInput
from analytics.operations import Request, Run, request
from analytics.progress import Progress, part
from analytics.results import Dataset, Gallery, Table

METHODS = ("kmeans", "gmm", "optics")
SPACES = ("full", "pca")
MOST = 5_000  # signals: OPTICS takes seconds for each thousand
_NAMES = {"kmeans": "k-means", "gmm": "mixture", "optics": "OPTICS"}


def grid_request(table: Table, dataset: Dataset, k: int) -> Request:
    """Ask for every family of statistics with every method, with and without principal
    components. dataset : prepared with signals from the table. k : groups. Raises BadInput."""
    if "signals" not in dataset.params:
        raise BadInput("Its rows are no signals: say so on the Data page (Each row is a signal).")
    if dataset.n > MOST:
        raise BadInput(
            f"The grid takes at most {MOST:,} signals, but there are {dataset.n:,}: "
            "prepare the data with a sample of them."
        )
    whole = isinstance(k, int) and not isinstance(k, bool)
    if not whole or not 2 <= k <= dataset.n:
        raise BadInput(f"{k} groups are asked for, but it takes a number from 2 to {dataset.n:,}.")
    recipe = {n: v for n, v in dataset.params.items() if n not in ("signals", "signals_of", "keep")}
    return request("signal_grid", "", (table.digest,), {"recipe": recipe, "k": k}, dataset.seed)


def grid(wanted: Request, parents, progress: Progress, run) -> Gallery:
    """Run :func:`grid_request`. parents : (table,). One entry per cell: "family", "of", "method",
    "space", "n_clusters", "noise_share", "silhouette", "ari" (None without labels), "dataset",
    "digest"; or "error"."""
    table, entries = parents[0], []
    rows = [(family, of) for family in CHOICES[1:] for of in SIDES]
    _ahead(table, rows, wanted, progress, run)
    for i, (family, of) in enumerate(rows):
        said = part(progress, i / len(rows), (i + 1) / len(rows))
        said(0.0, f"{family} of {of}, {i + 1} of {len(rows)}")
        try:
            data = run(_dataset(table, family, of, wanted), part(said, 0.0, 0.2))
        except BadInput as error:
            entries.append({"family": family, "of": of, "error": str(error)})
            continue
        for method in METHODS:
            for space in SPACES:
                cell = {"family": family, "of": of, "method": method, "space": space}
                entries.append(cell | _cell(data, method, space, wanted, said, run))
    if all("error" in e for e in entries):
        raise BadInput(f"No family of statistics could be used. {entries[0]['error']}")
    score = "ari" if any(e.get("ari") is not None for e in entries) else "silhouette"
    scored = [(e[score], -i) for i, e in enumerate(entries) if e.get(score) is not None]
    chosen = -max(scored)[1] if scored else -1
    return Gallery(
        entries=tuple(entries),
        chosen=chosen,
        sentence=_sentence(entries, chosen, score),
        facts={"score": score, "k": wanted.params["k"]},
    )


def _cell(data: Dataset, method: str, space: str, wanted: Request, said, run) -> dict[str, Any]:
    """Scores of one method in the columns or in components that are fewer than these."""
    try:
        found = run(_clustering(data, method, space, wanted), part(said, 0.2, 0.9))
        values = run(validity_request(found), part(said, 0.9, 1.0)).values
    except BadInput as error:
        return {"error": str(error)}
    return {
        "n_clusters": found.n_clusters,
        "noise_share": found.noise_share,
        "silhouette": values["silhouette"].value if "silhouette" in values else None,
        "ari": values["ari"].value if "ari" in values else None,
        "dataset": data.digest,
        "digest": found.digest,
    }


def _dataset(table: Table, family: str, of: str, wanted: Request) -> Request:
    recipe = {**wanted.params["recipe"], "signals": family, "signals_of": of}
    return dataset_request(table, recipe, wanted.seed)


def _clustering(data: Dataset, method: str, space: str, wanted: Request) -> Request:
    components = max(1, min(*data.X.shape) // 2) if space == "pca" else None
    params = {} if method == "optics" else {"n_clusters": wanted.params["k"]}
    return clustering_request(data, method, params, wanted.seed, space=space, components=components)


def _ahead(table: Table, rows, wanted: Request, progress: Progress, run: Run) -> None:
    """Where there is a cluster: all datasets side by side, then all clusterings, then scores."""
    if run.spread is None:
        return
    asked = []
    for family, of in rows:
        with suppress(BadInput):
            asked.append(_dataset(table, family, of, wanted))
    run.ahead(asked, part(progress, 0.0, 0.1))
    cells = []
    for data in filter(None, (run.artifacts.load(r.digest) for r in asked)):
        for method, space in product(METHODS, SPACES):
            with suppress(BadInput):
                cells.append(_clustering(data, method, space, wanted))
    run.ahead(cells, part(progress, 0.1, 0.9))
    found = filter(None, (run.artifacts.load(r.digest) for r in cells))
    run.ahead([validity_request(f) for f in found], part(progress, 0.9, 1.0))


def means(entries, key: str, score: str) -> dict[str, float]:
    """Mean score over all cells of each value of ``key``, best first."""
    found: dict[str, list[float]] = {}
    for e in entries:
        if e.get(score) is not None:
            found.setdefault(e[key], []).append(e[score])
    return dict(sorted(((k, float(np.mean(v))) for k, v in found.items()), key=lambda i: -i[1]))


def _sentence(entries, chosen: int, score: str) -> str:
    if chosen < 0:
        return "No cell of the grid has a score: each gave a single group or none."
    best, name = entries[chosen], "ARI with the labels" if score == "ari" else "silhouette"
    by_method = ", ".join(
        f"{_NAMES[m]} {v:.2f}" for m, v in means(entries, "method", score).items()
    )
    families = ", ".join(f"{f} {v:.2f}" for f, v in means(entries, "family", score).items())
    inside = " on principal components" if best["space"] == "pca" else ""
    return (
        f"Best {name}: {best[score]:.2f}, {_NAMES[best['method']]} on {best['family']} of "
        f"{best['of']}{inside}. Mean over the grid by method: {by_method}; by statistics: "
        f"{families}."
    )
