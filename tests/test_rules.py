"""Clusters as rules: planted rules found, every count counted again, hostile tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.explanation.leaves import Bound
from analytics.explanation.rules import Rules, explain, matches
from analytics.explanation.shortening import _merged, _pruned


def planted(n=400, seed=0):
    """Three groups by two columns: red, else small or large size; 'other' says nothing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.integers(0, 100, n).astype(float),
            "colour": rng.choice(["red", "blue", "green"], n),
            "other": rng.normal(size=n),
        }
    )
    labels = np.where(frame["colour"] == "red", 0, np.where(frame["size"] <= 40, 1, 2))
    return frame, labels


def sentences(answer: Rules) -> list[list[str]]:
    return [[rule.sentence for rule in cluster.rules] for cluster in answer.clusters]


def holds(condition, value) -> bool:
    """A condition as a reader would check it."""
    if condition.kind in ("missing", "given"):
        return pd.isna(value) == (condition.kind == "missing")
    if pd.isna(value):
        return False
    return {
        "at most": lambda: value <= condition.value,
        "more than": lambda: value > condition.value,
        "is": lambda: str(value) == condition.value,
        "is not": lambda: str(value) != condition.value,
    }[condition.kind]()


def test_planted_rules_are_found_in_words():
    answer = explain(*planted())
    assert sentences(answer) == [
        ["colour is red"],
        ["size is at most 40, and colour is not red"],
        ["size is more than 40, and colour is not red"],
    ]
    for cluster in answer.clusters:
        assert (cluster.fitted.precision, cluster.fitted.recall) == (1, 1)
        assert cluster.held_out.f1 > 0.97 and cluster.note == ""


def test_counts_by_hand():
    # x <= 3 holds for 4 rows of the cluster and nothing else; one member (x = 9) is missed.
    frame = pd.DataFrame({"x": [1, 1, 2, 2, 9, 9, 9, 9, 9, 8]})
    first = explain(frame, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])).clusters[0]
    (rule,) = first.rules
    assert rule.sentence == "x is at most 5"
    fitted = rule.fitted
    assert (fitted.support, fitted.hits, fitted.precision, fitted.recall) == (4, 4, 1, 0.8)
    assert fitted.lift == 2


def test_bounds_of_a_column_are_merged_and_rounded():
    x = np.arange(201)
    inside = ((x > 33) & (x <= 66)).astype(int)
    (rule,) = explain(pd.DataFrame({"x": x}), inside).clusters[1].rules
    assert rule.sentence == "x is more than 33 and at most 66"
    assert rule.fitted.precision == rule.fitted.recall == 1


def test_the_tighter_bound_stays():
    path = (Bound(0, True, 9), Bound(0, False, 1), Bound(0, True, 5), Bound(0, False, 3))
    assert _merged(path) == (Bound(0, False, 3), Bound(0, True, 5))


def test_a_condition_that_costs_little_is_dropped_and_no_other():
    member = np.repeat([True, False], 500)
    most, half = np.arange(1000) < 504, np.arange(1000) % 2 == 0  # 99.2 % precise; says nothing
    masks = {"exact": member, "most": most, "half": half}

    def hold(names):
        return np.all([masks[name] for name in names], axis=0)

    assert _pruned(("half", "most"), hold, member) == ("most",)
    assert _pruned(("exact", "most"), hold, member) in (("exact",), ("most",))
    masks["most"] = np.arange(1000) < 510  # dropping "exact" would cost 2 %
    assert _pruned(("exact", "most"), hold, member) == ("exact",)


def test_without_a_precise_leaf_the_best_one_is_told_and_said_so():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=2000)
    labels = (rng.random(2000) < np.where(x > 0.7, 0.5, 0.02)).astype(int)
    small = explain(pd.DataFrame({"x": x}), labels).clusters[1]
    (rule,) = small.rules
    assert rule.sentence.startswith("x is more than 0.") and "80 %" in small.note
    assert 0.4 < rule.fitted.precision < 0.6 and small.held_out.f1 > 0.4


def test_a_cluster_of_nearly_all_rows_is_told_by_what_sets_the_others_apart():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.uniform(size=(1000, 2)), columns=["x", "y"])
    small = np.arange(1000) < 20
    frame.loc[small, "x"] += 5
    (rule,) = explain(frame, small.astype(int)).clusters[0].rules
    assert rule.sentence == "x is at most 3" and rule.fitted.precision == 1


def test_on_noise_alone_only_the_rows_used_flatter():
    rng = np.random.default_rng(1)
    frame, labels = pd.DataFrame(rng.normal(size=(60, 8))), rng.integers(0, 2, 60)
    for cluster in explain(frame, labels).clusters:
        assert cluster.fitted.f1 > cluster.held_out.f1 + 0.1
        assert cluster.held_out.f1 < cluster.held_out.f1_of_all


def test_large_neighbouring_numbers_are_told_apart():
    frame = pd.DataFrame({"id": 1e12 + np.arange(100.0)})
    (rule,) = explain(frame, (np.arange(100) >= 50).astype(int)).clusters[1].rules
    assert (rule.fitted.precision, rule.fitted.recall) == (1, 1)
    assert matches(rule, frame).tolist() == [False] * 50 + [True] * 50


def test_missing_values_fulfil_only_is_missing():
    x = np.where(np.arange(60) % 2 == 0, np.nan, np.arange(60.0))
    frame = pd.DataFrame({"x": x, "c": [None if i % 2 else "a" for i in range(60)]})
    answer = explain(frame, np.arange(60) % 2)
    even, odd = (cluster.rules[0] for cluster in answer.clusters)
    assert {even.conditions[0].kind, odd.conditions[0].kind} == {"missing", "given"}
    assert even.fitted.precision == odd.fitted.recall == 1


def test_infinite_is_missing_and_a_constant_column_is_silent():
    frame = pd.DataFrame({"k": [7] * 20, "x": [np.inf, -np.inf] * 5 + [1.0] * 10})
    answer = explain(frame, np.repeat([0, 1], 10))
    assert sentences(answer) == [["x is missing"], ["x is given"]]


@pytest.mark.parametrize(
    ("labels", "note"),
    [([0] * 6, "nothing beside"), ([0, 1, 1, 1, 1, 1], "One row alone")],
)
def test_a_cluster_that_cannot_be_told_says_why(labels, note):
    first = explain(pd.DataFrame({"x": range(6)}), np.array(labels)).clusters[0]
    assert first.rules == () and first.held_out is None and note in first.note


def test_noise_is_the_rest_and_only_noise_has_no_cluster():
    frame = pd.DataFrame({"x": range(20)})
    labels = np.where(np.arange(20) < 10, 0, -1)
    assert sentences(explain(frame, labels)) == [["x is at most 9"]]
    assert explain(frame, np.full(20, -1)).clusters == ()


def test_no_column_to_speak_of():
    for frame in (pd.DataFrame({"k": [1] * 8}), pd.DataFrame(index=range(8))):
        answer = explain(frame, np.repeat([0, 1], 4))
        assert all(c.rules == () and "No column" in c.note for c in answer.clusters)


def test_same_and_hostile_names_stay_apart_and_on_one_line():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)))
    labels = (frame[1] > 0).astype(int).to_numpy()
    frame.columns = ["x", "x", "<img src=x onerror=alert(1)>\n# y"]
    (rule,) = explain(frame, labels).clusters[1].rules
    assert [c.column for c in rule.conditions] == [1] and rule.sentence.startswith("x (2) is more")


def test_texts_that_are_no_valid_unicode():
    labels = np.arange(40) % 2
    cells = pd.Series(["<b>\ud800\n" if label else "b" for label in labels], dtype=object)
    frame = pd.DataFrame([[cell] for cell in cells], dtype=object)
    frame.columns = pd.Index(["\ud800\n"], dtype=object)
    (rule,) = explain(frame, labels).clusters[1].rules
    assert "\n" not in rule.sentence and rule.sentence.encode() and rule.fitted.precision == 1
    assert matches(rule, frame).tolist() == (labels == 1).tolist()


def test_mixed_objects_booleans_and_dates():
    n = 40
    frame = pd.DataFrame(
        {
            "any": [1, "1", None, (2,)] * 10,
            "flag": np.arange(n) < 20,
            "day": pd.date_range("2020-01-01", periods=n),
        }
    )
    answer = explain(frame, np.repeat([0, 1], 20))
    assert sentences(answer)[0] in (["flag is True"], ["flag is not False"])
    assert any("Dates" in note for note in answer.notes)


def test_a_large_table_is_sampled_by_cluster_share():
    frame, labels = planted(3000)
    labels = np.where(np.arange(3000) == 5, 3, labels)
    answer = explain(frame, labels, most_rows=500)
    assert abs(answer.rows - 500) <= 4 and answer.total_rows == 3000
    assert [c.label for c in answer.clusters] == [0, 1, 2, 3]
    assert "of 3,000 rows" in answer.notes[-1]
    assert answer == explain(frame, labels, most_rows=500)


def test_of_a_wide_table_the_telling_column_is_tried():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 600)))
    frame[3] = np.nan
    labels = (frame[570] > 0).astype(int).to_numpy()
    for cluster in explain(frame, labels).clusters:
        assert [c.column for c in cluster.rules[0].conditions] == [570]
        assert cluster.held_out.f1 > 0.95


@pytest.mark.parametrize(
    ("labels", "said"),
    [([0, 1], "3 rows"), ([0.0, 1.0, 2.0], "whole number"), ([0, 0, -2], "below -1")],
)
def test_labels_that_do_not_fit_are_refused(labels, said):
    with pytest.raises(BadInput, match=said):
        explain(pd.DataFrame({"x": [1, 2, 3]}), labels)


def test_an_empty_table_is_refused():
    with pytest.raises(BadInput, match="no rows"):
        explain(pd.DataFrame({"x": []}), np.zeros(0, int))


cells = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(width=64))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(2, 40), seed=st.integers(0, 5))
def test_every_count_agrees_and_equal_runs_agree(data, n, seed):
    numbers = st.lists(cells, min_size=n, max_size=n)
    words = st.lists(st.sampled_from(["a", "b", "", None]), min_size=n, max_size=n)
    few = st.integers(0, 4).map(float)
    frame = pd.DataFrame(
        {
            "x": pd.array(data.draw(numbers), dtype="float64"),
            "y": data.draw(st.lists(few, min_size=n, max_size=n)),
            "c": pd.array(data.draw(words), dtype=object),
        }
    )
    labels = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n)))
    answer = explain(frame, labels, seed=seed)
    plain = frame.replace([np.inf, -np.inf], np.nan)
    for cluster in answer.clusters:
        member, union = labels == cluster.label, np.zeros(n, bool)
        for rule in cluster.rules:
            mask = np.array(
                [all(holds(c, plain.iloc[i, c.column]) for c in rule.conditions) for i in range(n)]
            )
            assert (mask == matches(rule, frame)).all()
            counts = rule.fitted
            assert (counts.support, counts.hits) == (mask.sum(), (mask & member).sum())
            assert counts.precision == counts.hits / counts.support
            least = max(0.8, (1 + member.mean()) / 2)
            assert counts.precision >= least or (
                len(cluster.rules) == 1 and "less than" in cluster.note
            )
            assert counts.recall == counts.hits / member.sum()
            union |= mask
        assert cluster.fitted.recall == (union & member).sum() / member.sum()
        for quality in filter(None, (cluster.fitted, cluster.held_out)):
            assert quality.precision is None or 0 <= quality.precision <= 1
            assert 0 <= quality.recall <= 1 and 0 <= quality.f1 <= 1
        if cluster.held_out is not None:
            wrong = cluster.held_out.support - cluster.held_out.hits
            assert sum(rows for _, rows in cluster.confused) == wrong
    assert answer == explain(frame, labels, seed=seed)
