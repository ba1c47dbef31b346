"""A clock that jumps: the order of what was saved comes from revisions, never from the time."""

from datetime import timedelta

import pytest

from analytics.store import database, projects, rows

pytest_plugins = ["tests.postgres"]
STATE = {"page": "map"}
TRUE = database.now


@pytest.fixture
def clock(monkeypatch):
    """Set how far the clock is off."""

    def off(by: timedelta):
        for module in (database, projects, rows):
            monkeypatch.setattr(module, "now", lambda: TRUE() + by)

    return off


@pytest.mark.parametrize("by", [timedelta(days=-1), timedelta(days=365)], ids=["back", "forward"])
def test_what_is_saved_after_a_jump_is_the_newest(engine, clock, by):
    first = projects.save_view(engine, name="A", state=STATE)
    clock(by)
    again = projects.save_view(
        engine, name="A", state={"page": "data"}, view=first.view, revision=first.revision
    )
    assert again.revision == first.revision + 1
    clock(timedelta(0))
    found = projects.open_view(engine, first.view)
    assert (found.state, found.revision) == ({"page": "data"}, again.revision)


@pytest.mark.parametrize("by", [timedelta(days=-1), timedelta(days=365)], ids=["back", "forward"])
def test_nothing_but_what_was_deleted_goes_when_the_clock_jumps(engine, clock, by):
    kept = projects.save_view(engine, name="Kept", state=STATE)
    gone = projects.save_view(engine, name="Gone", state=STATE)
    token = projects.delete(engine, gone.project)
    clock(by)
    assert projects.purge(engine) == int(by > timedelta(days=30))
    assert projects.open_view(engine, kept.view).state == STATE
    if by < timedelta(0):
        projects.undo_delete(engine, token)
        assert projects.open_view(engine, gone.view).state == STATE
