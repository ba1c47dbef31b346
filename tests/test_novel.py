"""New classes beside known ones: hand-known cases, scipy as reference, what is refused."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import novel, pbn
from analytics.clustering.fit import fit
from analytics.clustering.methods import novel as rows
from analytics.clustering.spanning import longest_edge
from analytics.errors import BadInput
from analytics.results import UNLABELLED, Dataset

IDS = ("ncdkmeans", "ncdspectral", "pbn")
X, TRUTH = make_blobs(240, 6, centers=6, cluster_std=0.6, random_state=3)
PARTLY = np.where(TRUTH < 3, TRUTH, UNLABELLED)


def run(method, labels=PARTLY, X=X, seed=0, **params):
    row = registry.get("clustering", method)
    if method == "pbn":
        params = {"epochs": 30, "networks": 1, **params}
    names = tuple(map(str, range(max(1, int(labels.max()) + 1))))
    data = Dataset(X=X.astype(np.float32), labels=labels.astype(np.int32), label_names=names)
    return fit(row, data.X.astype(np.float64), row.check(params), seed, data)


@pytest.mark.parametrize("method", IDS)
def test_known_classes_stay_and_new_ones_are_found(method):
    found = run(method, n_clusters=3)
    assert found.n_clusters == 6
    assert adjusted_rand_score(TRUTH, found.labels) > 0.95
    known = PARTLY >= 0
    assert adjusted_rand_score(TRUTH[known], found.labels[known]) == 1
    assert not set(found.labels[known]) & set(found.labels[~known])
    assert "3 known classes are kept; the 120 rows without a label" in found.notes[0]


@pytest.mark.parametrize("method", IDS)
def test_the_number_of_new_classes_is_found(method):
    found = run(method)
    # Eigenvectors that tell nothing blur the silhouette; the other two are right here.
    assert abs(found.n_clusters - 6) <= (method == "ncdspectral")
    assert any(f"{found.n_clusters - 3} new groups by the highest" in n for n in found.notes)


@pytest.mark.parametrize("method", IDS)
def test_hiding_classes_is_leaving_them_empty(method):
    tried = run(method, TRUTH, hide=3, n_clusters=3)
    assert np.array_equal(tried.labels, run(method, n_clusters=3).labels)
    assert "hidden classes alone, the macro-F1 is" in tried.notes[1]
    with pytest.raises(BadInput, match="6 classes are to be hidden, but there are 6"):
        run(method, TRUTH, hide=6)


@pytest.mark.parametrize("method", IDS)
def test_labels_that_leave_nothing_to_find_or_too_many_groups_are_refused(method):
    with pytest.raises(BadInput, match="Every row has a label"):
        run(method, TRUTH)
    some = np.where(np.arange(240) < 3, UNLABELLED, TRUTH)
    with pytest.raises(BadInput, match="5 new groups were asked for but 3 rows have no label"):
        run(method, some, n_clusters=5)


@pytest.mark.parametrize("method", IDS)
def test_one_known_row_and_one_unknown_row_are_enough(method):
    labels = np.full(240, 0)
    labels[7] = UNLABELLED
    assert run(method, labels, n_clusters=1).n_clusters == 2
    labels = np.full(240, UNLABELLED)
    labels[7] = 0
    assert run(method, labels, n_clusters=2).n_clusters == 3


@pytest.mark.parametrize("method", ["ncdspectral", "pbn"])
def test_tuning_looks_at_known_classes_only(method):
    tuned = run(method, tries=2, n_clusters=3)
    assert any("Tuned by hiding known classes" in n for n in tuned.notes)
    # Other new rows, same known ones: the same settings are chosen.
    moved = X.copy()
    moved[PARTLY < 0] += np.random.default_rng(0).normal(size=(120, 6))
    if method == "ncdspectral":
        said = [n for n in tuned.notes if "Tuned" in n]
        assert said == [
            n for n in run(method, X=moved, tries=2, n_clusters=3).notes if "Tuned" in n
        ]
    two = np.where(TRUTH < 2, TRUTH, UNLABELLED)
    assert any("Not tuned" in n for n in run(method, two, tries=2, n_clusters=4).notes)


def test_new_centres_start_away_from_the_known_ones():
    new = np.array([[0.0], [0.0], [0.0], [10.0]])
    for seed in range(20):  # three of four rows lie on the known centre and cannot be drawn first
        start = novel.spread(np.array([[0.0]]), new, 1, np.random.default_rng(seed))
        assert start.tolist() == [[10.0]]
    centers, far = novel.kmeans(np.array([[5.0]]), np.array([0]), new, 2, 0)
    assert sorted(centers.ravel()) == [0, 10] and far == 0


def test_the_longest_edge_is_that_of_scipys_spanning_tree():
    for seed in range(5):
        Y = np.random.default_rng(seed).normal(size=(40, 3))
        D = cdist(Y, Y, "sqeuclidean")
        assert longest_edge(D) == pytest.approx(minimum_spanning_tree(D).data.max())


def test_the_spectral_space_is_that_of_the_laplacian():
    Y = np.random.default_rng(2).normal(size=(30, 3))
    D = cdist(Y, Y, "sqeuclidean")
    A = np.exp(-D / (2 * -longest_edge(D) / np.log(0.2)))
    assert np.exp(np.log(0.2) / 2) == pytest.approx(
        np.exp(-1 / (2 * -1 / np.log(0.2)))
    )  # the longest link has a similarity of sqrt(least)
    np.fill_diagonal(A, 0)
    root = 1 / np.sqrt(A.sum(axis=1))
    vectors = np.linalg.eigh(np.eye(30) - A * root[:, None] * root)[1]
    Z = novel.spectral_space(Y, 0.2, 4)
    assert Z.shape == (30, 4)
    assert np.allclose(np.abs(Z), np.abs(vectors[:, 1:5]), atol=1e-6)


def test_folds_hide_at_least_two_classes_and_keep_one():
    codes = np.repeat(np.arange(5), 4)
    for kept, out in novel.hidden(codes, 4, 0):
        assert len(set(codes[out])) == 2 and len(set(codes[kept])) == 3
        assert np.array_equal(kept, ~out)
    assert list(novel.hidden(np.array([0, 0, 1]), 4, 0)) == []


def test_the_code_of_a_network_is_the_same_for_rows_seen_and_given_again():
    codes = np.where(PARTLY < 0, -1, PARTLY).astype(np.int64)
    made, again = pbn.encode(X, codes, pbn.Settings(4, epochs=3), 1, others=(X,))
    assert made.shape == (240, 4) and np.array_equal(made, again)
    other = pbn.encode(X, codes, pbn.Settings(4, epochs=3), 2)[0]
    assert not np.allclose(made, other)
    assert np.array_equal(pbn.encode(X, codes, pbn.Settings(4, epochs=3), 1)[0], made)


def test_the_known_classes_come_apart_in_the_code():
    codes = np.where(PARTLY < 0, -1, PARTLY).astype(np.int64)
    Z = pbn.encode(X, codes, pbn.Settings(4, weight=0.9, epochs=40), 0)[0]
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    means = np.stack([Z[codes == c].mean(axis=0) for c in range(3)])
    known = codes >= 0
    assert np.mean(novel.nearest(Z[known], means) == codes[known]) > 0.85
    assert rows.task(X, Dataset(X=X.astype("f4"), labels=PARTLY), 0).new.sum() == 120
