"""Contrastive PCA: by hand, a hidden pattern, limits."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from analytics.errors import BadInput
from analytics.projection import operations as ops
from analytics.results import UNLABELLED, Dataset
from bench.rows.cpca import hidden


def draw(X, domain, **params):
    X = np.asarray(X, np.float32)
    columns = tuple(f"c{j}" for j in range(X.shape[1]))
    data = Dataset(
        X=X,
        columns=columns,
        frame=pd.DataFrame(X, columns=list(columns)),
        domain=None if domain is None else np.asarray(domain, np.int32),
        domain_names=("grass", "rows"),
        digest="d" * 32,
    )
    wanted = ops.projection_request(data, "cpca", params)
    return ops.projection(wanted, (data,), lambda fraction, words: None)


def test_axes_by_hand():
    # The background varies along the first column only, the rows along all three.
    grass = [[-3, 0, 0], [3, 0, 0]]
    rows = [[s, *v] for s in (-3, 3) for v in ((2, 0), (-2, 0), (2, 1), (-2, -1))]
    map_ = draw([*grass, *rows], [0, 0, *[1] * 8], alpha=100.0)
    # Covariance of the other two columns: [[4, 1], [1, 0.5]].
    _, vectors = np.linalg.eigh([[4.0, 1.0], [1.0, 0.5]])
    v = vectors[:, 1] * np.sign(vectors[np.abs(vectors[:, 1]).argmax(), 1])
    np.testing.assert_allclose(map_.xy[:, 0], np.array([*grass, *rows])[:, 1:] @ v, atol=1e-5)
    assert "the background (grass) does not vary" in map_.notes[0]
    assert "Largest weights: c1" in map_.notes[0]


def test_without_contrast_it_is_pca_of_the_rows():
    X = np.random.default_rng(0).normal(size=(60, 4)) * [5, 3, 1, 1]
    domain = np.arange(60) % 2
    xy = draw(X, domain, alpha=0.0).xy[domain == 1]
    plain = PCA(2).fit_transform(X[domain == 1])
    np.testing.assert_allclose(np.abs(xy), np.abs(plain), rtol=1e-4, atol=1e-4)


def test_a_pattern_hidden_from_pca_is_seen():
    X, domain, y = hidden()
    ours = draw(X, domain, alpha=50.0).xy[domain == 1]
    plain = PCA(2).fit_transform(X[domain == 1])

    def found(xy):
        return adjusted_rand_score(y, KMeans(2, n_init=5, random_state=0).fit(xy).labels_)

    assert found(ours) > 0.95 and found(plain) < 0.3


def test_what_is_missing_is_said():
    X = np.random.default_rng(0).normal(size=(6, 2))
    with pytest.raises(
        BadInput, match="Contrastive PCA needs a domain column, and this data has none"
    ):
        draw(X, None)
    with pytest.raises(BadInput, match="Domain 3 is to be the background but there are only 2"):
        draw(X, [0, 0, 0, 1, 1, 1], background=3)
    with pytest.raises(BadInput, match="at least 2 rows each"):
        draw(X, [0, 1, 1, 1, 1, 1])


def test_rows_without_a_domain_are_no_background():
    X = np.random.default_rng(0).normal(size=(9, 2))
    assert draw(X, [0, 0, 0, 1, 1, 1, *[UNLABELLED] * 3]).xy.shape == (9, 2)


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_scale_does_not_matter(factor):
    X, domain, _ = hidden()
    X = X[::7]
    one, two = draw(X, domain[::7]).xy, draw(X * factor, domain[::7]).xy
    np.testing.assert_allclose(two / two.std(), one / one.std(), rtol=1e-3, atol=1e-3)
