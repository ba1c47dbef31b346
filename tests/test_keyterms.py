"""Key terms of text clusters: words in any script, log-odds by hand, lists scored on left-out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.explanation import keyterms as kt
from analytics.explanation import verdict


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, well-known THINGS 2020!", ["don't", "stop", "well-known", "things"]),
        ("Ça été l'œuvre", ["ça", "été", "l'œuvre"]),
        ("東京大学の", ["東京", "京大", "大学", "学の"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("__ 42 \x00", []),
    ],
)
def test_words_in_any_script(text, words):
    assert kt.words_of(text) == words


def test_log_odds_by_hand():
    # One term held by 4 texts inside and none outside, another by 2 and 2.
    z = kt.log_odds(np.array([4.0, 2.0]), np.array([0.0, 2.0]))
    prior = np.array([0.05 * 4 + 0.01, 0.05 * 4 + 0.01])
    a, b, total = 4 + prior[0], prior[0], prior.sum()
    delta = np.log(a / (6 + total - a)) - np.log(b / (2 + total - b))
    assert z[0] == pytest.approx(delta / np.sqrt(1 / a + 1 / b))
    assert z[0] > 0 > z[1]


def corpus(n=60, seed=0):
    """Two topics in a common frame of words; every text holds a word of its topic."""
    rng = np.random.default_rng(seed)
    topics = (["goal", "match", "team"], ["bank", "loan", "rate"])
    labels = np.arange(n) % 2
    texts = [
        f"the {rng.choice(['old', 'new', 'big'])} {rng.choice(topics[k])} of day {i}"
        for i, k in enumerate(labels)
    ]
    return texts, labels


def test_topic_words_are_found_and_hold_on_texts_left_out():
    texts, labels = corpus()
    folds = verdict.folds(labels, np.random.default_rng(0))
    first, second = kt.keyterms(texts, labels, folds)
    assert set(first.mentions) == {"goal", "match", "team"}
    assert set(second.mentions) == {"bank", "loan", "rate"}
    assert first.fitted.f1 == 1 and first.held_out.f1 == 1 and first.confused == ()
    assert "the" not in {t.term for t in first.terms}
    assert all(t.inside >= 2 * t.outside for t in first.terms)


def test_on_random_labels_only_the_texts_used_flatter():
    rng = np.random.default_rng(2)
    vocabulary = [f"w{chr(97 + i)}" for i in range(26)]
    texts = [" ".join(rng.choice(vocabulary, 4)) for _ in range(80)]
    labels = rng.integers(0, 4, 80)
    topics = kt.keyterms(texts, labels, verdict.folds(labels, rng))
    fitted = np.mean([t.fitted.f1 for t in topics])
    assert np.mean([t.held_out.f1 for t in topics]) < fitted - 0.1


def test_a_term_inside_another_is_told_once():
    texts = ["new york times today", "new york times again", "old town", "old lane"] * 5
    labels = np.array([0, 0, 1, 1] * 5)
    (first, _) = kt.keyterms(texts, labels, verdict.folds(labels, np.random.default_rng(0)))
    names = [t.term for t in first.terms]
    for i, one in enumerate(names):
        assert not any(f" {one} " in f" {other} " for other in names[i + 1 :])


@pytest.mark.parametrize("texts", [["", " ", "!!", ""], ["1", "2", "3", "4"]])
def test_texts_without_words(texts):
    labels = np.array([0, 0, 1, 1])
    assert kt.keyterms(texts, labels, labels) == []


def test_one_cluster_and_only_noise():
    texts, _ = corpus(12)
    folds = np.arange(12) % 5
    (only,) = kt.keyterms(texts, np.zeros(12, int), folds)
    assert only.mentions == () and only.held_out.f1 == 0
    assert kt.keyterms(texts, np.full(12, -1), folds) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=30), st.integers(-1, 2)), min_size=2, max_size=25),
)
def test_any_text_is_taken_and_every_share_is_one(rows):
    texts, labels = [t for t, _ in rows], np.array([k for _, k in rows])
    for topic in kt.keyterms(texts, labels, verdict.folds(labels, np.random.default_rng(0))):
        assert topic.fitted.members == (labels == topic.label).sum()
        holds = [set(topic.mentions) & set(kt._terms_of(t)) != set() for t in texts]
        assert topic.fitted.support == sum(holds)
        for term in topic.terms:
            assert 0 <= term.outside <= term.inside <= 1 and term.z > 0
