"""Sparse features of texts: intervals and co-occurrence by hand, planted parts, groups, a page."""

import numpy as np
import pandas as pd
import pytest

from analytics import registry
from analytics.clustering import nets, sparse
from analytics.clustering.fit import fit
from analytics.clustering.methods import sparse as method
from analytics.data import samples
from analytics.errors import BadInput
from analytics.explanation import sentences
from analytics.params import Param, validate
from analytics.results import NOISE, Dataset
from models import minilm
from tests.apptest import page_of

ROW = registry.get("clustering", "sparse")


def silent(fraction, words):
    pass


def run(texts, seed=0, **params):
    frame = pd.DataFrame({"text": texts})
    data = Dataset(X=np.zeros((len(texts), 1), np.float32), frame=frame, text_column="text")
    return fit(ROW, np.arange(len(texts))[:, None] * 1.0, ROW.check(params), seed, data)


def test_difference_of_two_sets_by_hand():
    active = np.zeros((10, 2), bool)
    active[:4, 0] = active[[0, 5], 1] = True
    a = np.arange(10) < 5
    first, second = sparse.differences(active, a, ~a)
    assert (first.feature, first.share_a, first.share_b) == (0, 0.8, 0.0)
    # Newcombe 1998, method 10: Wilson 0.376-0.964 of 4 in 5, 0-0.434 of 0 in 5.
    assert first.low == pytest.approx(0.8 - np.hypot(0.8 - 0.3755, 0.4345), abs=1e-3)
    assert first.high == pytest.approx(0.8 + np.hypot(0.9638 - 0.8, 0.0), abs=1e-3)
    assert second.gap == 0 and second.low == pytest.approx(-second.high)


def test_wilson_is_that_of_scipy():
    from scipy.stats import binomtest

    for hits, n in ((0, 7), (3, 9), (40, 40)):
        known = binomtest(hits, n).proportion_ci(0.95, "wilson")
        assert sparse._wilson(hits, n) == pytest.approx((known.low, known.high), abs=1e-4)


def test_coming_together_by_hand():
    active = np.array([[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]], bool)
    together = sparse.npmi(active)
    assert together[0, 1] == pytest.approx(1) and together[0, 2] == -1
    assert not together[3].any(), "what all have says nothing"
    half = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], bool)
    assert sparse.npmi(half)[0, 1] == pytest.approx(0)


def test_planted_directions_are_found():
    rng = np.random.default_rng(0)
    parts = np.linalg.qr(rng.normal(size=(24, 24)))[0][:8]
    codes = np.zeros((900, 8))
    for row in codes:
        row[rng.choice(8, 2, replace=False)] = rng.uniform(1, 2, 2)
    values = (codes @ parts).astype(np.float32)
    with nets.seeded(0):
        z, directions, kept = sparse.features(values, 16, 2, 150, silent)
    assert ((z > 0).sum(axis=1) <= 2).all() and kept > 0.9
    likeness = np.abs(directions @ parts.T).max(axis=0)
    assert (likeness > 0.85).sum() >= 7


def test_a_concept_keeps_features_that_hold_its_words_without_the_model():
    names = ["goal, match", "oil, prices", "", "tennis cup"]
    assert method.near("a tennis match", names, sentences.WORDS, 0).tolist() == [
        True, False, False, True,
    ]  # fmt: skip


def test_a_parameter_of_words():
    p = Param("concept", "text", "", "Along", "Words.")
    assert validate((p,), {"concept": "  two   words "}) == {"concept": "two words"}
    assert validate((p,), {}) == {"concept": ""} and "200 letters" in p.allowed()
    for wrong in (3, "x" * 201, None):
        with pytest.raises(BadInput):
            validate((p,), {"concept": wrong})


@pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
def test_messages_by_topic_and_along_a_concept():
    frame = samples.frame("messages")
    texts = frame["text"].tolist()
    whole = run(texts, n_clusters=5)
    again = run(texts, n_clusters=5)
    assert whole.labels.tobytes() == again.labels.tobytes()
    active, names = whole.extras["features"], whole.extras["feature_names"]
    assert active.shape == (160, 80) and (active.sum(axis=1) <= 8).all()
    assert "Features was lowered from 128 to 80" in " ".join(whole.notes)
    topic = (frame["topic"] == "transport").to_numpy()
    best = sparse.differences(active, topic, ~topic)[0]
    assert best.low > 0.1 and str(names[best.feature])
    along = run(texts, n_clusters=3, concept="public transport")
    kept = along.labels != NOISE
    assert 0 < kept.sum() < 160 and along.extras["feature_kept"].sum() < 40
    assert topic[kept].mean() > 1.5 * topic.mean()
    assert "have to do with the concept" in along.notes[-1]


def test_equal_and_empty_texts():
    with pytest.raises(BadInput, match="All texts are equal"):
        run(["tea"] * 4, n_clusters=2)
    found = run(["tea", "tea", "coffee", None, "a cup of tea", "milk"], n_clusters=2)
    assert len(found.labels) == 6


def test_the_page_shows_differences():
    def script():
        import numpy as np

        from analytics.results import Clustering, Dataset
        from pages.ui import differing

        active = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], bool)
        extras = {"features": active, "feature_names": np.array(["tea", "<b>cake"])}
        result = Clustering(labels=np.array([0, 0, 1, 1]), n_clusters=2, extras=extras)
        assert differing.shown(result)
        data = Dataset(
            X=np.zeros((4, 1), np.float32), labels=np.array([0, 1, 1, 1], np.int32),
            label_names=("x", "y"), label_column="kind",
        )  # fmt: skip
        differing.draw(data, result)

    at = page_of(script).run()
    assert not at.exception
    assert at.selectbox[1].options == ["all others", "Group 1", "Group 2", "kind: x", "kind: y"]
    table = at.dataframe[0].value
    assert table["Feature"].tolist() == ["tea", "<b>cake"]
    assert table["Difference"].tolist() == ["+100 points", "-100 points"]
    at.selectbox[1].select("Group 1").run()
    assert "no text of its own" in at.caption[0].value
