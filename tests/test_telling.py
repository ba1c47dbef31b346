"""QuickSelection: gradients by hand, the topology's upkeep, columns that matter, and the recipe."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification

from analytics import api
from analytics.data import operations, prepare, quickselection, telling
from analytics.data.quickselection import _free, _Layer, _step, strengths
from analytics.errors import BadInput, Cancelled
from analytics.operations import execute
from analytics.store.artifacts import Artifacts
from tests.apptest import settle, start, view


def layer(dense) -> _Layer:
    dense = np.asarray(dense, np.float32)
    sources, targets = np.nonzero(dense)
    weights = dense[sources, targets]
    bias = np.zeros((dense.shape[1], 1), np.float32)
    return _Layer(dense.shape, sources, targets, weights, 0 * weights, bias, 0 * bias)


def test_a_step_is_the_gradient_of_half_the_squared_error():
    rng = np.random.default_rng(0)
    W1 = rng.normal(size=(3, 4)) * (rng.random((3, 4)) < 0.7)
    W2 = rng.normal(size=(4, 3)) * (rng.random((4, 3)) < 0.7)
    x, y = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))

    def loss(A, B):
        hidden = 1 / (1 + np.exp(-A.T @ x))
        return 0.5 * ((B.T @ hidden - y) ** 2).sum() / 5

    first, second = layer(W1), layer(W2)
    _step(first, second, x.astype(np.float32), y.astype(np.float32))
    for made, at in ((first, 0), (second, 1)):
        for p, (i, j) in enumerate(zip(made.sources, made.targets, strict=True)):
            up, down = [W1.copy(), W2.copy()], [W1.copy(), W2.copy()]
            up[at][i, j] += 1e-5
            down[at][i, j] -= 1e-5
            slope = (loss(*up) - loss(*down)) / 2e-5
            assert made.speed[p] == pytest.approx(-0.01 * slope, abs=1e-6)


def test_the_weakest_fifth_of_each_sign_is_drawn_anew():
    weights = np.concatenate([np.arange(1, 11), -np.arange(1, 6)]).astype(float)
    dense = np.zeros((5, 6))
    dense.flat[:15] = weights
    made = layer(dense)
    gone = made.weights[~made.strong()]
    assert sorted(gone) == [-1, 1, 2]  # a fifth of ten, a fifth of five
    made.evolve(np.random.default_rng(0))
    places = made.sources * 6 + made.targets
    assert len(np.unique(places)) == 15 and (np.diff(places) > 0).all()
    kept = set(weights) - {-1.0, 1.0, 2.0}
    assert kept <= set(made.weights.astype(float))


@pytest.mark.parametrize("total", [40, 1_000_000])
def test_free_places_are_free_and_different(total):
    rng = np.random.default_rng(1)
    held = np.sort(rng.choice(total, 20, replace=False))
    found = _free(held, total, 15, rng)
    assert len(set(found)) == 15 and not set(found) & set(held) and found.max() < total


def test_it_finds_the_columns_that_belong_together():
    X, _ = make_classification(
        1_000, 120, n_informative=5, n_redundant=10, n_clusters_per_class=8, flip_y=0.01,
        shuffle=False, random_state=0,
    )  # fmt: skip
    order = np.argsort(-strengths(X, 0))
    assert len(set(order[:15]) & set(range(15))) >= 13
    np.testing.assert_array_equal(strengths(X, 0), strengths(X, 0))


def test_units_do_not_matter_and_extremes_have_an_answer():
    X = np.random.default_rng(0).normal(size=(40, 3))
    wide = strengths(X * [1, 1e200, 1e-200] + [0, 0, 0], 1)
    np.testing.assert_allclose(strengths(X, 1), wide, rtol=1e-3)
    assert strengths(np.column_stack([X[:, 0], np.ones(40)]), 0).tolist() == [1, 0]
    assert np.isfinite(strengths(X[:2], 0)).all()


def test_a_recipe_keeps_columns_and_says_which():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 60)), columns=[f"{i} cm" for i in range(60)])
    together = list(frame.columns[20:30])
    frame[together] = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 10))
    names = list(frame.columns)
    data = api.prepare(api.read(frame), {"features": names, "keep": 10})
    # By chance it would be 1.7 of them.
    assert len(set(data.columns) & set(together)) >= 5 and data.X.shape == (500, 10)
    assert list(data.columns) == [n for n in names if n in data.columns]
    assert any("10 most telling columns of 60 kept, by QuickSelection" in n for n in data.notes)
    few = api.prepare(api.read(frame), {"features": names[:3], "keep": 2})
    assert len(few.columns) == 2 and "says little" in few.notes[-1]
    assert api.prepare(api.read(frame), {"features": names[:3], "keep": 3}).X.shape[1] == 3


def test_without_it_a_recipe_is_what_it_was(tmp_path):
    store = Artifacts(tmp_path)
    table = execute(operations.sample_request("digits"), store)
    plain = prepare.check({}, table)
    assert plain == prepare.check({"keep": 0}, table) and "keep" not in plain
    assert prepare.check({"keep": "5"}, table)["keep"] == 5
    one = operations.dataset_request(table, {"keep": 5}, seed=1)
    assert one.digest != operations.dataset_request(table, {"keep": 5}, seed=2).digest
    with pytest.raises(BadInput, match=r"'keep'\) is '-1'"):
        prepare.check({"keep": -1}, table)
    data = execute(one, store)
    assert data.image_shape is None and data.X.shape[1] == 5


def test_it_can_be_cancelled_and_its_time_is_told():
    said = []

    def stop(fraction, text):
        said.append(text)
        if "round 2" in text:
            raise Cancelled

    X = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    with pytest.raises(Cancelled):
        telling.keep(X, list("abcdef"), 2, 0, stop, [])
    assert said[0].startswith("Ranking 6 columns, about ")
    assert telling.rounds(2_000) == 100 and telling.rounds(100_000) == 60
    assert quickselection.MOST == telling.MOST


def test_the_page_asks_for_it_and_says_the_cost():
    from pages.ui import services

    at = settle(start())
    at.switch_page("data.py").run()
    field = next(n for n in at.number_input if "most telling" in n.label)
    field.set_value(6).run()
    assert any("Ranking the columns: about" in c.value for c in at.caption)
    next(b for b in at.button if b.label == "Prepare the data").click().run()
    settle(at)
    assert not at.exception
    data = services.artifacts().require(view(at).dataset)
    assert data.params["keep"] == 6 and data.X.shape[1] == 6
    services.stop()
