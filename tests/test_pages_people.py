"""The tab of what people would see, under AppTest: the map, the numbers, the comparison."""

import time

import pytest

import analytics
from pages.ui import services
from tests.apptest import page_of


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def _page(projection: str, clustering: str) -> None:
    from pages.ui import people, session

    found = session.load(projection)
    groups = session.load(clustering)
    people.tab(session.load(found.parents[0]), found, groups)
    people.ticks(found, groups)


def test_the_tab_shows_groups_numbers_and_what_the_model_learned_from():
    store = services.artifacts()
    dataset = analytics.prepare("sample:clear", store=store)
    projection = analytics.project(dataset, "pca", store=store)
    groups = analytics.cluster(dataset, "kmeans", n_clusters=2, store=store)
    at = page_of(_page, projection.digest, groups.digest)
    for _ in range(300):
        at.run()
        if len(at.dataframe) == 2:
            break
        time.sleep(0.3)
    assert not at.exception
    words = " ".join(str(m.value) for m in [*at.markdown, *at.caption])
    assert "simulated people" in words and "No person grouped" in words
    assert "Your clusters beside what people would see" in words
    tables = [frame.value for frame in at.dataframe]
    assert any("what" in t and len(t) == 2 for t in tables)
    assert any("explainable" in t for t in tables)
    assert len(at.get("plotly_chart")) == 3
