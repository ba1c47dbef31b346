"""Backups: everything comes back on either database, or nothing is changed."""

import hashlib
import json
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa

from analytics import cli
from analytics.errors import BadInput, StoreError
from analytics.store import backup as backups
from analytics.store import dumping, migrations, projects, restoring
from analytics.store import schema as db
from analytics.store.backup import backup
from analytics.store.database import connect, now, reading, writing
from analytics.store.restoring import restore
from tests.test_store_bundle import CONTENT, FILE, STATE, fill

pytest_plugins = ["tests.postgres"]


def tall(engine):
    """A row in the tables that a project does not fill, with bytes, no value and a reply."""
    stamp, some = now(), np.arange(4, dtype="<f4").tobytes()
    with writing(engine) as c:
        study = {"id": "a" * 32, "title": "Which?", "consent": "None", "open": True}
        c.execute(sa.insert(db.studies).values(**study, created=stamp))
        plot = {"study_id": "a" * 32, "position": 0, "name": "p", "projection": "", "total": 2}
        plot |= {"place": [0.0, 1.0, 2.0], "points": some, "rows": some}
        c.execute(sa.insert(db.study_plots).values(**plot))
        review = {"id": "b" * 32, "token": "c" * 32, "title": "Näher", "view": {"a": None}}
        review |= {"texts": {}, "revision": 1, "created": stamp, "updated": stamp}
        c.execute(sa.insert(db.reviews).values(**review))
        for name, parent in (("z" * 32, None), ("y" * 32, "z" * 32), ("x" * 32, "y" * 32)):
            said = {"id": name, "review_id": "b" * 32, "number": 1, "parent": parent, "about": {}}
            said |= {"name": "Eve", "text": "<b>", "secret": "", "resolved_by": "", "revision": 1}
            c.execute(sa.insert(db.review_comments).values(**said, created=stamp, updated=stamp))


def everything(engine):
    with reading(engine) as connection:
        return {t.name: list(dumping.rows(connection, t)) for t in dumping.tables()}


@pytest.fixture
def kept(tmp_path):
    """(file, home, rows) of a backup of a SQLite store with something in every kind of table."""
    home = tmp_path / "before"
    engine = connect(f"sqlite:///{tmp_path / 'before.sqlite'}")
    fill(home, engine)
    tall(engine)
    told = backup(tmp_path / "all.zip", engine, home)
    assert told["rows"]["projects"] == 1 and told["files"] == 12
    yield tmp_path / "all.zip", home, everything(engine)
    engine.dispose()


def test_all_of_it_comes_back_on_either_database(kept, engine, tmp_path):
    path, before, rows = kept
    told = restore(path, engine, tmp_path / "after")
    assert everything(engine) == rows and len(rows["review_comments"]) == 3
    for source in (p for p in before.rglob("*") if p.is_file()):
        copy = tmp_path / "after" / source.relative_to(before)
        assert copy.read_bytes() == source.read_bytes()
    assert told["rows"]["views"] == 2
    assert not [p for p in (tmp_path / "after").iterdir() if p.name.startswith(".")]
    (view,) = [r for r in rows["views"] if r["name"] == "The map"]
    assert projects.open_view(engine, view["id"]).state == STATE


def test_a_damaged_file_gives_way_to_the_one_of_the_backup(kept, tmp_path):
    path, _, _ = kept
    engine = connect(f"sqlite:///{tmp_path / 'x.sqlite'}")
    damaged = tmp_path / "after" / "uploads" / CONTENT
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half")
    restore(path, engine, tmp_path / "after")
    assert damaged.read_bytes() == FILE


def test_a_store_that_is_in_use_is_left_alone_unless_told(kept, engine, tmp_path):
    path, _, rows = kept
    mine = projects.save_view(engine, name="Mine", state=STATE)
    with pytest.raises(BadInput, match=r"not empty.*--replace"):
        restore(path, engine, tmp_path / "after")
    assert projects.open_view(engine, mine.view).name == "Mine"
    restore(path, engine, tmp_path / "after", replace=True)
    assert everything(engine) == rows


@pytest.mark.parametrize("where", ["_unpack", "_put_files", "_put_rows"])
def test_a_restore_that_was_stopped_is_completed_or_says_that_it_was(
    kept, engine, tmp_path, monkeypatch, caplog, where
):
    path, home = kept[0], tmp_path / "after"
    done = getattr(restoring, where)

    def stopped(*arguments):
        done(*arguments)
        raise KeyboardInterrupt

    @contextmanager
    def left_behind(**where):
        yield tempfile.mkdtemp(**where)

    with monkeypatch.context() as stopping, pytest.raises(KeyboardInterrupt):
        stopping.setattr(restoring, where, stopped)
        stopping.setattr(restoring.tempfile, "TemporaryDirectory", left_behind)
        restore(path, engine, home)
    came = where == "_put_rows"
    assert everything(engine) == (kept[2] if came else {table: [] for table in kept[2]})
    restoring.look_for_stopped(home)
    assert "was stopped" in caplog.text and list(home.glob(".restoring-*"))
    assert restore(path, engine, home).get("note") == (restoring.AGAIN if came else None)
    assert everything(engine) == kept[2] and not list(home.glob(".restoring-*"))


def test_from_postgresql_and_back(kept, postgres_url, tmp_path):
    path, _, rows = kept
    there = connect(postgres_url)
    restore(path, there, tmp_path / "there")
    backup(tmp_path / "second.zip", there, tmp_path / "there")
    here = connect(f"sqlite:///{tmp_path / 'here.sqlite'}")
    restore(tmp_path / "second.zip", here, tmp_path / "here")
    assert everything(here) == rows
    there.dispose(), here.dispose()


@pytest.mark.parametrize("schema", range(1, migrations.LATEST + 1))
def test_a_backup_of_every_older_schema_is_brought_up_to_date(schema, tmp_path):
    old = sa.create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    migrations.migrate(old, target=schema)
    stamp = now().isoformat()
    project = {"id": "a" * 32, "name": "Old", "created": stamp, "updated": stamp}
    view = {"id": "b" * 32, "project_id": "a" * 32, "name": "v", "state": {"page": "map"}}
    lines = {"projects": project, "views": view | {"created": stamp, "updated": stamp}}
    path = written(tmp_path / "old.zip", {f"database/{n}.jsonl": json.dumps(r).encode() + b"\n"
                                          for n, r in lines.items()}, schema)  # fmt: skip
    engine = connect(f"sqlite:///{tmp_path / 'new.sqlite'}")
    restore(path, engine, tmp_path / "home")
    assert projects.open_view(engine, "b" * 32).state == {"page": "map"}
    assert migrations.version(engine) == migrations.LATEST


def written(path, held, schema=migrations.LATEST, **changes):
    """A backup by hand."""
    facts = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in held.items()
    }
    manifest = {"format": backups.FORMAT, "version": "0", "schema": schema, "rows": {}}
    manifest |= {"made": now().isoformat(), "members": facts}
    manifest |= changes
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
        archive.writestr(backups.MANIFEST, json.dumps(manifest))
    return path


def changed(path, name, data):
    """A copy of a backup with one member replaced."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, data if info.filename == name else source.read(info))
    return other


HARMFUL = {
    "another path": {"../../etc/passwd": b"x"},
    "a path inside": {"results/aa/../../x": b"x"},
    "an absolute path": {"/etc/passwd": b"x"},
    "an unknown folder": {"plugins/x.py": b"x"},
    "rows that do not fit": {"database/projects.jsonl": b'{"id": 1}\n'},
    "rows that are none": {"database/projects.jsonl": b"[1, 2]\nx"},
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_file_made_to_do_harm_changes_nothing(name, tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'x.sqlite'}")
    path = written(tmp_path / "bad.zip", HARMFUL[name])
    with pytest.raises(BadInput, match=r"nothing was changed|do not fit"):
        restore(path, engine, tmp_path / "home")
    assert not any(everything(engine).values())
    assert sorted(p.name for p in (tmp_path / "home").rglob("*")) == []


def test_a_damaged_backup_changes_nothing(kept, tmp_path):
    path, _, _ = kept
    engine, home = connect(f"sqlite:///{tmp_path / 'x.sqlite'}"), tmp_path / "home"
    whole = path.read_bytes()
    member = f"uploads/{CONTENT}"
    broken = tmp_path / "broken.zip"
    for data in (whole[: len(whole) // 2], b"", b"PK\x03\x04", whole[:-1]):
        broken.write_bytes(data)
        with pytest.raises(BadInput, match="nothing was changed"):
            restore(broken, engine, home)
    for bad in (changed(path, member, FILE[:-1] + b"z"), changed(path, member, FILE + b"more")):
        with pytest.raises(BadInput, match="nothing was changed"):
            restore(bad, engine, home)
    newer = written(tmp_path / "newer.zip", {}, schema=migrations.LATEST + 1)
    with pytest.raises(BadInput, match="newer Gestalt"):
        restore(newer, engine, home)
    for more in ({"format": "x"}, {"made": "y"}, {"members": []}, {"schema": "4"}, {"rows": 1}):
        with pytest.raises(BadInput, match="nothing was changed"):
            restore(written(tmp_path / "odd.zip", {}, **more), engine, home)
    assert not any(everything(engine).values()) and not list(home.rglob("*"))


def test_no_room_and_no_place_are_said_before_anything_happens(kept, tmp_path, monkeypatch):
    path, home, _ = kept
    engine = connect(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with pytest.raises(BadInput, match="cannot be written"):
        backup(tmp_path / "none" / "all.zip", engine, home)
    with pytest.raises(BadInput, match="no file"):
        restore(tmp_path / "none.zip", engine, home)
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(StoreError, match="make room"):
        restore(path, engine, tmp_path / "after")


def test_what_is_saved_meanwhile_is_whole_or_absent(engine, tmp_path):
    home = tmp_path / "home"
    fill(home, engine)
    done = threading.Event()

    def work():
        while not done.is_set():
            projects.save_view(engine, name="more", state=STATE)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for i in range(3):
            backup(tmp_path / f"{i}.zip", engine, home)
    finally:
        done.set()
        worker.join()
    for i in range(3):
        again = connect(f"sqlite:///{tmp_path / f'{i}.sqlite'}")
        restore(tmp_path / f"{i}.zip", again, tmp_path / f"home{i}")
        rows = everything(again)
        made = {row["id"] for row in rows["projects"]}
        assert {v["project_id"] for v in rows["views"]} == made
        again.dispose()


def test_by_command(home, tmp_path, capsys, monkeypatch):
    engine = connect()
    fill(home, engine)
    assert cli.main(["backup", "--out", str(tmp_path / "b.zip"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"]["views"] == 2 and "note" not in told
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "mistyped"))
    assert cli.main(["backup", "--out", str(tmp_path / "none.zip"), "--json"]) == 0
    assert "mistyped, so nothing is in this" in json.loads(capsys.readouterr().out)["note"]
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "second"))
    assert cli.main(["restore", str(tmp_path / "b.zip"), "--json"]) == 0
    assert everything(connect()) == everything(engine)
    capsys.readouterr()
    assert cli.main(["restore", str(tmp_path / "b.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == restoring.AGAIN
    projects.save_view(connect(), name="Mine", state=STATE)
    assert cli.main(["restore", str(tmp_path / "b.zip"), "--json"]) == 2
    assert "--replace" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    assert cli.main(["restore", str(tmp_path / "b.zip"), "--replace"]) == 0
