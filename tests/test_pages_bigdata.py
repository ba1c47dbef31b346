"""A file of the server's folder by AppTest: looked at, sampled, its groups given to all rows."""

import base64
import json

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.bigdata import applying
from models import minilm
from pages.ui import serverfiles, services
from tests import apptest
from tests.apptest import settle

N = 4_000


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    path = tmp_path_factory.mktemp("served")
    rng = np.random.default_rng(0)
    g = rng.integers(0, 3, N)
    frame = pd.DataFrame(
        {"x": rng.normal(6 * g), "y": rng.normal(4 * (g == 1)), "kind": g.astype(str)}
    )
    frame["kind"] = "kind " + frame["kind"]
    frame.to_csv(path / "big <b>*.csv", index=False)
    texts = analytics.read("sample:messages").frame["text"]
    pd.DataFrame({"said": [*texts, " "]}).to_parquet(path / "texts.parquet")
    patch.setenv("GESTALT_DATA", str(path))
    services.stop()  # so that workers start with the folder
    yield path
    patch.undo()


def button(at, label):
    return next(b for b in at.button if b.label.startswith(label))


def way(at):
    return next(s for s in at.selectbox if s.label == "Each row gets its group")


def test_a_file_is_looked_at_sampled_and_its_groups_go_to_all_rows(folder):
    at = settle(apptest.start())
    at.switch_page("data.py").run()
    button(at, "Look at this file").click().run()
    settle(at)
    assert not at.exception
    assert any(f"{N:,} rows, 3 columns" in m.value.replace("\\", "") for m in at.markdown)
    facts = next(d.value for d in at.dataframe if "most frequent" in d.value.columns)
    assert facts["column"].tolist() == ["x", "y", "kind"]
    assert facts["median"][0].startswith("≈") and not facts["mean"][0].startswith("≈")
    assert [s.value for s in at.selectbox if s.label in ("Across", "Up")] == ["x", "y"]
    button(at, "Score all 4,000 rows").click().run()
    settle(at)
    assert not at.exception
    assert any(
        f"All {N:,} points, summed in one pass." == c.value.replace("\\", "") for c in at.caption
    )
    assert any("Ambiguity of the picture (CLAMS)" in h.proto.body for h in at.get("html"))
    picture = json.loads(at.get("plotly_chart")[0].proto.spec)
    drawn = base64.b64decode(picture["data"][0]["customdata"]["bdata"])
    assert np.frombuffer(drawn, picture["data"][0]["customdata"]["dtype"]).sum() == N
    next(n for n in at.number_input if n.label == "Rows").set_value(300)
    next(s for s in at.selectbox if s.label == "In the proportions of").select("kind")
    button(at, "Open a sample").click().run()
    settle(at)
    said = "300 of 4,000 rows of big <b>*.csv, drawn in the proportions of 'kind', seed 0."
    for page in ("map.py", "clusters.py", "report.py"):
        at.switch_page(page).run()
        settle(at)
        assert not at.exception
        assert any(c.value.replace("\\", "") == said for c in at.caption), page
    at.switch_page("clusters.py").run()
    settle(at)
    button(at, "Apply to all 4,000 rows").click().run()
    settle(at)
    assert not at.exception
    groups = next(d.value for d in at.dataframe if {"group", "share"} <= set(d.value.columns))
    assert groups["rows"].sum() == N
    assert [d for d in at.get("download_button") if "Labels of all rows" in d.proto.label]
    assert len(list((services.home() / "applied").glob("*.parquet"))) >= 1
    assert applying.file_of("a" * 32).parent == services.home() / "applied"
    way(at).select("by the rules in words").run()
    button(at, "Apply to all 4,000 rows").click().run()
    settle(at)
    way(at).select("as the method does").run()
    at = apptest.start(dict(at.query_params))  # loaded anew
    at.switch_page("clusters.py").run()
    settle(at)
    assert way(at).value == "by the rules in words"


def test_a_file_that_vanished_after_it_was_looked_at_is_named(folder):
    at = settle(apptest.start())
    at.session_state[serverfiles.LOOKED] = "gone.csv"
    at.switch_page("data.py").run()
    assert [w.value.replace("\\", "") for w in at.warning] == [
        "'gone.csv' is no longer in the folder of the server."
    ]


@pytest.mark.skipif(not minilm.available(), reason="without the sentence model")
def test_descriptions_of_a_sample_go_to_all_texts(folder):
    table = analytics.sample(folder / "texts.parquet", 90, seed=1)
    dataset = analytics.prepare(table)
    found = analytics.explain(dataset, "said", "by topic", k=3)
    at = apptest.start({"t": table.digest, "d": dataset.digest, "e": found.digest})
    settle(at)
    at.switch_page("explain.py")
    settle(at)
    at.session_state["explain-tab"] = "Take away"
    settle(at)
    rows = len(pd.read_parquet(folder / "texts.parquet"))
    button(at, f"Apply to all {rows:,} rows").click().run()
    settle(at)
    assert not at.exception
    given = next(d.value for d in at.dataframe if {"group", "share"} <= set(d.value.columns))
    named = [e["description"] for e in found.evidence]
    assert given["rows"].sum() == rows and {*given["group"]} <= {*named, "unexplained"}
    assert [d for d in at.get("download_button") if "Labels of all rows" in d.proto.label]
