"""Faithfulness scores: hand cases, scikit-learn's trustworthiness, sampling, degenerate maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.projection import faithfulness
from analytics.projection.faithfulness import score

RANDOM = np.random.default_rng(0)


def values(card):
    return {name: s.value for name, s in card.values.items()}


def test_a_line_of_four_points_by_hand():
    # Data at 0, 1, 3, 7; the map swaps the last two: 3 is drawn at 7 and 7 at 3. With k = 1 and
    # N = 4 the weight is 2 / (4 * 1 * (8 - 3 - 1)) = 1/8 for each rank beyond k.
    X = np.array([[0.0], [1], [3], [7]])
    xy = np.array([[0.0, 0], [1, 0], [7, 0], [3, 0]])
    found = values(score(X, xy, k=1))
    # Nearest on the map and its rank in the data: 0 has 1 (1), 1 has 0 (1), 3 has 7 (3),
    # 7 has 1 (2): 0 + 0 + 2 + 1 ranks too far.
    assert found["trustworthiness"] == pytest.approx(1 - 3 / 8)
    # Nearest in the data and its rank on the map: 0 has 1 (1), 1 has 0 (1), 3 has 1 (2),
    # 7 has 3 (3; from 3 the map shows 1 at 2, 0 at 3, 7 at 4): 0 + 0 + 1 + 2.
    assert found["continuity"] == pytest.approx(1 - 3 / 8)


@pytest.mark.parametrize("n", [7, 40, 300])
@pytest.mark.parametrize("k", [1, 3, 15])
def test_trustworthiness_is_that_of_scikit_learn(n, k):
    from sklearn.manifold import trustworthiness

    random = np.random.default_rng(n)
    X = random.normal(size=(n, 6))
    xy = X[:, :2] + 0.3 * random.normal(size=(n, 2))
    used = min(k, (n - 1) // 2)
    found = values(score(X, xy, k=k))
    assert found["trustworthiness"] == pytest.approx(
        trustworthiness(X, xy, n_neighbors=used), abs=1e-6
    )
    assert found["continuity"] == pytest.approx(trustworthiness(xy, X, n_neighbors=used), abs=1e-6)


def test_stress_and_correlation_by_a_slow_reference():
    from scipy.optimize import minimize_scalar
    from scipy.spatial.distance import pdist, squareform
    from scipy.stats import spearmanr

    X = RANDOM.normal(size=(50, 4))
    xy = X[:, :2] * [1, 3]
    a, b = pdist(X), pdist(xy)
    best = minimize_scalar(lambda s: np.sum((s * b - a) ** 2)).x
    rest = (best * b - a) ** 2
    card = score(X, xy)
    assert values(card)["stress"] == pytest.approx(np.sqrt(rest.sum() / np.sum(a**2)), abs=1e-6)
    assert values(card)["distance_correlation"] == pytest.approx(spearmanr(a, b)[0], abs=1e-9)
    share = squareform(rest).sum(axis=1) / (2 * rest.sum())
    assert np.allclose(card.points["stress_share"], share, atol=1e-6)
    da, db = squareform(a), squareform(b)
    own = [spearmanr(np.delete(da[i], i), np.delete(db[i], i))[0] for i in range(50)]
    assert np.allclose(card.points["distance_correlation"], own, atol=1e-6)


def test_a_perfect_map_at_any_scale_and_turn():
    X = RANDOM.normal(size=(60, 2)).astype(np.float32)
    for factor in (1.0, 1e-30, 1e30):
        card = score(X * np.float32(factor), X[:, ::-1] * [2, -2])
        found = values(card)
        assert found["trustworthiness"] == found["continuity"] == 1
        assert found["stress"] < 1e-3
        assert found["distance_correlation"] > 0.99999
        assert np.isfinite(card.points["stress_share"]).all()


def test_intervals_hold_the_value_and_shrink_with_rows():
    wide = {}
    for n in (60, 960):
        X = np.random.default_rng(n).normal(size=(n, 5))
        for name, s in score(X, X[:, :2]).values.items():
            assert s.low <= s.value <= s.high
            assert s.label
            assert s.help.endswith(".")
            wide.setdefault(name, []).append(s.high - s.low)
    assert all(few > 2 * many for few, many in wide.values())


def test_interval_covers_the_value_of_the_population():
    # 95 % intervals from 12 samples of 100 rows should nearly all hold the value of all rows.
    X = np.random.default_rng(5).normal(size=(1200, 3)) * [3, 2, 1]
    truth = score(X, X[:, :2]).values
    held = dict.fromkeys(("stress", "distance_correlation"), 0)
    for sample in np.split(X, 12):
        found = score(sample, sample[:, :2]).values
        for name in held:
            held[name] += found[name].low <= truth[name].value <= found[name].high
    assert min(held.values()) >= 10


def test_nothing_to_compare():
    for n in (0, 1, 2):
        card = score(np.arange(2.0 * n).reshape(n, 2), np.zeros((n, 2)))
        assert set(values(card).values()) == {None}
        assert all(len(p) == n for p in card.points.values())
        assert any("Fewer than three rows" in note for note in card.notes)
    card = score(np.ones((9, 2)), RANDOM.normal(size=(9, 2)))
    assert set(values(card).values()) == {None}
    assert any("All rows are equal" in note for note in card.notes)
    assert set(values(score(np.ones((9, 0)), np.ones((9, 2)))).values()) == {None}


def test_a_map_in_one_place_and_three_rows():
    card = score(RANDOM.normal(size=(40, 3)), np.zeros((40, 2)))
    assert values(card)["stress"] == 1
    assert values(card)["distance_correlation"] is None
    assert np.isnan(card.points["distance_correlation"]).all()
    assert 0.2 < values(card)["trustworthiness"] < 0.8
    assert values(score([[0, 0], [1, 0], [5, 0]], [[0, 0], [1, 0], [5, 0]]))["continuity"] == 1


def test_equal_rows_are_not_ranked_by_their_order_in_the_file():
    # Two groups, each drawn in one place of the map and sorted in the file: within a place the
    # neighbours are arbitrary, so only the groups can be trusted.
    X = RANDOM.normal(size=(200, 4))
    X[:, 0] += np.repeat([0, 50], 100)
    card = score(X, np.repeat([[0.0, 0], [1, 0]], 100, axis=0))
    walk = np.cumsum(RANDOM.normal(size=(200, 4)), axis=0)
    assert values(card)["trustworthiness"] < 0.85
    assert values(score(walk, np.zeros((200, 2))))["trustworthiness"] < 0.6


def test_hostile_input():
    with pytest.raises(BadInput, match="3 rows"):
        score(np.ones((4, 2)), np.ones((3, 2)))
    with pytest.raises(BadInput, match="missing or infinite"):
        score(np.ones((4, 2)), np.full((4, 2), np.nan))


def test_large_data_are_sampled_and_say_so(monkeypatch):
    X = RANDOM.normal(size=(900, 4)) * [4, 3, 1, 1]
    xy = X[:, :2]
    exact = score(X, xy)
    for name, value in (("EXACT", 600), ("SQUARE", 400), ("LANDMARKS", (200, 300, 1e6))):
        monkeypatch.setattr(faithfulness, name, value)
    seen = []
    sampled = score(X, xy, seed=1, progress=lambda fraction, words: seen.append(fraction))
    assert seen == sorted(seen)
    assert any("500 of 900 rows" in n and "all pairs of 400 rows" in n for n in sampled.notes)
    assert any(
        "against 300 random rows, so its 15 nearest stand for about 45" in n for n in sampled.notes
    )
    assert all(p.shape == (900,) and p.dtype == np.float32 for p in sampled.points.values())
    assert sampled.points["stress_share"].sum() == pytest.approx(1, abs=1e-4)
    again = score(X, xy, seed=1)
    assert all(np.array_equal(p, again.points[name]) for name, p in sampled.points.items())
    for name, value in values(exact).items():
        assert values(sampled)[name] == pytest.approx(value, abs=0.04)
    # Rows measured against landmarks are ordered much like rows measured against all.
    for name in ("trustworthiness", "stress_share", "distance_correlation"):
        assert np.corrcoef(sampled.points[name], exact.points[name])[0, 1] > 0.6


def test_very_large_data_are_looked_at_in_part_and_say_so(monkeypatch):
    X = RANDOM.normal(size=(900, 4)) * [4, 3, 1, 1]
    xy = X[:, :2]
    exact = score(X, xy)
    monkeypatch.setattr(faithfulness, "MOST", 600)
    part = score(X, xy, seed=1)
    assert "Measured on 600 of 900 rows" in part.notes[0] and "about 22 rows" in part.notes[0]
    for points in part.points.values():
        assert points.shape == (900,) and np.isfinite(points).sum() == 600
    known = np.isfinite(part.points["stress_share"])
    assert part.points["stress_share"][known].sum() == pytest.approx(1, abs=1e-4)
    for name, value in values(exact).items():
        assert values(part)[name] == pytest.approx(value, abs=0.04)
    with pytest.raises(BadInput, match="missing or infinite"):
        score(np.where(known[:, None], X, np.nan), xy)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 25), st.integers(1, 5), st.integers(0, 2**16), st.booleans())
def test_every_score_stays_in_its_range(n, d, seed, coarse):
    random = np.random.default_rng(seed)
    X, xy = random.normal(size=(n, d)), random.normal(size=(n, 2))
    if coarse:  # many equal rows and distances
        X, xy = X.round(), xy.round()
    card = score(X, xy)
    ranges = {"distance_correlation": (-1, 1)}
    for name, s in card.values.items():
        low, high = ranges.get(name, (0, 1))
        assert s.value is None or low <= s.value <= high
    for name, p in card.points.items():
        low, high = ranges.get(name, (0, 1))
        known = p[~np.isnan(p)]
        assert ((known >= low - 1e-6) & (known <= high + 1e-6)).all()
