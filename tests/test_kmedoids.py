"""k-medoids against hand-worked cases, a plain PAM and exhaustive search."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import registry
from analytics.clustering import pam
from analytics.clustering.fit import fit
from analytics.clustering.methods.medoids import dissimilarities
from analytics.errors import BadInput
from analytics.results import Dataset

# Five points on a line at 0, 1, 2, 10, 11.
LINE = np.abs(np.subtract.outer([0, 1, 2, 10, 11], [0, 1, 2, 10, 11])).astype(np.float32)


def loss(D, medoids):
    return float(D[medoids].min(axis=0).sum(dtype=np.float64))


def matrix(n, seed=0, d=3):
    X = np.random.default_rng(seed).normal(size=(n, d))
    return dissimilarities(X, X, "euclidean")


def plain_pam(D, medoids):
    """The textbook swap phase: the best of all swaps, while one helps."""
    medoids = list(medoids)
    while True:
        swaps = [
            (loss(D, [*medoids[:i], j, *medoids[i + 1 :]]), i, j)
            for i in range(len(medoids))
            for j in range(len(D))
            if j not in medoids
        ]
        best = min(swaps, default=(np.inf,))
        if best[0] >= loss(D, medoids) * (1 - 1e-9):
            return loss(D, medoids)
        medoids[best[1]] = best[2]


def test_two_groups_on_a_line_by_hand():
    for start in ([0, 1], [3, 4], [0, 4]):
        medoids = np.array(start)
        swaps, settled = pam.fasterpam(LINE, medoids, np.arange(5), 100)
        assert settled and loss(LINE, medoids) == 3.0  # 1 + 0 + 1 round 1, and 0 + 1
        assert 1 in medoids and swaps >= 1


def test_build_takes_the_centre_first_and_the_next_by_gain():
    assert pam.build(LINE, 1).tolist() == [2]
    assert loss(LINE, pam.build(LINE, 2)) <= 4.0


def test_nearest_and_second_nearest_by_hand():
    near, dn, second, ds = pam.assign(LINE, np.array([1, 4]), True)
    assert near.tolist() == [0, 0, 0, 1, 1] and dn.tolist() == [1, 0, 1, 1, 0]
    assert second.tolist() == [1, 1, 1, 0, 0] and ds.tolist() == [11, 10, 9, 9, 10]
    assert pam.removal(near, dn, ds, 2).tolist() == [10 + 10 + 8, 8 + 10]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(8, 24))
def test_the_change_of_a_swap_is_what_the_loss_does(seed, k, n):
    D, rng = matrix(n, seed), np.random.default_rng(seed)
    medoids = rng.choice(n, k, replace=False)
    near, dn, _, ds = pam.assign(D, medoids, True)
    j = int(np.setdiff1d(np.arange(n), medoids)[0])
    gain, slot = pam.change(D[j], near, dn, ds, pam.removal(near, dn, ds, k), np.zeros(k))
    after = [loss(D, [*medoids[:i], j, *medoids[i + 1 :]]) for i in range(k)]
    assert gain == pytest.approx(min(after) - loss(D, medoids), abs=1e-4)
    assert after[slot] == pytest.approx(min(after), abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_fastpam1_is_pam_and_fasterpam_ends_where_no_swap_helps(seed):
    D, k = matrix(40, seed), 4
    start = np.random.default_rng(seed).choice(40, k, replace=False)
    best, eager = start.copy(), start.copy()
    assert pam.fastpam1(D, best, 1000)[1]
    assert loss(D, best) == pytest.approx(plain_pam(D, start), rel=1e-6)
    assert pam.fasterpam(D, eager, np.arange(40), 1000)[1]
    assert loss(D, eager) == pytest.approx(plain_pam(D, eager), rel=1e-6)
    assert len(set(eager)) == k


def test_never_better_than_the_best_of_all_and_often_it():
    hits = 0
    for seed in range(10):
        D = matrix(12, seed)
        optimum = min(loss(D, list(c)) for c in combinations(range(12), 3))
        medoids = np.random.default_rng(seed).choice(12, 3, replace=False)
        pam.fasterpam(D, medoids, np.arange(12), 1000)
        assert loss(D, medoids) >= optimum - 1e-5
        hits += loss(D, medoids) <= optimum * 1.001
    assert hits >= 5


def test_one_group_takes_the_row_nearest_to_all_and_every_row_may_be_one():
    one = np.array([0])
    pam.fasterpam(LINE, one, np.arange(5), 100)
    assert loss(LINE, one) == LINE.sum(axis=1).min()
    every = np.arange(5)
    assert pam.fasterpam(LINE, every, np.arange(5), 100) == (0, True)


def test_a_limit_of_swaps_is_kept_and_said():
    D = matrix(60)
    medoids = np.arange(5)
    assert pam.fasterpam(D, medoids, np.arange(60), 1) == (1, False)
    assert pam.fastpam1(D, np.arange(5), 1) == (1, False)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("euclidean", 5.0), ("manhattan", 7.0), ("cosine", 1.0), ("jaccard", 1.0)],
)
def test_distances_by_hand(metric, expected):
    A, B = np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]])
    assert dissimilarities(A, B, metric)[0, 0] == pytest.approx(expected)


def test_rows_without_a_direction_and_rows_too_far_apart_are_refused():
    with pytest.raises(BadInput, match="direction"):
        dissimilarities(np.zeros((1, 2)), np.ones((3, 2)), "cosine")
    with pytest.raises(BadInput, match="too far apart"):
        dissimilarities(np.array([[0.0], [1e200]]), np.array([[0.0]]), "euclidean")
    assert dissimilarities(np.array([[1e39]]), np.array([[0.0]]), "manhattan")[0, 0] == 1e39


BLOBS = np.concatenate(
    [np.random.default_rng(4).normal(size=(60, 2)) * 0.4 + c for c in [(0, 0), (6, 0), (0, 6)]]
)


@pytest.mark.parametrize("method", ["fasterpam", "fastclara", "fastclarans"])
def test_three_blobs_and_their_examples(method):
    row = registry.get("clustering", method)
    params = row.check({"n_clusters": 3})
    found = fit(row, BLOBS, params, 0, Dataset(X=BLOBS.astype(np.float32)))
    again = fit(row, BLOBS, params, 0, Dataset(X=BLOBS.astype(np.float32)))
    assert np.bincount(found.labels).tolist() == [60, 60, 60]
    assert np.array_equal(found.labels, again.labels)
    medoids = found.extras["medoids"]
    assert found.labels[medoids].tolist() == [0, 1, 2]
    assert np.array_equal(found.extras["centers"], BLOBS[medoids])
    assert "Sum of distances" in found.notes[0]


@pytest.mark.parametrize("method", ["fasterpam", "fastclara", "fastclarans"])
@pytest.mark.parametrize("k", [1, 2, 180])
def test_extremes_of_k_and_repeated_rows(method, k):
    row = registry.get("clustering", method)
    X = np.repeat(BLOBS[:90], 2, axis=0)
    found = fit(row, X, row.check({"n_clusters": k}), 0, Dataset(X=X.astype(np.float32)))
    assert 1 <= found.n_clusters <= k and len(found.labels) == 180
