"""Choosing descriptions: hand-checkable cases, against every possible choice, and its limits."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.explanation.select import LIMIT, PROVEN, SEARCHED, assign, search, solve

#                 a  b  ab all none
SMALL = np.array([[1, 0, 1, 1, 0],
                  [1, 0, 1, 1, 0],
                  [0, 1, 1, 1, 0],
                  [0, 0, 0, 1, 0]], bool)  # fmt: skip


def cost(matches, chosen, overlap=0.5, uncovered=1.0):
    count = matches[:, list(chosen)].sum(axis=1)
    return float(np.where(count == 0, uncovered, overlap * np.maximum(count - 1, 0)).sum())


def test_one_description_that_covers_all_beats_several():
    answer = search(SMALL, 3)
    assert answer.chosen == (3,) and answer.cost == 0 and answer.covered_once == 1
    assert answer.status == SEARCHED and answer.bound is None and answer.gap is None


def test_at_most_k_and_too_large_ones_left_out():
    answer = search(SMALL, 3, largest=0.75)
    assert answer.chosen == (2,) and answer.cost == 1 and answer.covered == 0.75
    assert solve(SMALL, 3, largest=0.75).chosen == (2,)


def test_pins_and_bans_hold():
    assert search(SMALL, 2, pinned=(0,)).chosen == (0, 1)
    assert solve(SMALL, 2, pinned=(0,)).chosen == (0, 1)
    assert search(SMALL, 2, pinned=(4,)).chosen == (3, 4)
    assert search(SMALL, 2, banned=(2, 3)).chosen == (0, 1)
    none = solve(SMALL, 2, banned=(0, 1, 2, 3))
    assert none.chosen == () and none.cost == 4 and none.status == PROVEN and none.gap == 0


def test_weights_count_a_text_several_times():
    weights = np.array([1.0, 1, 5, 1])
    assert search(SMALL, 1, weights=weights, banned=(2, 3)).chosen == (1,)
    repeated = np.repeat(SMALL, weights.astype(int), axis=0)
    assert search(repeated, 2).cost == search(SMALL, 2, weights=weights).cost


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 7), st.integers(1, 4), st.integers(0, 999),
    st.sampled_from([0.0, 0.3, 0.5, 2.0]),
)  # fmt: skip
def test_exact_is_the_best_of_all_choices_and_search_is_close(n, columns, k, seed, overlap):
    matches = np.random.default_rng(seed).random((n, columns)) < 0.4
    every = [c for size in range(k + 1) for c in combinations(range(columns), size)]
    best = min(cost(matches, c, overlap) for c in every)
    exact = solve(matches, k, overlap=overlap)
    assert exact.cost == pytest.approx(best, abs=1e-6) and exact.status == PROVEN
    assert exact.cost == pytest.approx(cost(matches, exact.chosen, overlap), abs=1e-6)
    found = search(matches, k, overlap=overlap)
    assert found.cost >= best - 1e-6 and len(found.chosen) <= k
    # No single addition, removal or exchange improves what was found.
    kept = set(found.chosen)
    for j in range(columns):
        for near in (kept - {j}, kept | {j}, *((kept - {i}) | {j} for i in kept)):
            if len(near) <= k:
                assert found.cost <= cost(matches, near, overlap) + 1e-6


def test_same_seed_same_answer_and_a_limit_is_told():
    matches = np.random.default_rng(0).random((400, 80)) < 0.15
    assert search(matches, 8, seed=3) == search(matches, 8, seed=3)
    answer = solve(matches, 8, seconds=0.5)
    assert answer.status == LIMIT and 0 < answer.bound < answer.cost and 0 < answer.gap < 1
    assert answer.cost <= search(matches, 8).cost


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, "at least 1"),
        ({"k": 1, "pinned": (0, 1)}, "2 descriptions are pinned"),
        ({"k": 1, "pinned": (9,)}, "does not exist"),
        ({"k": 1, "pinned": (1,), "banned": (1,)}, "both at once"),
        ({"k": 1, "weights": np.array([1, 1, np.nan, 1])}, "4 finite numbers"),
        ({"k": 1, "weights": np.zeros(4)}, "weight 0"),
        ({"k": 1, "overlap": -1.0}, "overlap weight"),
        ({"k": 1, "uncovered": 0.0}, "coverage weight"),
    ],
)
def test_bad_input_is_one_clear_sentence(options, words):
    with pytest.raises(BadInput, match=words):
        search(SMALL, **options)
    with pytest.raises(BadInput, match="at least one text"):
        search(np.zeros((0, 3), bool), 1)


def test_no_answer_is_unexplained_and_never_the_first_cluster():
    scores = np.array([[0.9, 0.2], [0.4, 0.3], [np.nan, np.nan], [np.nan, 0.7], [0.6, 0.6]])
    assert assign(scores).tolist() == [0, -1, -1, 1, 0]
    assert assign(scores, 0.95).tolist() == [-1] * 5
    assert assign(np.zeros((3, 0))).tolist() == [-1, -1, -1]
    with pytest.raises(BadInput):
        assign(np.zeros(3))
