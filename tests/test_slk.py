"""SLK: hand-known links and energy, few examples, what is refused."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import slk
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.results import UNLABELLED, Dataset

ROW = registry.get("clustering", "slk")
X, TRUTH = make_blobs(200, 5, centers=4, cluster_std=1.0, random_state=2)


def run(X=X, labels=None, seed=0, **params):
    more = {}
    if labels is not None:
        names = tuple(map(str, range(max(1, int(labels.max()) + 1))))
        more = {"labels": labels.astype(np.int32), "label_names": names}
    data = Dataset(X=X.astype(np.float32), **more)
    return fit(ROW, data.X.astype(np.float64), ROW.check(params), seed, data)


def test_links_by_hand():
    W, width = slk.neighbours(np.array([[0.0], [1.0], [3.0]]), 1)
    # 0 and 1 are each other's nearest; 3 has 1 for its nearest, but not the other way.
    assert W.toarray().tolist() == [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]]
    assert width == pytest.approx((1 + 1 + 4) / 3)


@pytest.mark.parametrize("form", ["means", "modes"])
def test_four_groups_of_directions(form):
    found = run(n_clusters=4, form=form)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.95
    assert np.allclose(found.extras["soft"].sum(axis=1), 1)
    assert np.array_equal(found.extras["soft"].argmax(axis=1), found.labels)


def test_the_energy_falls_in_every_outer_round():
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    W, width = slk.neighbours(U, 5)
    for modes in (False, True):
        found = slk.optimise(U, W, width, U[:4], 1.5, modes)
        steps = np.diff(found.energy)
        assert len(found.energy) > 1
        # Means lower it for sure; a mode is the surest row, and may raise it a little.
        assert (steps <= 1e-3 * np.abs(found.energy[:-1])).all()


def test_one_example_per_class_is_enough_and_keeps_its_class():
    labels = np.full(200, UNLABELLED)
    for c in range(4):
        labels[np.flatnonzero(c == TRUTH)[0]] = c
    found = run(labels=labels, use_labels=True)
    assert found.n_clusters == 4 and adjusted_rand_score(TRUTH, found.labels) > 0.95
    assert "4 labelled rows of 4 classes are used" in found.notes[0]
    held = np.flatnonzero(labels >= 0)
    assert len(set(found.labels[held])) == 4


def test_labelled_rows_never_change_their_class_even_when_wrong():
    labels = np.where(np.arange(200) < 40, TRUTH, UNLABELLED)
    labels[0] = (TRUTH[0] + 1) % 4
    found = run(labels=labels, use_labels=True)
    kept = found.labels[:40]
    assert adjusted_rand_score(labels[:40], kept) == 1


def test_drawn_examples_hide_the_other_labels():
    one = run(labels=TRUTH, use_labels=True, shots=1, seed=5)
    assert any("labels of 196 further rows are not looked at" in n for n in one.notes)
    rng = np.random.default_rng(5)
    drawn = [rng.choice(np.flatnonzero(c == TRUTH), 1, replace=False)[0] for c in range(4)]
    hidden = np.full(200, UNLABELLED)
    hidden[drawn] = TRUTH[drawn]
    assert np.array_equal(run(labels=hidden, use_labels=True).labels, one.labels)


def test_further_groups_are_sought_beside_the_labelled_ones():
    labels = np.where((TRUTH < 2) & (np.arange(200) < 60), TRUTH, UNLABELLED)
    found = run(labels=labels, use_labels=True, n_clusters=4)
    assert found.n_clusters == 4 and adjusted_rand_score(TRUTH, found.labels) > 0.9
    with pytest.raises(BadInput, match="1 groups were asked for but the labels name 2 classes"):
        run(labels=labels, use_labels=True, n_clusters=1)


def test_examples_need_labels_and_no_labels_are_needed_otherwise():
    with pytest.raises(BadInput, match="needs some labels: mark a label column"):
        run(use_labels=True)
    assert run(n_clusters=4, labels=TRUTH).labels.tobytes() == run(n_clusters=4).labels.tobytes()


def test_without_a_number_of_groups_few_rows_are_no_fault():
    assert len(run(X=X[:3]).labels) == 3


def test_no_agreement_is_k_means():
    from sklearn.cluster import KMeans

    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    plain = KMeans(4, n_init=4, random_state=0).fit_predict(U.astype(np.float32).astype(float))
    assert adjusted_rand_score(plain, run(n_clusters=4, smoothing=0).labels) == 1


@pytest.mark.parametrize("k", [1, 2, 200])
def test_extremes(k):
    found = run(n_clusters=k)
    assert 1 <= found.n_clusters <= k
    doubled = run(np.repeat(X[:50], 2, axis=0), n_clusters=min(k, 100))
    assert len(doubled.labels) == 100
    zero = X.copy()
    zero[:10] = 0
    assert len(run(zero, n_clusters=2).labels) == 200
