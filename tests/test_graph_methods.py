"""Methods that read links: cases known by hand, references, and graphs of every odd shape."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.figures.trees import dendrogram
from analytics.graphs import contrast, diffusion, hierarchy
from analytics.graphs.augmented import augmented
from analytics.graphs.links import tidy
from analytics.graphs.matrix import of_links
from analytics.results import NOISE, Dataset

METHODS = ("augmented", "communities", "local", "scgc", "pamc")
QUICK = {"scgc": {"epochs": 4, "pretrain": 2, "width": 8}}
QUICK["pamc"] = QUICK["scgc"]


def cliques(*sizes, bridges=()):
    """Edges (m, 2) of complete parts, and links between them."""
    pairs, start = [], 0
    for size in sizes:
        pairs += [(start + i, start + j) for i in range(size) for j in range(i)]
        start += size
    return tidy(np.array([*pairs, *bridges]), None, start).edges


def run(method, edges, X=None, n=None, seed=0, labels=None, rows=None, **params):
    if X is None:
        X = np.arange(n, dtype=float)[:, None]
    row = registry.get("clustering", method)
    data = Dataset(
        X=np.asarray(X, np.float32),
        edges=edges,
        labels=None if labels is None else np.asarray(labels, np.int32),
        label_names=("a", "b"),
        rows=np.arange(len(X)) if rows is None else np.asarray(rows),
    )
    given_ = row.check({**QUICK.get(method, {}), **params})
    return fit(row, np.asarray(X, float), given_, seed, data)


def random_graph(n, m, seed):
    return tidy(np.random.default_rng(seed).integers(0, n, (m, 2)), None, n).edges


TWO = cliques(6, 6, bridges=[(0, 6)])
SIDES = np.repeat([0, 1], 6)


def test_augmented_matrix_by_hand():
    graph = of_links(np.array([[0, 1]]), None, 2)
    whole = augmented(graph, np.array([[1.0, -2.0], [0.0, 3.0]]), 0.5).toarray()
    assert whole.tolist() == [
        [0, 1, 0.5, 0, 1],
        [1, 0, 0, 1.5, 0],
        [0.5, 0, 0, 0, 0],
        [0, 1.5, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]
    assert augmented(graph, np.ones((2, 1)), 0.0) is graph


def test_columns_decide_where_links_say_nothing():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 60)
    X = np.zeros((120, 8))
    for i, side in enumerate(truth):
        X[i, 4 * side + rng.integers(0, 4, 2)] = 1
    edges = random_graph(120, 240, 1)
    both = run("augmented", edges, X, n_clusters=2, beta=2)
    alone = run("augmented", edges, X, n_clusters=2, beta=0)
    assert adjusted_rand_score(truth, both.labels) > 0.9
    assert adjusted_rand_score(truth, alone.labels) < 0.3
    assert "The graph is the" in both.notes[0]


@pytest.mark.parametrize("method", ["augmented", "communities"])
def test_two_cliques_are_two_groups(method):
    found = run(method, TWO, n=12, n_clusters=2, **({"beta": 0} if method == "augmented" else {}))
    assert adjusted_rand_score(SIDES, found.labels) == 1


def test_the_number_of_communities_is_found():
    edges = cliques(8, 8, 8, bridges=[(0, 8), (9, 16), (1, 17)])
    found = run("communities", edges, n=24)
    assert found.n_clusters == 3
    assert adjusted_rand_score(np.repeat([0, 1, 2], 8), found.labels) == 1
    H, r = hierarchy.bethe_hessian(of_links(np.array([[0, 1], [1, 2]]), None, 3))
    # Degrees 1, 2, 1: mean excess degree 6 / 4 - 1 = 0.5, taken as at least 1.
    assert r == 1 and H.toarray().tolist() == [[1, -1, 0], [-1, 2, -1], [0, -1, 1]]


def test_merges_by_hand_with_an_inversion():
    # Community 0 has no link inside, but three to community 1: it should not stand alone.
    edges = tidy(np.array([(0, 2), (0, 3), (1, 2), (2, 3), (4, 5), (3, 4)]), None, 6).edges
    bottom = np.array([0, 0, 1, 1, 2, 2])
    found = hierarchy.tree(of_links(edges, None, 6), bottom)
    assert found.linkage[0, :2].tolist() == [0, 1] and found.linkage[0, 3] == 2
    np.testing.assert_allclose(found.linkage[0, 2], -np.log(3 / 4))
    np.testing.assert_allclose(found.linkage[1, 2], -np.log((0 + 1 / 4) / 2))
    assert found.inversions.tolist() == [0]
    assert hierarchy.cut(found, 2).tolist() == [3, 3, 3, 3, 2, 2]
    assert len(set(hierarchy.cut(found, 1))) == 1


@given(st.integers(0, 10_000))
def test_merging_is_average_linkage(seed):
    """scipy's average linkage of 1 - share gives the same tree for communities of one size."""
    q, size = 5, 4
    edges = random_graph(q * size, 120, seed)
    weights = np.random.default_rng(seed).random(len(edges)) + 0.5  # no two merges tie
    graph = of_links(edges, weights / 2, q * size)
    bottom = np.repeat(np.arange(q), size)
    found = hierarchy.tree(graph, bottom)
    _, share = hierarchy._shares(graph, bottom)
    distances = 1 - share
    np.fill_diagonal(distances, 0)
    reference = linkage(squareform(distances, checks=False), "average")
    low = share[share > 0].min() / 10
    np.testing.assert_allclose(
        found.linkage[:, 2], -np.log(np.maximum(1 - reference[:, 2], low)), atol=1e-9
    )
    assert (np.diff(found.linkage[:, 2]) >= -1e-12).all(), "merges of communities never invert"


def test_the_tree_of_communities_is_drawn_in_the_colours_of_the_groups():
    found = run("communities", cliques(8, 6, 5, 7, bridges=[(0, 8), (9, 14), (1, 19)]), n=26,
                n_clusters=3)  # fmt: skip
    bottom = found.extras["community"]
    leaves = found.labels[np.unique(bottom, return_index=True)[1]]
    figure = dendrogram(found.extras["community_linkage"], found.n_clusters, leaves=leaves)
    assert len(figure.data) >= 1


def test_the_group_of_a_node_is_its_clique():
    found = run("local", TWO, n=12, node=8, size=0.5)
    assert (found.labels == np.where(SIDES == 1, 0, NOISE)).all() and found.n_clusters == 1
    assert f"conductance {1 / 31:.2f}" in " ".join(found.notes)
    mapped = run("local", TWO, n=12, rows=np.arange(12) + 100, node=108, size=0.5)
    assert (mapped.labels == found.labels).all()
    with pytest.raises(BadInput, match="Row 8 is not among the 12 rows in use"):
        run("local", TWO, n=12, rows=np.arange(12) + 100, node=8)


def test_mass_is_kept_and_no_node_holds_more_than_it_can():
    graph = of_links(random_graph(60, 200, 3), None, 60)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    x = diffusion.flow(graph, degree, 5, 0.3 * degree.sum(), 1, lambda *_: None)
    laplacian = np.diag(degree) - graph.toarray()
    mass = -laplacian @ x
    mass[5] += 0.3 * degree.sum()
    np.testing.assert_allclose(mass.sum(), 0.3 * degree.sum())
    assert (mass <= degree * (1 + 2e-3)).all()
    assert (x[mass < degree * 0.99] == 0).all(), "only full nodes push"


def test_sweep_finds_the_smallest_conductance():
    graph = of_links(random_graph(30, 90, 5), None, 30)
    x = np.random.default_rng(0).random(30)
    rows, value = diffusion.sweep(graph, x, 0)
    dense, order = graph.toarray(), np.argsort(-x)
    best = min(
        dense[np.ix_(order[:t], order[t:])].sum()
        / min(dense[order[:t]].sum(), dense[order[t:]].sum())
        for t in range(1, 30)
        if dense[order[t:]].sum() and dense[order[:t]].sum()
    )
    np.testing.assert_allclose(value, best)
    assert set(rows) == set(order[: len(rows)])


def test_labels_weaken_links_and_steer_the_group():
    graph = of_links(np.array([[0, 1], [1, 2], [2, 3]]), None, 4)
    weak = diffusion.weighted(graph, np.array([1.0, 1.0, 0.0, np.nan]), 0.05).toarray()
    assert (weak[0, 1], weak[1, 2], weak[2, 3]) == (1, 0.05, 1)
    edges = cliques(12)
    labels = np.repeat([0, 1], 6)
    found = run("local", edges, n=12, node=2, size=0.5, labels=labels)
    assert (found.labels == np.where(labels == 0, 0, NOISE)).all()
    without = run("local", edges, n=12, node=2, size=0.5)
    assert (without.labels != found.labels).any()
    partly = labels.copy()
    partly[[4, 5, 10, 11]] = -2
    guessed = run("local", edges, X=np.c_[labels, labels[::-1]] * 4.0, node=2, size=0.5,
                  labels=partly)  # fmt: skip
    assert "4 rows without a label got one by logistic regression" in " ".join(guessed.notes)
    assert (guessed.labels == found.labels).all()


def test_steps_by_hand():
    graph = of_links(np.array([[0, 1]]), None, 3)
    one = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])
    np.testing.assert_allclose(contrast.steps(graph, 1, True).toarray(), one)
    np.testing.assert_allclose(contrast.steps(graph, 2, False).toarray(), one @ one)
    np.testing.assert_allclose(contrast.steps(graph, 3, True).toarray(), one + one @ one * 2)


def test_losses_are_the_formulas():
    import torch

    rng = np.random.default_rng(0)
    z, tau = rng.normal(size=(9, 4)), 0.7
    near = contrast.steps(of_links(random_graph(9, 14, 2), None, 9), 2, True)
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, 0)
    alike = np.exp(tau * cosine)
    pairs = -np.mean(np.log((near.toarray() * alike).sum(1) / alike.sum(1)))
    found = contrast.by_pairs(torch.tensor(z), torch.tensor(near.toarray()), tau)
    np.testing.assert_allclose(float(found), pairs)
    q = rng.dirichlet(np.ones(3), 9)
    hard = np.eye(3)[q.argmax(1)]
    sums = hard.T @ z
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    between = sums @ sums.T
    np.fill_diagonal(between, 0)
    blocks = -np.mean(np.log((near.toarray() * alike).sum(1))) + np.log(np.exp(tau * between).sum())
    part = near.tocoo()
    entries = (torch.tensor(v.astype(np.int64)) for v in (part.row, part.col))
    found = contrast.by_blocks(torch.tensor(z), torch.tensor(hard), *entries,
                               torch.tensor(part.data), tau)  # fmt: skip
    np.testing.assert_allclose(float(found), blocks)
    p = contrast.sharpened(torch.tensor(q)).numpy()
    expected = q**2 / q.sum(0)
    np.testing.assert_allclose(p, expected / expected.sum(1, keepdims=True))


@pytest.mark.parametrize("method", ["scgc", "pamc"])
def test_contrast_reads_the_links(method):
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1, 2], 40)
    X = (rng.random((120, 30)) < 0.1 + 0.25 * (np.arange(30) // 10 == truth[:, None])).astype(float)
    pairs = rng.integers(0, 40, (500, 2)) + 40 * rng.integers(0, 3, (500, 1))
    edges = tidy(pairs, None, 120).edges
    more = {"epochs": 60, "pretrain": 30, "width": 64}
    scores = [
        adjusted_rand_score(truth, run(method, edges, X, seed=s, n_clusters=3, **more).labels)
        for s in range(2)
    ]
    alone = [
        adjusted_rand_score(truth, run("kmeans", None, X, seed=s, n_clusters=3).labels)
        for s in range(2)
    ]
    assert np.mean(scores) > np.mean(alone) + (0.2 if method == "scgc" else 0), (scores, alone)


GRAPHS = {
    "two nodes": (2, np.array([[0, 1]], np.int32)),
    "two parts": (6, cliques(3, 3)),
    "isolated nodes": (7, cliques(3, 2).astype(np.int32)),
    "star": (6, np.array([[0, i] for i in range(1, 6)], np.int32)),
    "no link left": (4, np.zeros((0, 2), np.int32)),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", GRAPHS)
def test_every_odd_graph_gives_groups_or_one_sentence(method, name):
    n, edges = GRAPHS[name]
    many = any(p.name == "n_clusters" for p in registry.get("clustering", method).params)
    for k in sorted({1, 2, n}) if many else (None,):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = run(method, edges, n=n, **({"n_clusters": k} if many else {}))
            except BadInput as error:
                assert str(error).endswith(".")
                continue
        assert len(found.labels) == n and found.n_clusters <= n
        if k == 1:
            assert found.n_clusters == 1
        if k == n:
            assert found.n_clusters == n
