"""Who may do what: roles, sharing, and that nobody reads what rests on another's file."""

import io

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.accounts import holdings, removal, sharing
from analytics.accounts.person import ADMIN, MEMBER, READER, Person
from analytics.errors import BadInput
from analytics.store import bundle, migrations, projects
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect, now, writing
from pages.ui import access, identity, services
from tests.apptest import settle, start, view

pytest_plugins = ["tests.postgres"]

ANN = Person("u" + "a" * 30, "Ann", "ann@x.org", "ann", MEMBER)
BOB = Person("u" + "b" * 30, "Bob", "bob@x.org", "bob", MEMBER)
CYD = Person("u" + "c" * 30, "Cyd", "", "cyd", ADMIN)
READ = Person("tab1", role=READER)
PEOPLE = (ANN, BOB, CYD, READ)
SECRET = "only-ann-knows-this"
P = "p" * 32


@pytest.fixture(autouse=True)
def login(monkeypatch):
    monkeypatch.setenv("GESTALT_LOGIN", "proxy")
    monkeypatch.delenv("GESTALT_ADMINS", raising=False)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["share", "unshare", "close"]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from(["editor", "viewer", "owner", "admin"]),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_only_the_owner_changes_who_may_do_what(acts, tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'roles.sqlite'}")
    with writing(engine) as connection:
        connection.execute(sa.delete(sharing.shares))
    sharing.own(engine, P, ANN)
    expected = {BOB.id: "", CYD.id: ""}
    for act, by, to, role in acts:
        who, whom = PEOPLE[by], PEOPLE[to]
        mine = who is ANN
        try:
            if act == "share":
                sharing.share(engine, who, P, whom.email or whom.login, role)
                assert mine and whom is not ANN and role in ("editor", "viewer")
                expected[whom.id] = role
            elif act == "close":
                sharing.set_by_link(engine, who, P, False)
                assert mine
            else:
                for key in whom.keys:
                    sharing.unshare(engine, who, P, key)
                assert mine or who is whom
                expected.pop(whom.id, None) if whom is not ANN else None
        except BadInput:
            assert not mine or whom is ANN or role not in ("editor", "viewer")
        assert sharing.role(engine, ANN, P) == "owner" and sharing.role(engine, READ, P) == ""
        for person in (BOB, CYD):
            assert sharing.role(engine, person, P) == expected.get(person.id, "")
    engine.dispose()


def test_what_nobody_owns_is_the_first_administrators(engine, monkeypatch):
    assert not any(sharing.role(engine, p, P) for p in PEOPLE)
    monkeypatch.setenv("GESTALT_ADMINS", "cyd,bob@x.org")
    assert [sharing.role(engine, p, P) for p in PEOPLE] == ["", "", "owner", ""]
    sharing.own(engine, P, ANN)
    assert [sharing.role(engine, p, P) for p in PEOPLE] == ["owner", "", "", ""]


@pytest.mark.parametrize("table", [db.projects, db.studies, db.reviews], ids=lambda t: t.name)
def test_what_is_removed_for_good_leaves_no_shares_and_no_files_held(engine, table):
    kept, gone = P, "q" * 32
    required = {
        c.name: {} if isinstance(c.type, sa.JSON) else now() if "UtcTime" in repr(c.type) else 1
        for c in table.c
        if not c.nullable and c.default is None
    }
    texts = {c.name: "x" for c in table.c if c.name in required and isinstance(c.type, sa.String)}
    for thing in (kept, gone):
        with writing(engine) as connection:
            unique = dict.fromkeys(texts, thing)
            connection.execute(sa.insert(table).values(**{**required, **unique, "id": thing}))
        sharing.own(engine, thing, ANN)
        sharing.share(engine, ANN, thing, "bob@x.org", "viewer")
        holdings.hold(engine, thing, ["f" * 64])
    with writing(engine) as connection:
        assert removal.remove(connection, table, table.c.id == gone) == 1
    assert sharing.shared_with(engine, gone) == []
    assert holdings.held(engine, [gone]) == set()
    assert len(sharing.shared_with(engine, kept)) == 2
    assert holdings.held(engine, [kept]) == {"f" * 64}


def test_names_of_projects_of_others_do_not_show_in_those_of_copies(engine, tmp_path):
    mine = projects.save_view(engine, name="Wine", state={}, owner=BOB)
    projects.save_view(engine, name="Wine (copy)", state={}, owner=ANN)
    assert projects.duplicate(engine, mine.project, BOB).name == "Wine (copy)"
    assert projects.duplicate(engine, mine.project, BOB).name == "Wine (copy 2)"
    artifacts = Artifacts(tmp_path / "results")
    data = bundle.export_bytes(engine, artifacts, mine.project, tmp_path)
    for person, name in ((CYD, "Wine"), (BOB, "Wine (copy 3)"), (None, "Wine (copy 4)")):
        saved = bundle.import_project(engine, artifacts, io.BytesIO(data), tmp_path, owner=person)
        assert saved.name == name


def test_a_result_rests_on_all_files_of_its_parents():
    one, two = "1" * 64, "2" * 64
    made = {
        "a": ({"content": one}, ()),
        "b": ({"files": [{"content": two}]}, ()),
        "c": ({}, ("a", "b")),
        "d": ({}, ("c", "gone")),
        "s": ({"sample": "iris"}, ()),
    }
    assert holdings.files_of("c", made.get) == {one, two}
    assert holdings.files_of("s", made.get) == frozenset()
    assert holdings.files_of("d", made.get) is None


def test_projects_from_before_the_login_hold_their_files(database_url):
    engine = connect(database_url)
    content = "e" * 64
    saved = projects.save_view(engine, name="Old", state={"page": "map"})
    params = {"name": "a.csv", "content": content}
    projects.record_run(engine, saved.project, digest="a" * 32, kind="table", params=params)
    with writing(engine) as connection:  # back to the schema before accounts
        for name in ("people", "shares", "holdings"):
            connection.execute(sa.text(f"DROP TABLE {name}"))
        connection.execute(sa.text("DELETE FROM schema_version WHERE version > 4"))
    assert migrations.migrate(engine) == 4
    assert holdings.held(engine, [saved.project]) == {content}
    engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def as_person(monkeypatch, person):
    monkeypatch.setattr(identity, "_told", lambda: person)


def shown(at) -> str:
    return str(at.main) + str(at.sidebar) + "".join(c.proto.spec for c in at.get("plotly_chart"))


def press(at, label):
    return next(b for b in at.button if b.label == label).click()


def test_another_opens_nothing_until_it_is_shared(monkeypatch):
    as_person(monkeypatch, ANN)
    ann = start()
    ann.run()
    ann.switch_page("data.py").run()
    rows = "\n".join(f"{i},{i * i % 17},{SECRET}-{i % 3}" for i in range(60))
    ann.text_area(key="pasted").set_value(f"a,b,{SECRET}\n{rows}").run()
    press(ann, "Open the pasted text")
    settle(ann)
    assert SECRET in shown(ann)
    digests = view(ann).to_query()
    held = holdings.held(services.engine(), [ANN.id])
    assert held
    state = {"view": view(ann).to_json()}
    saved = projects.save_view(
        services.engine(), name="Anns work", state=state, owner=ANN, files=held
    )

    as_person(monkeypatch, BOB)
    bob = start(digests)
    bob.run()
    assert SECRET not in shown(bob) and not bob.exception
    assert any(access.FOREIGN[:40] in e.value for e in bob.error)
    bob.switch_page("data.py").run()
    assert "Anns work" not in shown(bob) and SECRET not in shown(bob)
    sharing.set_by_link(services.engine(), ANN, saved.project, False)
    closed = start({"view": saved.view})
    closed.run()
    assert SECRET not in shown(closed)

    sharing.share(services.engine(), ANN, saved.project, "bob@x.org", "viewer")
    given = settle(start({"view": saved.view}))
    assert SECRET in shown(given) and not given.exception
    press(given, "Save").run()
    assert not [b for b in given.button if b.key == "save-view"], "a viewer cannot save over it"
    sharing.unshare(services.engine(), ANN, saved.project, "email:bob@x.org")
    again = start({"view": saved.view})
    again.run()
    assert SECRET not in shown(again)
