"""Why these clusters: how well statements tell them on rows left out, and how long that takes.

Run from the project root: ``python -m bench.reasons``. Clusters by k-means on standardised columns
at the known number of groups, and the known groups themselves; times as a ratio to k-means in the
same run. The labelled tables are evaluation data (``EVAL_DATA`` or ``../shared/data``), no part of
this project; without them that part is left out with a sentence.
"""

from time import perf_counter

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from analytics.explanation import exemplars, verdict
from analytics.explanation.reasons import EARNED, reasons
from analytics.explanation.rules import explain
from analytics.results import Dataset
from models.evaluation import folder, place

SAMPLES = {"iris": 3, "wine": 3, "breast_cancer": 2}
IMAGES = ("coil20", "fashion_mnist", "mnist64", "optical_recognition_of_handwritten_digits")


def grouped(frame: pd.DataFrame, k: int, starts: int = 10) -> tuple[np.ndarray, float]:
    """The clusters and the seconds they took."""
    started = perf_counter()
    X = StandardScaler().fit_transform(frame)
    labels = KMeans(k, n_init=starts, random_state=0).fit_predict(X)
    return labels, perf_counter() - started


def shown(value: float | None) -> str:
    return "   --" if value is None else f"{value:5.3f}"


def samples() -> None:
    """Precision, recall and F1, on the rows used and on those left out."""
    print("sample         cluster  rows  rules  fitted p / r   left out p / r   F1 (95 %)  rule")
    for name, k in SAMPLES.items():
        frame = getattr(datasets, f"load_{name}")(as_frame=True).data
        for c in explain(frame, grouped(frame, k)[0]).clusters:
            fit, out = c.fitted, c.held_out
            low, high = out.f1_interval
            print(
                f"{name:14} {c.label:7}  {fit.members:4}  {len(c.rules):5}  "
                f"{shown(fit.precision)} / {fit.recall:.3f}  "
                f"{shown(out.precision)} / {out.recall:.3f}   {out.f1:.3f} ({low:.2f}-{high:.2f})  "
                f"{c.rules[0].sentence if c.rules else '--'}"
            )


def tables() -> None:
    """Mean F1 over clusters, and the share of clusters that count as explained."""
    where = folder("tabular")
    if where is None:
        print(f"No tables in {place('tabular')}: this part is left out.")
        return
    print(
        "F1 on the rows used, on rows left out, clusters explained; last: left out, mean pictures"
    )
    print(f"{'table':44} {'rows':>6} {'columns':>7} {'k':>3}   k-means           known groups")
    for path in sorted(where.glob("*.npz")):
        with np.load(path) as data:
            X, y = data["X"], np.unique(data["y"], return_inverse=True)[1]
        frame, k = pd.DataFrame(X), int(y.max()) + 1
        parts, pictures = [], []
        for labels in (grouped(frame, k, 3)[0], y):
            found = explain(frame, labels).clusters
            f1 = np.array([c.held_out.f1 if c.held_out else 0.0 for c in found])
            fitted = np.mean([c.fitted.f1 for c in found])
            parts.append(f"{fitted:.2f}  {f1.mean():.2f}  {(f1 >= EARNED).mean():4.0%}")
            if path.stem in IMAGES:
                folds = verdict.folds(labels, np.random.default_rng(0))
                told = exemplars.picture_verdicts(X.astype(float), labels, folds)
                pictures.append(f"{np.mean([q.f1 for q, _ in told.values()]):.2f}")
        print(
            f"{path.stem:44} {len(X):6} {X.shape[1]:6} {k:4}   {parts[0]}   {parts[1]}   "
            f"{', '.join(pictures)}",
            flush=True,
        )


def speed() -> None:
    """Large tables of planted groups: rules alone, and all reasons."""
    print("rows       columns  k   k-means s  rules s  ratio  all reasons s")
    for n, d, k in ((20_000, 10, 5), (1_000_000, 10, 5), (20_000, 200, 10), (2_000, 2_000, 10)):
        X, _ = datasets.make_blobs(n, d, centers=k, random_state=0)
        frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(d)])
        labels, before = grouped(frame, k)
        started = perf_counter()
        explain(frame, labels)
        took = perf_counter() - started
        params = {"features": list(frame.columns)}
        dataset = Dataset(X=X.astype(np.float32), frame=frame, rows=np.arange(n), params=params)
        started = perf_counter()
        reasons(dataset, labels)
        whole = perf_counter() - started
        print(
            f"{n:9}  {d:7}  {k:2}  {before:9.2f}  {took:7.2f}  {took / before:5.1f}  {whole:7.2f}"
        )


if __name__ == "__main__":
    samples()
    tables()
    speed()
