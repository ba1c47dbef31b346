"""Steadiness and cohesiveness on cases whose answer is known without computing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import api
from analytics.errors import BadInput
from analytics.projection import reliability
from analytics.projection.reliability import compare, prepare, score, shared_neighbours
from analytics.store.artifacts import Artifacts

EACH = 60


def groups(places, seed=0, spread=1.0):
    """Round groups of EACH points at the given places (k, d)."""
    places = np.asarray(places, float)
    random = np.random.default_rng(seed)
    return np.concatenate(
        [p + spread * random.normal(size=(EACH, places.shape[1])) for p in places]
    )


THREE = groups([[0, 0, 0], [30, 0, 0], [0, 30, 0]])
DATA = prepare(THREE, seed=0)
GOOD = THREE[:, :2]


def values(xy, data=DATA):
    return {name: s.value for name, s in compare(data, xy).values.items()}


def test_a_map_that_keeps_the_groups_is_steady_and_cohesive():
    found = values(GOOD)
    assert min(found.values()) > 0.75


def test_a_map_that_tears_a_group_loses_cohesiveness():
    torn = GOOD.copy()
    torn[: EACH // 2] += [-200, 0]
    before, after = values(GOOD), values(torn)
    assert after["cohesiveness"] < before["cohesiveness"] - 0.1
    assert after["steadiness"] > before["steadiness"] - 0.1


def test_a_map_that_lays_two_groups_on_each_other_loses_steadiness():
    merged = GOOD.copy()
    merged[EACH : 2 * EACH] = GOOD[:EACH][np.random.default_rng(1).permutation(EACH)] + 0.01
    before, after = values(GOOD), values(merged)
    assert after["steadiness"] < before["steadiness"] - 0.3
    assert after["steadiness"] < after["cohesiveness"]


def test_a_map_with_shuffled_rows_loses_both():
    found = values(GOOD[np.random.default_rng(0).permutation(len(GOOD))])
    assert max(found.values()) < 0.4


def test_the_f1_is_the_harmonic_mean_and_intervals_hold_the_values():
    card = score(THREE, GOOD, draws=40)
    s, c, f = (card.values[k] for k in ("steadiness", "cohesiveness", "reliability"))
    assert f.value == pytest.approx(2 * s.value * c.value / (s.value + c.value))
    for one in (s, c, f):
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert card.points["steadiness"].shape == (len(THREE),)
    seen = card.points["cohesiveness"][np.isfinite(card.points["cohesiveness"])]
    assert len(seen) and seen.min() >= -1e-6 and seen.max() <= 1 + 1e-6


def test_similarity_of_shared_neighbours_by_hand():
    # Four points on a line, k = 2: the neighbours are 1: (2, 3); 2: (1, 3); 3: (2, 4); 4: (3, 2).
    space = shared_neighbours(np.array([[0.0], [1.0], [2.1], [3.3]]))
    assert space.neighbours.tolist() == [[1, 2], [0, 2], [1, 3], [2, 1]]
    # Weights are 3 for the nearest and 2 for the next. 1 and 2 share 3: 2 * 2; 1 and 3 share 2:
    # 3 * 3; 1 and 4 share 2 and 3: 3 * 2 + 2 * 3; 3 and 4 share 2: 3 * 2; 2 and 4: 3: 2 * 3.
    products = np.array([[0, 4, 9, 12], [4, 0, 0, 6], [9, 0, 0, 6], [12, 6, 6, 0]])
    np.testing.assert_allclose(space.similarity, products / 12, rtol=1e-6)
    np.testing.assert_allclose(space.distance[0, 3], 1 / 1.1, rtol=1e-6)


def test_the_same_seed_gives_the_same_scores_and_another_one_nearly():
    one, two = (score(THREE, GOOD, draws=60, seed=3) for _ in range(2))
    assert one.values == two.values
    other = score(THREE, GOOD, draws=60, seed=4).values["reliability"].value
    assert other == pytest.approx(one.values["reliability"].value, abs=0.08)


def test_many_rows_are_sampled_and_it_says_so(monkeypatch):
    monkeypatch.setattr(reliability, "MOST_ROWS", 100)
    card = score(THREE, GOOD, draws=20)
    assert any("100 of 180 rows" in n for n in card.notes)
    assert np.isnan(card.points["steadiness"]).sum() >= 80


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**16), st.floats(0.1, 20), st.floats(-50, 50), st.booleans())
def test_size_place_and_mirror_of_the_map_do_not_matter(seed, size, shift, mirrored):
    xy = GOOD + 3 * np.random.default_rng(seed).normal(size=GOOD.shape)
    moved = (xy * [-1, 1] if mirrored else xy) * size + shift
    a, b = values(xy), values(moved)
    for name in a:
        assert a[name] == pytest.approx(b[name], abs=0.02)
        assert 0 <= a[name] <= 1


@pytest.mark.parametrize(
    ("X", "xy", "words"),
    [
        (THREE[:20], GOOD[:20], "at least 30 rows"),
        (THREE, GOOD[:50], "draw the map of these data again"),
        (THREE, np.full((len(THREE), 2), np.nan), "finite"),
        (np.full((40, 3), np.inf), GOOD[:40], "missing or infinite"),
    ],
)
def test_unusable_input_is_one_sentence(X, xy, words):
    with pytest.raises(BadInput) as caught:
        score(X, xy)
    assert words in str(caught.value)


def test_equal_rows_and_a_map_in_one_place_have_scores():
    for X, xy in ((np.ones((50, 3)), np.zeros((50, 2))), (THREE, np.zeros((len(THREE), 2)))):
        assert all(0 <= s.value <= 1 for s in score(X, xy, draws=20).values.values())


def test_by_request_it_is_stored(tmp_path):
    store = Artifacts(tmp_path)
    made = api.project("sample:iris", "pca", store=store)
    card = api.reliability(made, draws=20, store=store)
    assert store.has(card.digest) and card.parents == (made.parents[0], made.digest)
    assert set(card.values) == {"steadiness", "cohesiveness", "reliability"}
