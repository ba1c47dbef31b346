"""Readings of signals in long form: one row per signal, whatever their lengths and clocks."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analytics
from analytics import cli
from analytics.data import readings
from analytics.errors import BadInput
from pages.ui import services
from tests.apptest import settle, start, view
from tests.test_signals import tones


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def long(signals, interval=1.0, **more):
    """Signals, name -> values, as one row per reading."""
    parts = [
        pd.DataFrame({"id": name, "time": interval * np.arange(len(x)), "value": x})
        for name, x in signals.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(**more)


def wide(frame, **given):
    """The samples of a list of readings, its facts and its notes in one text."""
    made, facts, notes = readings.of_frame(frame, given)
    names = [c for columns in readings.channels({"readings": facts}).values() for c in columns]
    return made[names].to_numpy(), facts, " ".join(notes)


RAMP = np.arange(10.0)


def test_even_signals_are_taken_as_they_are_in_the_order_of_the_file():
    frame = long({"b": RAMP**2, "a": -RAMP}).assign(state=["on"] * 10 + ["off"] * 10)
    made, facts, notes = readings.of_frame(frame, {})
    assert list(made.columns) == ["id", "state", *(f"value {j}" for j in range(1, 11))]
    assert list(made["id"]) == ["b", "a"] and list(made["state"]) == ["on", "off"]
    np.testing.assert_array_equal(made.iloc[:, 2:].to_numpy(), [RAMP**2, -RAMP])
    assert (facts["samples"], facts["interval"], facts["values"]) == (10, 1.0, ["value"])
    assert len(notes) == 1 and "20 readings of 2 signals" in notes[0]


def test_unequal_lengths_are_cut_and_much_shorter_ones_left_out():
    found, _, notes = wide(long({"a": np.arange(20.0), "b": RAMP, "c": RAMP[:9], "d": [1, 2]}))
    np.testing.assert_array_equal(found, [RAMP[:9]] * 3)
    assert "1 signal left out, because shorter than half of the usual 10 samples: 'd'" in notes
    assert "last for 9 to 20 samples; the first 9 of each are compared (the shortest" in notes


def test_other_clocks_are_read_on_straight_lines():
    slow = pd.DataFrame({"id": "slow", "time": 100 + 2 * np.arange(6.0), "value": 2 * np.arange(6)})
    gap = long({"gap": RAMP}).drop(index=[3, 4])
    found, facts, notes = wide(pd.concat([long({"a": RAMP, "b": RAMP}), slow, gap]))
    assert facts["interval"] == 1
    np.testing.assert_allclose(found, [RAMP] * 4)
    assert "2 of 4 signals were not read at every sample" in notes


def test_rounded_times_and_shuffled_rows_change_nothing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 400))
    frame = long(dict(zip("abc", x, strict=True)), 1 / 600)
    frame["time"] = frame["time"].round(3)  # 0.002, 0.002, 0.001 apart
    found, facts, notes = wide(frame)
    np.testing.assert_array_equal(found, x)
    assert facts["interval"] == pytest.approx(1 / 600, rel=1e-3) and "straight" not in notes
    again, _, _ = wide(frame.sample(frac=1, random_state=0).sort_values("id", kind="stable"))
    np.testing.assert_array_equal(again, x)


def test_dates_are_times_and_missing_values_lie_between_their_neighbours():
    frame = long({"a": RAMP, "b": RAMP})
    frame["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["time"] * 30, unit="s")
    frame.loc[4, "value"] = np.nan
    frame.loc[19, "id"] = None
    found, _, notes = wide(frame)
    np.testing.assert_allclose(found, [RAMP[:9]] * 2)
    assert "one every 30 seconds" in notes
    assert "2 readings without id, time or value left out; the first is row 5" in notes


def test_channels_have_statistics_of_their_own(home):
    frame = long({"a": RAMP, "b": 3 * RAMP, "c": RAMP**2})
    frame = frame.assign(other=-frame["value"] / 2, note=list("xy") * 15)
    frame.to_csv(home / "long.csv", index=False)
    table = analytics.read(home / "long.csv", rows="readings")
    assert table.source["readings"]["values"] == ["value", "other"]
    assert "change within a signal: 'note'" in " ".join(table.notes)
    assert table.recipe["signals"] == "all" and len(table.recipe["features"]) == 20
    data = analytics.prepare(table, signals="location", signals_of="time")
    assert data.columns == ("value mean", "value median", "other mean", "other median")
    np.testing.assert_allclose(data.frame["other mean"], -data.frame["value mean"] / 2)
    assert "2 channels of 10 samples" in " ".join(data.notes)
    one = analytics.read(home / "long.csv", value="other")
    assert analytics.prepare(one, signals="spread", signals_of="time").columns == (
        "standard deviation", "interquartile range",
    )  # fmt: skip
    with pytest.raises(BadInput, match="at least 8 samples, but 1 number"):
        analytics.prepare(table, features=["value 1"])
    both = analytics.read(home / "long.csv", value="other,value")
    assert both.source["readings"]["values"] == ["other", "value"]


def test_twice_the_same_time_is_a_mean_or_refused():
    frame = long({"a": RAMP, "b": RAMP})
    extra = pd.DataFrame({"id": ["a"], "time": [0.0], "value": [4.0]})
    found, _, notes = wide(pd.concat([frame, extra]))
    assert found[0, 0] == 2 and "1 reading has the time of another one" in notes
    with pytest.raises(BadInput, match=r"20 of 40 readings .* first 'a' in rows 1 and 21"):
        wide(pd.concat([frame, frame]))


A = "id,time,value\n" + "".join(f"{s},{t},{t * t % 7}\n" for s in "ab" for t in range(9))
SHORT = "id,time,value\nb,0,1\nb,1,2\n" + "".join(f"a,{t},{t % 7}\n" for t in range(40))


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n3,4\n", {}, "need three columns .* there are 2: check the separator"),
        (A, {"entity": "nobody"}, "no column 'nobody' for entity"),
        (A, {"value": "nothing"}, "no column 'nothing' for value"),
        (A, {"value": "time"}, "'time' says whose or when"),
        (A, {"entity": "time", "time": "time"}, "two different columns"),
        (A, {"time": "id", "entity": "value"}, "'id' holds no times; row 1 holds 'a'"),
        ("p,q,r,s\n1,2,3,4\n5,6,7,8\n", {}, r"whose reading it is \(entity\): choose it"),
        ("id,q,r,s\n1,2,3,4\n5,6,7,8\n", {}, r"when it was taken \(time\): choose it"),
        (A.replace("b,", "a,1"), {}, "belong to 1 signal"),
        ("id,time,value\na,1,2\nb,1,3\n", {"value": "value"}, "Each signal has a single reading"),
        ("id,time,value\na,1,2\na,2,3\nb,1,2\nb,2,4\n", {}, "at least 8 samples, but half of"),
        (SHORT, {}, "Of 2 signals a single one has 50\u00a0% of the usual"),
        ("id,time,value\na,1,x\na,2,y\nb,1,x\n", {}, "No column of numbers changes"),
        ("id,time,value\na,1,x\na,2,y\nb,1,x\n", {"value": "value"}, "no numbers; row 1 .* 'x'"),
        (A, {"rows": "reading"}, "one of items, links, events, readings"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(home, text, options, said):
    (home / "long.csv").write_text(text)
    with pytest.raises(BadInput, match=said) as error:
        analytics.read(home / "long.csv", **{"rows": "readings", **options})
    assert str(error.value).endswith(".")


def test_a_plain_table_only_says_that_it_looks_like_readings(home):
    (home / "long.csv").write_text(A)
    table = analytics.read(home / "long.csv")
    assert len(table.frame) == 18 and "looks like readings of signals" in " ".join(table.notes)
    table = analytics.read(home / "long.csv", rows="items")
    assert "readings of signals" not in " ".join(table.notes)


SHAPES = st.lists(
    st.tuples(st.integers(20, 30), st.floats(0.8, 1.25), st.floats(-9, 9)), min_size=2
)


@given(SHAPES)
def test_straight_lines_stay_straight_at_any_clock(shapes):
    """Each signal is a ramp of slope 1 from 0 on, read at its own interval from its own start."""
    parts = [
        pd.DataFrame(
            {"id": f"s{i}", "time": start + step * np.arange(n), "value": step * np.arange(n)}
        )
        for i, (n, step, start) in enumerate(shapes)
    ]
    found, facts, _ = wide(pd.concat(parts))
    assert np.isfinite(found).all() and facts["samples"] >= 8
    even = facts["interval"] * np.arange(facts["samples"])
    assert np.abs(found - even).max() <= 0.5 * facts["interval"] + 1e-6


def test_long_and_wide_files_of_the_same_signals_group_alike(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    frame = tones(30)
    frame.to_csv("wide.csv", index=False)
    samples = frame.drop(columns="class")
    stacked = long(dict(zip((f"s{i}" for i in range(30)), samples.to_numpy(), strict=True)), 0.25)
    stacked["class"] = np.repeat(frame["class"].to_numpy(), 64)
    stacked.to_csv("long.csv", index=False)
    asked = ["--label", "class", "--param", "n_clusters=3", "--json"]
    found = []
    for file in (["wide.csv", "--signals", "all"], ["long.csv", "--read", "rows=readings"]):
        assert cli.main(["cluster", *file, *asked]) == 0
        found.append(json.loads(capsys.readouterr().out)["scores"])
        found[-1]["labels"] = pd.read_csv("labels.csv")["label"].tolist()
    assert found[0] == found[1] and found[0]["ari"]["value"] > 0.9


def test_readings_on_the_data_page():
    at = settle(start())
    at.switch_page("data.py")
    at.run()
    text = A.replace("id,time,value", "name,clock,much")
    at.file_uploader[0].upload("long.csv", text.encode(), "text/csv")
    settle(at)
    at.switch_page("data.py")
    at.run()
    assert len(services.artifacts().load(view(at).table).frame) == 18
    next(s for s in at.selectbox if s.key == "read-rows").select("a reading of a signal")
    at.run()
    next(s for s in at.multiselect if s.key == "read-value").select("much")
    next(s for s in at.selectbox if s.key == "read-time").select("clock")
    at.run()
    next(b for b in at.button if b.label == "Read again").click()
    settle(at)
    table = services.artifacts().load(view(at).table)
    assert list(table.frame["name"]) == ["a", "b"] and table.source["readings"]["samples"] == 9
