"""GPC: the marginal by hand and by prediction, splits and merges, labels kept, extremes."""

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import multivariate_t
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import gpc
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.results import UNLABELLED, Dataset

ROW = registry.get("clustering", "gpc")
BLOBS, TRUTH = make_blobs(400, 5, centers=5, cluster_std=0.8, random_state=3)


def run(X, labels, seed=0, **params):
    labels = np.where(np.asarray(labels) < 0, UNLABELLED, labels).astype(np.int32)
    names = tuple(str(i) for i in range(max(1, labels.max() + 1)))
    data = Dataset(X=np.asarray(X, np.float32), labels=labels, label_names=names)
    return fit(ROW, np.asarray(X, np.float64), ROW.check(params), seed, data)


def partly(truth, known, every=2):
    turn = np.arange(len(truth))
    return np.where((truth < known) & (turn % every == 0), truth, -1)


def predicted(X, mean):
    """The same density as a product of predictions, each a multivariate t (Murphy 2007)."""
    d, total = X.shape[1], 0.0
    for i in range(len(X)):
        seen = X[:i]
        kappa, freedom = gpc.KAPPA + i, d + 1 + i
        middle, scatter = mean, gpc.SCALE * np.eye(d)
        if i:
            off = seen.mean(axis=0) - mean
            middle = (gpc.KAPPA * mean + seen.sum(axis=0)) / kappa
            own = seen - seen.mean(axis=0)
            scatter = scatter + own.T @ own + gpc.KAPPA * i / kappa * np.outer(off, off)
        left = freedom - d + 1
        shape = scatter * (kappa + 1) / (kappa * left)
        total += multivariate_t(middle, shape, df=left).logpdf(X[i])
    return total


def test_the_marginal_is_the_product_of_predictions():
    X = np.random.default_rng(0).normal(size=(7, 3))
    mean = np.array([0.2, -0.1, 0.5])
    assert gpc.log_marginal(X, mean) == pytest.approx(predicted(X, mean), abs=1e-8)
    assert gpc.log_marginal(X[:0], mean) == 0


def test_a_gain_by_hand():
    one, other = np.zeros((6, 1)), np.ones((6, 1))
    mean = np.array([0.5])
    both = gpc.log_marginal(np.vstack([one, other]), mean)
    parts = gpc.log_marginal(one, mean) + gpc.log_marginal(other, mean)
    by_hand = 2 * gammaln(6) - gammaln(12) + parts - both
    assert gpc.gain(one, other, mean) == pytest.approx(by_hand)
    assert gpc.gain(one, other, mean) > 0 > gpc.gain(one, one, mean)


def test_hopeless_changes_are_not_made():
    rng = np.random.default_rng(0)
    assert gpc._taken(0.1, rng) and not any(gpc._taken(-60.0, rng) for _ in range(100))
    assert 20 < sum(gpc._taken(np.log(0.3), rng) for _ in range(100)) < 40


@pytest.mark.parametrize("guess", [2, 5, 12])
def test_the_number_is_found_from_any_guess(guess):
    labels = partly(TRUTH, 2)
    found = run(BLOBS, labels, guess=guess)
    assert found.n_clusters == 5
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    assert "2 known classes and 3 new groups" in found.notes[0]


def test_labelled_rows_keep_their_class_and_known_classes_stay_apart():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2)) * 0.1  # one cloud, two classes said to be in it
    labels = np.where(np.arange(120) < 40, np.arange(120) % 2, -1)
    found = run(X, labels)
    one, other = (set(found.labels[labels == c]) for c in (0, 1))
    assert len(one) == len(other) == 1 and one != other


def test_hidden_classes_are_scored_alone():
    found = run(BLOBS, TRUTH, hide=2)
    assert any("macro-F1 is 1.000" in note for note in found.notes)
    with pytest.raises(BadInput, match="Every row has a label"):
        run(BLOBS, TRUTH)


def test_small_groups_are_not_split_off():
    X = np.concatenate([np.random.default_rng(0).normal(size=(60, 2)), np.full((5, 2), 40.0)])
    labels = np.r_[np.zeros(30), np.full(35, -1)].astype(int)
    assert run(X, labels, guess=1).n_clusters == 1
