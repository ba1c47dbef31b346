"""What the measurements share: data, scores, plain baselines of the same run."""

import time
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from analytics import registry
from analytics.clustering.agreement import compare
from analytics.clustering.fit import fit
from analytics.results import UNLABELLED, Clustering, Dataset
from models.evaluation import folder

PLAIN = ("kmeans", "gmm", "spectral")


@dataclass(frozen=True)
class Measured:
    """One line of the table.

    what : method and setting. score : name of the measure. ours : its value, with ``spread`` in
    words ("5 seeds, 0.94-0.96"). plain : the same measure of baselines, of the same run. bar : the
    value to reach, or None when it is only reported. less : smaller is better.
    """

    what: str
    data: str
    score: str
    ours: float
    plain: dict[str, float] = field(default_factory=dict)
    bar: float | None = None
    spread: str = ""
    seconds: float | None = None
    less: bool = False

    def verdict(self) -> str:
        """Whether the bar is reached, and which baselines are as good or better."""
        sign = -1 if self.less else 1
        words = []
        if self.bar is not None:
            words.append("reaches" if sign * self.ours >= sign * self.bar else "MISSES")
            words[-1] += f" {self.bar:g}"
        better = [name for name, value in self.plain.items() if sign * value >= sign * self.ours]
        if self.plain:
            words.append(f"not above {', '.join(better)}" if better else "above the baselines")
        return "; ".join(words)


def run(
    method: str,
    X: np.ndarray,
    seed: int = 0,
    labels: np.ndarray | None = None,
    domain: np.ndarray | None = None,
    edges: np.ndarray | None = None,
    **params,
) -> tuple[Clustering, float]:
    """Groups by a registered method, as the app computes them, and the seconds it took.

    labels, domain : int (n,), negative where not known. edges : (m, 2), links between the rows.
    """
    row = registry.get("clustering", method)
    given = {**_coded("label", "labels", labels), **_coded("domain", "domain", domain)}
    data = Dataset(X=np.asarray(X, np.float32), edges=edges, **given)
    started = time.perf_counter()
    found = fit(row, data.X.astype(np.float64), row.check(params), seed, data)
    return found, time.perf_counter() - started


def _coded(word: str, name: str, column) -> dict:
    """The fields of a dataset for a column of codes, or none."""
    if column is None:
        return {}
    codes = np.asarray(column)
    codes = np.where(codes < 0, UNLABELLED, codes).astype(np.int32)
    return {name: codes, f"{word}_names": tuple(map(str, range(codes.max() + 1)))}


def acc(truth, labels) -> float:
    """Share of rows right after the best one-to-one matching of groups and classes (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = (np.unique(v, return_inverse=True)[1] for v in (truth, labels))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(rows))


def nmi(truth, labels) -> float:
    """Normalised mutual information, arithmetic mean."""
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(truth, labels))


def ari(truth, labels) -> float:
    """Adjusted Rand index."""
    return float(compare(truth, labels)["ari"])


def plain(X, truth, score=acc, seeds: int = 5, methods=PLAIN, **params) -> dict[str, float]:
    """Mean score of plain methods with the true number of groups over seeds."""
    k = len(np.unique(truth))

    def mean(method):
        found = [run(method, X, seed, n_clusters=k)[0].labels for seed in range(seeds)]
        return float(np.mean([score(truth, labels) for labels in found]))

    return {method: mean(method) for method in methods}


def spread(values) -> str:
    """How many runs, and their range."""
    return f"{len(values)} seeds, {min(values):.3f}-{max(values):.3f}"


def scaled(X: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and standard deviation 1; constant ones are dropped."""
    X = np.asarray(X, np.float64)
    X = X[:, X.std(axis=0) > 0]
    return (X - X.mean(axis=0)) / X.std(axis=0)


@lru_cache(maxsize=4)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits: X (1797, 64) grey values 0-16, y (1797,)."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


@lru_cache(maxsize=8)
def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A table of the evaluation data whose file name begins with ``name``: X, y.

    Raises FileNotFoundError, which the benchmark turns into a sentence, when it is not here.
    """
    home = folder("tabular")
    found = sorted(home.glob(f"{name}*.npz")) if home else []
    if not found:
        raise FileNotFoundError(f"the table {name} of the evaluation data is not here")
    with np.load(found[0]) as file:
        return file["X"], file["y"].astype(int)


@lru_cache(maxsize=8)
def plane(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A planar set of the evaluation data with its first reference: X (n, 2), y, -1 for noise.

    Raises FileNotFoundError when it is not here.
    """
    home = folder("clustering-2d")
    if home is None or not (home / f"{name}.npz").exists():
        raise FileNotFoundError(f"the plane {name} of the evaluation data is not here")
    with np.load(home / f"{name}.npz") as file:
        return file["points"], file["labels"][0].astype(int) - 1


@lru_cache(maxsize=4)
def graph(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A graph of the evaluation data: X (n, d), or its spectral coordinates where nodes have no
    columns, y (n,) with -1 for no label, and edges (m, 2).

    Raises FileNotFoundError when it is not here.
    """
    from scipy.sparse import csr_array

    from analytics.graphs.links import tidy
    from analytics.graphs.matrix import of_links
    from analytics.graphs.spectrum import coordinates

    home = folder("graphs")
    path = home / f"{name}.npz" if home else None
    if path is None or not path.exists():
        raise FileNotFoundError(f"the graph {name} of the evaluation data is not here")
    with np.load(path) as file:
        y = file["y"].astype(int)
        edges = tidy(file["edges"], None, len(y)).edges
        if "data" not in file:
            return coordinates(of_links(edges, None, len(y)), 16), y, edges
        parts = (file["data"], file["indices"], file["indptr"])
        X = csr_array(parts, shape=tuple(file["shape"])).toarray()
    return X.astype(np.float64), y, edges


def smoothed(X: np.ndarray, edges: np.ndarray, k: int, seed: int, order: int = 3) -> np.ndarray:
    """The cheap baseline of graph clustering: columns averaged over ``order`` steps along the
    links, 50 SVD dimensions, k-means; labels (n,)."""
    from sklearn.cluster import KMeans

    from analytics.graphs.contrast import steps
    from analytics.graphs.matrix import of_links

    mean = steps(of_links(edges, None, len(X)), order, False) @ X
    u, s, _ = np.linalg.svd(mean, full_matrices=False)
    return KMeans(k, n_init=10, random_state=seed).fit_predict(u[:, :50] * s[:50])
