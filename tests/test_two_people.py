"""Two people on one server: neither sees the other's data, files, jobs or keys."""

import pytest

from analytics.errors import BadInput
from analytics.language.connection import Secret
from pages.ui import limits, services
from tests.apptest import settle, start, view

SECRET = "only-ann-knows-this"


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def two():
    """Ann has opened a table of her own, Bob came afterwards."""
    ann = start()
    ann.run()
    ann.switch_page("data.py").run()
    rows = "\n".join(f"{i},{i * i % 17},{SECRET}-{i % 3}" for i in range(60))
    ann.text_area(key="pasted").set_value(f"a,b,{SECRET}\n{rows}").run()
    next(b for b in ann.button if b.label == "Open the pasted text").click()
    settle(ann)
    bob = settle(start())
    return ann, bob


def shown(at) -> str:
    """All that a page says, its figures and tables included."""
    return str(at.main) + str(at.sidebar) + "".join(c.proto.spec for c in at.get("plotly_chart"))


def test_ann_sees_her_table_and_bob_does_not(two):
    ann, bob = two
    assert SECRET in shown(ann)
    for page in ("map.py", "data.py", "clusters.py", "compare.py", "report.py"):
        bob.switch_page(page)
        settle(bob)
        assert not bob.exception
        assert SECRET not in shown(bob), page
    assert view(bob).table != view(ann).table


def test_they_are_two_owners_with_jobs_of_their_own(two):
    ann, bob = (at.session_state["gestalt"] for at in two)
    assert ann.owner != bob.owner
    mine = {job.id for job in services.runner().jobs(ann.owner)}
    assert mine
    assert not mine & {job.id for job in services.runner().jobs(bob.owner)}
    assert not mine & set(bob.asked)


def test_a_key_and_what_is_undone_stay_with_the_session(two):
    ann, bob = (at.session_state["gestalt"] for at in two)
    ann.keys["http://127.0.0.1:9"] = Secret("k")
    assert not bob.keys
    assert not {v.table for v in bob.past} & {v.table for v in ann.past if v.table} - {
        view(two[1]).table
    }


def test_what_ann_uploads_counts_for_her_alone(two, monkeypatch):
    ann, bob = (at.session_state["gestalt"] for at in two)
    monkeypatch.setenv("GESTALT_USER_UPLOADS_MB", "1")
    for person, fits in ((ann, True), (ann, False), (bob, True)):
        monkeypatch.setattr(limits.session, "current", lambda person=person: person)
        if fits:
            assert len(limits.keep_file(b"x" * 700_000, "a.csv")["content"]) == 64
        else:
            with pytest.raises(BadInput, match="1 MB of files in a day"):
                limits.keep_file(b"x" * 700_000, "a.csv")


def test_when_all_tabs_are_taken_another_is_told_to_wait(monkeypatch):
    monkeypatch.setenv("GESTALT_SESSIONS", "1")
    monkeypatch.setattr(limits, "_inside", {"somebody": ""})
    at = start()
    at.run()
    assert [t.value for t in at.title] == ["This server is full just now"]
    assert not at.exception
    assert not at.get("plotly_chart")
    limits._inside.clear()
    assert settle(at).get("plotly_chart"), "it was let in"
