"""What becomes of a person's work: given, handed over, deleted; and what goes by its age."""

import io
import json
import os
import time

import numpy as np
import pytest
import sqlalchemy as sa

from analytics import allowance, api, cli
from analytics.accounts import holdings, leaving, sharing
from analytics.accounts.person import MEMBER, Person
from analytics.accounts.tables import holdings as holding
from analytics.accounts.tables import people, shares
from analytics.data import uploads
from analytics.data.uploads import path_of, stage
from analytics.errors import BadInput
from analytics.review import store as reviews
from analytics.store import bundle, projects, unbundle
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect, reading
from analytics.study import store as studies
from analytics.study.plots import Plot
from pages.ui import services

pytest_plugins = ["tests.postgres"]

ANN = Person("u" + "a" * 30, "Ann", "ann@x.org", "ann", MEMBER)
BOB = Person("u" + "b" * 30, "Bob", "bob@x.org", "bob", MEMBER)
OTHER_ANN = Person("u" + "c" * 30, "Ann", "", "ann2", MEMBER)
CSV = "\n".join(["a,b", *(f"{i},{i * i % 7}" for i in range(30))])


class World:
    """Ann owns a project with her file, holds a file with Bob and one alone, and edits one of
    his."""

    def __init__(self, url, home):
        self.url, self.engine, self.home = url, connect(url), home
        self.artifacts = Artifacts(home / "results")
        for person in (ANN, BOB, OTHER_ANN):
            sharing.greet(self.engine, person)
        self.files = {
            name: stage(f"{CSV}\n{i},{i}".encode(), f"{name}.csv", home)["content"]
            for i, name in enumerate(("anns", "both", "saved", "bobs"))
        }
        self.tables = {name: self.table(name) for name in self.files}
        self.hers, self.his = self.project("Hers", ANN, "anns"), self.project("His", BOB, "saved")
        plot = Plot("p", np.zeros((3, 2), np.float32), np.arange(3, dtype=np.int32), 3, (0, 0), 1)
        self.study = studies.start(self.engine, title="Hers", plots=[plot], owner=ANN)
        self.review = reviews.start(self.engine, title="Hers", view={}, project=self.his, owner=ANN)
        for thing in (self.study, self.review):
            sharing.share(self.engine, ANN, thing, "bob@x.org", "viewer")
        sharing.share(self.engine, BOB, self.his, "ann@x.org", "editor")
        self.hold(ANN, "anns", "both", "saved")
        self.hold(BOB, "both", "bobs")

    def table(self, name):
        made = api.read(path_of(self.files[name], self.home), store=self.artifacts)
        return made.digest, made.params

    def project(self, name, owner, file):
        saved = projects.save_view(self.engine, name=name, state={}, by="Ann", owner=owner)
        digest, params = self.tables[file]
        projects.record_run(self.engine, saved.project, digest=digest, kind="table", params=params)
        return saved.project

    def hold(self, person, *names):
        holdings.hold(self.engine, person.id, [self.files[n] for n in names])

    def rows(self, table):
        with reading(self.engine) as connection:
            return {tuple(map(str, row)) for row in connection.execute(sa.select(table))}

    def stored(self):
        """The files and results that are there, by name."""
        files = {n for n, c in self.files.items() if (self.home / "uploads" / c).exists()}
        return files, {n for n, (digest, _) in self.tables.items() if self.artifacts.has(digest)}

    def forget(self, who="ann@x.org", **more):
        return leaving.forget(self.engine, self.artifacts, self.home, who, **more)


@pytest.fixture
def world(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_USER_LLM_CALLS", "9")
    made = World(database_url, tmp_path)
    allowance.book(ANN.id, {allowance.CALLS: 2}, tmp_path)
    yield made
    made.engine.dispose()


COUNTS = {
    "projects": 1,
    "studies": 1,
    "reviews": 1,
    "their name at saved views": 1,
    "places in things of others": 1,
    "uploaded files": 1,
    "results": 1,
    leaving.UNKNOWN: 0,
    "days of use": 1,
}


def test_without_yes_everything_is_counted_and_nothing_changed(world):
    tables = (db.projects, db.views, db.studies, db.reviews, people, shares)
    before = [world.rows(t) for t in tables], world.stored()
    person, counts = world.forget()
    assert person.id == ANN.id and counts == COUNTS
    assert ([world.rows(t) for t in tables], world.stored()) == before
    assert allowance.used(ANN.id, allowance.CALLS, world.home) == 2


def test_what_is_only_hers_goes_and_what_others_have_stays(world):
    assert world.forget(do=True)[1] == COUNTS
    assert {row[0] for row in world.rows(db.projects)} == {world.his}
    assert not any(map(world.rows, (db.studies, db.study_plots, db.reviews)))
    assert {row[0] for row in world.rows(shares)} == {world.his}
    assert world.stored() == ({"both", "saved", "bobs"}, {"both", "saved", "bobs"})
    assert holdings.held(world.engine, [ANN.id]) == set()
    assert sharing.role(world.engine, ANN, world.his) == ""
    assert sharing.role(world.engine, BOB, world.his) == "owner"
    assert {p.id for p in leaving.everybody(world.engine)} == {BOB.id, OTHER_ANN.id}
    assert "Ann" not in str(world.rows(db.views)), "her name at the view she saved for Bob"
    assert allowance.used(ANN.id, allowance.CALLS, world.home) == 0
    with pytest.raises(BadInput, match="nobody has"):
        world.forget(do=True)


def test_a_result_whose_origin_is_gone_goes_too_unless_something_saved_names_it(world):
    store = world.artifacts
    hers, his = (
        api.prepare(store.load(world.tables[name][0]), store=store) for name in ("anns", "saved")
    )
    map_ = api.project(hers, method="pca", store=store)
    projects.record_run(world.engine, world.his, digest=his.digest, kind="dataset")
    for digest in (hers.digest, world.tables["saved"][0]):
        store.remove(digest)
    counts = COUNTS | {leaving.UNKNOWN: 1}
    assert world.forget()[1] == counts and store.has(map_.digest)
    assert world.forget(do=True)[1] == counts
    assert not store.has(map_.digest) and store.has(his.digest)


def test_nothing_is_made_without_its_owner(world, monkeypatch):
    plot = Plot("p", np.zeros((3, 2), np.float32), np.arange(3, dtype=np.int32), 3, (0, 0), 1)
    zipped = io.BytesIO(bundle.export_bytes(world.engine, world.artifacts, world.hers, world.home))
    making = (
        lambda: projects.save_view(world.engine, name="New", state={}, owner=ANN),
        lambda: projects.duplicate(world.engine, world.hers, ANN),
        lambda: unbundle.import_project(
            world.engine, world.artifacts, zipped, world.home, owner=ANN
        ),
        lambda: reviews.start(world.engine, title="New", view={}, owner=ANN),
        lambda: studies.start(world.engine, title="New", plots=[plot], owner=ANN),
        lambda: studies.take_in(
            world.engine, title="New", given=[(plot, np.zeros((2, 3), np.int16))], owner=ANN
        ),
    )
    tables = (db.projects, db.views, db.reviews, db.studies, shares, holding)
    before = [world.rows(table) for table in tables]
    for make in making:
        with monkeypatch.context() as stopping, pytest.raises(KeyboardInterrupt):
            stopping.setattr(sharing, "put", interrupt)
            make()
        assert [world.rows(table) for table in tables] == before
    for make in making:
        made = make()
        thing = getattr(made, "project", made)
        assert sharing.role(world.engine, ANN, thing) == "owner"
    assert len(world.rows(shares)) == len(before[4]) + len(making)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("steps", range(4))
def test_a_forgetting_that_was_stopped_is_completed_by_the_next(world, monkeypatch, steps):
    child = api.prepare(world.artifacts.load(world.tables["anns"][0]), store=world.artifacts)
    whole, left = os.unlink, iter(range(steps))

    def stopped(path, *more, **options):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return whole(path, *more, **options)

    with monkeypatch.context() as stopping, pytest.raises(KeyboardInterrupt):
        stopping.setattr(os, "unlink", stopped)
        world.forget(do=True)
    assert ANN.id in {p.id for p in leaving.everybody(world.engine)}
    assert {row[0] for row in world.rows(db.projects)} == {world.his}
    world.forget(do=True)
    assert world.stored() == ({"both", "saved", "bobs"}, {"both", "saved", "bobs"})
    assert not [p for d in (child.digest, world.tables["anns"][0])
                for p in world.home.glob(f"results/??/{d}*")]  # fmt: skip
    assert {p.id for p in leaving.everybody(world.engine)} == {BOB.id, OTHER_ANN.id}
    assert holdings.held(world.engine, [ANN.id]) == set()


def test_another_person_gets_what_she_owns(world):
    _, counts = world.forget(to=BOB.id, do=True)
    assert counts["projects"] == 1 and counts["uploaded files"] == counts["results"] == 0
    for thing in (world.hers, world.study, world.review):
        assert sharing.role(world.engine, BOB, thing) == "owner"
    assert world.stored()[0] == set(world.files)
    assert holdings.held(world.engine, [BOB.id]) == set(world.files.values())
    assert sharing.role(world.engine, ANN, world.hers) == ""


@pytest.mark.parametrize(
    ("who", "to", "words"),
    [
        ("nobody@x.org", "", "nobody has the name"),
        ("ann@x.org", "ann", "same person"),
        ("ann@x.org", "who@x.org", "nobody has the name"),
    ],
)
def test_a_name_that_means_nobody_changes_nothing(world, who, to, words):
    before = world.rows(shares)
    with pytest.raises(BadInput, match=words):
        world.forget(who, to=to, do=True)
    assert world.rows(shares) == before


def test_what_nobody_owns_is_given(world):
    free = projects.save_view(world.engine, name="Old", state={}).project
    person, counts = leaving.claim(world.engine, "bob")
    assert person.name == "Bob" and counts == {"projects": 1, "studies": 0, "reviews": 0}
    assert sharing.role(world.engine, BOB, free) == "owner"
    assert sharing.role(world.engine, BOB, world.hers) == ""
    assert leaving.claim(world.engine, "bob")[1]["projects"] == 0


def test_the_command(world, monkeypatch, capsys):
    monkeypatch.setenv("GESTALT_HOME", str(world.home))
    monkeypatch.setenv("GESTALT_DATABASE_URL", world.url)

    def run(*arguments, code=0):
        assert cli.main(["people", *arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    assert [p["name"] for p in run("list")["people"]] == ["Ann", "Ann", "Bob"]
    assert "takes an id" in run("forget", code=2)["error"]
    assert run("claim", "bob")["counts"]["projects"] == 0
    counted = run("forget", "ann@x.org")
    assert counted["counts"] == COUNTS and not counted["done"] and "--yes" in counted["note"]
    assert run("forget", "ann@x.org", "--yes")["done"]
    assert [p["id"] for p in run("list")["people"]] == [OTHER_ANN.id, BOB.id]


def test_what_is_unused_for_too_long_goes_by_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_KEEP_DAYS", "30")
    engine = connect(f"sqlite:///{tmp_path / 'a.sqlite'}")
    store, day = Artifacts(tmp_path / "results"), 86_400.0
    monkeypatch.setattr(services, "_shared", {"artifacts": store, "engine": engine})
    monkeypatch.setattr(services.settings, "home", lambda: tmp_path)
    names = ("old", "saved", "fresh", "parent")
    content = {n: stage(io.BytesIO(f"{CSV}\n1,{i}".encode()), n, tmp_path)["content"]
               for i, n in enumerate(names)}  # fmt: skip
    made = {n: api.read(path_of(c, tmp_path), store=store) for n, c in content.items()}
    child = api.prepare(made["parent"], store=store)
    saved = projects.save_view(engine, name="Kept", state={})
    for digest, params in [(made["saved"].digest, made["saved"].params)]:
        projects.record_run(engine, saved.project, digest=digest, kind="table", params=params)
    long_ago = time.time() - 31 * day
    for path in (*tmp_path.glob("results/??/*"), *tmp_path.glob("uploads/*")):
        os.utime(path, (long_ago, long_ago))
    for record in (made["fresh"], child):
        store.load(record.digest)
    uploads.path_of(content["fresh"], tmp_path)

    services.tidy()
    assert {n for n, record in made.items() if store.has(record.digest)} == set(names) - {"old"}
    left = {n for n, c in content.items() if (tmp_path / "uploads" / c).exists()}
    assert left == {"saved", "fresh"}, "a table is there without its file"
    monkeypatch.setenv("GESTALT_KEEP_DAYS", "")
    for path in tmp_path.glob("results/??/*"):
        os.utime(path, (long_ago, long_ago))
    services.tidy()
    assert store.has(made["fresh"].digest)
    engine.dispose()
