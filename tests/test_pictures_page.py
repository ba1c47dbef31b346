"""The Pictures page by AppTest, with real workers: find a map, rank plots, compare clusterers."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from analytics.results import Gallery
from pages.ui import choosing, ranking, services
from tests.apptest import settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def opened():
    return view(settle(start()))


@pytest.fixture
def page(opened):
    at = start(opened.to_query())
    at.run()
    at.switch_page("pictures.py")
    return settle(at)


def press(at, label):
    next(b for b in at.button if b.label == label).click().run()
    settle(at)
    assert not at.exception
    return at


def tab(at, name):
    at.session_state["pictures"] = name
    return settle(at)


def words(at):
    return " ".join(m.value for m in (*at.markdown, *at.caption))


def test_at_first_it_says_what_it_would_do(page):
    assert not page.exception and not page.error
    assert "recommends the map" in words(page)
    assert "Find a map" in [b.label for b in page.button]


def test_a_found_map_opens_on_the_map_page(page, opened):
    next(s for s in page.selectbox if s.label == "Look for").select(30).run()
    next(m for m in page.multiselect if m.label == "Methods").set_value(["pca", "isomap"]).run()
    press(page, "Find a map")
    request = page.session_state[choosing.ASKED][opened.dataset]
    found = services.artifacts().require(request.digest)
    assert isinstance(found, Gallery) and found.chosen == 0
    assert found.sentence.split(" is ")[0].split(" (")[0] in words(page)
    assert page.get("plotly_chart")
    first = found.entries[0]["projection"]
    next(b for b in page.button if b.key == f"open-{first}").click().run()
    settle(page)
    assert view(page).projection == first and first in view(page).maps


def test_no_method_is_one_sentence(page):
    next(m for m in page.multiselect if m.label == "Methods").set_value([]).run()
    next(b for b in page.button if b.label == "Find a map").click().run()
    assert any("No method is chosen" in e.value for e in page.error)


def test_ranked_columns_open_on_the_map_page(page, opened):
    tab(page, "Compare plots")
    next(n for n in page.number_input if n.label == "Pairs at most").set_value(12).run()
    press(page, "Rank")
    request = page.session_state[ranking.ASKED][(opened.dataset, "columns")]
    found = services.artifacts().require(request.digest)
    assert len(found.entries) == 12 and "Clearest is" in words(page)
    opens = [b for b in page.button if b.label == "Open on the map"]
    assert len(opens) == sum(not e["problem"] for e in found.entries)
    e = found.entries[0]
    next(b for b in page.button if b.key == f"open-{e['picture']}").click().run()
    settle(page)
    made = services.artifacts().require(view(page).projection)
    assert made.axes == (e["x"], e["y"])


def test_uploaded_files_are_ranked_and_clusterers_compared_on_them(page, opened):
    tab(page, "Compare plots")
    next(s for s in page.selectbox if s.label == "Plots").select("files").run()
    buffer = io.BytesIO()
    random = np.random.default_rng(0)
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(9):
            centres = np.array([(0, 0), (2 + 2 * i, 0), (0, 2 + 2 * i)])
            xy = np.concatenate([random.normal(c, 0.6, (30, 2)) for c in centres])
            archive.writestr(f"{i}.csv", pd.DataFrame(xy, columns=["x", "y"]).to_csv(index=False))
        archive.writestr("broken.csv", "no numbers\nhere\n")
    page.file_uploader[0].upload("plots.zip", buffer.getvalue(), "application/zip")
    page.run()
    press(page, "Rank")
    request = page.session_state[ranking.ASKED][(opened.dataset, "files")]
    found = services.artifacts().require(request.digest)
    assert len(found.entries) == 10 and found.entries[-1]["problem"]
    scored = [e for e in found.entries if not e["problem"] and e["n_components"] > 1]
    trusted(page, scored)
    tab(page, "Compare plots")
    next(s for s in page.selectbox if s.label == "Plots").select("files").run()
    next(b for b in page.button if b.key == f"open-{scored[0]['picture']}").click().run()
    settle(page)
    table = services.artifacts().require(view(page).table)
    assert table.name == scored[0]["file"] and services.artifacts().has(view(page).projection)


def trusted(page, scored):
    tab(page, "Trust a benchmark")
    next(s for s in page.selectbox if s.label == "Ranked plots").select("files").run()
    press(page, "Compare clusterers")
    text = words(page) + " ".join(w.value for w in page.warning)
    if len(scored) >= 9:
        assert "rank correlation" in text
        assert len(page.get("plotly_chart")) == 2
    else:
        assert "at least 9 are needed" in text


def test_before_a_ranking_there_is_nothing_to_trust(page):
    tab(page, "Trust a benchmark")
    assert "Rank some plots" in words(page)
    assert "Compare clusterers" not in [b.label for b in page.button]


def test_kept_maps_are_ranked(page, opened, monkeypatch):
    tab(page, "Compare plots")
    next(s for s in page.selectbox if s.label == "Plots").select("maps").run()
    press(page, "Rank")
    request = page.session_state[ranking.ASKED][(opened.dataset, "maps")]
    found = services.artifacts().require(request.digest)
    assert [e["projection"] for e in found.entries] == list(opened.maps)
    # Other tests save views in the same data folder.
    monkeypatch.setattr("analytics.store.projects.saved_maps", lambda engine, projects=None: [])
    next(s for s in page.selectbox if s.label == "Plots").select("saved").run()
    next(b for b in page.button if b.label == "Rank").click().run()
    assert any("No view is saved yet" in e.value for e in page.error)
