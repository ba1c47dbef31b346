"""DP-means: by hand on a line, its objective, outliers, limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import dpmeans
from analytics.errors import BadInput
from analytics.progress import silent
from analytics.results import Dataset

ROW = registry.get("clustering", "dpmeans")
LINE = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]])


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def objective(Z, labels, centers, reach):
    return float(((Z - centers[labels]) ** 2).sum() + reach**2 * len(centers))


def test_a_line_by_hand():
    found = run(LINE, distance=5.0)
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(found.extras["centers"], [[1.0], [10.5]])
    assert run(LINE, distance=100.0).n_clusters == 1
    assert run(LINE, distance=0.4).n_clusters == 5


def test_a_row_opens_a_group_that_later_rows_join():
    labels, centers = dpmeans.assign(LINE, np.array([[1.0]]), 5.0)
    assert labels.tolist() == [0, 0, 0, 1, 1] and centers.tolist() == [[1.0], [10.0]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 4.0))
def test_no_round_makes_the_objective_worse(seed, reach):
    Z = np.random.default_rng(seed).normal(size=(40, 2))
    labels, centers, _ = dpmeans.lloyd(Z, reach, silent)
    whole = objective(Z, np.zeros(40, int), Z.mean(axis=0)[None], reach)
    assert objective(Z, labels, centers, reach) <= whole + 1e-9
    far = np.linalg.norm(Z - centers[labels], axis=1)
    assert far.max() <= reach + 1e-9, "it would have opened a group"


def test_an_outlier_is_a_group():
    X = np.concatenate([np.random.default_rng(0).normal(size=(50, 2)), [[40.0, 40.0]]])
    assert np.bincount(run(X, distance=10.0).labels).tolist() == [50, 1]


def test_the_distance_comes_from_a_guess():
    centers = np.array([(0, 0), (9, 0), (0, 9), (9, 9)])
    X = np.repeat(centers, 30, axis=0) + np.random.default_rng(0).normal(size=(120, 2)) * 0.3
    found = run(X, groups=4)
    assert found.n_clusters == 4 and "from a guess of about 4 groups" in found.notes[0]


@pytest.mark.parametrize("factor", [1e-38, 1e36])
def test_scale_does_not_matter(factor):
    assert run(LINE * factor, distance=5.0 * factor).labels.tolist() == [0, 0, 0, 1, 1]


def test_too_many_groups_are_refused():
    with pytest.raises(BadInput, match="more than 1,000 groups: choose a larger one"):
        run(np.arange(1200.0)[:, None], distance=0.1)
