"""Reviews in a project's file: they arrive whole, and what opened them before opens nothing."""

import io
import json

import pytest
import sqlalchemy as sa

from analytics.accounts import sharing
from analytics.accounts.person import MEMBER, Person
from analytics.errors import BadInput
from analytics.review import carrying, comments, store
from analytics.store import bundle, projects, schema
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect, reading
from tests.fuzz.inputs import _reviewed
from tests.test_store_bundle import rebuilt

pytest_plugins = ["tests.postgres"]

BAD = "<img src=x onerror=alert(1)> **x**"


def made(engine):
    """A project with a review of two versions and comments; returns (project, review, secrets)."""
    saved = projects.save_view(engine, name="Wine", state={"n": 1})
    _reviewed(engine, saved.project, {"n": 1})
    (row,) = store.reviews(engine)
    review = store.get(engine, row.id)
    store.change(engine, row.id, 1, texts={"question": "Why?"}, title="Wines")
    second = {**store.read(engine, review.token).document, "title": "Again"}
    assert store.publish(engine, row.id, second) == 2
    first, secret = comments.write(
        engine, review.token, 2, name="Cy", text=BAD, about={"kind": "rows", "rows": [1, 4]}
    )
    comments.resolve(engine, review.token, first, "Bo")
    gap, other = comments.write(engine, review.token, 1, name="Di", text="Hidden words")
    comments.write(engine, review.token, 1, name="Ed", text="Answer", parent=gap)
    comments.delete(engine, review.token, gap, secret=other)
    return saved.project, store.get(engine, row.id), (first, secret)


def taken(engine, data, home):
    return bundle.import_project(engine, Artifacts(home / "results"), io.BytesIO(data), home)


def said(engine, review):
    """The comments as they read, their answers under what they answer."""
    found = comments.listed(engine, review)
    places = {c.id: n for n, c in enumerate(found)}
    return [
        (c.number, places.get(c.parent), c.about if not c.deleted else None, c.name, c.text,
         c.resolved_by, c.created, c.deleted)
        for c in found
    ]  # fmt: skip


@pytest.fixture
def packed(engine, tmp_path):
    project, review, secrets = made(engine)
    home = tmp_path / "here"
    data = bundle.export_bytes(engine, Artifacts(home / "results"), project, home)
    return data, review, secrets


def test_a_review_travels_whole_to_the_same_server_twice_and_to_another(engine, packed, tmp_path):
    data, old, _ = packed
    other = connect(f"sqlite:///{tmp_path / 'other.sqlite'}")
    for target in (engine, engine, other):
        saved = taken(target, data, tmp_path / "there")
        (made_,) = saved.reviews
        new = store.get(target, made_)
        assert new.project == saved.project and (new.id, new.token) != (old.id, old.token)
        assert (new.title, new.texts, new.view) == (old.title, old.texts, old.view)
        assert (new.created, new.versions) == (old.created, 2)
        for number in (1, 2):
            mine = store.read(engine, old.token, number)
            theirs = store.read(target, new.token, number)
            assert (mine.document, mine.digest, mine.published) == (
                theirs.document,
                theirs.digest,
                theirs.published,
            )
        assert said(target, new.id) == said(engine, old.id)
    assert len({row.id for row in store.reviews(engine)}) == 3
    other.dispose()


def test_old_links_and_secrets_open_nothing_and_are_not_in_the_file(engine, packed, tmp_path):
    data, old, (comment, secret) = packed
    (made_,) = taken(engine, data, tmp_path / "there").reviews
    token = store.get(engine, made_).token
    with pytest.raises(BadInput):  # the comment of another review
        comments.edit(engine, token, comment, 2, "x", secret=secret)
    (mine,) = [c for c in comments.listed(engine, made_) if c.text == BAD]
    with pytest.raises(BadInput, match="Only who wrote"):
        comments.edit(engine, token, mine.id, mine.revision, "x", secret=secret)
    comments.edit(engine, token, mine.id, mine.revision, "x", owner=made_)
    other = connect(f"sqlite:///{tmp_path / 'other.sqlite'}")
    taken(other, data, tmp_path / "far")
    with pytest.raises(BadInput):
        store.read(other, old.token)
    everything = []
    rebuilt(data, lambda m: everything.extend(m.values()))
    whole = b"".join(everything)
    for word in (old.id, old.token, comment, secret, "Hidden words"):
        assert word.encode() not in whole
    other.dispose()


def test_a_review_whose_link_was_taken_back_travels_whole_and_gets_one_where_it_arrives(
    engine, tmp_path
):
    project, old, _ = made(engine)
    before = said(engine, old.id)
    store.take_back(engine, old.id, old.token)
    with reading(engine) as connection:
        (held,) = connection.scalars(sa.select(schema.reviews.c.token))
    home = tmp_path / "here"
    data = bundle.export_bytes(engine, Artifacts(home / "results"), project, home)
    everything = []
    rebuilt(data, lambda m: everything.extend(m.values()))
    assert held.encode() not in b"".join(everything)
    (made_,) = taken(engine, data, home).reviews
    token = store.get(engine, made_).token
    assert store.read(engine, token).number == 2 and said(engine, made_) == before
    assert store.get(engine, old.id).token == "" and said(engine, old.id) == before


def test_only_the_reviews_asked_for_go_along_and_none_makes_an_older_file(engine, tmp_path):
    project, review, _ = made(engine)
    home, artifacts = tmp_path, Artifacts(tmp_path / "results")
    without = bundle.export_bytes(engine, artifacts, project, home, reviews=[])
    formats = []
    rebuilt(without, lambda m: formats.append(json.loads(m["manifest.json"])["format"]))
    assert formats == [1] and taken(engine, without, home).reviews == ()
    store.delete(engine, review.id)
    assert bundle.export_bytes(engine, artifacts, project, home) == without


def test_with_login_the_reviews_a_person_may_edit_go_along(engine, monkeypatch):
    from analytics.accounts import sharing
    from analytics.accounts.person import MEMBER, Person
    from pages.ui import identity, saving

    def unknown():  # as in the thread that makes the file
        raise AssertionError("the tab is not known there")

    monkeypatch.setattr(identity, "current", unknown)
    _, review, _ = made(engine)
    ada, bo = (Person(f"u{n * 30}", login=n, role=MEMBER) for n in "ab")
    sharing.own(engine, review.id, ada)
    assert saving._editable(engine, ada) == [review.id]
    assert saving._editable(engine, bo) == []
    assert saving._editable(engine, Person("tab")) is None


def change(name, **values):
    return lambda m: m.update({name: json.dumps({**json.loads(m[name]), **values}).encode()})


def first(**values):
    def apply(members):
        said = json.loads(members["reviews/00001-c00001.json"])
        said[0] |= values
        members["reviews/00001-c00001.json"] = json.dumps(said).encode()

    return apply


DAMAGE = {
    "no draft": lambda m: m.pop("reviews/00001.json"),
    "title": change("reviews/00001.json", title=" "),
    "view": change("reviews/00001.json", view={"projection": "../x"}),
    "part": change("reviews/00001.json", texts={"nonsense": "x"}),
    "time": change("reviews/00001.json", created="yesterday"),
    "document": change("reviews/00001-v00001.json", document={}),
    "digest": change("reviews/00001-v00001.json", digest="0" * 32),
    "no version": lambda m: [m.pop(f"reviews/00001-v0000{n}.json") for n in (1, 2)],
    "comments": lambda m: m.update({"reviews/00001-c00001.json": b'{"a": 1}'}),
    "parent of its own": first(parent=0),
    "parent elsewhere": first(parent=99),
    "empty comment": first(text=""),
    "long comment": first(text="x" * 2_001),
    "speaks of nothing": first(about={"kind": "else"}),
    "name": first(name=["x"]),
    "too long": lambda m: m.update({"reviews/00001.json": b" " * 20_000_001}),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    home = tmp_path_factory.mktemp("carried")
    engine = connect(f"sqlite:///{home / 'a.sqlite'}")
    project, _, _ = made(engine)
    data = bundle.export_bytes(engine, Artifacts(home / "results"), project, home)
    engine.dispose()
    return data


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_review_alone_is_left_out_and_named(whole, damage, tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'a.sqlite'}")
    saved = taken(engine, rebuilt(whole, damage), tmp_path / "home")
    ((title, why),) = saved.left_out
    assert title in ("“Wines”", "number 1") and why.endswith(" damaged")
    assert saved.reviews == () and store.reviews(engine) == []
    (project,) = projects.list_projects(engine)
    assert (project.name, project.views) == ("Wine", 1)
    engine.dispose()


def test_beside_a_damaged_review_the_whole_ones_arrive(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'a.sqlite'}")
    project, _, _ = made(engine)
    _reviewed(engine, project, {"n": 1})
    data = bundle.export_bytes(engine, Artifacts(tmp_path / "results"), project, tmp_path)

    def spoil(members):  # bytes that no longer are those the list of contents names
        number = next(n for n in ("00001", "00002") if b"Wines" in members[f"reviews/{n}.json"])
        spoilt.append(f"reviews/{number}-v00002.json")

    spoilt = []
    rebuilt(data, spoil)
    at = data.index(spoilt[0].encode()) + len(spoilt[0]) + 40  # inside what is packed
    broken = data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]
    other = connect(f"sqlite:///{tmp_path / 'b.sqlite'}")
    saved = taken(other, broken, tmp_path / "there")
    assert saved.left_out == (("“Wines”", "version 2 of it is damaged"),)
    (kept,) = store.reviews(other)
    assert (kept.id,) == saved.reviews and kept.versions == 1
    words = carrying.left_out_words(saved.left_out)
    assert words == (
        "The review “Wines” was left out: version 2 of it is damaged. Everything else is here."
    )
    several = carrying.left_out_words([("“A”", "x"), *(("“B”", "y"),) * 6])
    assert several == (
        "7 reviews were left out: “A” (x), “B” (y), “B” (y), “B” (y) and 3 more. "
        "Everything else is here."
    )
    for one in (engine, other):
        one.dispose()


@pytest.mark.parametrize("may", [True, False])
def test_a_review_that_shows_results_of_others_is_left_out(whole, tmp_path, monkeypatch, may):
    from pages.ui import saving, session

    engine, asked, owned = connect(f"sqlite:///{tmp_path / 'a.sqlite'}"), [], []
    monkeypatch.setattr(saving.services, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(saving.services, "artifacts", lambda: Artifacts(tmp_path / "home/results"))
    ann = Person("u" + "a" * 30, "Ann", "", "", MEMBER)
    monkeypatch.setattr(saving.identity, "current", lambda: ann)
    monkeypatch.setattr(saving.access, "own", owned.append)
    monkeypatch.setattr(saving.access, "owns_data", lambda state: asked.append(state) or may)
    saved = saving._imported(engine, io.BytesIO(whole))
    assert len(asked) == 1 and len(asked[0]) == 3  # the draft and both versions
    assert sharing.roles(engine, ann, [saved.project, *saved.reviews]) == {saved.project: "owner"}
    assert owned == list(saved.reviews if may else ())
    assert len(store.reviews(engine)) == may
    said = session.current().errors["import"]
    assert said == "" if may else "“Wines”" in said and "not in the file" in said
    engine.dispose()
