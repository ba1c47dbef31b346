"""k-medoids against hand-worked cases, a plain PAM and exhaustive search."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytics
from analytics import registry
from analytics.clustering import distances, pam
from analytics.clustering import medoid_silhouette as msc
from analytics.clustering.distances import between, dissimilarities
from analytics.clustering.fit import fit, subset
from analytics.errors import BadInput
from analytics.results import Dataset
from analytics.store.artifacts import Artifacts

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


@pytest.mark.parametrize("method", ["fasterpam", "fastclarans"])
def test_a_choice_that_is_as_good_is_no_gain(method):
    row = registry.get("clustering", method)
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 9, axis=0)  # each row costs 9 times the root of 2
    found = fit(row, X, row.check({"n_clusters": 1}), 0, Dataset(X=X.astype(np.float32)))
    assert found.notes == ("Sum of distances to the medoids: 12.7279, after 0 swaps.",)


def points(**more):
    frame = pd.DataFrame({"age": [0.0, 10.0, 5.0, np.nan], "kind": ["a", "a", "b", None]})
    X = np.zeros((4, 3), np.float32)
    return Dataset(X=X, frame=frame, params={"features": ["age", "kind"], **more})


def test_gower_by_hand_with_gaps():
    data, every = points(), np.arange(4)
    D = between(np.zeros((4, 3)), "gower", data)(every, every)
    # Rows 0 and 1: the range apart, same kind. Rows 0 and 2: half the range, other kind.
    assert D[0, 1] == 0.5 and D[0, 2] == 0.75 and D[1, 2] == 0.75
    assert D[0, 3] == 1.0, "rows that share no filled cell are entirely different"
    assert np.array_equal(D, D.T) and D[0, 0] == D[1, 1] == D[2, 2] == 0
    numbers = between(np.zeros((4, 3)), "gower", points(encode="leave out"))(every, every)
    assert numbers[0, 2] == 0.5


def test_gower_of_numbers_is_the_mean_manhattan_distance_over_the_ranges():
    X = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
    D = between(X.astype(float), "gower", Dataset(X=X))(np.arange(30), np.arange(5))
    scaled = X.astype(float) / np.ptp(X, axis=0)
    assert np.allclose(D, np.abs(scaled[:, None] - scaled[None, :5]).mean(axis=2), atol=1e-6)
    with pytest.raises(BadInput, match="measure distances in all features"):
        between(X[:, :2].astype(float), "gower", Dataset(X=X))


def test_a_given_matrix_groups_like_the_points_it_came_from():
    D = dissimilarities(BLOBS, BLOBS, "euclidean").astype(float)
    row = registry.get("clustering", "fasterpam")
    data = Dataset(X=D.astype(np.float32), total_rows=len(D), rows=np.arange(len(D)))
    found = fit(row, D, row.check({"n_clusters": 3, "metric": "precomputed"}), 0, data)
    assert np.bincount(found.labels).tolist() == [60, 60, 60]
    part = subset(data, np.arange(0, 180, 2))  # a sample of rows keeps the columns of its rows
    half = fit(row, D[::2], row.check({"n_clusters": 3, "metric": "precomputed"}), 0, part)
    assert np.array_equal(half.labels, found.labels[::2])
    for wrong, why in (
        (D[:, :5], "rows and 5 columns"),
        (D - 1, "below 0"),
        (D + 1, "from each row to itself"),
        (D * np.tri(180) + 2 * D * np.tri(180).T, "same both ways"),
    ):
        with pytest.raises(BadInput, match=why):
            between(wrong, "precomputed", Dataset(X=wrong.astype(np.float32)))


def test_a_table_of_distances_is_recognised_and_left_as_it_is(tmp_path):
    D = dissimilarities(BLOBS[::9], BLOBS[::9], "euclidean")
    frame = pd.DataFrame(D, columns=[f"to {i}" for i in range(20)])
    store = Artifacts(tmp_path)
    table = analytics.read(frame, name="apart", store=store)
    assert table.recipe["scale"] == "none" and any("distances between" in n for n in table.notes)
    found = analytics.cluster(table, "fasterpam", n_clusters=3, metric="precomputed", store=store)
    assert sorted(np.bincount(found.labels)) == [6, 7, 7]
    one_off = frame.copy()
    one_off.iloc[0, 1] += 1
    notes = analytics.read(one_off, name="points", store=store).notes
    assert not any("distances between" in n for n in notes)


def brute_silhouette(D, medoids):
    first, second = np.sort(D[list(medoids)].astype(float), axis=0)[:2]
    return float(np.mean(1 - np.where(first > 0, first / np.where(second > 0, second, 1), 0)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(8, 24))
def test_the_gain_of_a_medoid_silhouette_swap_is_what_the_mean_does(seed, k, n):
    D = matrix(n, seed)
    chosen = np.random.default_rng(seed).choice(n, k, replace=False)
    j = int(np.setdiff1d(np.arange(n), chosen)[0])
    change, slot = msc.gain(D[j], *msc._three(D, chosen), np.zeros(k))
    after = [brute_silhouette(D, [*chosen[:i], j, *chosen[i + 1 :]]) for i in range(k)]
    assert -change / n == pytest.approx(max(after) - brute_silhouette(D, chosen), abs=1e-5)
    assert after[slot] == pytest.approx(max(after), abs=1e-5)
    swapped = chosen.copy()
    msc.fastermsc(D, swapped, np.arange(n), 10_000)
    ends = brute_silhouette(D, swapped)
    assert msc.silhouette(D[swapped]) == pytest.approx(ends)
    assert ends >= brute_silhouette(D, chosen) - 1e-6


def test_the_medoid_silhouette_finds_the_number_of_blobs():
    row = registry.get("clustering", "fasterpam")
    found = fit(row, BLOBS, row.check({"n_clusters": None}), 0, Dataset(X=BLOBS.astype("f4")))
    assert found.n_clusters == 3 and "3 groups by the highest medoid silhouette" in found.notes[0]
    curve, chosen = msc.dynmsc(dissimilarities(BLOBS, BLOBS, "euclidean"), 8, 0)
    assert curve[:, 0].tolist() == [2, 3, 4, 5, 6, 7, 8] and curve[:, 1].argmax() == 1
    assert all(len(set(m)) == k for k, m in chosen.items())
    two = fit(row, BLOBS[:2], row.check({"n_clusters": None}), 0, Dataset(X=BLOBS[:2].astype("f4")))
    assert two.n_clusters == 2


def test_more_starts_never_end_worse():
    X = np.random.default_rng(0).normal(size=(300, 2))
    row = registry.get("clustering", "fasterpam")
    ends = []
    for starts in (1, 8):
        made = row.check({"n_clusters": 12, "n_init": starts})
        found = fit(row, X, made, 0, Dataset(X=X.astype("f4")))
        ends.append(loss(dissimilarities(X, X, "euclidean"), found.extras["medoids"]))
    assert ends[1] < ends[0]


def test_what_keeps_a_library_quiet_is_set_once_for_all_blocks(monkeypatch):
    begun = []
    kept_quiet = distances.quietly
    monkeypatch.setattr(distances, "quietly", lambda notes: begun.append(1) or kept_quiet(notes))
    X = np.random.default_rng(0).normal(size=(5 * distances._BLOCK, 2))
    found = dissimilarities(X, X[:3], "euclidean")
    assert np.allclose(found, np.linalg.norm(X[:, None] - X[:3], axis=2), atol=1e-6)
    assert len(begun) == 1  # each takes as long as the distances of thousands of rows
