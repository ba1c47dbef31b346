"""A result that is waited for comes, or one sentence says why not: whatever happens to it."""

from types import SimpleNamespace

import pytest

from analytics.errors import BadInput
from analytics.operations import request
from analytics.perception.operations import ambiguity_request
from analytics.projection.operations import projection_request
from analytics.store.artifacts import Artifacts
from analytics.view import View
from pages.ui import access, limits, services, session
from tests.apptest import page_of, settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def opened():
    return view(settle(start()))


@pytest.fixture
def waiting(opened):
    """A tab that waits for a map, which has been drawn since the last run of the page."""
    at = settle(start())
    wanted = projection_request(opened.dataset, "pca", {"y_component": 3}, 11)
    services.runner().submit(wanted, "")
    assert services.runner().wait(wanted.digest, 60).error == ""
    here = at.session_state["gestalt"]
    here.wanted["projection"] = wanted
    here.steps.add("projection")
    return at, wanted.digest


def damage(digest: str) -> None:
    services.artifacts().forget()
    services.artifacts()._path(digest, ".json").write_text("{")


def gone(digest: str) -> None:
    services.artifacts().remove(digest)


def forgotten(digest: str) -> None:
    gone(digest)
    services.runner().renew()


@pytest.mark.parametrize("lost", [damage, gone, forgotten])
def test_a_wanted_result_that_was_lost_is_computed_again(waiting, lost):
    at, digest = waiting
    lost(digest)
    settle(at, 30)
    assert not [e.value for e in at.error]
    assert view(at).projection == digest and services.artifacts().intact(digest)


def test_a_wanted_result_whose_data_was_lost_too_ends_with_a_sentence(waiting, opened):
    at, digest = waiting
    data = at.session_state["gestalt"].wanted["projection"].parents[0]
    kept = services.artifacts().load(data)
    try:
        gone(digest), gone(data)
        at.run()
        assert not at.session_state["gestalt"].wanted
        assert any("no longer stored" in e.value for e in at.error)
    finally:
        services.artifacts().save(kept)


def test_what_can_be_neither_read_nor_replaced_ends_with_a_sentence(waiting, monkeypatch):
    at, digest = waiting
    side = ambiguity_request(services.artifacts().load(view(at).projection)).digest
    damage(digest), damage(side)
    at.session_state["gestalt"].view = view(at)
    with monkeypatch.context() as patch:
        patch.setattr(Artifacts, "remove", refused)
        at.run()  # it ends: else the page would ask for it again and again
        assert ["neither read nor replaced" in e.value for e in at.error] == [True]
        assert not at.session_state["gestalt"].wanted
        with pytest.raises(BadInput, match="neither read nor replaced"):
            asked(patch, ambiguity_request(services.artifacts().load(view(at).projection)))
    gone(digest), gone(side)
    settle(at)


def refused(self, digest):
    raise OSError(30, "Read-only file system")


def asked(patch, wanted):
    here = session.Session("somebody")
    patch.setattr(session, "current", lambda: here)
    try:
        return session.ask(wanted)
    finally:
        assert not here.asked and not session.news()


def test_what_failed_for_another_reader_first_can_be_tried_again(opened, monkeypatch):
    fails = request("sweep", "no method", (opened.dataset,))
    services.runner().submit(fails, "who asked first")
    assert services.runner().wait(fails.digest, 30).state == "failed"
    here = session.Session("another", asked={fails.digest: fails})
    monkeypatch.setattr(session, "current", lambda: here)
    with pytest.raises(BadInput):
        session.ask(fails)
    session.retry_all()
    assert session.ask(fails) is None


def test_who_goes_on_waiting_is_not_cancelled_with_who_asked(opened):
    wanted = projection_request(opened.dataset, "tsne", {"perplexity": 11.0}, 3)
    services.runner().submit(wanted, "the page before")
    at = start({**opened.to_query(), "wait": f"projection:{wanted.digest}"}).run()
    services.runner().cancel(wanted.digest, "the page before")
    settle(at)
    assert not at.error and view(at).projection == wanted.digest


@pytest.mark.parametrize("other", ["closed", "open"])
def test_a_page_loaded_again_cancels_what_only_closed_tabs_wait_for(opened, monkeypatch, other):
    wanted = projection_request(opened.dataset, "tsne", {"perplexity": 13.0}, len(other))
    server = SimpleNamespace(is_active_session=lambda session: session != "closed")
    server.exists, server.instance = (lambda: True), (lambda: server)
    monkeypatch.setattr(limits, "Runtime", server)
    monkeypatch.setattr(limits, "_inside", {other: "tab before", "again": "tab again"})
    here = session.Session("tab again", wanted={"projection": wanted})
    monkeypatch.setattr(session, "current", lambda: here)
    services.runner().submit(wanted, "tab before")
    session.submit(wanted)
    limits.cancel(wanted.digest)
    job = services.runner().job(wanted.digest)
    assert (job.state == "cancelled") == (other == "closed")
    services.runner().cancel(wanted.digest)


@pytest.mark.parametrize("full", ["projection", "clustering"])
def test_a_full_line_is_told_on_a_page_that_shows_what_waits(opened, monkeypatch, full):
    submit = session.submit

    def refused(wanted):
        if wanted.kind == full:
            raise BadInput("9 of your steps are waiting already.")
        return submit(wanted)

    monkeypatch.setattr(session, "submit", refused)
    query = View(table=opened.table, dataset=opened.dataset).to_query()
    at = settle(start(query))
    assert ["9 of your steps" in e.value for e in at.error] == [True]
    assert any(b.label == "Undo" for b in at.button), "the page is there"
    monkeypatch.undo()
    next(b for b in at.button if b.label == "Dismiss").click().run()
    assert not at.error


def test_a_full_line_is_told_when_a_sample_is_opened(opened, monkeypatch):
    at = settle(start(opened.to_query()))
    at.switch_page("data.py").run()
    with monkeypatch.context() as patch:
        patch.setattr(session, "submit", raising)
        next(b for b in at.button if b.key == "sample-iris").click().run()
        assert not at.exception
        assert ["9 of your steps" in e.value for e in at.error] == [True]
    assert view(at).table == opened.table


def three_ways():
    from types import SimpleNamespace

    from pages.ui import oneplot, session

    plot = SimpleNamespace(projection=session.current().view.projection)
    oneplot._three_ways(SimpleNamespace(plot=plot))


def test_people_who_cannot_be_compared_are_told_of_beside_the_button(opened, monkeypatch):
    at = page_of(three_ways)
    for key, value in opened.to_query().items():
        at.query_params[key] = value
    monkeypatch.setattr("analytics.study.files.export", lambda plots: b"")
    monkeypatch.setattr(access, "stage", raising)
    at.run().button[0].click().run()
    assert not at.exception
    assert ["9 of your steps" in e.value for e in at.error] == [True]


def raising(*given):
    raise BadInput("9 of your steps are waiting already.")
