"""Choosing descriptions, sentence vectors and keyword topics: speed and agreement with labels.

Run from the project root: ``python -m bench.explanation``. The keyword topics need the evaluation
data (``EVAL_DATA`` or ``../shared/data``), which is no part of this project; without it they are
left out with a sentence.
"""

from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from analytics.explanation import keywords, select, sentences
from models import minilm
from models.evaluation import folder, place

SIZES = ((1024, 133, 4), (2048, 150, 4), (2048, 150, 14))  # texts, descriptions, chosen
SECONDS = 10.0


def planted(n: int, columns: int, k: int, seed: int = 0) -> np.ndarray:
    """Matches of texts in k groups: 70 % of a description's own group, 8 % of the rest."""
    rng = np.random.default_rng(seed)
    same = rng.integers(0, k, n)[:, None] == rng.integers(0, k, columns)
    return rng.random((n, columns)) < np.where(same, 0.7, 0.08)


def choosing() -> None:
    """The swap search against the exact solver in the same run."""
    print("texts  descriptions  k   search s  exact s  ratio  cost search / exact  status  gap")
    for n, columns, k in SIZES:
        matches = planted(n, columns, k)
        started = perf_counter()
        quick = select.search(matches, k)
        between = perf_counter()
        exact = select.solve(matches, k, seconds=SECONDS)
        quick_s, exact_s = between - started, perf_counter() - between
        print(
            f"{n:5}  {columns:12}  {k:2}  {quick_s:8.3f}  {exact_s:7.1f}  "
            f"{exact_s / quick_s:5.0f}  {quick.cost:.1f} / {exact.cost:.1f}  "
            f"{exact.status}  {exact.gap:.0%}"
        )


def topics() -> None:
    """Keyword topics on the AG News test file by both kinds of vectors."""
    home = folder("topics")
    if home is None:
        print(f"No keyword topics: {place('topics')} is not here.")
        return
    rows = pd.read_csv(home / "agnews_test.csv.gz", header=None)
    texts, truth = (rows[1] + ". " + rows[2]).tolist(), rows[0].to_numpy() - 1
    lists = pd.read_csv(home / "agnews_keywords.csv", sep=";")["keywords"]
    words = [line.split() for line in lists]
    print("vectors            examples  macro-F1  seconds")
    models = [sentences.WORDS] + [sentences.MINILM] * minilm.available()
    for model in models:
        for documents in (None, 100):
            started = perf_counter()
            found = keywords.topics(texts, words, documents=documents, model=model)
            labels = select.assign(found.scores, -1)
            value = f1_score(truth, labels, average="macro")
            seconds = perf_counter() - started
            print(f"{model:17}  {len(found.examples[0]):8}  {value:8.3f}  {seconds:7.1f}")


if __name__ == "__main__":
    choosing()
    topics()
