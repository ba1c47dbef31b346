"""MLC: its rates by hand, its memberships, groups on clear data."""

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import mlc
from analytics.results import Dataset
from tests.test_selfexpression import flat_pieces

ROW = registry.get("clustering", "mlc")


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def unit(n, d, seed=0):
    z = np.random.default_rng(seed).normal(size=(n, d))
    return torch.from_numpy((z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32))


def test_the_rate_of_one_direction_by_hand():
    z = torch.zeros(7, 4)
    z[:, 0] = 1
    assert float(mlc.rate(z)) == pytest.approx(0.5 * np.log(1 + 4 / 0.1), rel=1e-5)


def test_groups_at_right_angles_gain_most():
    apart = torch.eye(4)[torch.tensor([0, 0, 1, 1])]
    whole, halves = torch.full((4, 4), 0.25), torch.zeros(4, 4)
    halves[:2, :2] = halves[2:, 2:] = 0.5
    # One group explains nothing; the two halves cost two lines of half the rows each.
    assert float(mlc.rate_of_groups(apart, whole)) == pytest.approx(
        float(mlc.rate(apart)), rel=1e-5
    )
    assert float(mlc.rate_of_groups(apart, halves)) == pytest.approx(0.5 * np.log(41), rel=1e-5)
    assert float(mlc.rate(apart)) == pytest.approx(np.log(1 + 4 / (4 * 0.1) * 2), rel=1e-5)


def test_memberships_sum_to_one_both_ways():
    shared = mlc.memberships(unit(30, 5), 0.2, 200)
    torch.testing.assert_close(shared.sum(dim=0), torch.ones(30), atol=1e-3, rtol=0)
    torch.testing.assert_close(shared.sum(dim=1), torch.ones(30), atol=1e-3, rtol=0)
    assert (shared >= 0).all() and shared.diagonal().min() > shared.mean()


def test_bundles_of_directions_are_found():
    rng = np.random.default_rng(0)
    truth = np.repeat(range(4), 50)
    X = np.eye(4, 12)[truth] * 5 + rng.normal(size=(200, 12)) * 0.4
    assert adjusted_rand_score(truth, run(X, n_clusters=4).labels) == 1


def test_one_group_and_as_many_as_rows_need_no_network():
    X, _ = flat_pieces(4)
    assert run(X, n_clusters=1).n_clusters == 1 and run(X, n_clusters=12).n_clusters == 12


def test_the_seed_decides():
    X, _ = flat_pieces(30)
    params = {"n_clusters": 3, "warm_up": 2, "rounds": 2}
    assert np.array_equal(run(X, 5, **params).labels, run(X, 5, **params).labels)
