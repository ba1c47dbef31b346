"""Sentence vectors and keyword topics."""

import numpy as np
import pytest

from analytics.errors import BadInput
from analytics.explanation import keywords, sentences
from analytics.explanation.select import assign
from models import minilm

installed = pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
TEXTS = [
    "The goalkeeper saved a penalty in the last minute.",
    "The striker scored twice and the team won the match.",
    "A referee sent the captain off after a foul.",
    "Simmer the onions and add garlic to the soup.",
    "Bake the bread until the crust is brown.",
    "Stir the sauce and season it with pepper.",
]
WORDS = [["football", "goal", "team"], ["cooking", "recipe", "soup"]]


@installed
def test_like_sentences_are_close_and_rows_have_unit_length():
    vectors = minilm.embed([*TEXTS, ""])
    assert vectors.shape == (7, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = vectors[:6] @ vectors[:6].T
    inside = [near[i, j] for i in range(6) for j in range(i) if i // 3 == j // 3]
    across = [near[i, j] for i in range(6) for j in range(i) if i // 3 != j // 3]
    assert min(inside) > max(across)


@installed
def test_vectors_are_those_of_the_publishers_own_code():
    # First values as sentence-transformers gave them, rounded to six places.
    expected = {
        "A cat sits on the mat.": [0.126535, -0.032851, -0.029060, 0.044407, -0.043445, 0.032097],
        "Ünïcödé 東京 text": [0.058955, 0.055023, 0.029675, -0.057620, -0.097870, -0.015908],
        "word " * 400: [-0.008124, -0.095586, -0.038673],
    }
    for vector, wanted in zip(minilm.embed(list(expected)), expected.values(), strict=True):
        assert np.allclose(vector[: len(wanted)], wanted, atol=2e-5)


@installed
def test_a_text_has_the_same_vector_in_any_company():
    alone = minilm.embed([TEXTS[0]])
    long = "word " * 5000
    mixed = minilm.embed([long, TEXTS[0], "", TEXTS[0], "x", long + "tail that is cut off"])
    assert np.allclose(alone[0], mixed[1], atol=1e-5)
    assert np.array_equal(mixed[1], mixed[3]) and np.allclose(mixed[0], mixed[5], atol=1e-5)
    assert np.array_equal(minilm.embed(TEXTS), minilm.embed(TEXTS))
    assert minilm.embed([]).shape == (0, 384)


@installed
def test_a_damaged_model_is_refused(monkeypatch):
    minilm._loaded.cache_clear()
    monkeypatch.setattr(minilm, "SHA256", "0" * 64)
    with pytest.raises(RuntimeError, match="damaged"):
        minilm.embed(["a"])


@installed
def test_keywords_sort_texts_by_meaning():
    found = keywords.topics(TEXTS, WORDS, documents=2)
    assert assign(found.scores, -1).tolist() == [0, 0, 0, 1, 1, 1]
    assert found.model == sentences.MINILM and [len(e) for e in found.examples] == [2, 2]
    assert assign(found.scores, 1.1).tolist() == [-1] * 6


def test_keywords_sort_texts_by_shared_words():
    rng = np.random.default_rng(0)
    pools = "goal team match league striker coach", "soup bread onion garlic pepper oven"
    texts = [" ".join(rng.permutation(pool.split())[:3]) for pool in pools for _ in range(20)]
    found = keywords.topics(texts, [["goal"], ["soup", "oven"]], model=sentences.WORDS)
    assert assign(found.scores, -1).tolist() == [0] * 20 + [1] * 20
    assert found.model == sentences.WORDS and found.notes
    assert all(set(rows // 20) == {topic} for topic, rows in enumerate(found.examples))


def test_without_the_model_words_are_compared(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "not_installed_anywhere")
    minilm._loaded.cache_clear()
    assert not minilm.available() and sentences.vectors(TEXTS).model == sentences.WORDS
    with pytest.raises(RuntimeError, match="not installed"):
        sentences.vectors(TEXTS, model=sentences.MINILM)


def test_resemblance_by_hand():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [0, 0]], np.float32)
    scores, examples = keywords.resemblance(
        vectors, [np.array([[1.0, 0]], np.float32), np.array([[0, 2.0]], np.float32)], documents=1
    )
    assert [e.tolist() for e in examples] == [[0], [2]]
    assert np.allclose(scores, [[1, 0], [0.8, 0.6], [0, 1], [0, 0]])
    # Half of an equal share: four texts, one topic, two examples.
    assert [len(e) for e in keywords.resemblance(vectors, [vectors[:1]])[1]] == [2]


@pytest.mark.parametrize(
    ("texts", "topics", "documents", "words"),
    [
        ([], [["a"]], None, "no texts"),
        (TEXTS, [], None, "0 topics"),
        (TEXTS, [["a"], [" ", ""]], None, "Topic 2 has 0 keywords"),
        (TEXTS, [["a"]], 7, "choose 1 to 6"),
        (TEXTS, [["soup"], ["zzzqqq"]], None, "keyword of topic 2"),
    ],
)
def test_bad_input_is_one_clear_sentence(texts, topics, documents, words):
    with pytest.raises(BadInput, match=words):
        keywords.topics(texts, topics, documents=documents, model=sentences.WORDS)
