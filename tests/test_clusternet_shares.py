"""From shares of people to groups and scores: cases one can check by hand, and properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from analytics.errors import BadInput
from analytics.perception import match
from analytics.perception.shares import (
    agreement_of,
    between,
    expected_ari,
    expected_two,
    groups_of,
    kappa,
    numbered,
)
from analytics.results import Grouping, ScoreCard

PEOPLE = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 0, 0]])


def shares_of(people: np.ndarray) -> np.ndarray:
    """The share of people who put two points into one group."""
    same = (people[:, :, None] == people[:, None, :]) & (people[:, :, None] >= 0)
    shares = same.mean(axis=0)
    np.fill_diagonal(shares, 1.0)
    return shares


SHARES = shares_of(PEOPLE)


def grouping(shares: np.ndarray) -> Grouping:
    m = len(shares)
    labels = groups_of(shares)
    return Grouping(labels=labels, shares=shares.astype(np.float32), sample=np.arange(m), points=m)


def test_groups_join_while_more_than_half_would():
    assert groups_of(SHARES).tolist() == [0, 0, 0, 1, 1, 1]
    assert groups_of(np.full((4, 4), 0.4) + 0.6 * np.eye(4)).tolist() == [0, 1, 2, 3]
    assert groups_of(np.full((4, 4), 0.6)).tolist() == [0, 0, 0, 0]
    assert groups_of(np.ones((1, 1))).tolist() == [0]


def test_groups_are_numbered_by_size_then_first_member():
    assert numbered(np.array([7, 3, 3, -1, 7, 5, 5])).tolist() == [0, 1, 1, -1, 0, 2, 2]
    assert numbered(np.array([4, 9, 9])).tolist() == [1, 0, 0]
    assert numbered(np.array([-1, -1])).tolist() == [-1, -1]


def test_agreement_is_certain_at_0_and_1_and_none_at_half():
    assert agreement_of(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])).tolist() == [1, 1, 1]
    assert agreement_of(np.full((3, 3), 0.5)).tolist() == [0, 0, 0]
    # Point 0 with 1: |2 * 1 - 1| = 1; with 2: 0.5; with the others: 0.5.
    assert agreement_of(SHARES)[0] == pytest.approx((1 + 0.5 + 0.5 + 0.5 + 0.5) / 5)


def test_with_one_person_the_expected_ari_is_the_ari():
    person, other = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 1, 1, 2, 2])
    expected = adjusted_rand_score(person, other)
    assert expected_ari(shares_of(person[None]), other) == pytest.approx(expected)
    assert expected_two(shares_of(person[None])) == pytest.approx(1)


def test_the_best_answer_beats_the_others():
    best = expected_ari(SHARES, np.array([0, 0, 0, 1, 1, 1]))
    assert best > expected_ari(SHARES, np.array([0, 0, 1, 1, 2, 2]))
    assert expected_ari(SHARES, np.zeros(6, int)) == pytest.approx(0)
    assert expected_ari(SHARES, np.array([-1] * 6)) == pytest.approx(0)
    assert expected_ari(np.ones((4, 4)), np.zeros(4, int)) == 1


def test_kappa_is_one_for_the_majority_and_nought_by_chance():
    majority = np.array([0, 0, 0, 1, 1, 1])
    assert kappa(SHARES, majority) == pytest.approx(1)
    assert kappa(SHARES, np.zeros(6, int)) == pytest.approx(0)
    assert 0 < kappa(SHARES, np.array([0, 0, 1, 1, 2, 2])) < 1
    assert kappa(np.ones((3, 3)), np.zeros(3, int)) == 1


def test_kappa_by_hand():
    """Three points: 0-1 joined by 3 of 4 people, 0-2 and 1-2 by 1 of 4. A rater who joins none:
    observed (1/4 + 3/4 + 3/4) / 3, chance 1 - 5/12, best (3/4) * 3 / 3."""
    shares = np.array([[1, 0.75, 0.25], [0.75, 1, 0.25], [0.25, 0.25, 1]])
    observed, chance, best = 1.75 / 3, 7 / 12, 0.75
    value = kappa(shares, np.array([0, 1, 2]))
    assert value == pytest.approx((observed - chance) / (best - chance))


def test_means_across_groups():
    names, means = between(SHARES, np.array([4, 4, 4, 9, 9, -1]))
    assert names.tolist() == [4, 9]
    assert means[0, 0] == pytest.approx((1 + 0.75 + 0.75) / 3)
    assert means[0, 1] == pytest.approx((4 * 0.25 + 0.5 + 0.25) / 6)
    assert between(SHARES, np.array([0, 1, 1, 1, 1, 1]))[1][0, 0] == 1


@given(st.integers(1, 5), st.integers(2, 12), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_scores_do_not_depend_on_names_or_order(people, points, seed):
    rng = np.random.default_rng(seed)
    shares = shares_of(rng.integers(0, 3, (people, points)))
    groups = rng.integers(0, 3, points)
    order = rng.permutation(points)
    turned = shares[np.ix_(order, order)]
    for score in (expected_ari, kappa):
        value = score(shares, groups)
        assert value <= 1 + 1e-9
        assert score(turned, groups[order]) == pytest.approx(value)
        assert score(shares, 7 - groups) == pytest.approx(value)
    assert expected_two(turned) == pytest.approx(expected_two(shares))
    apart = shares + rng.random(shares.shape) * 1e-6  # without ties, which the order decides
    apart = np.where(np.eye(points) == 1, 1.0, (apart + apart.T) / 2)
    one, two = groups_of(apart)[order], groups_of(apart[np.ix_(order, order)])
    assert adjusted_rand_score(one, two) == pytest.approx(1)


def test_each_cluster_says_what_people_would_make_of_it():
    plot = grouping(SHARES)
    own = match.seen(plot, np.array([0, 0, 0, 1, 1, 1]))
    assert [s.merged for s in own] == [(), ()] and [s.parts for s in own] == [1, 1]
    halves = match.seen(plot, np.array([0, 0, 1, 2, 2, 2]))
    assert halves[0].merged == (1,) and halves[1].merged == (0,)
    assert match.sentence(halves[0]) == "People would see cluster 1 and cluster 2 as one."
    assert match.sentence(halves[0], {0: "Reds"}) == "People would see Reds and cluster 2 as one."
    whole = match.seen(plot, np.zeros(6, int))[0]
    assert (
        whole.parts == 2 and match.sentence(whole) == "People would split cluster 1 into 2 groups."
    )
    assert whole.alone == pytest.approx(1) and whole.size == 6
    assert own[0].kept == pytest.approx((1 + 0.75 + 0.75) / 3)


def test_sure_people_make_clusters_visible():
    plot = grouping(shares_of(np.array([[0, 0, 0, 1, 1, 1]] * 3)))
    found = match.seen(plot, np.array([0, 0, 0, 1, 1, 1]))
    assert [s.visible for s in found] == [1, 1]
    assert match.sentence(found[1]) == "People would see cluster 2 as a group of its own."
    split = match.seen(plot, np.array([0, 0, 1, 2, 2, 2]))
    assert split[1].visible < split[2].visible


def test_the_card_holds_every_score_with_its_words():
    card = match.score(grouping(SHARES), np.array([0, 0, 0, 2, 2, -1]))
    assert isinstance(card, ScoreCard)
    assert set(card.values) == {"match", "match_ami", "two_people", "kappa"}
    assert all(s.help and s.label for s in card.values.values())
    assert np.isnan(card.groups["visible"][1]) and card.groups["visible"][0] > 0.5
    assert card.tables["together"].shape == (3, 3)
    plot, labels = grouping(SHARES), np.array([0, 0, 1, 2, 2, 2])
    assert match.seen_of(match.score(plot, labels)) == match.seen(plot, labels)


def test_points_that_disagree_are_those_off_the_best_match():
    groups = np.array([0, 0, 0, 1, 1, -1, -1])
    labels = np.array([5, 5, 2, 2, 2, -1, 5])
    assert match.disagreeing(groups, labels).tolist() == [
        False,
        False,
        True,
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros(5, int), "5 labels, but the picture has 6 points"),
        (np.zeros(6), "one whole number per point"),
        (np.array([0, 0, 0, 0, 0, -2]), "below -1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, words):
    with pytest.raises(BadInput, match=words):
        match.score(grouping(SHARES), labels)


def test_three_ticks_take_the_smaller_of_separation_and_stability():
    plot, labels = grouping(SHARES), np.array([0, 0, 0, 1, 1, 1])
    validity = ScoreCard(groups={"silhouette": np.array([0.4, -0.2])})
    stability = ScoreCard(groups={"stability": np.array([0.9, np.nan])})
    card = match.score(plot, labels)
    rows = match.ticks(card, validity, stability)
    assert [r["real"] for r in rows] == [0.4, 0.0]
    assert rows[1]["stability"] is None and rows[0]["explainable"] is None
    assert match.ticks(card)[0]["real"] is None
