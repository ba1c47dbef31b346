"""iLA-SDP: constraints, every partition of a few rows as reference, groups, seeds, extremes."""

from itertools import product

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import sdp
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.results import Dataset

ROW = registry.get("clustering", "ilasdp")


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def memberships(labels, k):
    """Z_k of a partition."""
    return np.stack([np.outer(labels == g, labels == g) / (labels == g).sum() for g in range(k)])


def partitions(n, k):
    """Every labelling of n rows with k groups, none empty."""
    made = (np.array(p) for p in product(range(k), repeat=n))
    return [p for p in made if len(np.unique(p)) == k]


def test_the_equations_hold_and_the_nearest_point_is_kept():
    Y = np.random.default_rng(0).normal(size=(3, 6, 6))
    Y = Y + Y.transpose(0, 2, 1)
    Z = sdp._equations(Y, 3)
    np.testing.assert_allclose(Z.sum(axis=(0, 2)), 1)
    assert np.trace(Z.sum(axis=0)) == pytest.approx(3)
    np.testing.assert_allclose(sdp._equations(Z, 3), Z, atol=1e-12)
    other = memberships(np.array([0, 0, 1, 1, 2, 2]), 3)  # satisfies them too
    assert abs(((Y - Z) * (other - Z)).sum()) < 1e-9  # so the step stands upright on them


@pytest.mark.parametrize("seed", range(3))
def test_no_partition_is_better_than_the_optimum(seed):
    X = np.random.default_rng(seed).normal(size=(8, 2))
    A = sdp.objective(X, np.stack([np.eye(2), np.diag([0.5, 2.0])]))
    Z, off = sdp.solve(A, most=4_000, close=1e-5)
    best = max((A * memberships(p, 2)).sum() for p in partitions(8, 2))
    assert off < 1e-4 and (A * Z).sum() >= best - 1e-2 * abs(best)
    assert np.linalg.eigvalsh(Z).min() > -1e-3 and Z.min() > -1e-3


def test_of_clear_groups_the_optimum_is_the_best_partition():
    X, y = make_blobs([4, 5], 2, centers=[[0, 0], [9, 9]], random_state=0)
    A = sdp.objective(X, np.eye(2)[None])[0]
    Z, _ = sdp.solve_one(A, 2, most=4_000, close=1e-5)
    np.testing.assert_allclose(Z, memberships(y, 2).sum(axis=0), atol=1e-2)
    best = max(((A * memberships(p, 2)).sum(), i) for i, p in enumerate(partitions(9, 2)))
    assert (A * Z).sum() == pytest.approx(best[0], rel=1e-2)


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_another_solver(seed):
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], 6)
    sides = np.sqrt([[1, 1], [0.3, 3], [2, 0.4]])
    X = rng.normal(size=(18, 2)) * sides[y] + np.array([[0, 0], [4, 0], [1, 4]])[y]
    A = sdp.objective(X, np.stack([np.diag(s**2) for s in sides]))
    Z = [cp.Variable((18, 18), PSD=True) for _ in A]
    rules = [z >= 0 for z in Z] + [cp.trace(sum(Z)) == 3, cp.sum(sum(Z), axis=1) == 1]
    best = cp.Maximize(sum(cp.trace(a @ z) for a, z in zip(A, Z, strict=True)))
    value = cp.Problem(best, rules).solve(solver=cp.CLARABEL)
    theirs = np.stack([z.value for z in Z])
    assert (A * sdp.solve(A)[0]).sum() == pytest.approx(value, rel=2e-2)
    ours, _ = sdp.solve(A, most=4_000, close=1e-5)
    assert (A * ours).sum() == pytest.approx(value, rel=1e-3)
    assert np.array_equal(ours.sum(axis=2).argmax(axis=0), theirs.sum(axis=2).argmax(axis=0))


def test_an_objective_is_the_likelihood_of_a_partition():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(1)
    X, p = rng.normal(size=(7, 2)), np.array([0, 0, 0, 1, 1, 1, 1])
    S = np.stack([np.diag([1.0, 2.0]), np.array([[1.0, 0.3], [0.3, 0.5]])])
    value = (sdp.objective(X, S) * memberships(p, 2)).sum()
    logs = sum(
        multivariate_normal(X[p == g].mean(axis=0), S[g]).logpdf(X[p == g]).sum() for g in (0, 1)
    )
    assert value == pytest.approx(2 * logs + 7 * 2 * np.log(2 * np.pi))


def test_groups_of_all_rows_from_a_sample():
    X, y = make_blobs(400, 3, centers=3, cluster_std=0.7, random_state=5)
    found = run(X, n_clusters=3, rows=45)
    assert adjusted_rand_score(y, found.labels) > 0.97
    assert "solved for 45 of 400 rows" in found.notes[0]
    few = run(X[:50], n_clusters=3)
    assert adjusted_rand_score(y[:50], few.labels) > 0.9 and len(few.notes) == 1


def test_extremes_have_an_answer():
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert run(X, n_clusters=1).n_clusters == 1 and run(X[:5], n_clusters=5).n_clusters == 5
    with pytest.raises(BadInput, match="ask for at most 15"):
        run(X, n_clusters=16)
    wide = run(np.random.default_rng(0).normal(size=(30, 40)), n_clusters=2)
    assert "10 principal components" in wide.notes[0]
