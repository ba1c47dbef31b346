"""Lists of events: who, when and what; histories as columns; what is refused; groups and rules."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytics
from analytics.data import events, sequences
from analytics.errors import BadInput
from analytics.explanation import rules
from pages.ui import services
from tests.apptest import settle, start, view

LOG = (
    "user,time,action,city\n"
    "b,2026-01-03 10:00,pay,Bonn\n"
    "a,2026-01-01 00:00,open,Ulm\n"
    "a,2026-01-01 01:00,view,Ulm\n"
    "a,2026-01-01 04:00,view,Ulm\n"
    "a,2026-01-01 04:00,pay,Ulm\n"
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def read(folder, text, **options):
    path = folder / "log.csv"
    path.write_text(text)
    return analytics.read(path, **options)


def test_columns_of_a_history_by_hand(home):
    table = read(home, LOG, rows="events")
    frame = table.frame.set_index("user")
    assert list(frame.index) == ["a", "b"] and list(frame["city"]) == ["Ulm", "Bonn"]
    a = frame.loc["a"]
    assert a["events"] == 4 and a["events, log10"] == pytest.approx(np.log10(4))
    assert a["hours, first to last"] == 4
    # Gaps of 1, 3 and 0 hours; the last counts as one second.
    assert a["log10 hours between events, 50% quantile"] == pytest.approx(0)
    assert a["log10 hours between events, 90% quantile"] == pytest.approx(np.log10(2.6))
    assert (a["share of view"], a["share of pay"], a["share of open"]) == (0.5, 0.25, 0.25)
    assert a["open, then view"] == a["view, then view"] == a["view, then pay"] == 1 / 3
    assert a["share at night, 0 to 6 h"] == 1 and a["share at weekends"] == 0
    b = frame.loc["b"]
    assert b["share at weekends"] == 1 and b["share at morning, 6 to 12 h"] == 1  # a Saturday
    assert b["log10 hours between events, 50% quantile"] == pytest.approx(-np.log10(3600))
    notes = " ".join(table.notes)
    assert "5 events of 2 entities and 3 kinds" in notes and "1 entity has a single event" in notes
    assert table.recipe["scale"] == "none" and "city" not in table.recipe["features"]
    assert "events" not in table.recipe["features"]


def test_three_named_columns_are_events_and_others_only_say_so(home):
    bare = "\n".join(line.rsplit(",", 1)[0] for line in LOG.splitlines())
    assert len(read(home, bare).frame) == 2
    table = read(home, LOG)
    assert len(table.frame) == 5 and "looks like a list of events" in " ".join(table.notes)
    assert "list of events" not in " ".join(read(home, LOG, rows="items").notes)


def test_columns_can_be_chosen_and_numbers_are_times(home):
    text = "x;y;z;amount\n1;7;5;2\n1;7;3;4\n2;8;1;1\n2;7;1;1\n"
    table = read(home, text, entity="x", event="y", time="z")
    assert table.source["events"]["entity"] == "x" and len(table.frame) == 2
    assert "log10, first to last" in table.frame and "share of 7" in table.frame
    assert list(table.frame["amount, mean"]) == [3, 1]
    assert "share at weekends" not in table.frame


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n3,4\n", {}, "needs three columns .* there are 2: check the separator"),
        (LOG, {"entity": "nobody"}, "no column 'nobody' for entity"),
        (LOG, {"entity": "time", "time": "time"}, "three different columns"),
        (LOG, {"time": "city"}, "'city' holds no times; row 1 holds 'Bonn'"),
        ("p,q,r,s\n1,2,3,4\n", {}, r"say who \(entity\): choose it"),
        ("user,time,event\na,1,x\na,2,y\n", {}, "belong to 1 entity .* at least 2"),
        ("user,time,event\na,,x\nb,,y\n", {}, "'time' holds no times"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(home, text, options, said):
    with pytest.raises(BadInput, match=said) as error:
        read(home, text, **{"rows": "events", **options})
    assert str(error.value).endswith(".")


def test_incomplete_events_are_left_out_and_counted(home):
    text = "user,time,event\na,1,x\n,2,x\na,3,\nb,2,x\nb,nan,y\nb,5,z\n"
    table = read(home, text)
    assert list(table.frame["events"]) == [1, 2]
    assert "3 events without user, time or event left out; the first is row 2" in " ".join(
        table.notes
    )


LISTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from("xyz")),
    min_size=2,
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(LISTS, st.randoms())
def test_shares_sum_to_one_whatever_the_order(rows, random):
    frame = pd.DataFrame(rows, columns=["entity", "time", "event"]).drop_duplicates(
        ["entity", "time"]
    )
    if frame["entity"].nunique() < 2:
        return
    made = sequences.table(events.of_frame(frame, {}))[0]
    shares = made[[c for c in made if c.startswith("share of")]].sum(axis=1)
    np.testing.assert_allclose(shares, 1)
    steps = made[[c for c in made if ", then " in c]].sum(axis=1)
    np.testing.assert_allclose(steps, made["events"] > 1)
    order = list(range(len(frame)))
    random.shuffle(order)
    again = sequences.table(events.of_frame(frame.iloc[order], {}))[0]
    pd.testing.assert_frame_equal(made, again)


def test_quantiles_are_those_of_numpy():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"entity": rng.choice(list("abcd"), 200), "time": rng.random(200), "event": "x"}
    )
    made = sequences.table(events.of_frame(frame, {}))[0]
    for i, (_, part) in enumerate(frame.groupby("entity")):
        gaps = np.diff(np.sort(part["time"]))
        for share in sequences.GAPS:
            name = f"log10 between events, {share:.0%} quantile"
            assert 10 ** made[name][i] == pytest.approx(np.quantile(gaps, share))


def test_many_kinds_share_a_column():
    frame = pd.DataFrame({"entity": list("ab") * 50, "time": range(100),
                          "event": [f"k{i}" for i in range(100)]})  # fmt: skip
    made, compared, notes = sequences.table(events.of_frame(frame, {}))
    assert made["share of any other event"].sum() == pytest.approx(1.4)
    assert len(compared) == 1 + 4 + 31 + 30
    assert "30 most frequent of 100 kinds" in " ".join(notes)


def test_a_planted_behaviour_is_found_and_told_by_its_rule(home):
    table = analytics.read("sample:visits")
    dataset = analytics.prepare(table)
    found = analytics.cluster(dataset, "hdbscan", min_cluster_size=10, min_samples=5)
    script = dataset.label_names.index("script")
    group = np.bincount(found.labels[(dataset.labels == script) & (found.labels >= 0)]).argmax()
    inside = found.labels == group
    assert np.mean(dataset.labels[inside] == script) == 1
    frame = dataset.frame[list(dataset.params["features"])]
    rule = next(c for c in rules.explain(frame, found.labels).clusters if c.label == group).rules[0]
    picked = rules.matches(rule, frame)
    assert np.mean(dataset.labels[picked] == script) > 0.95
    assert np.mean(picked[dataset.labels == script]) > 0.9


def test_events_on_the_data_page():
    at = settle(start())
    at.switch_page("data.py")
    at.run()
    at.file_uploader[0].upload("log.csv", LOG.encode(), "text/csv")
    settle(at)
    at.switch_page("data.py")
    at.run()
    assert len(services.artifacts().load(view(at).table).frame) == 5
    next(s for s in at.selectbox if s.key == "read-rows").select("an event")
    at.run()
    next(s for s in at.selectbox if s.key == "read-time").select("city")
    at.run()
    next(b for b in at.button if b.label == "Read again").click()
    settle(at)
    assert any("'city' holds no times" in e.value for e in at.error)
    next(s for s in at.selectbox if s.key == "read-time").select("time")
    at.run()
    next(b for b in at.button if b.label == "Read again").click()
    settle(at)
    table = services.artifacts().load(view(at).table)
    assert list(table.frame["user"]) == ["a", "b"] and table.source["events"]["event"] == "action"
