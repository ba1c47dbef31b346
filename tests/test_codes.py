"""Shortened rows: the three ways, their prototypes, limits."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.results import Dataset

ROW = registry.get("clustering", "codes")
BLOBS, TRUTH = make_blobs(180, 12, centers=3, cluster_std=0.5, random_state=4)


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


@pytest.mark.parametrize("reducer", ["stacked", "autoencoder", "pca"])
def test_clear_groups_and_prototypes_in_their_midst(reducer):
    found = run(BLOBS, n_clusters=3, reducer=reducer, code=3)
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    means = np.stack([BLOBS[found.labels == g].mean(axis=0) for g in range(3)])
    apart = np.linalg.norm(means[0] - means[1])
    assert np.linalg.norm(found.extras["prototypes"] - means, axis=1).max() < 0.25 * apart
    assert found.extras["prototypes"].dtype == np.float64


def test_components_are_those_of_a_plain_pca():
    found = run(BLOBS, n_clusters=5, reducer="pca", code=2, seed=1)
    scores = PCA(2, svd_solver="full").fit_transform(BLOBS)
    plain = KMeans(5, n_init=10, random_state=1).fit(scores).labels_
    assert adjusted_rand_score(plain, found.labels) == 1
    share = PCA(2).fit(BLOBS).explained_variance_ratio_.sum()
    assert f"keep {100 * share:.0f}\u00a0% of the variance" in found.notes[-1]


def test_a_code_wider_than_the_table_is_narrowed():
    assert "code was lowered from 5 to 2" in run(BLOBS[:, :2], n_clusters=3, rounds=2).notes[0]


def test_longer_training_rebuilds_better():
    kept = [run(BLOBS, n_clusters=2, reducer="autoencoder", rounds=r).notes[-1] for r in (1, 100)]
    shares = [int(note.split("keep ")[1].split("%")[0]) for note in kept]
    assert shares[0] < shares[1] and shares[1] > 90
