"""Sparse features of texts: topics of AG News, groups along a concept, what sets two sets apart."""

from functools import lru_cache

import numpy as np
import pandas as pd

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.sparse import differences
from analytics.results import Dataset
from bench.rows._common import Measured, acc, ari, spread
from models.evaluation import folder

METHODS = ("sparse",)
CLAIM = "differences and clusters along a chosen property, by readable features (Jiang et al. 2025)"
CLASSES = ("world", "sport", "business", "science")
SEEDS, TEXTS = 3, 1_000
# Words by which a reader would know the class; those of the published keyword lists.
WORDS = {
    "sport": ("game", "team", "season", "coach", "cup", "league", "players", "championship",
              "olympic", "win", "inning", "touchdown", "goal", "match", "football", "tennis"),
    "business": ("stock", "oil", "profit", "market", "prices", "shares", "economy", "sales",
                 "dollar", "earnings", "quarter", "investors", "bank", "fed", "crude"),
}  # fmt: skip


@lru_cache(maxsize=2)
def news() -> tuple[list[str], np.ndarray]:
    """1,000 texts of AG News and their classes.

    Raises FileNotFoundError when the evaluation data is not here.
    """
    home = folder("topics")
    if home is None:
        raise FileNotFoundError("the texts of AG News of the evaluation data are not here")
    rows = pd.read_csv(home / "agnews_test.csv.gz", header=None).sample(TEXTS, random_state=0)
    return (rows[1] + ". " + rows[2]).tolist(), rows[0].to_numpy() - 1


def measure():
    import time

    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    from analytics.explanation import sentences

    texts, y = news()
    vectors = sentences.vectors(texts).values
    turned = PCA(50, random_state=0).fit_transform(vectors.astype(float))
    base = {
        "kmeans on vectors": np.mean(
            [acc(y, KMeans(4, n_init=10, random_state=s).fit_predict(vectors)) for s in range(3)]
        ),
        "kmeans on 50 directions": np.mean(
            [acc(y, KMeans(4, n_init=10, random_state=s).fit_predict(turned)) for s in range(3)]
        ),
    }
    started = time.perf_counter()
    whole = [groups(texts, s, n_clusters=4) for s in range(SEEDS)]
    seconds = (time.perf_counter() - started) / SEEDS
    scores = [acc(y, found.labels) for found in whole]
    yield Measured("all features, 4 groups", "AG News, 1,000", "ACC", float(np.mean(scores)),
                   base, spread=spread(scores), seconds=seconds)  # fmt: skip
    six = [groups(texts, s, n_clusters=6) for s in range(SEEDS)]
    for concept, words in WORDS.items():
        inside = y == CLASSES.index(concept)
        along = [groups(texts, s, n_clusters=6, concept=concept) for s in range(SEEDS)]
        kept = [f1(inside, found.labels >= 0) for found in along]
        yield Measured(f"along '{concept}', who is in a group", "AG News, 1,000",
                       "F1 for the class", float(np.mean(kept)), spread=spread(kept))  # fmt: skip
        changed = []
        for one, other in zip(along, six, strict=True):
            both = inside & (one.labels >= 0) & (other.labels >= 0)
            changed.append(1 - ari(one.labels[both], other.labels[both]))
        yield Measured(f"along '{concept}', regrouped", "its texts", "1 - ARI",
                       float(np.mean(changed)), spread=spread(changed))  # fmt: skip
        told = [right(found, inside, words) for found in whole]
        yield Measured(f"{concept} against the rest, first 10 features", "AG News, 1,000",
                       "share named by the class's words", float(np.mean(told)),
                       spread=spread(told))  # fmt: skip


def groups(texts: list[str], seed: int, **params):
    """The method on texts."""
    row = registry.get("clustering", "sparse")
    frame = pd.DataFrame({"text": texts})
    data = Dataset(X=np.zeros((len(texts), 1), np.float32), frame=frame, text_column="text")
    return fit(row, np.arange(len(texts))[:, None], row.check(params), seed, data)


def f1(truth, picked) -> float:
    """Harmonic mean of precision and recall."""
    return float(2 * np.sum(truth & picked) / max(1, truth.sum() + picked.sum()))


def right(found, inside: np.ndarray, words) -> float:
    """Share of the ten features most typical of a class whose names hold one of its words."""
    gaps = [d for d in differences(found.extras["features"], inside, ~inside) if d.gap > 0][:10]
    names = [str(found.extras["feature_names"][d.feature]) for d in gaps]
    return float(np.mean([any(w in name for w in words) for name in names]))
