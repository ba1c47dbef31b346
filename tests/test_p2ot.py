"""P2OT: transport against a general optimiser, its limits, groups on clear data."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import p2ot
from analytics.results import Dataset

ROW = registry.get("clustering", "p2ot")
CHANCES = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.2, 0.8]])


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def optimum(chances, rho):
    """The plan (n, k + 1) by a general optimiser: cost, entropy and the penalty of sizes."""
    n, k = chances.shape
    cost = np.column_stack([-np.log(chances), np.zeros(n)]).ravel()

    def value(q):
        q = np.maximum(q, 1e-12)
        sizes = q.reshape(n, k + 1)[:, :k].sum(axis=0)
        divergence = (sizes * np.log(sizes / (rho / k)) - sizes + rho / k).sum()
        return cost @ q + 0.1 * (q * (np.log(q) - 1)).sum() + divergence

    limits = [
        {"type": "eq", "fun": lambda q: q.reshape(n, k + 1).sum(axis=1) - 1 / n},
        {"type": "eq", "fun": lambda q: q.reshape(n, k + 1)[:, k].sum() - (1 - rho)},
    ]
    start = np.full(n * (k + 1), 1 / (n * (k + 1)))
    options = {"maxiter": 2000, "ftol": 1e-14}
    found = minimize(
        value, start, method="SLSQP", bounds=[(1e-12, 1)] * len(start), constraints=limits,
        options=options,
    )  # fmt: skip
    return found.x.reshape(n, k + 1)[:, :k] * n


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.9])
def test_the_plan_is_the_optimum(rho):
    np.testing.assert_allclose(p2ot.transport(CHANCES, rho), optimum(CHANCES, rho), atol=2e-3)


@pytest.mark.parametrize("penalty", [None, 1.0])
def test_what_is_moved(penalty):
    rng = np.random.default_rng(0)
    chances = rng.dirichlet([0.5, 0.5, 0.5], 40)
    plan = p2ot.transport(chances, 0.4, penalty)
    assert plan.sum() == pytest.approx(16, rel=1e-3) and plan.sum(axis=1).max() <= 1 + 1e-6
    sizes = plan.sum(axis=0)
    assert (np.ptp(sizes) < 1e-2) == (penalty is None)
    # The surest rows are moved first.
    sure = chances.max(axis=1)
    assert plan.sum(axis=1)[sure > 0.9].mean() > plan.sum(axis=1)[sure < 0.5].mean()


def test_the_share_moved_grows_to_all():
    shares = [p2ot.share_moved(t, 50) for t in range(51)]
    assert shares[0] < 0.11 and shares[-1] == 1 and shares == sorted(shares)


def test_clear_groups_of_unequal_size():
    X, truth = make_blobs([160, 60, 20], 8, cluster_std=0.5, random_state=3)
    found = run(X, n_clusters=3)
    assert adjusted_rand_score(truth, found.labels) > 0.95
    np.testing.assert_allclose(found.extras["soft"].sum(axis=1), 1)


def test_one_group_and_as_many_as_rows_need_no_network():
    X = np.arange(5.0)[:, None]
    assert run(X, n_clusters=1).n_clusters == 1 and run(X, n_clusters=5).n_clusters == 5


def test_labels_of_near_rows_draw_a_doubtful_one():
    chances = np.array([[0.99, 0.01], [0.99, 0.01], [0.45, 0.55], [0.01, 0.99], [0.01, 0.99]])
    S = np.zeros((5, 5))
    S[2, [0, 1]] = S[0, 1] = S[3, 4] = 1.0
    like = S + S.T
    alone, drawn = p2ot.transport(chances, 0.9), p2ot.alike(chances, 0.9, 1.0, like, 20.0)
    assert alone[2].argmax() == 1 and drawn[2].argmax() == 0
    assert drawn.sum() == pytest.approx(4.5, rel=1e-3)
    np.testing.assert_allclose(p2ot.alike(chances, 0.9, 1.0, 0 * like, 20.0), alone)


def test_each_step_lowers_what_is_minimised():
    rng = np.random.default_rng(0)
    X, chances, rho = rng.normal(size=(30, 2)), rng.dirichlet([1, 1, 1], 30), 0.5
    S = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2))  # positive definite
    weight = 0.3

    def value(plan):
        q = plan / 30
        whole = np.column_stack([q, 1 / 30 - q.sum(axis=1)])
        sizes = q.sum(axis=0)
        cost = -(q * np.log(chances)).sum() - weight * (1 - rho) * 30 * (q * (S @ q)).sum()
        entropy = 0.1 * (whole * (np.log(np.maximum(whole, 1e-300)) - 1)).sum()
        return cost + entropy + (sizes * np.log(sizes / (rho / 3)) - sizes + rho / 3).sum()

    plan = p2ot.transport(chances, rho)
    values = [value(plan)]
    for _ in range(5):
        plan = p2ot.transport(chances, rho, gain=weight * (1 - rho) * (2 * S @ plan))
        values.append(value(plan))
    assert all(b <= a + 1e-7 for a, b in pairwise(values))
    assert values[-1] < values[0]


def test_likeness_by_hand_and_groups_with_neighbours():
    like = p2ot.likeness(np.array([[0.0], [1.0], [3.0]]), 1, []).toarray()
    width = (1 + 1 + 4) / 3
    near, far = np.exp(-1 / (2 * width)), np.exp(-4 / (2 * width))
    np.testing.assert_allclose(like, [[0, 2 * near, 0], [2 * near, 0, far], [0, far, 0]])
    X, truth = make_blobs([160, 60, 20], 8, cluster_std=0.5, random_state=3)
    assert adjusted_rand_score(truth, run(X, n_clusters=3, neighbours=20).labels) > 0.95
