"""DDFA: mixtures of domains by hand, planted shifts, refusals."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import ddfa
from analytics.errors import BadInput
from analytics.results import UNLABELLED, Dataset

ROW = registry.get("clustering", "ddfa")
TYPICAL = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])


def run(X, domain, seed=0, **params):
    X = np.asarray(X, np.float64)
    names = tuple(map(str, range(int(np.max(domain)) + 1)))
    data = Dataset(X=X.astype(np.float32), domain=np.asarray(domain, np.int32), domain_names=names)
    return fit(ROW, X, ROW.check(params), seed, data)


def shifted(n=2000, seed=0):
    """Four kinds of rows, two in one group: far apart, but always in the same domains."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    X = np.array([(0, 0), (9, 9), (0, 9), (9, 0)], float)[kind] + rng.normal(size=(n, 2))
    group = kind // 2
    domain = np.where(rng.random(n) < 0.85, group, 1 - group) + 2 * rng.integers(0, 2, n)
    return X, group, domain


def test_what_comes_together_is_grouped_though_it_lies_apart():
    X, group, domain = shifted()
    found = run(X, domain, n_clusters=2)
    assert adjusted_rand_score(group, found.labels) > 0.85
    row = registry.get("clustering", "kmeans")
    plain = fit(row, X, row.check({"n_clusters": 2}), 0, Dataset(X=X.astype(np.float32)))
    assert adjusted_rand_score(group, plain.labels) < 0.6
    np.testing.assert_allclose(found.extras["soft"].sum(axis=1), 1)
    assert "Domains named rightly for" in found.notes[0]


def test_memberships_undo_a_mixture_by_hand():
    shares = np.array([[1.0, 0], [0.25, 0.75], [0, 1]])
    unknown = np.full(3, -1)
    undone = ddfa.memberships(shares @ TYPICAL, TYPICAL, unknown)
    np.testing.assert_allclose(undone, shares, atol=1e-12)
    # In domain 0 the first group is seven times as likely as the second.
    seen = ddfa.memberships(shares[1:2] @ TYPICAL, TYPICAL, np.array([0]))[0]
    assert seen[0] / seen[1] == pytest.approx(7 / 3)


def test_a_factorisation_of_planted_bins():
    rng = np.random.default_rng(0)
    table = rng.dirichlet([0.3, 0.3], 40) @ (TYPICAL / 20)
    start = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    H = ddfa.factorise(table, start, 3000)
    H = H / H.sum(axis=1, keepdims=True)
    i, j = linear_sum_assignment(-(H @ TYPICAL.T))
    assert np.abs(H[i] - TYPICAL[j]).max() < 0.05


def test_domains_without_a_shift_are_warned_of():
    rng = np.random.default_rng(0)
    found = run(rng.normal(size=(120, 2)), rng.integers(0, 3, 120), n_clusters=2)
    assert "k-means is likely to be better" in found.notes[-1]


def test_rows_without_a_domain_are_grouped_too():
    X, group, domain = shifted()
    domain[::10] = UNLABELLED
    found = run(X, domain, n_clusters=2)
    assert adjusted_rand_score(group[::10], found.labels[::10]) > 0.7


def test_refusals():
    with pytest.raises(BadInput, match="3 groups need at least 3 domains but there are only 2"):
        run(np.arange(8.0)[:, None], np.arange(8) % 2, n_clusters=3)
    with pytest.raises(BadInput, match="domain has only one row"):
        run(np.arange(8.0)[:, None], [0, 1, 1, 1, 1, 1, 1, 1], n_clusters=2)
    assert run(np.arange(4.0)[:, None], [0, 0, 0, 0], n_clusters=1).n_clusters == 1
