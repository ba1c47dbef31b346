"""X-means and the stand-ins of CLAMS on plots whose reading is plain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.clustering.xmeans import bic, xmeans
from analytics.errors import BadInput
from analytics.perception.standins import STANDINS, standin


def blobs(places, each=80, spread=0.5, seed=0):
    random = np.random.default_rng(seed)
    return np.concatenate([p + spread * random.normal(size=(each, 2)) for p in np.asarray(places)])


FOUR = blobs([(0, 0), (10, 0), (0, 10), (10, 10)])
CLOUD = np.random.default_rng(5).normal(size=(320, 2))


def test_xmeans_finds_the_number_of_round_groups():
    labels = xmeans(FOUR)
    assert sorted(np.bincount(labels)) == [80] * 4
    for start in range(0, 320, 80):
        assert len(set(labels[start : start + 80])) == 1
    assert len(set(xmeans(CLOUD))) == 1


def test_xmeans_stays_within_its_limits():
    assert len(set(xmeans(FOUR, most=3))) <= 3
    assert len(set(xmeans(CLOUD, least=4))) >= 4
    assert xmeans(FOUR).dtype == np.int32


def test_bic_by_hand():
    # Four points on a line in two pairs: variance (4 * 0.25) / (1 * (4 - 2)) = 0.5.
    X = np.array([[0.0], [1.0], [10.0], [11.0]])
    labels = np.array([0, 0, 1, 1])
    likelihood = 4 * np.log(0.5) - 2 * np.log(2 * np.pi * 0.5) - 1
    assert bic(X, labels) == pytest.approx(likelihood - 2 * np.log(4))
    assert bic(X, labels) > bic(X, np.zeros(4, int))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000), st.booleans())
def test_xmeans_answers_whatever_it_is_given(n, seed, equal):
    X = np.random.default_rng(seed).normal(size=(n, 2)) * (not equal)
    labels = xmeans(X, most=5)
    assert labels.shape == (n,) and set(labels) == set(range(labels.max() + 1))
    assert np.array_equal(labels, xmeans(X, most=5))


@pytest.mark.parametrize("method", STANDINS)
def test_clear_groups_are_less_ambiguous_than_an_even_field(method):
    field = np.random.default_rng(1).random((320, 2))
    clear, even = standin(FOUR, method), standin(field, method)
    assert -0.01 <= clear <= 1.1 and clear < even + (0.0 if method != "xmeans" else 0.02)
    assert standin(FOUR, method) == clear


def test_position_and_size_do_not_matter():
    for method in STANDINS:
        moved = standin(FOUR * 1000 + 5e4, method)
        assert moved == pytest.approx(standin(FOUR, method), abs=0.05)


def test_a_single_place_has_nothing_to_disagree_about():
    assert standin(np.ones((50, 2))) == 0.0


@pytest.mark.parametrize("points", [[], [[1, 2, 3]], [[np.nan, 1]], np.zeros((0, 2))])
def test_unusable_points_are_one_sentence(points):
    with pytest.raises(BadInput, match="two columns of finite numbers"):
        standin(points)
    with pytest.raises(BadInput, match="choose one of hdbscan, dbscan, birch, xmeans"):
        standin(FOUR, "kmeans")
