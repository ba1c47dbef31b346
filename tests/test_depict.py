"""DEPICT: targets by hand, groups on clear data, damaged rows, extremes."""

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import nets
from analytics.clustering.fit import fit
from analytics.clustering.methods import depict
from analytics.results import Dataset

ROW = registry.get("clustering", "depict")
BLOBS, TRUTH = make_blobs(180, 6, centers=3, cluster_std=0.5, random_state=4)


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def test_targets_by_hand():
    p = np.array([[0.8, 0.2], [0.8, 0.2], [0.8, 0.2], [0.6, 0.4]])
    paper = depict.targets(p, "paper")
    np.testing.assert_allclose(paper[3], np.array([0.6 / 3**0.5, 0.4]) / (0.6 / 3**0.5 + 0.4))
    code = depict.targets(p, "code")
    np.testing.assert_allclose(code[3], np.array([0.12, 0.16]) / 0.28)
    assert paper[3, 1] > 0.4 and code[3, 1] > 0.4, "small groups are drawn up"
    np.testing.assert_allclose(paper.sum(axis=1), 1)


def test_clear_groups_soft_memberships_and_prototypes_near_their_means():
    found = run(BLOBS, n_clusters=3)
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    np.testing.assert_allclose(found.extras["soft"].sum(axis=1), 1)
    means = np.stack([BLOBS[found.labels == g].mean(axis=0) for g in range(3)])
    apart = np.linalg.norm(means[0] - means[1])
    assert np.linalg.norm(found.extras["prototypes"] - means, axis=1).max() < 0.3 * apart


def test_the_noisy_path_differs_and_the_clean_one_does_not():
    with nets.seeded(0):
        net, x = depict._Network((6, 8, 4), 3), torch.from_numpy(nets.scaled(BLOBS)[0])
        assert torch.equal(net.clean(x)[-1], net.clean(x)[-1])
        assert not torch.equal(net.clean(x, 0.5)[-1], net.clean(x)[-1])
        assert [layer.shape[1] for layer in net.clean(x)] == [6, 8, 4]
        inner = []
        assert net.decode(net.clean(x)[-1], inner).shape == x.shape and inner[0].shape[1] == 8


def test_no_rounds_together_is_the_start():
    found = run(BLOBS, n_clusters=3, rounds=0)
    assert "0 of 180 rows left" in found.notes[-1]


@pytest.mark.parametrize("k", [1, 2, 12])
def test_extremes(k):
    X = np.column_stack([np.repeat([0.0, 5.0], 6), np.ones(12), np.tile([0.0, 1.0], 6)])
    found = run(X, n_clusters=k, warm_up=5, rounds=5)
    assert 1 <= found.n_clusters <= k
