"""Column types: what is inferred, what is corrected, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data import dates, types, vectors
from analytics.errors import BadInput


def test_dates_of_any_year_are_days():
    when = ["1970-01-02 12:00", "9999-12-31", None, "1066-10-14"]
    days = types.days(pd.Series(np.array(when, "datetime64[us]"), index=[4, 1, 3, 2]))
    assert days.dtype == np.float64 and list(days.index) == [4, 1, 3, 2]
    assert days.fillna(0.5).tolist() == [1.5, 2_932_896.0, 0.5, -329_893.0]


def kind_of(values, name="column"):
    _, kinds, _, notes = types.infer(pd.DataFrame({name: values, "other": [0.5] * len(values)}))
    return kinds[name], notes


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2.5, np.nan], "number"),
        ([3, 3, 5], "number"),
        ([True, False, True], "boolean"),
        (["TRUE", "false", "True"], "boolean"),
        (["a", "b", "a"], "category"),
        ([None, None, " "], "empty"),
        ([np.nan, np.nan, np.nan], "empty"),
        (["2024-01-31", "2024-02-01", None], "date"),
        (list(range(12)), "identifier"),
        (list(range(1, 13)), "identifier"),
        (list(range(12))[::-1], "identifier"),
        (list(range(5)), "number"),
        ([f"u{i}" for i in range(12)], "identifier"),
        ([f"{i} bottles of milk on the wall" for i in range(12)], "text"),
        (["the same long sentence every time"] * 12, "category"),
        (["これは日本語の短い文章でございます" + str(i) for i in range(9)], "text"),
        ([f"0{i}123" for i in range(4)] * 3, "category"),
        (["1e400", "inf", "3"], "number"),
    ],
)
def test_kinds(values, kind):
    assert kind_of(values)[0] == kind


def test_names_decide_where_values_cannot():
    assert kind_of([7, 3, 9, 11, 15, 20, 22, 31, 44, 50], "customer_id")[0] == "identifier"
    assert kind_of([7, 3, 9, 11, 15, 20, 22, 31, 44, 50], "age")[0] == "number"
    assert kind_of(list(range(12)), "x")[0] == "number"


def test_numbers_with_odd_tokens():
    values = [str(i / 2) for i in range(99)] + ["n.b."]
    frame, kinds, _, notes = types.infer(pd.DataFrame({"a": values}))
    assert kinds["a"] == "number" and frame["a"].isna().sum() == 1
    assert frame["a"].iloc[3] == 1.5
    assert notes == ["'a' read as numbers: 1 cell such as 'n.b.' became missing."]
    assert kind_of(["1", "2", "x"] * 10)[0] == "category"


def test_an_identifier_alone_is_used_after_all():
    _, kinds, _, notes = types.infer(pd.DataFrame({"word": [f"w{i}" for i in range(20)]}))
    assert kinds == {"word": "text"} and "nothing else" in notes[0]
    assert types.infer(pd.DataFrame({"n": range(20)}))[1] == {"n": "number"}


@pytest.mark.parametrize(
    ("cells", "day", "form"),
    [
        (["2024-03-05", "2024-03-06T10:00:00Z"], "2024-03-05", "year-month-day"),
        (["2024/03/05", "2024/03/06 10:30"], "2024-03-05", "year/month/day"),
        (["05.03.2024", "31.12.2024"], "2024-03-05", "day.month.year"),
        (["05/03/2024", "06/03/2024"], "2024-03-05", "day/month/year"),
        (["03/05/2024", "12/31/2024"], "2024-03-05", "month/day/year"),
        (["5 Mar 2024", "6 Apr 2024"], "2024-03-05", "day month year"),
        (["March 5, 2024", "April 6, 2024"], "2024-03-05", "month day, year"),
        (["2024-03", "2024-04"], "2024-03-01", "year-month-day"),
    ],
)
def test_written_forms_of_dates(cells, day, form):
    parsed, words = dates.parse(pd.Series(cells, dtype="str"))
    assert parsed.iloc[0] == pd.Timestamp(day) and words == form
    assert parsed.dtype == "datetime64[us]"


def test_zones_become_utc_and_odd_dates_missing():
    parsed, _ = dates.parse(pd.Series(["2024-01-01T00:30:00+02:00"] * 30 + ["9999-99-99"]))
    assert parsed.iloc[0] == pd.Timestamp("2023-12-31 22:30") and parsed.isna().sum() == 1
    assert dates.parse(pd.Series(["12345", "yesterday"])) is None
    assert dates.parse(pd.Series([None, None], dtype="str")) is None


@pytest.mark.parametrize(
    ("names", "block"),
    [
        ([f"emb_{i}" for i in range(20)], "emb"),
        ([str(i) for i in range(16)], "vector"),
        ([f"pixel{i}" for i in range(1, 17)], "pixel"),
        ([f"{r}x{c}" for r in range(1, 5) for c in range(1, 5)], "vector"),
        ([f"px_{r}_{c}" for r in range(20) for c in range(20)], "px"),
        ([f"a{i}" for i in range(15)], None),
        ([f"a{i}" for i in range(0, 40, 2)], None),
    ],
)
def test_vector_blocks_by_name(names, block):
    shuffled = list(np.random.default_rng(0).permutation(names))
    found = vectors.blocks(shuffled)
    assert found == ({block: names} if block else {})


def test_image_grid_of_names():
    names = [f"{r}x{c}" for r in range(1, 5) for c in range(1, 7)]
    assert vectors.grid_shape(names) == (6, 4)
    assert vectors.grid_shape(["a1", "a2"]) is None


def test_lists_in_cells_become_columns():
    cells = [json.dumps([i, 0.5, -2e-3]) for i in range(30)]
    cells[4] = None
    cells[5] = "[1 2\n 3]"
    frame, kinds, blocks, notes = types.infer(pd.DataFrame({"emb": cells, "y": range(30)}))
    assert list(frame.columns) == ["y", "emb[0]", "emb[1]", "emb[2]"]
    assert blocks == {"emb": ["emb[0]", "emb[1]", "emb[2]"]}
    assert frame["emb[0]"].iloc[7] == 7 and np.isnan(frame["emb[0]"].iloc[4])
    assert frame.loc[5, ["emb[0]", "emb[1]", "emb[2]"]].tolist() == [1, 2, 3]
    assert kinds["emb[2]"] == "number" and "3 numbers" in notes[0]


def test_lists_of_different_length_stay_text():
    frame, _, blocks, notes = types.infer(pd.DataFrame({"emb": ["[1, 2]", "[1]"] * 5}))
    assert list(frame.columns) == ["emb"] and not blocks and "different lengths" in notes[0]


def test_foreign_dtypes_become_plain():
    frame, kinds, _, _ = types.infer(
        pd.DataFrame(
            {
                "i": pd.array([1, None, 3], dtype="Int64"),
                "b": pd.array([True, False, True], dtype="boolean"),
                "c": pd.Categorical(["u", None, "u"]),
                "z": pd.date_range("2024-01-01", periods=3, tz="Europe/Paris"),
                "d": pd.to_timedelta([1, 2, 3], unit="s"),
                "o": [(1,), {"k": 2}, None],
            }
        )
    )
    assert [str(t) for t in frame.dtypes] == [
        "float64", "bool", "str", "datetime64[us]", "float64", "str"
    ]  # fmt: skip
    assert kinds["z"] == "date" and frame["d"].tolist() == [1, 2, 3]
    with pytest.raises(BadInput, match="complex"):
        types.infer(pd.DataFrame({"a": [1j, 2j]}))
    with pytest.raises(BadInput, match="Two columns are named 'a'"):
        types.infer(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_the_given_frame_is_left_alone():
    frame = pd.DataFrame({"a": ["1", "2", " "]})
    types.infer(frame)
    types.apply(frame, {"a": "category"})
    assert frame["a"].tolist() == ["1", "2", " "]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1.0, 2.5, np.nan], "category", ["1", "2.5", None]),
        ([np.inf, 1e300, 3.0], "text", ["inf", "1e+300", "3"]),
        (["1", "2", None], "number", [1, 2, None]),
        ([True, False], "number", [1, 0]),
        (["yes", "No", None], "boolean", [1, 0, None]),
        ([0, 1, 1], "boolean", [False, True, True]),
        ([1999, 2001], "date", [pd.Timestamp("1999-01-01"), pd.Timestamp("2001-01-01")]),
        ([20240229], "date", [pd.Timestamp("2024-02-29")]),
        ([pd.Timestamp("1970-01-03")], "number", [2]),
        ([pd.Timestamp("1970-01-03")], "category", ["1970-01-03"]),
        ([5, 6], "identifier", [5, 6]),
    ],
)
def test_corrections(values, kind, expected):
    new = types.apply(pd.DataFrame({"a": values}), {"a": kind})["a"]
    assert [None if pd.isna(v) else v for v in new] == expected


@pytest.mark.parametrize(
    ("values", "kind", "cell"),
    [
        (["1", "2", "three"], "number", "row 3 holds 'three'"),
        (["2024-01-01", "2024-01-02", "soon"], "date", "row 3 holds 'soon'"),
        ([1.5, 7.0], "date", "row 1 holds '1.5'"),
        ([0, 1, 2], "boolean", "row 3 holds '2'"),
    ],
)
def test_impossible_corrections_name_the_cell(values, kind, cell):
    with pytest.raises(BadInput, match=f"'a' cannot be made {kind}: {cell}"):
        types.apply(pd.DataFrame({"a": values}), {"a": kind})


def test_corrections_of_nothing():
    with pytest.raises(BadInput, match="no column 'b'"):
        types.apply(pd.DataFrame({"a": [1]}), {"b": "number"})
    with pytest.raises(BadInput, match="choose one of"):
        types.apply(pd.DataFrame({"a": [1]}), {"a": "empty"})


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=12),
            st.sampled_from(["1", "inf", "2024-01-01", "true", "[1,2]", "-", "1e999", "nan"]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_text_column_is_typed(cells):
    frame, kinds, blocks, _ = types.infer(pd.DataFrame({"a": pd.array(cells, dtype="str")}))
    assert set(kinds) == set(frame.columns) and set(kinds.values()) <= set(types.KINDS)
    assert len(frame) == len(cells)
    assert all(t == "str" or t.kind in "iufbM" for t in frame.dtypes)
    again, same, _, _ = types.infer(frame)
    assert same == kinds or blocks
    pd.testing.assert_frame_equal(again, frame)
