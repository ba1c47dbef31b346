"""How well a statement tells a cluster: counts by hand, intervals, folds, samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.explanation import verdict
from analytics.explanation.verdict import Quality


def test_counts_by_hand():
    found = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], bool)
    labels = np.array([0, 0, 1, 0, 0, 2, 2, 2, -1, -1])
    made = verdict.quality(found, labels == 0)
    assert made == Quality(hits=2, support=3, members=4, rows=10)
    assert made.precision == 2 / 3 and made.recall == 0.5
    assert made.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert made.lift == pytest.approx((2 / 3) / 0.4)
    assert made.f1_of_all == pytest.approx(2 * 0.4 * 1 / 1.4)
    assert verdict.confused(found, labels, 0) == [(1, 1)]


def test_a_statement_true_of_nothing():
    made = Quality(0, 0, 4, 10)
    assert (made.precision, made.lift, made.recall, made.f1) == (None, None, 0, 0)
    assert made.f1_interval[0] == 0


def test_wilson_by_the_published_formula():
    assert verdict.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert verdict.wilson(0, 0) == (0, 1)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_interval_holds_f1(hits, wrong, missed):
    made = Quality(hits, hits + wrong, hits + missed, hits + wrong + missed + 7)
    low, high = made.f1_interval
    assert 0 <= low <= made.f1 + 1e-12 and made.f1 - 1e-12 <= high <= 1
    assert set(made.to_json()) >= {"precision", "recall", "lift", "f1", "f1_interval"}


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=60), st.integers(0, 9))
def test_folds_share_out_every_label(labels, seed):
    labels = np.array(labels)
    fold = verdict.folds(labels, np.random.default_rng(seed))
    for label in np.unique(labels):
        counts = np.bincount(fold[labels == label], minlength=verdict.FOLDS)
        assert counts.max() - counts.min() <= 1


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=60), st.integers(1, 40))
def test_a_sample_keeps_every_label(labels, most):
    labels = np.array(labels)
    rows = verdict.stratified(labels, most, np.random.default_rng(0))
    assert (np.diff(rows) > 0).all() and set(labels[rows]) == set(labels)
    assert len(rows) <= max(most + 5, len(set(labels)))
