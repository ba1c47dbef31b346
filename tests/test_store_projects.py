"""Projects and views on SQLite and PostgreSQL."""

import json
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.accounts import holdings
from analytics.digest import is_digest, of_json
from analytics.errors import BadInput
from analytics.store import projects
from analytics.store.fields import (
    MAX_DEPTH,
    MAX_NAME,
    check_name,
    check_state,
    copy_name,
    digests_in,
)
from analytics.store.runs import kept_uploads

pytest_plugins = ["tests.postgres"]

A, B, C, D = (of_json(x) for x in "abcd")
STATE = {"page": "map", "table": A, "selection": [{"type": "box", "x": [0, 1.5], "y": [-2, 3]}]}


def save(engine, name="Penguins", state=STATE, **more):
    return projects.save_view(engine, name=name, state=state, **more)


def test_a_saved_view_opens_as_it_was(engine):
    saved = save(engine)
    view = projects.open_view(engine, saved.view)
    assert view.state == STATE
    assert (view.name, view.project_name, view.revision) == ("Penguins", "Penguins", 1)
    assert view.project == saved.project
    assert view.updated.utcoffset() == timedelta(0)
    assert len(saved.view) >= 22 and saved.view.replace("-", "a").replace("_", "a").isalnum()


def test_saving_again_raises_the_revision_and_a_new_view_joins_the_project(engine):
    first = save(engine)
    again = save(engine, "Other name", {"page": "data"}, view=first.view, revision=1)
    assert (again.view, again.revision, again.project) == (first.view, 2, first.project)
    second = save(engine, "Second", project=first.project)
    assert second.view != first.view
    rows = projects.list_views(engine, first.project)
    assert [(r.name, r.revision) for r in rows] == [("Second", 1), ("Other name", 2)]
    (row,) = projects.list_projects(engine)
    assert (row.name, row.views, row.last_view) == ("Penguins", 2, second.view)


def test_a_stale_save_is_a_conflict_and_loses_nothing(engine):
    first = save(engine)
    save(engine, state={"page": "theirs"}, view=first.view, revision=1, by="Ada")
    with pytest.raises(
        projects.Conflict, match=r"saved by Ada at .* UTC .* save as a new project"
    ) as held:
        save(engine, state={"page": "mine"}, view=first.view, revision=1)
    assert held.value.revision == 2
    assert projects.open_view(engine, first.view).state == {"page": "theirs"}
    copy = save(engine, "Mine", {"page": "mine"}, project=first.project)
    assert projects.open_view(engine, copy.view).state == {"page": "mine"}
    with pytest.raises(BadInput, match="revision"):
        save(engine, view=first.view)


def test_of_many_savers_of_one_revision_exactly_one_wins(engine):
    first = save(engine)
    outcomes = []

    def race(number):
        try:
            outcomes.append(save(engine, state={"n": number}, view=first.view, revision=1))
        except projects.Conflict as conflict:
            outcomes.append(conflict)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(o, projects.Saved) for o in outcomes) == 1
    assert len(outcomes) == 8
    assert projects.open_view(engine, first.view).revision == 2


def test_unknown_views_and_projects_are_said_plainly(engine):
    saved, other = save(engine), save(engine)
    for link in ("", "x" * 22, "v" + "A" * 22, "' OR 1=1 --", "a\x00b", None, 7, "é" * 22):
        with pytest.raises(BadInput, match="no view at this link"):
            projects.open_view(engine, link)
        with pytest.raises(BadInput, match="no such project"):
            projects.list_views(engine, link)
    with pytest.raises(BadInput, match="no such project"):
        save(engine, project="p" + "A" * 22)
    with pytest.raises(BadInput, match="another project"):
        save(engine, project=other.project, view=saved.view, revision=1)


def test_delete_hides_undo_brings_back_and_purge_is_for_good(engine):
    saved = save(engine)
    token = projects.delete(engine, saved.project)
    assert projects.list_projects(engine) == []
    assert [r.id for r in projects.list_projects(engine, deleted=True)] == [saved.project]
    for refused in (
        lambda: projects.open_view(engine, saved.view),
        lambda: save(engine, view=saved.view, revision=1),
        lambda: save(engine, project=saved.project),
        lambda: projects.rename(engine, saved.project, "x"),
        lambda: projects.delete(engine, saved.project),
        lambda: projects.duplicate(engine, saved.project),
    ):
        with pytest.raises(BadInput):
            refused()
    assert projects.undo_delete(engine, token) == saved.project
    assert projects.open_view(engine, saved.view).state == STATE
    with pytest.raises(BadInput, match="already gone"):
        projects.undo_delete(engine, token)
    token = projects.delete(engine, saved.project)
    holdings.hold(engine, saved.project, [A])
    assert projects.purge(engine, timedelta(days=1)) == 0
    assert holdings.held(engine, [saved.project]) == {A}
    assert A in projects.kept_digests(engine)
    assert projects.purge(engine, timedelta(0)) == 1
    assert holdings.held(engine, [saved.project]) == set()
    assert projects.kept_digests(engine) == set()
    with pytest.raises(BadInput, match="already gone"):
        projects.undo_delete(engine, token)


def test_copies_are_numbered_and_independent(engine):
    saved = save(engine)
    projects.record_run(engine, saved.project, digest=A, kind="table", params={"sample": "iris"})
    copy = projects.duplicate(engine, saved.project)
    assert copy.name == "Penguins (copy)"
    assert projects.duplicate(engine, copy.project).name == "Penguins (copy 2)"
    assert projects.open_view(engine, copy.view).state == STATE
    assert [r.digest for r in projects.runs(engine, copy.project)] == [A]
    save(engine, state={}, view=copy.view, revision=1)
    assert projects.open_view(engine, saved.view).state == STATE
    rows = {r.name: r for r in projects.list_projects(engine)}
    assert rows["Penguins (copy)"].dataset == "iris" and rows["Penguins (copy)"].runs == 1


def test_rename(engine):
    saved = save(engine)
    assert (
        projects.rename(engine, saved.project, "  Birds\tof\n the south ") == "Birds of the south"
    )
    assert projects.list_projects(engine)[0].name == "Birds of the south"
    with pytest.raises(BadInput, match="empty"):
        projects.rename(engine, saved.project, " \x00\u202e ")


def test_runs_are_recorded_once_and_keep_their_parents(engine):
    saved = save(engine, state={"clustering": [{"deep": D}]})
    content = "0" * 64
    table = {"digest": A, "kind": "table", "method": "file"}
    params = {"name": "birds\x00.csv", "content": content, "options": {}}
    for _ in range(2):
        projects.record_run(engine, saved.project, **table, params=params)
    projects.record_run(
        engine,
        saved.project,
        digest=B,
        kind="projection",
        method="umap",
        params={"n_neighbors": 15, "nul": "\x00", "half": "\ud800"},
        seed=2**32 - 1,
        parents=(C,),
        about={"seconds": 0.5},
    )
    first, second = projects.runs(engine, saved.project)
    assert first.params == params and second.params["nul"] == "\x00"
    assert (second.seed, second.parents, second.about) == (2**32 - 1, (C,), {"seconds": 0.5})
    assert projects.kept_digests(engine) == {A, B, C, D}
    assert kept_uploads(engine) == {content}
    (row,) = projects.list_projects(engine)
    assert (row.dataset, row.runs) == ("birds.csv", 2)


def test_the_recipe_of_a_very_wide_table_is_recorded(engine):
    saved = save(engine)
    recipe = {"features": [f"column {i:05d} " + "x" * 150 for i in range(20_000)]}
    projects.record_run(engine, saved.project, digest=A, kind="dataset", params=recipe)
    assert projects.runs(engine, saved.project)[0].params == recipe


@pytest.mark.parametrize(
    "wrong",
    [
        {"digest": "../x"},
        {"digest": A, "parents": ("x",)},
        {"digest": A, "seed": -1},
        {"digest": A, "seed": True},
        {"digest": A, "params": {"a": float("nan")}},
        {"digest": A, "params": [1]},
    ],
)
def test_wrong_runs_are_refused(engine, wrong):
    saved = save(engine)
    with pytest.raises(BadInput):
        projects.record_run(engine, saved.project, kind="table", **wrong)
    assert projects.runs(engine, saved.project) == []


def _loop():
    knot: list = []
    knot.append(knot)
    return knot


def _deep():
    value: list = []
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    return value


@pytest.mark.parametrize(
    "state",
    [
        None,
        [1],
        "text",
        {"a": float("inf")},
        {"a": object()},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": "x" * 1_000_001},
        {"a": [0] * 600_000},
        {"a": _loop()},
        {"a": _deep()},
        {"a": 10**5000},
        {("a", "b"): 1},
    ],
)
def test_states_that_are_not_plain_json_are_refused(state):
    with pytest.raises(BadInput):
        check_state(state)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(state=st.dictionaries(st.text(), JSON, max_size=5), name=st.text(max_size=60))
def test_any_json_state_and_name_come_back_equal(engine, state, name):
    try:
        expected = check_name(name)
    except BadInput:
        expected = name = "Fallback"
    view = projects.open_view(engine, save(engine, name, state).view)
    assert json.dumps(view.state, sort_keys=True) == json.dumps(state, sort_keys=True)
    assert view.name == expected


@given(name=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_names_are_one_clean_line_or_refused(name):
    try:
        clean = check_name(name)
    except BadInput:
        return
    assert 1 <= len(clean) <= MAX_NAME
    assert clean == clean.strip() == check_name(clean)
    assert not any(ord(c) < 32 or "\ud800" <= c <= "\udfff" for c in clean)


def test_copy_names_stay_within_the_limit_and_are_free():
    long = "x" * MAX_NAME
    taken = []
    for _ in range(12):
        taken.append(copy_name(long, taken))
    assert len(set(taken)) == 12 and max(map(len, taken)) == MAX_NAME
    assert taken[-1].endswith(" (copy 12)")
    assert copy_name("A (copy 7)", ["A (copy)"]) == "A (copy 2)"


def test_digests_are_found_wherever_they_are():
    value = {"a": A, "b": [{"c": [B, "no"]}], C: None, "d": 5}
    assert set(digests_in(value)) == {A, B, C} and all(map(is_digest, digests_in(value)))
