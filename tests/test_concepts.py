"""Concepts of a classifier: parts that add up, groups that share them, what the page shows."""

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs

from analytics import registry
from analytics.clustering import concepts, nets, surrogate
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.figures.strategies import order, strategies
from analytics.results import UNLABELLED, Dataset
from tests.apptest import page_of

ROW = registry.get("clustering", "concepts")
BLOBS, TRUTH = make_blobs(240, 5, centers=4, cluster_std=0.6, random_state=2)


def data(X, y):
    y = np.asarray(y)
    y = np.where(y < 0, UNLABELLED, y).astype(np.int32)
    names = tuple(f"class {i}" for i in range(max(1, y.max() + 1)))
    return Dataset(X=np.asarray(X, np.float32), labels=y, label_names=names)


def run(X, y, seed=0, **params):
    made = data(X, y)
    return fit(ROW, made.X.astype(np.float64), ROW.check(params), seed, made)


def test_importance_adds_up_to_the_score_of_the_answer():
    rng = np.random.default_rng(0)
    U, V, head = rng.random((9, 3)), rng.random((3, 5)), rng.normal(size=(4, 5))
    scores = (U @ V) @ head.T
    chosen = scores.argmax(axis=1)
    parts = concepts.importance(U, V, head, chosen)
    lead = scores[np.arange(9), chosen] - scores.mean(axis=1)
    np.testing.assert_allclose(parts.sum(axis=1), lead)


def test_what_groups_share_by_hand():
    parts = np.array([[1.0, 0, 1], [3, -4, 1], [0, 2, 0], [0, 0, 0]])
    use = concepts.by_group(parts, np.array([0, 0, 1, 2]), 3)
    np.testing.assert_allclose(use, [[2 / 3, 0, 1 / 3], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(concepts.shared([[0.5, 0.5, 0], [0.25, 0, 0.75]])[0, 1], 0.25)


def test_prevalence_and_reliability_by_hand():
    parts = np.array([[2.0, 1, 0], [2, 1, 0], [1, 2, 0], [1, 2, 0]])
    right = np.array([True, False, True, False])
    found = concepts.facts(parts, right, np.array([0, 1, 2]))
    np.testing.assert_allclose(found, [[0.5, 0.5, 2], [0.5, 1, 1], [0, np.nan, 0]])


def test_factors_find_planted_parts_and_pictures_are_weighted_means():
    rng = np.random.default_rng(1)
    U = np.kron(np.eye(3), np.ones((20, 1))) * rng.uniform(1, 2, (60, 1))
    A = U @ np.array([[3.0, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 1]])
    found, V = concepts.factors(A, 3, 0)
    np.testing.assert_allclose(found @ V, A, atol=0.05)
    np.testing.assert_allclose(np.linalg.norm(V, axis=1), 1)
    assert len(set(found.argmax(axis=1)[::20])) == 3
    np.testing.assert_allclose(concepts.pictures(np.array([[0.0], [4]]), np.array([[3.0], [1]])), 1)


def test_groups_follow_the_labels_and_not_only_the_columns():
    # Two columns decide nothing; the labels join opposite blobs.
    found = run(BLOBS, TRUTH % 2, n_clusters=4, concepts=6)
    for group in range(found.n_clusters):
        shares = np.bincount(TRUTH[found.labels == group] % 2) / np.sum(found.labels == group)
        assert shares.max() > 0.95
    assert "100\u00a0% of" in found.notes[0] and "held out" in found.notes[0]
    use, facts = found.extras["concept_use"], found.extras["concept_facts"]
    assert use.shape == (found.n_clusters, 6) and facts[:, 0].sum() == pytest.approx(1)
    np.testing.assert_allclose(use.sum(axis=1), 1)


def test_a_task_holds_out_a_share_of_each_class_and_needs_two():
    task = surrogate.task_of(data(np.zeros((13, 1)), [0] * 8 + [2] * 3 + [-1] * 2), 0)
    assert task.names == ("class 0", "class 2") and task.y.tolist() == [0] * 8 + [1] * 3 + [-1] * 2
    assert len(task.test) == 2 and len(task.learn) == 9 and not set(task.test) & set(task.learn)
    with pytest.raises(BadInput, match="one class only"):
        surrogate.task_of(data(np.zeros((3, 1)), [1, 1, -1]), 0)


def test_the_classifier_learns_a_line():
    Z = nets.scaled(BLOBS)[0]
    task = surrogate.task_of(data(BLOBS, TRUTH), 0)
    with nets.seeded(0):
        net = surrogate.trained(Z, task, 16, 40, lambda fraction, words: None)
        answered = net(torch.from_numpy(Z)).argmax(dim=1).numpy()
    assert np.mean(answered[task.test] == TRUTH[task.test]) == 1
    assert surrogate.accuracy(task, answered).startswith("The classifier names 100\u00a0%")


def test_neighbours_on_the_circle_share_most_and_strong_ties_are_drawn():
    shared = np.array([[1.0, 0.1, 0.9], [0.1, 1, 0.3], [0.9, 0.3, 1]])
    assert order(shared) == [0, 2, 1]
    figure = strategies(shared, {0: "<b>a", 1: "b", 2: "c"}, ["x", "y", "z"])
    assert len(figure.data) == 3 and "<b>a" not in str(figure.data[-1].text)
    assert figure.data[0].line.width > figure.data[1].line.width
    assert not len(strategies(np.zeros((0, 0)), {}, []).data)


def test_the_page_shows_the_graph_and_the_table():
    def script():
        import numpy as np
        import pandas as pd

        from analytics.results import Clustering, Dataset
        from pages.ui import concepts

        X = np.array([[0.0, 2], [4, 2], [8, 6]], np.float32)
        dataset = Dataset(X=X, columns=("a", "b"), frame=pd.DataFrame(X, columns=["a", "b"]))
        extras = {
            "concept_use": np.array([[0.75, 0.25], [0.5, 0.5]]),
            "concept_facts": np.array([[0.6, 0.9, 10], [0.4, np.nan, 0]]),
            "concept_pictures": np.array([[8.0, 6], [0, 2]]),
        }
        result = Clustering(labels=np.array([0, 0, 1]), n_clusters=2, extras=extras)
        assert concepts.shown(result) and not concepts.shown(result.with_(space="map"))
        concepts.draw(dataset, result)

    at = page_of(script).run()
    assert not at.exception and len(at.get("plotly_chart")) == 2
    table = next(d.value for d in at.dataframe if "Right" in d.value.columns)
    assert table["Right"].tolist() == ["90\u00a0%", "–"]
    assert table["Rows that have it"][0] == "b high; a high"
