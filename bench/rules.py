"""Rules for clusters: how well they tell the clusters on rows left out, and how long they take.

Run from the project root: ``python -m bench.rules``. Clusters by k-means on standardised columns
at the known number of groups, of data that comes with scikit-learn; times as a ratio to k-means.
"""

from time import perf_counter

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from analytics.explanation.rules import explain

SAMPLES = {"iris": 3, "wine": 3, "breast_cancer": 2}


def grouped(frame: pd.DataFrame, k: int) -> tuple[np.ndarray, float]:
    """The clusters and the seconds they took."""
    started = perf_counter()
    X = StandardScaler().fit_transform(frame)
    labels = KMeans(k, n_init=10, random_state=0).fit_predict(X)
    return labels, perf_counter() - started


def shown(value: float | None) -> str:
    return "   --" if value is None else f"{value:5.3f}"


def samples() -> None:
    """Precision, recall and F1, on the rows used and on those left out."""
    print("sample         cluster  rows  rules  fitted p / r   left out p / r  F1     first rule")
    for name, k in SAMPLES.items():
        frame = getattr(datasets, f"load_{name}")(as_frame=True).data
        for c in explain(frame, grouped(frame, k)[0]).clusters:
            fit, out = c.fitted, c.held_out
            print(
                f"{name:14} {c.label:7}  {fit.members:4}  {len(c.rules):5}  "
                f"{shown(fit.precision)} / {fit.recall:.3f}  "
                f"{shown(out.precision)} / {out.recall:.3f}   {out.f1:.3f}  "
                f"{c.rules[0].sentence if c.rules else '--'}"
            )


def speed() -> None:
    """Large tables of planted groups."""
    print("rows       columns  k   k-means s  rules s  ratio")
    for n, d, k in ((20_000, 10, 5), (1_000_000, 10, 5), (20_000, 200, 10)):
        X, _ = datasets.make_blobs(n, d, centers=k, random_state=0)
        frame = pd.DataFrame(X)
        labels, before = grouped(frame, k)
        started = perf_counter()
        explain(frame, labels)
        took = perf_counter() - started
        print(f"{n:9}  {d:7}  {k:2}  {before:9.2f}  {took:7.2f}  {took / before:5.1f}")


if __name__ == "__main__":
    samples()
    speed()
