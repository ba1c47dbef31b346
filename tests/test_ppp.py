"""PPP: clear clouds, one answer whatever the seed or the order, its tree and separability."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from analytics import registry
from analytics.clustering.fit import fit
from analytics.clustering.methods import ppp
from analytics.errors import BadInput
from analytics.figures.splits import split_tree
from analytics.results import Dataset

ROW = registry.get("clustering", "ppp")
CORNERS = [(0, 0), (9, 0), (0, 9), (9, 9), (30, 30)]
CLOUDS, TRUTH = make_blobs([40, 50, 60, 70, 80], 2, centers=CORNERS, random_state=0)


def run(X, seed=0, **params):
    X = np.asarray(X, np.float64)
    return fit(ROW, X, ROW.check(params), seed, Dataset(X=X.astype(np.float32)))


def test_five_clouds_are_found_without_their_number():
    found = run(CLOUDS)
    assert found.n_clusters == 5 and adjusted_rand_score(TRUTH, found.labels) == 1
    assert "most separable group has 80 rows" in found.notes[0]


def test_one_cloud_stays_whole():
    found = run(np.random.default_rng(1).normal(size=(400, 3)))
    assert found.n_clusters == 1 and found.extras["separability"].tolist() == [1.0]
    assert "stays whole: for its best halves" in found.notes[0]


def test_the_answer_is_the_same_for_20_seeds_and_20_orders_of_the_rows():
    once = run(CLOUDS).labels
    rng = np.random.default_rng(0)
    for seed in range(20):
        order = rng.permutation(len(CLOUDS))
        assert adjusted_rand_score(run(CLOUDS[order], seed).labels, once[order]) == 1


def test_the_tree_adds_up():
    found = run(CLOUDS)
    tree, leaf = found.extras["split_tree"], found.extras["leaf"]
    assert tree[0, :2].tolist() == [-1, 300] and len(tree) == 9
    for node in range(9):
        halves = np.flatnonzero(tree[:, 0] == node)
        assert len(halves) == (0 if node in leaf else 2)
        assert not len(halves) or tree[halves, 1].sum() == tree[node, 1]
    assert tree[leaf, 1].tolist() == np.bincount(found.labels).tolist()
    inner = np.setdiff1d(np.arange(9), leaf)
    assert (tree[inner, 2:4] >= 0.9).all() and (tree[inner, 4] > 0).all()


def test_crossing_by_hand():
    whole = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    moved = np.array([0, 0, 1, 1, 1, 1, 1, 1])  # a part moved over
    across = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    assert ppp._crossing(whole, moved) == 0 and ppp._crossing(whole, across) == 0.25
    assert ppp._same(whole, 1 - whole) and not ppp._same(whole, moved)


def test_separability_falls_as_clouds_meet():
    leads = []
    for gap in (2.0, 4.0, 12.0):
        X = np.concatenate([np.random.default_rng(0).normal(c, 1, (300, 2)) for c in (0.0, gap)])
        leads.append(ppp._separability(X, np.repeat([0, 1], 300), 2).mean())
    assert leads[0] < leads[1] < leads[2] and leads[2] == pytest.approx(1)


def test_the_tree_is_drawn_with_a_dot_for_each_set():
    found = run(CLOUDS)
    figure = split_tree(found.extras["split_tree"], found.extras["leaf"])
    dots = figure.data[1]
    assert len(dots.x) == 9 and dots.text[0] == "300"
    assert sum("Group" in text for text in dots.text) == 5
    assert len(set(np.asarray(dots.marker.color)[found.extras["leaf"]])) == 5
    with pytest.raises(BadInput, match="no sets"):
        split_tree(np.zeros((0, 5)), [])
