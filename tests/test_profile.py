"""The profile: exact facts on small tables, every problem found, nothing said that is not so."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics.data import facts, types
from analytics.data.profile import CODES, profile


def of(frame):
    frame, kinds, vectors, _ = types.infer(frame)
    result = profile(frame, kinds, vectors)
    json.dumps(result, allow_nan=False)
    return result


def problems(frame):
    return {p["code"]: p for p in of(frame)["problems"]}


def test_facts_of_a_number():
    one = of(pd.DataFrame({"a": [1.0, 2.0, 2.0, 5.0, np.nan, np.inf]}))["by_column"]["a"]
    assert (one["missing"], one["infinite"], one["distinct"]) == (1, 1, 4)
    assert (one["min"], one["max"], one["mean"], one["median"]) == (1, 5, 2.5, 2)
    assert one["std"] == pytest.approx(1.5)
    assert one["top"][0] == [2, 2]
    assert one["histogram"]["edges"][0] == 1 and one["histogram"]["edges"][-1] == 5
    assert sum(one["histogram"]["counts"]) == 4


def test_facts_of_words_and_dates():
    columns = of(
        pd.DataFrame({"c": ["b", "a", "b", None], "d": pd.to_datetime(["2024-01-02"] * 4)})
    )["by_column"]
    assert columns["c"]["top"] == [["b", 2], ["a", 1]] and columns["c"]["distinct"] == 2
    assert columns["d"]["min"] == "2024-01-02T00:00:00" and columns["d"]["mean"] is None


def test_large_integers_and_limits():
    columns = of(
        pd.DataFrame(
            {"i": [2**53, 2**53 + 1, 2**62], "f": [-1.7e308, 1.7e308, 0.0], "t": [5e-324] * 3}
        )
    )["by_column"]
    assert columns["i"]["distinct"] == 3 and columns["i"]["max"] == 2**62
    assert columns["f"]["mean"] == 0 and columns["f"]["median"] == 0
    assert columns["f"]["std"] == pytest.approx(1.7e308 * np.sqrt(2 / 3))
    assert sum(columns["f"]["histogram"]["counts"]) == 3
    assert columns["t"]["std"] == 0


def test_a_clean_table_has_no_problem():
    rng = np.random.default_rng(0)
    assert of(pd.DataFrame(rng.normal(size=(50, 3)), columns=["a", "b", "c"]))["problems"] == []


def test_every_problem_is_found():
    n = 60
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    frame["copy"] = frame["a"]
    frame["same"] = 3
    frame["void"] = pd.array([None] * n, dtype="str")
    frame["big"] = rng.normal(size=n)
    frame.loc[5, "big"] = 1e300
    frame.loc[6, "b"] = np.inf
    frame.loc[7, "b"] = np.nan
    frame["mix"] = ["red", "7"] * (n // 2)
    frame["huge"] = [f"v{i // 2}" if i < 4 else f"v{i}" for i in range(n)]
    frame["day"] = pd.date_range("2024-01-01", periods=n)
    frame["nr"] = range(n)
    for j in range(16):
        frame[f"e{j}"] = rng.normal(size=n)
    frame.loc[21, frame.columns.drop("nr")] = frame.loc[20, frame.columns.drop("nr")]
    found = problems(frame)
    assert set(found) == set(CODES) - {
        "one_row", "one_column", "more_columns_than_rows", "all_missing", "all_constant"
    }  # fmt: skip
    assert found["infinite"]["rows"] == [6] and found["missing"]["rows"] == [7]
    assert found["extreme"]["columns"] == ["big"] and found["extreme"]["rows"] == [5]
    assert found["duplicate_columns"]["columns"] == ["copy"]
    assert found["duplicate_rows"]["rows"] == [21]
    assert found["constant"]["columns"] == ["same"] and found["empty_columns"]["columns"] == [
        "void"
    ]
    assert found["mixed_types"]["columns"] == ["mix"] and found["identifiers"]["columns"] == ["nr"]
    assert found["vector"]["count"] == 16


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), "one_row"),
        (pd.DataFrame({"a": [1.0, 2.0]}), "one_column"),
        (pd.DataFrame({"a": [None, None], "b": [None, None]}), "all_missing"),
        (pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}), "all_constant"),
        (pd.DataFrame(np.eye(3, 5) + 0.5, columns=list("abcde")), "more_columns_than_rows"),
        (pd.DataFrame({"a": []}), "one_row"),
        (pd.DataFrame({"a": 1.7e9 + np.arange(20) / 10, "b": range(20)}), "extreme"),
    ],
)
def test_small_and_odd_tables(frame, code):
    assert code in problems(frame)


def test_equal_rows_ignore_identifiers_and_types():
    frame = pd.DataFrame({"id": [f"k{i}" for i in range(12)], "v": [1.0] * 11 + [2.0]})
    assert problems(frame)["duplicate_rows"]["count"] == 10
    mixed = pd.DataFrame({"a": [0.0, -0.0, 1.0], "b": [2, 2, 2], "c": ["x", "x", "y"]})
    assert problems(mixed)["duplicate_rows"]["rows"] == [1]
    assert "duplicate_columns" in problems(pd.DataFrame({"a": [1, 2, 2], "b": [1.0, 2.0, 2.0]}))


def test_wide_tables_are_brief_beyond_the_first_columns():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(5, facts.DETAILED + 5)))
    columns = of(frame)["by_column"]
    first, last = columns["0"], columns[str(facts.DETAILED + 4)]
    assert first["histogram"]["counts"] and not last["histogram"]["counts"]
    assert last["distinct"] == 5 and last["median"] == pytest.approx(frame.iloc[:, -1].median())


@settings(deadline=None, max_examples=40)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 4))))
def test_any_numbers_are_profiled_without_a_warning(values):
    frame = pd.DataFrame(values, columns=[f"c{'abcd'[j]}" for j in range(values.shape[1])])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns = of(frame)["by_column"]
    for name, one in columns.items():
        finite = frame[name][np.isfinite(frame[name])]
        assert one["missing"] == frame[name].isna().sum()
        assert one["distinct"] == frame[name].nunique()
        if len(finite):
            assert one["min"] <= one["median"] <= one["max"]
            assert sum(one["histogram"]["counts"]) == len(finite)
