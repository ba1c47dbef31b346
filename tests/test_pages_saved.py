"""Saved work by AppTest: saving over, other data, conflicts, addresses of changed views, lists."""

from dataclasses import replace

import pytest

from analytics.data.operations import dataset_request, sample_request
from analytics.errors import StoreError
from analytics.operations import OPERATIONS, execute, request
from analytics.store import projects
from analytics.view import View
from pages.ui import saving, services
from tests import apptest
from tests.apptest import settle, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def start(query=None):
    """The app at an address, settled."""
    return settle(apptest.start(query))


def address(at):
    return dict(at.query_params.items())


def button(at, label):
    return next(b for b in at.button if b.label == label and b.key != "save-view")


def press(at, label):
    return button(at, label).click().run()


def save(at, name=None, new=False):
    """Open the dialog, name the view, save it. AppTest runs the whole page for each click, so the
    click that opens the dialog is made again with the one inside it."""
    press(at, "Save")
    if name:
        next(t for t in at.text_input if t.label == "Name").input(name)
    button(at, "Save").click()
    inside = button(at, "Save as a new project") if new else at.button(key="save-view")
    return inside.click().run()


def colour(at, value):
    return next(s for s in at.selectbox if s.label == "Colour by").select(value).run()


def stored(at):
    """The saved view of this session, as the store has it."""
    return projects.open_view(services.engine(), at.session_state["gestalt"].saved["view"])


@pytest.fixture(scope="module")
def link():
    """The address of a saved view of the first sample."""
    at = save(start(), "Kept")
    assert not at.exception
    assert address(at) == {"view": at.session_state["gestalt"].saved["view"]}
    return address(at)


def test_a_saved_link_stays_the_address_and_is_saved_over(link):
    at = start(link)
    assert address(at) == link
    colour(at, "clusters")
    assert address(at) == {**view(at).to_query(), **link, "revision": "1"}
    save(at)
    assert address(at) == link
    assert stored(at).revision == 2
    assert stored(at).state["view"]["color"] == "clusters"


def test_a_changed_view_keeps_its_place_after_a_reload(link):
    at = colour(start(link), "label")
    again = start(address(at))
    assert view(again) == view(at)
    assert again.session_state["gestalt"].saved["name"] == "Kept"


def test_saving_over_a_newer_version_is_refused_and_a_copy_is_offered(link):
    mine, theirs = start(link), start(link)
    save(colour(theirs, "column:hue"))
    save(colour(mine, "column:proline"))
    assert any("save as a new project" in w.value for w in mine.warning)
    assert stored(theirs).state["view"]["color"] == "column:hue"
    save(mine, new=True)
    assert stored(mine).project != stored(theirs).project
    assert stored(mine).state["view"]["color"] == "column:proline"


def test_other_data_opened_since_never_replaces_what_was_saved(link):
    at = start(link)
    before = stored(at)
    at.switch_page("data.py").run()
    next(b for b in at.button if b.key == "sample-iris").click().run()
    settle(at)
    assert view(at).table != before.state["view"]["table"]
    assert "view" not in address(at)
    save(at)
    assert stored(at).project != before.project
    assert projects.open_view(services.engine(), before.view).state == before.state


def test_a_link_to_deleted_work_is_one_sentence_but_a_changed_view_still_opens(link):
    at = start(link)
    copy = projects.duplicate(services.engine(), stored(at).project)
    changed = {**view(at).to_query(), "view": copy.view, "revision": "1"}
    projects.delete(services.engine(), copy.project)
    assert len(start({"view": copy.view}).error) == 1
    again = start(changed)
    assert not again.error
    assert view(again).to_query() == view(at).to_query()
    assert again.session_state["gestalt"].saved == {}


def test_the_list_renames_deletes_and_undoes_and_says_in_place_what_fails(link):
    at = start(link)
    project = projects.duplicate(services.engine(), stored(at).project).project
    at.switch_page("data.py").run()
    at.text_input(key=f"name-{project}").input("  ").run()
    at.button(key=f"rename-{project}").click().run()
    assert any("name is empty" in e.value for e in at.error)
    assert at.button(key=f"open-{project}")
    at.text_input(key=f"name-{project}").input("Renamed").run()
    at.button(key=f"rename-{project}").click().run()
    assert any("Renamed" in m.value for m in at.markdown)
    at.button(key=f"delete-{project}").click().run()
    assert not any(b.key == f"open-{project}" for b in at.button)
    press(at, "Undo the deletion")
    assert at.button(key=f"open-{project}")
    uploader = next(u for u in at.file_uploader if u.key == "import-project")
    uploader.upload("broken.zip", b"PK\x03\x04 no", "application/zip")
    at.run()
    press(at, "Import")
    assert any("not a Gestalt project" in e.value for e in at.error)
    assert at.button(key=f"open-{project}")
    at.button(key=f"open-{project}").click().run()
    assert not at.exception
    assert at.session_state["gestalt"].saved["project"] == project


def test_a_save_that_fails_does_not_say_saved(link, monkeypatch):
    at = start(link)

    def full(name, before):
        raise StoreError("The disk is full: free some space there and save again.")

    monkeypatch.setattr(saving, "save", full)
    save(at, "Renamed")
    assert any("disk is full" in e.value for e in at.error)
    assert not any("Saved" in s.value for s in at.success)


def test_the_dialog_for_saving_stays_open_while_the_page_is_drawn_anew():
    at = settle(start())
    press(at, "Save")
    for _ in range(2):
        assert [b for b in at.button if b.key == "save-view"]
        at.run()
    at.session_state["gestalt"].dialog = ("Map", "")  # as closing it does
    at.run()
    assert not [b for b in at.button if b.key == "save-view"]
    press(at, "Save")
    at.switch_page("data.py").run()
    assert not [b for b in at.button if b.key == "save-view"], "it belongs to the page it stood on"


def test_a_link_opens_what_an_older_version_of_reading_stored(monkeypatch):
    store, now = services.artifacts(), OPERATIONS["table"]
    monkeypatch.setitem(OPERATIONS, "table", replace(now, version=now.version - 1))
    table = execute(sample_request("iris"), store)
    monkeypatch.undo()
    dataset = execute(dataset_request(table), store)
    map_ = execute(request("projection", "pca", (dataset.digest,)), store)
    groups = execute(request("clustering", "kmeans", (dataset.digest,)), store)
    assert sample_request("iris").digest != table.digest
    made = {"table": table, "dataset": dataset, "projection": map_, "clustering": groups}
    kept = {slot: record.digest for slot, record in made.items()}
    at = start(View(**kept).to_query())
    assert {slot: getattr(view(at), slot) for slot in kept} == kept
    assert not at.exception and not at.error
    assert not at.session_state["gestalt"].errors
    save(at, "Of before")
    assert view(start(address(at))) == view(at)
