"""TELL: prototypes by hand, groups on clear data, seeds, extremes; shares of a distance."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering import nets, prototypes
from analytics.clustering.fit import fit
from analytics.clustering.methods import tell
from analytics.results import Dataset
from tests.apptest import page_of

ROW = registry.get("clustering", "tell")
BLOBS, TRUTH = make_blobs(180, 6, centers=3, cluster_std=0.5, random_state=4)


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def test_clear_groups_and_prototypes_near_their_means():
    found = run(BLOBS, n_clusters=3)
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    means = np.stack([BLOBS[found.labels == g].mean(axis=0) for g in range(3)])
    between = np.linalg.norm(means[0] - means[1])
    assert np.linalg.norm(found.extras["prototypes"] - means, axis=1).max() < 0.25 * between
    assert "of the variance" in found.notes[-1]


def test_a_centroid_follows_its_rows_by_hand():
    centroids = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    z = torch.tensor([[0.6, 0.8], [0.6, -0.8], [0.6, 0.8]])
    tell._follow(centroids, z, torch.tensor([0, 0, 0]))
    mean = np.array([1.8, 0.8]) / np.hypot(1.8, 0.8)
    moved = 0.8 * np.array([1.0, 0.0]) + 0.2 * mean
    np.testing.assert_allclose(centroids[0], moved / np.linalg.norm(moved), rtol=1e-6)
    assert centroids[1].tolist() == [0.0, 1.0], "no row, no step"


def test_no_rounds_together_is_spherical_k_means_on_the_codes():
    assert "0 of 180 rows left" in run(BLOBS, n_clusters=3, rounds=0).notes[-1]


@pytest.mark.parametrize("k", [1, 2, 12])
def test_extremes(k):
    X = np.column_stack([np.repeat([0.0, 5.0], 6), np.ones(12), np.tile([0.0, 1.0], 6)])
    found = run(X, n_clusters=k, warm_up=5, rounds=5)
    assert 1 <= found.n_clusters <= min(k, 4)
    assert found.extras["prototypes"].shape == (found.n_clusters, 3)


def test_the_global_random_state_and_threads_stay():
    torch.manual_seed(7)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    one = run(BLOBS, 1, n_clusters=3, warm_up=3, rounds=3)
    assert torch.equal(state, torch.get_rng_state()) and torch.get_num_threads() == threads
    torch.manual_seed(8)
    two = run(BLOBS, 1, n_clusters=3, warm_up=3, rounds=3)
    assert one.extras["prototypes"].tobytes() == two.extras["prototypes"].tobytes()


@pytest.mark.parametrize("factor", [1e-41, 1.0, 3e38])
def test_scaling_for_a_network(factor):
    X = np.array([[-1.0, 0], [1.0, 0]]) * factor
    Z, mean, scale = nets.scaled(X)
    np.testing.assert_allclose(Z, [[-(2**0.5), 0], [2**0.5, 0]], rtol=1e-6)
    np.testing.assert_allclose(nets.unscaled(torch.from_numpy(Z), mean, scale), X, rtol=1e-6)
    assert nets.scaled(np.ones((3, 2)))[0].tolist() == [[0, 0]] * 3


def test_shares_by_hand():
    nearest, parts = prototypes.shares([[0.0, 0.0], [3.0, 4.0], [30.0, 4.0]])
    assert nearest.tolist() == [1, 0, 1]
    np.testing.assert_allclose(parts, [[0.36, 0.64], [0.36, 0.64], [1, 0]])
    assert prototypes.shares([[1.0, 2.0]])[0].tolist() == [-1]
    assert not prototypes.shares([[1.0], [1.0]])[1].any()


def test_prototypes_in_the_units_of_the_table():
    frame = pd.DataFrame({"cm": [10.0, 20.0, 30.0, None], "kind": list("abca")})
    X = np.array([[-1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
    data = Dataset(X=X, columns=("cm", "kind: b"), frame=frame)
    np.testing.assert_allclose(prototypes.in_units(data, [[0.5, 0.25]]), [[25, 0.25]])


def shown(images: bool):
    """What the tab draws: (captions, tables, figures)."""

    def script(images):
        import numpy as np
        import pandas as pd

        from analytics.results import Clustering, Dataset
        from pages.ui import prototypes

        X = np.array([[0.0, 2], [4, 2], [8, 6]], np.float32)
        frame = pd.DataFrame(X * 10 + 1, columns=["a", "b"])
        data = Dataset(X=X, columns=("a", "b"), frame=frame)
        data = data.with_(image_shape=(2, 1)) if images else data
        made = {"prototypes": np.array([[0.0, 2], [8, 6]])}
        result = Clustering(labels=np.array([0, 0, 1]), n_clusters=2, extras=made)
        assert prototypes.shown(result)
        assert not prototypes.shown(result.with_(space="map"))
        prototypes.draw(data, result)

    at = page_of(script, images).run()
    assert not at.exception
    return at


def test_the_page_shows_prototypes_as_values_in_units():
    at = shown(False)
    np.testing.assert_allclose(at.dataframe[0].value, [[1, 21], [81, 61]], rtol=1e-6)
    assert "Share of each column" in at.caption[1].value
    assert len(at.get("plotly_chart")) == 1


def test_the_page_shows_prototypes_as_pictures():
    at = shown(True)
    assert len(at.get("image")) == 2 and not at.dataframe
    assert "bright pixels" in at.caption[1].value
