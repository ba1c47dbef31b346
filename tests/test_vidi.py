"""Attributions that add up, groups by the reason of an answer, what the page shows."""

import numpy as np
import pytest
import torch

from analytics import registry
from analytics.clustering import attribution, nets, surrogate
from analytics.clustering.fit import fit
from analytics.results import Dataset
from tests.apptest import page_of

ROW = registry.get("clustering", "vidi")


def silent(fraction, words):
    pass


def data(X, y):
    y = np.asarray(y, np.int32)
    return Dataset(X=np.asarray(X, np.float32), labels=y, label_names=tuple("abc"[: y.max() + 1]))


def run(X, y, seed=0, **params):
    made = data(X, y)
    return fit(ROW, made.X.astype(np.float64), ROW.check(params), seed, made)


def two_reasons():
    """A row is positive because its first or because its second column is high; noise beside."""
    rng = np.random.default_rng(0)
    reason = np.repeat([0, 1, 2], 100)
    X = rng.normal(0, 0.3, (300, 4))
    X[reason == 1, 0] += 4
    X[reason == 2, 1] += 4
    X[:, 2] += rng.choice([0, 9], 300)  # a large difference that decides nothing
    return X, reason


def test_parts_of_a_linear_model_add_up_and_are_those_of_its_weights():
    X, reason = two_reasons()
    Z = nets.scaled(X)[0].astype(np.float64)
    for y in ((reason > 0).astype(int), reason):
        task = surrogate.task_of(data(X, y), 0)
        parts, answered = attribution.linear(Z, task, silent)
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(max_iter=2_000).fit(Z[task.learn], y[task.learn])
        scores = model.decision_function(Z)
        scores = np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores
        centre = model.decision_function(Z[task.learn].mean(axis=0)[None])
        centre = np.column_stack([-centre, centre]) / 2 if centre.ndim == 1 else centre
        lead = (scores - scores.mean(axis=1, keepdims=True)) - (centre - centre.mean())
        about = answered if y.max() > 1 else np.ones(300, int)
        np.testing.assert_allclose(parts.sum(axis=1), lead[np.arange(300), about], atol=1e-8)
        np.testing.assert_array_equal(answered, model.predict(Z))


def test_integrated_gradients_add_up_and_are_exact_for_a_linear_network():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(50, 6)).astype(np.float32)
    start = Z.mean(axis=0)
    with nets.seeded(0):
        net = nets.dense((6, 16, 3))
        parts, chosen = attribution.integrated(net, Z, start, silent)
        line = torch.nn.Linear(6, 3)
        exact, answered = attribution.integrated(line, Z, start, silent)
    with torch.no_grad():
        at, base = net(torch.from_numpy(Z)).numpy(), net(torch.from_numpy(start)).numpy()
    lead = at - at.mean(axis=1, keepdims=True) - (base - base.mean())
    np.testing.assert_allclose(parts.sum(axis=1), lead[np.arange(50), chosen], atol=0.02)
    W = line.weight.detach().numpy()
    W = W - W.mean(axis=0)
    np.testing.assert_allclose(exact, (Z - start) * W[answered], atol=1e-5)


def test_pushes_by_hand():
    parts = np.array([[1.0, 0], [3, 2], [0, -4]])
    assert attribution.pushes(parts, np.array([0, 0, 1]), 2).tolist() == [[2, 1], [0, -4]]


@pytest.mark.parametrize("model", ["linear", "network"])
def test_groups_are_the_reasons_and_not_the_largest_differences(model):
    X, reason = two_reasons()
    found = run(X, (reason > 0).astype(int), n_clusters=3, model=model)
    for r in range(3):
        inside = np.bincount(found.labels[reason == r], minlength=3)
        assert inside.max() >= 90, model
    pushed = found.extras["pushes"]
    first = np.bincount(found.labels[reason == 1]).argmax()
    assert pushed[first].argmax() == 0 and abs(pushed[first][2]) < pushed[first][0] / 3
    assert "held out" in found.notes[-1]


def test_by_density_and_when_all_is_noise():
    X, reason = two_reasons()
    y = (reason > 0).astype(int)
    found = run(X, y, by="hdbscan", min_cluster_size=40)
    assert found.n_clusters >= 2 and found.extras["pushes"].shape == (found.n_clusters, 4)
    none = run(X[:30], y[85:115], by="hdbscan", min_cluster_size=30)
    assert none.n_clusters == 0 and none.extras["pushes"].shape == (0, 4)


def test_the_page_names_what_pushes():
    def script():
        import numpy as np

        from analytics.results import Clustering, Dataset
        from pages.ui import pushes

        extras = {"pushes": np.array([[2.0, -1, 0], [-0.5, 0, 3]])}
        result = Clustering(labels=np.array([0, 0, 1]), n_clusters=2, extras=extras)
        data = Dataset(
            X=np.eye(3, dtype=np.float32), columns=("a", "b", "c"), label_names=("no", "yes", "?"),
            labels=np.array([0, 1, -2], np.int32),
        )  # fmt: skip
        assert pushes.shown(result) and not pushes.shown(result.with_(space="pca"))
        pushes.draw(data, result)

    at = page_of(script).run()
    assert not at.exception and len(at.get("plotly_chart")) == 1
    table = at.dataframe[0].value
    assert table["for it"].tolist() == ["a", "c"] and table["against it"].tolist() == ["b", "a"]
    assert "the class 'yes'" in at.caption[0].value
