"""Statistics of signals by hand, as a preparation, and the grid over them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

import analytics
from analytics import api, cli, verbs
from analytics.comparing.grid import grid_request, means
from analytics.data import prepare, signals
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.store.artifacts import Artifacts
from pages.ui import services
from tests.apptest import settle, start, view


def tones(n=60, m=64, seed=0):
    """Signals of three classes: another tone and loudness each."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    wave = 2 * np.pi * (3 + 4 * y)[:, None] * np.arange(m) / m + rng.uniform(0, 6, n)[:, None]
    frame = pd.DataFrame(np.sin(wave) * (1 + y)[:, None] + 0.2 * rng.normal(size=(n, m)))
    frame.columns = [f"t{i}" for i in range(m)]
    return frame.assign(**{"class": np.array(list("abc"))[y]})


def test_statistics_by_hand():
    x = np.array([[1.0, 2, 3, 4], [2, 2, 2, 2], [0, 0, 0, 0]])
    found = signals.statistics(x, of="time")
    assert found["mean"].tolist() == [2.5, 2, 0] and found["median"].tolist() == [2.5, 2, 0]
    np.testing.assert_allclose(found["standard deviation"], [np.sqrt(1.25), 0, 0])
    np.testing.assert_allclose(found["interquartile range"], [1.5, 0, 0])
    np.testing.assert_allclose(found["root mean square"], [np.sqrt(7.5), 2, 0])
    np.testing.assert_allclose(found["crest factor"], [4 / np.sqrt(7.5), 1, 0])
    assert found["skewness"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found["kurtosis"], [-1.36, 0, 0])


def test_a_tone_is_one_line_of_the_spectrum():
    wave = 3 * np.sin(2 * np.pi * 5 * np.arange(32) / 32)[None] + 7
    found = signals.statistics(wave, "energy", "spectrum")
    assert list(found) == ["spectrum root mean square", "spectrum crest factor"]
    # One of 16 lines is 3 / 2, the others are 0.
    assert found["spectrum root mean square"][0] == pytest.approx(1.5 / 4)
    assert found["spectrum crest factor"][0] == pytest.approx(4)


@given(hnp.arrays(float, (4, 9), elements=st.floats(-1e3, 1e3).map(lambda v: round(v, 3))))
def test_shape_is_that_of_scipy_and_units_scale(x):
    found, larger = signals.statistics(x), signals.statistics(x * 1e150)
    varies = x.std(axis=1) > 1e-6
    np.testing.assert_allclose(found["skewness"][varies], stats.skew(x[varies], axis=1), atol=1e-6)
    np.testing.assert_allclose(
        found["kurtosis"][varies], stats.kurtosis(x[varies], axis=1), atol=1e-5
    )
    assert all(np.isfinite(v).all() for v in (*found.values(), *larger.values()))
    np.testing.assert_allclose(larger["mean"], found["mean"] * 1e150, rtol=1e-9, atol=1e138)
    np.testing.assert_allclose(larger["crest factor"], found["crest factor"], atol=1e-9)


def test_a_recipe_compares_statistics_and_explains_by_them():
    table = api.read(tones())
    data = api.prepare(table, signals="spread", signals_of="time")
    assert data.columns == ("standard deviation", "interquartile range") == tuple(data.features)
    assert data.params["scale"] == "standard" and "64 samples" in " ".join(data.notes)
    assert list(data.frame.columns[:2]) == list(data.columns) and data.image_shape is None
    np.testing.assert_allclose(
        data.frame["standard deviation"], tones().iloc[:, :64].std(axis=1, ddof=0)
    )
    groups = api.cluster(data, "kmeans", n_clusters=3)
    assert api.validity(groups).values["ari"].value > 0.9
    plain = prepare.check({}, table)
    assert "signals" not in plain and plain == prepare.check({"signals": "no"}, table)


def test_too_short_signals_are_refused():
    with pytest.raises(BadInput, match="at least 8 samples, but 3 numbers"):
        api.prepare(api.read(tones()), signals="all", features=["t1", "t2", "t3"])
    gaps = tones()
    gaps.iloc[0, 3] = np.nan
    assert api.prepare(api.read(gaps), signals="all", missing="mean").n == 60
    assert api.prepare(api.read(gaps), signals="all", missing="drop").n == 59


def test_the_grid_tries_every_cell(tmp_path):
    store = Artifacts(tmp_path)
    data = api.prepare(api.read(tones(), store=store), store=store, signals="all", keep=3)
    table = store.require(data.parents[0])
    wanted = grid_request(table, data, 3)
    found = execute(wanted, store)
    assert len(found.entries) == 5 * 3 * 3 * 2 and wanted.digest == found.digest
    best = found.entries[found.chosen]
    assert best["ari"] == max(e["ari"] for e in found.entries) > 0.95
    assert store.require(best["digest"]).parents[0] == best["dataset"]
    assert found.facts == {"score": "ari", "k": 3} and "Best ARI" in found.sentence
    assert execute(wanted, store).digest == found.digest
    with pytest.raises(BadInput, match="number from 2 to 60"):
        grid_request(table, data, 1)
    with pytest.raises(BadInput, match="no signals"):
        grid_request(table, api.prepare(table, store=store), 3)


def test_means_leave_out_what_has_no_score():
    cells = [{"m": "a", "s": 1.0}, {"m": "a", "s": None}, {"m": "b", "s": 2.0}, {"m": "c"}]
    assert means(cells, "m", "s") == {"b": 2.0, "a": 1.0}


def test_the_pages_prepare_signals_and_show_the_grid(tmp_path):
    tones(30).to_csv(tmp_path / "tones.csv", index=False)
    table = api.read(tmp_path / "tones.csv", store=services.artifacts())
    at = settle(start({"t": table.digest}))
    at.switch_page("data.py").run()
    next(s for s in at.selectbox if s.label == "Each row is a signal").set_value("all").run()
    next(b for b in at.button if b.label == "Prepare the data").click().run()
    settle(at)
    assert services.artifacts().require(view(at).dataset).params["signals"] == "all"
    at.switch_page("compare.py").run()
    at.session_state["gestalt"].view = at.session_state["gestalt"].view.__class__(
        **{**at.session_state["gestalt"].view.__dict__, "part": "Signals"}
    )
    at.run()
    assert not at.exception
    services.stop()


def test_the_command_line_tries_the_grid_as_the_page_does(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tones(30, 32).to_csv("tones.csv", index=False)
    asked = ["grid", "tones.csv", "--label", "class", "--out", "g.csv", "--json"]
    assert cli.main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    cells = pd.read_csv("g.csv")
    assert list(cells.columns) == list(verbs.GRID) and len(cells) == 90
    data = api.prepare(api.read("tones.csv"), signals="all", label="class")
    found = analytics.grid(data, 3)
    assert cells["digest"].tolist() == [e["digest"] for e in found.entries]
    assert cells["ari"].max() == pytest.approx(found.entries[found.chosen]["ari"])
    asked_by_page = grid_request(api.read("tones.csv"), data, 3)
    assert answer["digest"] == found.digest == asked_by_page.digest
    for groups in ("31", "0"):
        assert cli.main(["grid", "tones.csv", "--groups", groups, "--json"]) == 2
