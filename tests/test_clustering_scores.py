"""Validity, agreement, stability and suggestions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn import metrics
from sklearn.datasets import make_blobs, make_moons

from analytics import registry
from analytics.clustering.agreement import compare, contingency, match, table_ami, with_labels
from analytics.clustering.dbcv import _core_distances, _spanning_tree, dbcv
from analytics.clustering.fit import fit
from analytics.clustering.knee import knee
from analytics.clustering.relabel import canonical
from analytics.clustering.silhouette import sample_rows, silhouettes, weighted_mean
from analytics.clustering.stability import jaccard
from analytics.clustering.stability import scores as stability
from analytics.clustering.suggest import check, suggest
from analytics.clustering.validity import scores as validity
from analytics.errors import BadInput
from analytics.progress import silent
from analytics.results import NOISE, UNLABELLED, Dataset

X4, Y4 = make_blobs(240, 3, centers=4, cluster_std=0.6, random_state=3)
MOONS, MOON = make_moons(300, noise=0.05, random_state=0)
NAMES = ("silhouette", "calinski_harabasz", "davies_bouldin", "dbcv")


def dataset(X, labels=None, names=()):
    return Dataset(
        X=np.asarray(X, np.float32),
        labels=None if labels is None else np.asarray(labels, np.int32),
        label_names=tuple(names),
    )


def clustered(method, X, seed=0, **params):
    row = registry.get("clustering", method)
    params = row.check(params)
    found = fit(row, np.asarray(X, float), params, seed, dataset(X))
    return row, params, found.with_(method=method, params=params, seed=seed)


# Numbering


@settings(max_examples=50, deadline=None)
@given(arrays(np.int64, st.integers(1, 30), elements=st.sampled_from([-1, 0, 3, 7, -5])))
def test_canonical_labels(raw):
    labels, order = canonical(raw)
    assert np.array_equal(labels == NOISE, raw == NOISE)
    assert np.array_equal(order[labels[labels >= 0]], raw[labels >= 0])
    again, _ = canonical(np.where(labels >= 0, 100 - labels, NOISE))
    assert np.array_equal(again, labels)
    sizes = np.bincount(labels[labels >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)


# Silhouette


def test_silhouettes_equal_scikit_learn():
    labels = np.append(Y4, 4)
    X = np.vstack([X4, [[50.0, 50, 50]]])
    ours = silhouettes(X, [labels, labels % 2], np.arange(len(X)))
    np.testing.assert_allclose(ours[0], metrics.silhouette_samples(X, labels), atol=1e-9)
    np.testing.assert_allclose(ours[1], metrics.silhouette_samples(X, labels % 2), atol=1e-9)


def test_silhouette_by_hand():
    # Row 0: a = 1, b = mean(9, 11) = 10, so 0.9; a row alone scores 0.
    values = silhouettes(
        np.array([[0.0], [1], [9], [11], [40]]), [np.array([0, 0, 1, 1, 2])], np.arange(5)
    )
    np.testing.assert_allclose(values[0][[0, 4]], [0.9, 0])


def test_a_sample_of_silhouettes_holds_every_group_and_its_weight():
    rng = np.random.default_rng(0)
    labels = np.r_[np.zeros(900, int), np.ones(40, int)]
    X = np.r_[rng.normal(size=(900, 2)), rng.normal(size=(40, 2)) + 9]
    rows = sample_rows(labels, 0, exact=400)
    assert len(rows) < 420 and np.sum(labels[rows] == 1) == 30
    exact = metrics.silhouette_samples(X, labels)
    np.testing.assert_allclose(silhouettes(X, [labels], rows)[0], exact[rows], atol=1e-9)
    estimate = weighted_mean(exact[rows], labels[rows], np.bincount(labels))
    assert abs(estimate - exact.mean()) < 0.02


def test_sampled_scores_say_so():
    X = np.random.default_rng(0).normal(size=(5_100, 2))
    labels = (X[:, 0] > 1).astype(np.int32)
    card = validity(X, labels, dataset(X))
    said = " ".join(card.notes)
    assert "5,000 of 5,100 rows (seed 0, some of every group)" in said
    assert "DBCV uses 5,000 of 5,100 rows" in said
    assert np.isnan(card.points["silhouette"]).sum() == 100


# DBCV


def test_dbcv_by_hand():
    # One column, two groups of three: core distances 4/3, 1, 4/3; sparseness 4/3; the middle rows
    # are the inner ones, 10 apart; so each group has (10 - 4/3) / 10.
    X = np.array([[0.0], [1], [2], [10], [11], [12]])
    value, groups = dbcv(X, np.array([0, 0, 0, 1, 1, 1]))
    np.testing.assert_allclose([value, *groups], 1 - 4 / 30)
    # With two noise rows the same groups weigh 6/8.
    noisy, _ = dbcv(np.r_[X, [[30.0], [-30]]], np.array([0, 0, 0, 1, 1, 1, NOISE, NOISE]))
    np.testing.assert_allclose(noisy, (1 - 4 / 30) * 6 / 8)


def test_dbcv_is_high_for_moons_and_low_for_halves():
    _, _, right = clustered("dbscan", MOONS, eps=0.25)
    _, _, wrong = clustered("kmeans", MOONS, n_clusters=2)
    good, bad = dbcv(MOONS, right.labels)[0], dbcv(MOONS, wrong.labels)[0]
    assert good > 0.2 and bad < 0 and good - bad > 0.5
    shuffled = np.random.default_rng(0).integers(0, 2, len(MOONS))
    assert dbcv(MOONS, shuffled)[0] < -0.5


def test_dbcv_does_not_depend_on_units_or_columns():
    labels = canonical(Y4)[0]
    value = dbcv(X4, labels)[0]
    np.testing.assert_allclose(dbcv(X4 * 1e30 + 1e31, labels)[0], value, rtol=1e-6)
    wide = make_blobs(60, 500, centers=2, random_state=0)
    assert 0 < dbcv(wide[0], wide[1])[0] <= 1


def test_dbcv_with_repeated_rows_and_groups_of_one():
    X = np.repeat([[0.0, 0], [1, 1], [2, 0]], 4, axis=0)
    assert dbcv(X, np.repeat([0, 1, 2], 4))[0] == 1
    assert dbcv(X[:5], np.array([0, 0, 0, 0, 1])) is None
    value, groups = dbcv(X[:9], np.array([0] * 4 + [1] * 4 + [2]))
    assert np.isclose(value, 8 / 9) and np.isnan(groups[2])


def test_spanning_tree_weighs_as_much_as_scipys():
    X = np.random.default_rng(1).normal(size=(40, 3))
    core = _core_distances(X)
    D = np.maximum(metrics.pairwise_distances(X), np.maximum(core[:, None], core[None]))
    links, lengths = _spanning_tree(X, core)
    np.testing.assert_allclose(lengths.sum(), minimum_spanning_tree(D).sum())
    assert len(np.unique(links)) == 40


# The whole card


def test_validity_card():
    _, _, found = clustered("kmeans", X4, n_clusters=4)
    card = validity(X4, found.labels, dataset(X4, Y4, "abcd"))
    values = {name: s.value for name, s in card.values.items()}
    np.testing.assert_allclose(values["silhouette"], metrics.silhouette_score(X4, Y4), atol=1e-9)
    np.testing.assert_allclose(
        values["calinski_harabasz"], metrics.calinski_harabasz_score(X4, Y4), rtol=1e-9
    )
    np.testing.assert_allclose(
        values["davies_bouldin"], metrics.davies_bouldin_score(X4, Y4), rtol=1e-9
    )
    assert values["ari"] == values["ami"] == values["macro_f1"] == 1
    assert card.values["davies_bouldin"].better == "lower"
    s = card.values["silhouette"]
    assert s.low < s.value < s.high
    assert card.groups["silhouette"].shape == card.groups["dbcv"].shape == (4,)
    assert card.tables["contingency"].shape == (4, 4) and card.tables["contingency"].sum() == 240
    again = validity(X4, found.labels, dataset(X4, Y4, "abcd"))
    assert again.values == card.values


@pytest.mark.parametrize(
    "labels", [[0] * 5, [NOISE] * 5, [0, 1, 2, 3, 4], [0, 0, 0, 0, NOISE], [0]]
)
def test_too_few_groups_give_none_and_say_why(labels):
    X = np.arange(len(labels) * 2.0).reshape(-1, 2)
    card = validity(X, np.array(labels, np.int32), dataset(X))
    for name in NAMES:
        assert card.values[name].value is None
        assert "Not defined" in card.values[name].help


def test_groups_without_spread():
    X = np.repeat([[0.0, 0], [1, 1]], 5, axis=0)
    card = validity(X, np.repeat([0, 1], 5).astype(np.int32), dataset(X))
    assert card.values["silhouette"].value == 1
    assert card.values["calinski_harabasz"].value is None


def test_noise_is_left_out_and_said():
    labels = np.append(canonical(Y4)[0], NOISE).astype(np.int32)
    X = np.vstack([X4, [[99.0, 99, 99]]])
    card = validity(X, labels, dataset(X))
    np.testing.assert_allclose(
        card.values["silhouette"].value, metrics.silhouette_score(X4, Y4), atol=1e-9
    )
    assert np.isnan(card.points["silhouette"][-1])
    assert any("Noise (1 of 241 rows, 0.4\u00a0%)" in n for n in card.notes)


# Agreement


def test_agreement_by_hand():
    # Label a: rows 0-3 (three in group 0, one in 1); label b: rows 4-5, both in group 1.
    scores, table, _ = with_labels(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1]), 2, 0)
    assert table.tolist() == [[3, 1], [0, 2]]
    np.testing.assert_allclose(scores["macro_f1"].value, (6 / 7 + 4 / 5) / 2)
    for s in scores.values():
        assert s.low is None or s.low <= s.value <= s.high


def test_unlabelled_rows_and_noise():
    scores, table, notes = with_labels(
        np.array([0, 0, NOISE, NOISE]), np.array([0, 0, 0, UNLABELLED]), 2, 0
    )
    assert table.tolist() == [[2, 1], [0, 0]]
    np.testing.assert_allclose(scores["macro_f1"].value, 2 * 2 / (3 + 2))
    assert "3 rows with a label; 1 without" in notes[0] and "missed" in notes[1]
    none, _, notes = with_labels(np.array([0]), np.array([UNLABELLED]), 1, 0)
    assert none == {} and "No row has a label" in notes[0]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 25).flatmap(
        lambda n: st.tuples(*[arrays(np.int64, n, elements=st.integers(-1, 3))] * 2)
    )
)
def test_compare_equals_scikit_learn(pair):
    a, b = pair
    found = compare(a, b)
    expected = {
        "ari": metrics.adjusted_rand_score,
        "ami": metrics.adjusted_mutual_info_score,
        "homogeneity": metrics.homogeneity_score,
        "completeness": metrics.completeness_score,
        "v_measure": metrics.v_measure_score,
    }
    for name, function in expected.items():
        np.testing.assert_allclose(found[name], function(a, b), atol=1e-9)
    assert 0 <= found["macro_f1"] <= 1
    assert found["noise_share_b"] == pytest.approx(np.mean(b == NOISE))


def test_compare_takes_names_and_says_what_is_wrong():
    found = compare(["x", "x", "y", None], ["1", "1", "2", "2"])
    assert found["ari"] == found["macro_f1"] == 1 and found["left_out"] == 1
    assert found["matching"] == [["x", "1", 2], ["y", "2", 1]]
    assert compare([0, 1, UNLABELLED], [5, 6, 7])["n"] == 2
    assert compare([-1.0, 0.0], [0, 0])["noise_share_a"] == 0.5
    assert compare([1, "b", 2.5], [0, 1, 2])["ari"] == 1
    with pytest.raises(BadInput, match="3 and 2 rows"):
        compare([0, 1, 2], [0, 1])
    with pytest.raises(BadInput, match="nothing to compare"):
        compare([], [])


def test_match_is_one_to_one():
    assert match([0, 0, 0, 1, 1, NOISE], [5, 5, 7, 7, 7, 7]) == {5: 0, 7: 1}
    assert match([NOISE], [0]) == {}
    assert match([0, 0], [1, 2]) in ({1: 0}, {2: 0})


# Stability


def test_stable_and_unstable_groups():
    row, params, found = clustered("kmeans", X4, n_clusters=4)
    card = stability(row, X4, found, params, dataset(X4), 4)
    assert card.values["seeds"].value == card.values["subsamples"].value == 1
    np.testing.assert_allclose(card.groups["stability"], 1)
    assert np.nanmin(card.points["consistency"]) == 1

    noise = np.random.default_rng(0).normal(size=(240, 3))
    row, params, found = clustered("kmeans", noise, n_clusters=6, n_init=1)
    card = stability(row, noise, found, params, dataset(noise), 4)
    s = card.values["subsamples"]
    assert s.value < 0.8 and s.low <= s.value <= s.high
    assert card.groups["stability"].max() < 1
    again = stability(row, noise, found, params, dataset(noise), 4)
    assert again.values == card.values


def test_noisy_copies_tell_rows_between_groups_from_rows_inside():
    X = np.array([[0.0], [1.0], [2.0], [5.4], [9.0], [10.0], [11.0]])
    row, params, found = clustered("kmeans", X, n_clusters=2)
    card = stability(row, X, found, params, dataset(X), 20, spread=0.2)
    steady = card.points["steadiness"]
    assert steady[[0, 1, 5, 6]].min() == 1 and steady[3] == steady.min() < 1
    assert card.values["copies"].value < 1 and "20 copies with noise of 0.2" in card.notes[-1]
    plain = stability(row, X, found, params, dataset(X), 2)
    assert "copies" not in plain.values and "steadiness" not in plain.points
    still = stability(row, X4, *four_groups(X4), dataset(X4), 3, spread=1e-6)
    assert still.values["copies"].value == 1 and (still.points["steadiness"] == 1).all()


def four_groups(X):
    """Groups and parameters of k-means with four groups, in the order that stability takes."""
    _, params, found = clustered("kmeans", X, n_clusters=4)
    return found, params


def test_stability_without_a_seed_reports_progress():
    row, params, found = clustered("hdbscan", MOONS)
    told = []
    card = stability(row, MOONS, found, params, dataset(MOONS), 3, lambda f, w: told.append(f))
    assert card.values["seeds"].value is None
    assert "no random numbers" in card.notes[0]
    assert card.values["recovery"].value > 0.9
    assert told[-1] == 1 and told == sorted(told)


def test_stability_when_the_runs_are_impossible():
    X = X4[:5]
    row, params, found = clustered("kmeans", X, n_clusters=5)
    card = stability(row, X, found, params, dataset(X), 3)
    assert card.values["subsamples"].value is None
    assert any("not possible: 5 groups were asked for" in n for n in card.notes)
    assert np.isnan(card.groups["stability"]).all()


def test_stability_of_nothing_but_noise():
    row, params, found = clustered("dbscan", X4, eps=1e-6)
    card = stability(row, X4, found, params, dataset(X4), 3)
    assert card.values["recovery"].value is None and card.groups["stability"].shape == (0,)


def test_stability_is_bounded():
    X = np.random.default_rng(0).normal(size=(20_500, 2))
    row, params, found = clustered("minibatch", X, n_clusters=2, n_init=1)
    card = stability(row, X, found, params, dataset(X), 2)
    assert "20,000 of 20,500 rows" in card.notes[0]
    assert np.isnan(card.points["consistency"]).sum() >= 500


def test_jaccard_by_hand():
    base = np.array([0, 0, 0, 1, 1, NOISE])
    found = np.array([0, 0, 1, 1, 1, 1])
    np.testing.assert_allclose(jaccard(base, found, 3), [2 / 3, 2 / 4, np.nan])
    np.testing.assert_allclose(jaccard(base, np.full(6, NOISE), 2), [0, 0])


# Suggestions


def test_knee_by_hand():
    assert knee([0, 1, 2, 3, 4], [10, 3, 2, 1, 0]) == 1
    assert knee([0, 1, 2, 3], [0, 0.1, 0.2, 9]) == 2
    assert knee([0, 1, 2], [5, 5, 5]) is None
    assert knee([0, 1, 2], [0, 1, 2]) is None
    assert knee([0, 1], [0, 1]) is None
    assert knee([0, 1, 2], [1e308, -1e308, -1e308]) == 1


def test_suggested_number_of_groups():
    card = suggest("k", X4, check("k", {"bic": True, "max_k": 8}), 0, silent)
    assert {name: s.value for name, s in card.values.items()} == {
        "k_silhouette": 4,
        "k_inertia": 4,
        "k_bic": 4,
    }
    curve = card.tables["k"]
    assert curve.shape == (8, 4) and list(curve[:, 0]) == list(range(1, 9))
    assert np.isnan(curve[0, 1]) and np.all(np.diff(curve[:, 2]) < 0)


def test_suggested_distance():
    card = suggest("eps", MOONS, check("eps", {}), 0, silent)
    curve = card.tables["eps"]
    assert len(curve) == 300 and np.all(np.diff(curve[:, 1]) >= 0)
    assert curve[0, 1] < card.values["eps"].value < curve[-1, 1]


def test_suggestions_for_small_or_odd_data():
    for X in (np.zeros((5, 2)), np.repeat([[0.0], [1.0]], 4, axis=0)):
        card = suggest("k", X, check("k", {}), 0, silent)
        assert card.values["k_silhouette"].value is None
    assert suggest("eps", np.zeros((5, 2)), check("eps", {}), 0, silent).values["eps"].value is None
    three = suggest("k", np.array([[0.0], [1], [9]]), check("k", {}), 0, silent)
    assert three.values["k_silhouette"].value == 2
    with pytest.raises(BadInput, match="at least 3"):
        suggest("k", np.zeros((2, 2)), check("k", {}), 0, silent)
    with pytest.raises(BadInput, match="choose one of k, eps"):
        check("gamma", {})


# Very many groups


def test_very_many_groups_are_answered_at_once():
    n = 4_400
    labels = np.repeat(np.arange(n // 2), 2).astype(np.int32)
    X = np.arange(n * 1.0)[:, None]
    card = validity(X, labels, dataset(X, np.arange(n), tuple(map(str, range(n)))))
    assert all("2,000 groups" in card.values[name].help for name in NAMES)
    assert "too many to compare" in card.notes[-1] and "ari" not in card.values
    with pytest.raises(BadInput, match="check that neither is a column of row names"):
        compare(np.arange(3_000), np.arange(3_000))
    row, params, found = clustered("agglomerative", X[:1_200], n_clusters=1_000)
    with pytest.raises(BadInput, match="at most 1,000 groups"):
        stability(row, X[:1_200], found.with_(n_clusters=1_001), params, dataset(X[:1_200]), 2)
    pairs = np.repeat(np.arange(300), 2)
    # Evenly spaced pairs are as far from each other as their members are.
    np.testing.assert_allclose(dbcv(np.arange(600.0)[:, None], pairs)[0], 0, atol=1e-9)


@given(st.integers(1, 50), st.integers(1, 9), st.integers(1, 60), st.integers(0, 2**31))
@settings(max_examples=60)
def test_mutual_information_is_that_of_the_library(n, kinds_a, kinds_b, seed):
    from sklearn.metrics import adjusted_mutual_info_score

    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, kinds_a, n), rng.integers(0, kinds_b, n)
    for other in (b, a, np.arange(n)):
        table = contingency(a, other, int(a.max()) + 1, int(other.max()) + 1)
        assert np.isclose(table_ami(table), adjusted_mutual_info_score(a, other))
