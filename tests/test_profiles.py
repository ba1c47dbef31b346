"""Contrastive profiles: means and shares by hand, honest intervals, what is used said so."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.explanation.profiles import KEPT, interval, profiles


def test_means_shares_and_differences_by_hand():
    frame = pd.DataFrame(
        {
            "x": [1.0, 3.0, 10.0, 10.0],
            "colour": ["red", "red", "blue", "blue"],
            "note": [None, None, "seen", "seen"],
        }
    )
    labels = np.array([0, 0, 1, 1])
    found, notes = profiles(frame, labels, {"x"})
    by_name = {(c.name, c.kind, c.value): c for c in found[0]}
    x = by_name["x", "number", None]
    assert (x.inside, x.outside, x.medians) == (2.0, 10.0, (2.0, 10.0))
    assert x.difference == pytest.approx(-8 / np.std([1, 3, 10, 10]))
    assert x.used and x.interval is None
    colour = by_name["colour", "value", "red"]  # blue says the same and is left out
    assert (colour.inside, colour.outside, colour.difference) == (1, 0, pytest.approx(2))
    assert not colour.used and colour.interval[0] < 2 <= colour.interval[1]
    gap = by_name["note", "gap", None]
    assert (gap.inside, gap.outside) == (1, 0)
    assert len(by_name) == 3 and notes == []


def test_interval_of_one_comparison_is_fishers():
    # 50 inside, 50 outside, difference 1: r = 0.5, drawn in to 0.495; z +- 1.96 / sqrt(97).
    low, high = interval(1.0, 50, 50)
    z, half = np.arctanh(0.495), 1.959964 / np.sqrt(97)
    assert (low, high) == pytest.approx((2 * np.tanh(z - half), 2 * np.tanh(z + half)))
    assert interval(1.0, 50, 50, tests=20)[0] < low
    assert interval(0.3, 1, 2) is None


def test_on_noise_alone_no_other_column_claims_a_difference():
    rng = np.random.default_rng(0)
    claims = 0
    for _ in range(40):
        frame = pd.DataFrame(rng.normal(size=(100, 6)), columns=list("abcdef"))
        found, _ = profiles(frame, rng.integers(0, 3, 100), {"a"})
        intervals = [c.interval for group in found.values() for c in group if c.interval]
        claims += any(not low <= 0 <= high for low, high in intervals)
    assert claims <= 6  # 5 % of 40 tables are 2; more than 6 happens once in 300


def test_extreme_values_gaps_and_constants():
    frame = pd.DataFrame(
        {"big": [1e300, -1e300, np.nan, 1e299], "same": [1, 1, 1, 1], "gone": [np.nan] * 4}
    )
    found, _ = profiles(frame, np.array([0, 0, 1, -1]), set())
    assert {(c.name, c.kind) for c in found[0]} == {("big", "number"), ("big", "gap")}
    assert all(np.isfinite(c.difference) for c in found[0])
    assert {c.kind for c in found[1]} == {"gap"}  # its only value is missing


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.sampled_from(["a", "b", None]), st.integers(-1, 2)),
        min_size=2,
        max_size=40,
    )
)
def test_every_number_can_be_counted_again(rows):
    frame = pd.DataFrame(rows, columns=["x", "c", "label"])
    labels = frame.pop("label").to_numpy()
    found, _ = profiles(frame, labels, {"c"})
    for label, contrasts in found.items():
        inside = frame[labels == label]
        assert len(contrasts) <= 2 * KEPT
        sizes = [abs(c.difference) for c in contrasts]
        assert all(a >= b - 1e-8 for a, b in itertools.pairwise(sizes))
        for c in contrasts:
            if c.kind == "number":
                assert c.inside == pytest.approx(inside["x"].mean(), rel=1e-9, abs=1e-6)
                assert c.interval is None or c.interval[0] <= c.difference <= c.interval[1]
            elif c.kind == "value":
                assert c.inside == pytest.approx((inside["c"].dropna() == c.value).mean())
