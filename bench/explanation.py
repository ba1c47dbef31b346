"""Explanations of texts: choosing descriptions, agreement with labels, keyword topics, speed.

Run from the project root: ``python -m bench.explanation``. All but the choosing needs the
evaluation data (``EVAL_DATA`` or ``../shared/data``), which is no part of this project; without it
that is left out with a sentence.
"""

import json
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import f1_score

import analytics
from analytics.explanation import keywords, select, sentences
from analytics.store.artifacts import Artifacts
from models import minilm
from models.evaluation import folder, place

SIZES = ((1024, 133, 4), (2048, 150, 4), (2048, 150, 14))  # texts, descriptions, chosen
SECONDS = 10.0
SETS = ("agnews", "syngoalex/topic", "syngoalex/language")


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


def explained() -> None:
    """Descriptions found offline against the labels of each set, beside k-means on shared words."""
    home = folder("goalex")
    if home is None:
        print(f"No explanations: {place('goalex')} is not here.")
        return
    print("set                 texts  macro-F1  words + k-means  covered  once  seconds")
    for name in SETS:
        asked = json.loads((home / name / "data.json").read_text())
        truth = np.array(json.loads((home / name / "labels.json").read_text())["labels"])
        k = truth.max() + 1
        found, seconds = _asked(asked["texts"], asked["goal"], asked["example_descriptions"], k)
        words = sentences.vectors(asked["texts"], 0, model=sentences.WORDS).values
        plain = KMeans(k, n_init=10, random_state=0).fit_predict(words)
        f1, base = (analytics.compare(truth, x)["macro_f1"] for x in (found.labels, plain))
        print(
            f"{name:18}  {len(truth):5}  {f1:8.3f}  {base:15.3f}  "
            f"{found.selection['covered']:7.3f}  {found.selection['covered_once']:.3f}  "
            f"{seconds:7.1f}"
        )


def many() -> None:
    """From texts to groups for about 10,000 short texts."""
    news, home = folder("goalex"), folder("topics")
    if news is None or home is None:
        print("No timing of 10,000 texts: the evaluation data is not here.")
        return
    rows = pd.read_csv(home / "agnews_test.csv.gz", header=None)
    texts = (rows[1] + ". " + rows[2]).tolist()
    texts = (texts + json.loads((news / "agnews" / "data.json").read_text())["texts"])[:10_000]
    found, seconds = _asked(texts, "by topic", [], 8)
    print(f"{len(texts):,} texts to {len(found.chosen)} groups: {seconds:.0f} s")


def _asked(texts: list[str], goal: str, examples: list[str], k: int):
    """The explanation, from an empty store, and the seconds it took."""
    with tempfile.TemporaryDirectory() as place_:
        store = Artifacts(Path(place_))
        table = analytics.read(pd.DataFrame({"text": texts}), name="texts", store=store)
        started = perf_counter()
        found = analytics.explain(table, "text", goal, examples=examples, k=int(k), store=store)
        return found, perf_counter() - started


if __name__ == "__main__":
    choosing()
    explained()
    many()
    topics()
