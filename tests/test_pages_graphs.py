"""Graphs on the pages: links drawn and turned off, added to a table, and a row in the middle."""

import json

import pytest

from analytics.data.operations import sample_request
from pages.ui import services
from tests.apptest import settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def club():
    """The view of the sample graph, with its first map and groups."""
    at = start()
    at.run()
    at.session_state["gestalt"].wanted.clear()
    at.switch_page("data.py")
    at.run()
    next(b for b in at.button if b.key == "sample-club").click()
    return view(settle(at))


def traces(at) -> list[dict]:
    """The traces of the chart on the page."""
    return json.loads(at.get("plotly_chart")[0].proto.spec)["data"]


def toggle(at):
    return next(t for t in at.toggle if "link" in t.label or "Lines" in t.label)


def test_a_graph_is_drawn_with_its_links_and_they_can_be_turned_off(club):
    assert club.table == sample_request("club").digest
    assert services.artifacts().load(club.projection).method == "forces"
    at = settle(start(club.to_query()))
    at.switch_page("map.py")
    settle(at)
    assert [t["mode"] for t in traces(at)] == ["lines", "markers", "markers"]
    assert toggle(at).label == "565 links" and toggle(at).value
    toggle(at).set_value(False)
    settle(at)
    assert view(at).links == "off"
    assert [t["mode"] for t in traces(at)] == ["markers", "markers"]
    assert view(at).to_query()["links"] == "off"


def test_lines_to_the_nearest_rows_of_a_table_without_links():
    at = settle(start())
    at.switch_page("map.py")
    settle(at)
    assert not toggle(at).value and traces(at)[0]["mode"] == "markers"
    toggle(at).set_value(True)
    settle(at)
    assert view(at).links == "on" and traces(at)[0]["mode"] == "lines"
    assert any("without the lines" in c.value for c in at.caption)


def test_links_are_added_to_a_table_and_bad_ones_are_a_sentence():
    at = settle(start())
    at.switch_page("data.py")
    at.run()
    rows = "".join(f"n{i},{i % 3},{i * i % 7}\n" for i in range(12))
    at.file_uploader[0].upload("people.csv", ("name,a,b\n" + rows).encode(), "text/csv")
    settle(at)
    at.switch_page("data.py")
    at.run()
    assert services.artifacts().load(view(at).table).edges is None
    at.file_uploader[0].upload("empty.csv", b"", "text/csv")  # not what links are added to
    settle(at)
    links = "".join(f"n{i},n{(i + 1) % 12}\n" for i in range(12))
    second = next(u for u in at.file_uploader if u.key == "upload-links")
    second.upload("ring.csv", ("p,q\n" + links).encode(), "text/csv")
    settle(at)
    table = services.artifacts().load(view(at).table)
    assert len(table.edges) == 12 and table.params["links"]["name"] == "ring.csv"
    at.switch_page("data.py")
    at.run()
    second = next(u for u in at.file_uploader if u.key == "upload-links")
    second.upload("other.csv", b"p,q\nx,y\ny,z\n", "text/csv")
    settle(at)
    assert view(at).table == table.digest
    assert any("no column of the table holds once per row" in e.value for e in at.error)


def test_the_row_in_the_middle_is_the_one_selected(club):
    xy = services.artifacts().load(club.projection).xy[25].tolist()
    near = [xy[0] - 1e-3, xy[1] - 1e-3, xy[0] + 1e-3, xy[1] + 1e-3]
    box = {"type": "box", "x": [near[0], near[2]], "y": [near[1], near[3]]}
    at = settle(start(club.with_(selection=(box,)).to_query()))
    at.switch_page("clusters.py")
    settle(at)
    next(s for s in at.selectbox if s.label == "Method").select("local")
    at.run()
    assert any("Round row 25, the first of those selected" in c.value for c in at.caption)
    next(b for b in at.button if b.key == "run-clustering").click()
    settle(at)
    found = services.artifacts().load(view(at).clustering)
    assert found.method == "local" and found.params["node"] == 25 and found.labels[25] == 0
