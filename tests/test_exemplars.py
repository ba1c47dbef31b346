"""Typical and borderline rows, mean pictures, and pictures told apart by them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.explanation import exemplars as ex
from analytics.explanation import verdict


def test_medoid_and_edge_by_hand():
    X = np.array([[0.0], [1], [2], [3], [10], [11], [12]])
    found = ex.exemplars(X, np.array([0, 0, 0, 0, 1, 1, 1]))
    assert found[0].typical[:2] == (1, 2)  # 4 / 3 each from the others; 0 and 3 are 2 from them
    assert found[0].borderline[0] == 3 and found[1].borderline[0] == 4
    assert found[1].typical[0] == 5


def test_noise_has_no_exemplar_and_one_cluster_no_edge():
    X = np.arange(5.0)[:, None]
    found = ex.exemplars(X, np.array([0, 0, 0, -1, -1]))
    assert list(found) == [0] and found[0].borderline == () and set(found[0].typical) == {0, 1, 2}
    assert ex.exemplars(X, np.full(5, -1)) == {}


def test_many_rows_are_measured_against_a_sample(monkeypatch):
    monkeypatch.setattr(ex, "REFERENCES", 40)
    X = np.random.default_rng(0).normal(size=(400, 3))
    X[200:] += 8
    found = ex.exemplars(X, np.repeat([0, 1], 200))
    assert found == ex.exemplars(X, np.repeat([0, 1], 200))
    centre = X[:200].mean(axis=0)
    typical = np.linalg.norm(X[list(found[0].typical)] - centre, axis=1)
    assert typical.max() < 1 < np.linalg.norm(X[:200] - centre, axis=1).mean()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(0, 100))
def test_typical_rows_are_those_nearest_to_the_others(n, seed):
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(n, 2)), rng.integers(-1, 2, n)
    for label, found in ex.exemplars(X, labels).items():
        rows = np.flatnonzero(labels == label)
        total = [np.linalg.norm(X[rows] - X[r], axis=1).sum() for r in rows]
        assert total[list(rows).index(found.typical[0])] == pytest.approx(min(total), abs=1e-4)
        assert set(found.typical) | set(found.borderline) <= set(rows)
        assert len(found.typical) == min(len(rows), ex.SHOWN)


def test_mean_pictures_and_telling_by_them():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, -1], [40, 40, 5])
    pixels = rng.normal(size=(85, 16)) + np.where(labels == 1, 6, 0)[:, None]
    means = ex.mean_pictures(pixels, labels, [0, 1])
    assert means[1] == pytest.approx(pixels[40:80].mean(axis=0))
    folds = verdict.folds(labels, np.random.default_rng(1))
    found = ex.picture_verdicts(pixels, labels, folds)
    assert found[1][0].hits == 40 and found[0][0].support == 45  # noise looks like the first
    assert found[0][1] == [(-1, 5)]


def test_a_cluster_of_one_is_never_taken_for_itself():
    labels = np.array([0, 1, 1, 1, 1, 1])
    pixels = np.array([[9.0], [0], [0], [0], [0], [0]])
    found = ex.picture_verdicts(pixels, labels, verdict.folds(labels, np.random.default_rng(0)))
    assert found[0][0].hits == 0 and found[0][0].f1 == 0
