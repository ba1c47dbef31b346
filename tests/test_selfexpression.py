"""Linear self-expression: a closed form, lines through zero, refusals."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import selfexpression
from analytics.errors import BadInput
from analytics.results import Dataset

ROW = registry.get("clustering", "lissc")


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def flat_pieces(each=60, seed=0):
    """Rows on three planes through zero in ten dimensions, and whose they are."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(each, 2)) @ rng.normal(size=(2, 10)) for _ in range(3)]
    return np.concatenate(parts), np.repeat(range(3), each)


def test_planes_through_zero_are_told_apart_where_k_means_cannot():
    X, truth = flat_pieces()
    # Half of the rows mirrored: a plane has no side.
    found = run(X, n_clusters=3, strength=0.001, kept=12)
    assert adjusted_rand_score(truth, found.labels) > 0.95
    row = registry.get("clustering", "kmeans")
    plain = fit(row, X, row.check({"n_clusters": 3}), 0, Dataset(X=X.astype(np.float32)))
    assert adjusted_rand_score(truth, plain.labels) < 0.3


def test_coefficients_are_those_of_ridge_regression():
    X, _ = flat_pieces(8)
    U = selfexpression.unit_rows(X)
    n = len(U)
    ridge = np.stack([Ridge(0.5, fit_intercept=False).fit(U.T, u).coef_ for u in U], axis=1)
    np.fill_diagonal(ridge, 0)
    graph = selfexpression.affinity(U, 0.5, n)
    np.testing.assert_allclose(graph, np.abs(ridge) + np.abs(ridge).T, atol=1e-8)


def test_only_the_largest_parts_are_kept():
    U = selfexpression.unit_rows([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]])
    graph = selfexpression.affinity(U, 1.0, 1)
    assert (graph > 0).tolist() == [
        [False, True, False, False],
        [True, False, False, False],
        [False, False, False, True],
        [False, False, True, False],
    ]


def test_a_row_without_direction_is_refused():
    with pytest.raises(BadInput, match="directions of rows but a row is all zero"):
        run([[0.0, 0], [1, 1], [1, 2], [3, 1]], n_clusters=2)
    with pytest.raises(BadInput, match="all zero"):
        run([[-1.0], [0], [1]], n_clusters=2, centre=True)


@pytest.mark.parametrize("factor", [1e-41, 1e37])
def test_length_does_not_matter(factor):
    X, _ = flat_pieces(20)
    same = run(X, n_clusters=3).labels
    assert np.array_equal(run(X * factor, n_clusters=3).labels, same)


def test_neighbours_are_lowered_to_the_rows_there_are():
    assert "kept was lowered from 9 to 3" in run(np.eye(4) + 1, n_clusters=2).notes[0]
