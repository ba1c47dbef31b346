"""Every clustering method: sensible groups, hostile data, parameters, extras."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import fcluster, is_valid_linkage
from sklearn import cluster, mixture
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score
from sklearn.utils._param_validation import validate_parameter_constraints

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods.hdbscan import condense
from analytics.clustering.methods.hierarchy import cut
from analytics.errors import BadInput
from analytics.results import NOISE, Dataset

# Those with a paper of their own that need more than a table are in test_method_rows.py too.
METHODS = [m for m in registry.methods("clustering") if m.family in ("classics", "medoids")]
IDS = [m.id for m in METHODS]
BLOBS, TRUTH = make_blobs(150, 3, centers=3, cluster_std=0.5, random_state=4)
MOONS, MOON = make_moons(200, noise=0.05, random_state=0)

# Our method -> (scikit-learn class, {our parameter: theirs} where the names differ).
SKLEARN = {
    "kmeans": (cluster.KMeans, {}),
    "minibatch": (cluster.MiniBatchKMeans, {}),
    "bisecting": (cluster.BisectingKMeans, {}),
    "gmm": (mixture.GaussianMixture, {"n_clusters": "n_components"}),
    "agglomerative": (
        cluster.AgglomerativeClustering,
        {"distance": "distance_threshold", "cut": None},
    ),
    "dbscan": (cluster.DBSCAN, {}),
    "hdbscan": (cluster.HDBSCAN, {}),
    "optics": (cluster.OPTICS, {}),
    "meanshift": (cluster.MeanShift, {"quantile": None}),
    "spectral": (cluster.SpectralClustering, {}),
    "birch": (cluster.Birch, {}),
    "affinity": (cluster.AffinityPropagation, {}),
}


def run(method, X, seed=0, noise="keep", **params):
    X = np.asarray(X, np.float32)
    row = registry.get("clustering", method)
    return fit(row, X.astype(float), row.check(params), seed, Dataset(X=X), noise=noise)


def with_k(method, k):
    row = registry.get("clustering", method)
    return {"n_clusters": k} if any(p.name == "n_clusters" for p in row.params) else {}


def test_the_menu_is_complete():
    assert {m.id for m in METHODS if m.family == "classics"} == set(SKLEARN)
    for m in METHODS:
        assert m.reference and m.summary.endswith(".") and m.cost(1000, 20, m.check({})) > 0
        assert any(p.basic for p in m.params) and all(p.help.endswith(".") for p in m.params)


@pytest.mark.parametrize("method", SKLEARN)
def test_ranges_agree_with_scikit_learn(method):
    cls, names = SKLEARN[method]
    for p in registry.get("clustering", method).params:
        theirs = names.get(p.name, p.name)
        values = [v for v in (p.low, p.high, p.default, *p.choices) if v is not None]
        if theirs is None:
            continue
        for value in values:
            typed = int(value) if p.type == "int" else value
            validate_parameter_constraints(
                {theirs: cls._parameter_constraints[theirs]}, {theirs: typed}, cls.__name__
            )


@pytest.mark.parametrize("method", IDS)
def test_finds_three_clear_groups_the_same_way_twice(method):
    more = {"dbscan": {"eps": 1.0}, "optics": {"cluster_method": "dbscan", "eps": 1.5}}
    params = with_k(method, 3) | more.get(method, {})
    one, two = run(method, BLOBS, 7, **params), run(method, BLOBS, 7, **params)
    assert adjusted_rand_score(TRUTH, one.labels) > 0.9
    assert one.labels.dtype == np.int32 and not one.labels.flags.writeable
    assert one.labels.tobytes() == two.labels.tobytes()
    assert {k: v.tobytes() for k, v in one.extras.items()} == {
        k: v.tobytes() for k, v in two.extras.items()
    }
    sizes = np.bincount(one.labels[one.labels != NOISE])
    assert list(sizes) == sorted(sizes, reverse=True)
    assert len(sizes) == one.n_clusters


HOSTILE = {
    "one row": np.zeros((1, 2)),
    "all equal": np.full((6, 2), 3.0),
    "two": np.array([[0.0], [1.0]]),
    "three": np.array([[0.0, 0], [1, 1], [0, 1]]),
    "two places": np.array([[0.0, 0]] * 9 + [[1, 1]] * 9),
    "one stranger": np.array([[0.0, 0]] * 15 + [[1, 1]]),
    "huge": BLOBS[:12] * 1e37,
    "minute": BLOBS[:12] * 1e-41,
    "far away": BLOBS[:12] + 1e7,
}


@pytest.mark.parametrize("method", IDS)
def test_hostile_data_gives_groups_without_warnings(method):
    for X in HOSTILE.values():
        for k in range(1, min(3, len(X)) + 1):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = run(method, X, **with_k(method, k))
            assert len(found.labels) == len(X)
            assert found.n_clusters == found.labels.max() + 1 <= len(X)
            if np.ptp(X, axis=0).max() == 0:
                assert found.n_clusters == 1 and "one group" in found.notes[0]
            for name in ("centers", "soft", "probability"):
                assert np.all(np.isfinite(found.extras.get(name, 0)))


@pytest.mark.parametrize("method", [i for i in IDS if with_k(i, 1)])
def test_more_groups_than_rows(method):
    with pytest.raises(BadInput, match="8 groups were asked for but there are only 5 rows"):
        run(method, BLOBS[:5], n_clusters=8)


@pytest.mark.parametrize("method", ["dbscan", "optics", "meanshift", "birch"])
def test_a_distance_of_zero_is_refused(method):
    name = {"meanshift": "bandwidth", "birch": "threshold", "optics": "max_eps"}.get(method, "eps")
    with pytest.raises(BadInput, match=f"'{name}'. is '0', but it takes a number (of|from) "):
        run(method, BLOBS, **{name: 0})


def test_too_many_rows_says_what_to_do():
    with pytest.raises(BadInput, match="at most 4,000 rows, but there are 4,001: sample"):
        run("affinity", np.arange(4001)[:, None])
    with pytest.raises(BadInput, match=r"rbf graph .* 5,001: choose nearest_neighbors"):
        run("spectral", np.arange(5001)[:, None], affinity="rbf")


@settings(max_examples=15, deadline=None)
@given(
    X=arrays(
        np.float32,
        st.tuples(st.integers(1, 9), st.integers(1, 3)),
        elements=st.sampled_from([0, 1, -1, 2.5, 1e-38, 3e38, -3e38]),
    ),
    method=st.sampled_from(IDS),
    noise=st.sampled_from(["keep", "nearest"]),
)
def test_any_small_table_works(X, method, noise):
    found = run(method, X, noise=noise, **with_k(method, min(2, len(X))))
    assert len(found.labels) == len(X)
    assert set(found.labels) - {NOISE} == set(range(found.n_clusters))
    if noise == "nearest" and found.n_clusters:
        assert not np.any(found.labels == NOISE)


def test_extras_follow_the_new_numbering():
    X = np.array([[0.0]] * 2 + [[10.0]] * 5 + [[20.0]] * 3) + np.arange(10)[:, None] / 100
    for method in ("kmeans", "minibatch", "bisecting", "gmm", "affinity"):
        found = run(method, X, **with_k(method, 3))
        assert list(np.round(found.extras["centers"][:, 0] / 10)) == [1, 2, 0]
    soft = run("gmm", X, n_clusters=3).extras["soft"]
    assert soft.shape == (10, 3)
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    assert list(soft.argmax(axis=1)) == [2, 2, 0, 0, 0, 0, 0, 1, 1, 1]
    medoids = run("affinity", X).extras["medoids"]
    assert [X[m, 0] // 10 for m in medoids] == [1, 2, 0]


def test_noise_moves_to_the_nearest_member():
    # 6 is nearer to the member 4 than to 9, but nearer to the centre 9.1 than to the centre 2.
    X = [[0.0], [1.0], [2.0], [3.0], [4.0], [6.0], [9.0], [9.1], [9.2]]
    kept = run("dbscan", X, eps=1.1, min_samples=2)
    assert list(kept.labels) == [0, 0, 0, 0, 0, NOISE, 1, 1, 1]
    moved = run("dbscan", X, noise="nearest", eps=1.1, min_samples=2)
    assert list(moved.labels) == [0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert "1 noise rows were moved" in moved.notes[-1]
    all_noise = run("dbscan", X, noise="nearest", eps=0.01, min_samples=2)
    assert all_noise.n_clusters == 0 and "no group to move" in all_noise.notes[-1]


def test_density_methods_follow_the_moons():
    for method, params in (
        ("dbscan", {"eps": 0.25}),
        ("hdbscan", {"min_samples": 5}),
        ("spectral", {"n_clusters": 2}),
        ("agglomerative", {"n_clusters": 2, "linkage": "single"}),
    ):
        assert adjusted_rand_score(MOON, run(method, MOONS, **params).labels) > 0.95
    assert adjusted_rand_score(MOON, run("kmeans", MOONS, n_clusters=2).labels) < 0.7


def test_dbscan_core_distance_and_automatic_eps():
    found = run("dbscan", [[0.0], [1.0], [3.0], [7.0]], eps=2.5, min_samples=2)
    np.testing.assert_allclose(found.extras["core_distance"], [1, 1, 2, 4])
    assert list(found.labels) == [0, 0, 0, NOISE]
    guessed = run("dbscan", MOONS)
    assert "knee of the k-distance curve" in guessed.notes[0]
    assert np.isinf(run("dbscan", [[0.0], [1.0]], min_samples=5).extras["core_distance"]).all()
    repeated = run("dbscan", [[0.0, 0]] * 6 + [[1.0, 1]] * 6)
    assert repeated.n_clusters == 2 and "rows repeat" in repeated.notes[0]


def test_dbscan_refuses_neighbour_lists_that_do_not_fit():
    X = np.random.default_rng(0).normal(size=(20_000, 2))
    with pytest.raises(BadInput, match="GB of memory: choose a smaller eps"):
        run("dbscan", X, eps=50)


def test_gmm_refuses_covariances_that_do_not_fit():
    X = np.random.default_rng(0).normal(size=(20, 6_000))
    with pytest.raises(BadInput, match="full covariance over 6,000 columns"):
        run("gmm", X, n_clusters=4)
    assert run("gmm", X, n_clusters=2, covariance_type="diag").n_clusters == 2


@pytest.mark.parametrize("linkage", ["ward", "complete", "average", "single"])
def test_dendrogram_cut_agrees_with_scipy(linkage):
    found = run("agglomerative", BLOBS[:60], n_clusters=5, linkage=linkage)
    tree = found.extras["linkage"]
    assert is_valid_linkage(tree) and tree.shape == (59, 4)
    assert adjusted_rand_score(found.labels, fcluster(tree, 5, "maxclust")) == 1
    at = (tree[-5, 2] + tree[-4, 2]) / 2
    same = run("agglomerative", BLOBS[:60], cut="distance", distance=at, linkage=linkage)
    assert same.labels.tobytes() == found.labels.tobytes()


def test_cut_by_hand():
    tree = np.array([[0, 1, 1.0, 2], [2, 3, 2.0, 2], [4, 5, 3.0, 4]])
    assert len(set(cut(tree, 0))) == 4
    assert list(cut(tree, 2)) == [0, 0, 1, 1]
    assert len(set(cut(tree, 3))) == 1


def test_cosine_needs_a_direction():
    X = [[1.0, 0], [2, 0], [0, 1], [0, 3]]
    params = {"n_clusters": 2, "linkage": "average", "metric": "cosine"}
    assert list(run("agglomerative", X, **params).labels) == [0, 0, 1, 1]
    with pytest.raises(BadInput, match="1 row is all zero"):
        run("agglomerative", [*X, [0, 0]], **params)


def test_optics_order_and_reachability():
    X = [[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]]
    found = run("optics", X, min_samples=2, cluster_method="dbscan", eps=1.0)
    assert sorted(found.extras["order"]) == list(range(6))
    reach = found.extras["reachability"]
    assert np.isinf(reach[0]) and np.isclose(reach.max(where=np.isfinite(reach), initial=0), 8.8)
    assert list(found.labels) == [0, 0, 0, 1, 1, 1]


def test_condensed_tree_by_hand():
    # Two pairs and a straggler: (0 1) at 1, (2 3) at 2, joined at 4, row 4 joins at 8.
    merges = np.array([[0, 1], [2, 3], [5, 6], [4, 7]])
    tree = condense(merges, np.array([1.0, 2.0, 4.0, 8.0]), 2)
    assert sorted(map(tuple, tree)) == [
        (5, 4, 1 / 8, 1),
        (5, 6, 1 / 4, 2),
        (5, 7, 1 / 4, 2),
        (6, 0, 1.0, 1),
        (6, 1, 1.0, 1),
        (7, 2, 1 / 2, 1),
        (7, 3, 1 / 2, 1),
    ]


def test_condensed_tree_agrees_with_scikit_learn():
    from sklearn.cluster._hdbscan._tree import _condense_tree

    X = np.vstack([MOONS, np.repeat(MOONS[:3], 6, axis=0)])
    for smallest in (2, 5, 20):
        model = cluster.HDBSCAN(min_cluster_size=smallest, copy=True).fit(X)
        tree = model._single_linkage_tree_
        with np.errstate(divide="ignore"):
            theirs = _condense_tree(tree, smallest)
        merges = np.column_stack([tree["left_node"], tree["right_node"]]).astype(int)
        ours = condense(merges, tree["value"], smallest)
        # Groups may be numbered in another order; levels and sizes may not differ.
        leaves = ours[ours[:, 3] == 1]
        expected = {int(r["child"]): r["value"] for r in theirs if r["cluster_size"] == 1}
        assert {int(c): v for _, c, v, _ in leaves} == expected
        splits = sorted((v, s) for _, _, v, s in ours if s > 1)
        assert splits == sorted(
            (r["value"], r["cluster_size"]) for r in theirs if r["cluster_size"] > 1
        )


def test_clamped_parameters_are_noted():
    assert "min_samples was lowered from 40 to 20" in " ".join(
        run("hdbscan", BLOBS[:20], min_samples=40).notes
    )
    assert "n_neighbors was lowered" in " ".join(run("spectral", BLOBS[:9], n_clusters=2).notes)
    short = run("gmm", BLOBS, n_clusters=8, max_iter=1, n_init=1)
    assert any("before it settled" in note for note in short.notes)
    few = run("kmeans", [[0.0], [0.0], [0.0], [1.0]], n_clusters=3)
    assert "2 groups found where 3 were asked for" in few.notes[0]


def test_birch_with_a_tiny_threshold_is_refused():
    X = np.random.default_rng(0).normal(size=(5_500, 2))
    with pytest.raises(BadInput, match="choose a larger threshold"):
        run("birch", X, threshold=1e-9)
