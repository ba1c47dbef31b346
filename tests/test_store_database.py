"""Opening, migrating, refusing, surviving: the database itself, on SQLite and PostgreSQL."""

import hashlib
import json
import os
import pwd
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from analytics.accounts import tables  # noqa: F401  (the whole schema)
from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.store import database, migrations, projects, schema
from analytics.store.database import connect

pytest_plugins = ["tests.postgres"]

OLD_STATE = {"page": "map", "table": of_json("t")}
V, P = "v" + "A" * 22, "p" + "B" * 22


def raw_engine(url, monkeypatch):
    """An engine on a database as it is, without bringing it up to date."""
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "migrate", lambda engine: None)
        return connect(url)


def build_version_1(url, monkeypatch):
    """A database as the first version left it, with a project in it."""
    engine = raw_engine(url, monkeypatch)
    migrations.migrate(engine, 1)
    time_ = "2024-05-06 07:08:09.000010" + ("+00:00" if engine.dialect.name != "sqlite" else "")
    with database.writing(engine) as connection:
        run = connection.exec_driver_sql
        run(f"INSERT INTO projects VALUES ('{P}', 'Old birds', '{time_}', '{time_}')")
        state = json.dumps(OLD_STATE)
        run(f"INSERT INTO views VALUES ('{V}', '{P}', 'First', '{state}', '{time_}', '{time_}')")
        digest = of_json("t")
        run(f"INSERT INTO datasets VALUES ('{P}', '{digest}', 'birds.csv', '', '{time_}')")
        run(
            f"INSERT INTO runs VALUES ('{P}', '{digest}', 'table', 'file', '{{}}', 0, '[]', "
            f"'{{}}', '{time_}')"
        )
    engine.dispose()


def columns(connection):
    """Every table's columns as (name, type, required), and its keys and indexes."""
    inspector = sa.inspect(connection)
    return {
        table: (
            {
                (c["name"], str(c["type"].compile(connection.dialect)), c["nullable"])
                for c in inspector.get_columns(table)
            },
            inspector.get_pk_constraint(table)["constrained_columns"],
            {(tuple(f["constrained_columns"]), f["referred_table"], f["options"].get("ondelete"))
             for f in inspector.get_foreign_keys(table)},
            {tuple(i["column_names"]) for i in inspector.get_indexes(table)},
        )
        for table in inspector.get_table_names()
    }  # fmt: skip


def test_migrations_build_what_the_tables_say(database_url):
    engine = connect(database_url)
    with database.reading(engine) as connection:
        migrated = columns(connection)
    with database.writing(engine) as connection:
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
    with database.reading(engine) as connection:
        assert migrated == columns(connection)
    engine.dispose()


def test_an_older_database_is_brought_up_to_date_with_all_it_holds(database_url, monkeypatch):
    build_version_1(database_url, monkeypatch)
    engine = connect(database_url)
    assert migrations.version(engine) == migrations.LATEST
    view = projects.open_view(engine, V)
    assert (view.state, view.name, view.revision) == (OLD_STATE, "First", 1)
    assert view.updated.isoformat() == "2024-05-06T07:08:09.000010+00:00"
    (row,) = projects.list_projects(engine)
    assert (row.name, row.views, row.runs, row.dataset) == ("Old birds", 1, 1, "birds.csv")
    assert projects.save_view(engine, name="n", state={}, view=V, revision=1).revision == 2
    assert projects.undo_delete(engine, projects.delete(engine, P)) == P
    engine.dispose()
    again = connect(database_url)
    with database.reading(again) as connection:
        versions = list(connection.scalars(sa.select(schema.schema_version.c.version)))
    assert versions == list(range(1, migrations.LATEST + 1))
    again.dispose()


def test_a_migration_that_fails_leaves_the_old_database(database_url, monkeypatch):
    build_version_1(database_url, monkeypatch)

    engine = raw_engine(database_url, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (migrations.MIGRATIONS[0], _breaks))
        with pytest.raises(StoreError):
            migrations.migrate(engine)
    assert migrations.version(engine) == 1
    with database.reading(engine) as connection:
        assert "revision" not in {c["name"] for c in sa.inspect(connection).get_columns("views")}
    engine.dispose()
    current = connect(database_url)
    assert projects.open_view(current, V).state == OLD_STATE
    current.dispose()


def _breaks(connection):
    """A second migration that fails half way."""
    connection.exec_driver_sql("ALTER TABLE views ADD COLUMN revision INTEGER")
    connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_a_newer_database_is_refused_in_words(database_url):
    engine = connect(database_url)
    with database.writing(engine) as connection:
        connection.execute(
            sa.insert(schema.schema_version).values(version=99, applied=database.now())
        )
    engine.dispose()
    with pytest.raises(StoreError, match=r"newer Gestalt \(schema 99"):
        connect(database_url)


def test_someone_elses_tables_are_left_alone(database_url, monkeypatch):
    engine = raw_engine(database_url, monkeypatch)
    with database.writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE projects (thing TEXT)")
    engine.dispose()
    with pytest.raises(StoreError, match="already holds other tables"):
        connect(database_url)


START = """
import sys
from analytics.store import database, migrations
print("ready", flush=True)
sys.stdin.readline()
print(migrations.version(database.connect(sys.argv[1])))
"""


def test_programs_that_start_together_take_turns(database_url):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", START, database_url]
    started = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (out.strip(), err) == (str(migrations.LATEST), "")


SAVER = """
import hashlib, sys
from analytics.store import projects
from analytics.store.database import connect
engine = connect(sys.argv[1])
n, kept = 0, None
while True:
    n += 1
    text = str(n) * 20_000
    state = {"n": n, "text": text, "sum": hashlib.sha256(text.encode()).hexdigest()}
    if kept is None or n % 5 == 0:
        kept = projects.save_view(engine, name=f"P{n}", state=state)
    else:
        kept = projects.save_view(
            engine, name=f"V{n}", state=state, view=kept.view, revision=kept.revision
        )
    print(kept.view, kept.revision, flush=True)
"""


def test_a_server_killed_while_saving_loses_nothing_it_acknowledged(database_url):
    acknowledged = {}
    for pause in (0.001, 0.004):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, database_url], stdout=subprocess.PIPE, text=True
        )
        lines = [process.stdout.readline() for _ in range(8)]
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
        process.wait()
        for line in lines:
            if len(line.split()) == 2:
                view, revision = line.split()
                acknowledged[view] = int(revision)
    engine = connect(database_url)
    seen = {}
    for project in projects.list_projects(engine):
        assert project.views == 1
        view = projects.open_view(engine, project.last_view)
        assert hashlib.sha256(view.state["text"].encode()).hexdigest() == view.state["sum"]
        seen[view.view] = view.revision
    assert acknowledged.keys() <= seen.keys()
    assert all(seen[view] >= revision for view, revision in acknowledged.items())
    if engine.dialect.name == "sqlite":
        with database.reading(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_sqlite_uses_the_log_waits_and_checks_keys(tmp_path, monkeypatch):
    monkeypatch.delenv("GESTALT_DATABASE_URL", raising=False)
    engine = connect(home=tmp_path / "new" / "folder #?%20")
    assert (tmp_path / "new" / "folder #?%20" / database.FILE_NAME).exists()
    with database.reading(engine) as connection:
        facts = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    assert facts == ["wal", 1, int(database.BUSY_SECONDS * 1000)]
    with pytest.raises(StoreError), database.writing(engine) as connection:
        connection.execute(
            sa.insert(schema.datasets).values(
                project_id="none", digest="d", name="n", content="", created=database.now()
            )
        )
    engine.dispose()


def test_the_settings_choose_the_database(tmp_path, postgres_url, monkeypatch):
    monkeypatch.setenv("GESTALT_DATABASE_URL", postgres_url)
    engine = connect(home=tmp_path)
    assert engine.dialect.name == "postgresql" and list(tmp_path.iterdir()) == []
    engine.dispose()
    monkeypatch.delenv("GESTALT_DATABASE_URL")
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    engine = connect()
    assert (tmp_path / "home" / database.FILE_NAME).exists()
    engine.dispose()


def make(tmp_path):
    path = tmp_path / "gestalt.sqlite"
    engine = connect(f"sqlite:///{path}")
    saved = projects.save_view(engine, name="A", state={"a": 1})
    return path, engine, saved


def test_a_read_only_database_can_be_looked_at_but_not_changed(tmp_path):
    path, engine, saved = make(tmp_path)
    engine.dispose()
    looked = connect(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert projects.open_view(looked, saved.view).state == {"a": 1}
    with pytest.raises(StoreError, match="read-only: allow writing"):
        projects.save_view(looked, name="B", state={})
    looked.dispose()


def test_a_read_only_postgres_can_be_looked_at_but_not_changed(postgres_url):
    engine = connect(postgres_url)
    saved = projects.save_view(engine, name="A", state={"a": 1})
    engine.dispose()
    url = sa.make_url(postgres_url)
    options = url.query["options"] + " -c default_transaction_read_only=on"
    looked = connect(url.update_query_dict({"options": options}).render_as_string(False))
    assert projects.open_view(looked, saved.view).state == {"a": 1}
    assert projects.runs(looked, saved.project) == []
    with pytest.raises(StoreError, match="is read-only"):
        projects.save_view(looked, name="B", state={})
    looked.dispose()


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path):
    _, engine, saved = make(tmp_path)

    @sa.event.listens_for(engine, "begin")
    def limit(connection):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # No page more than now.

    with pytest.raises(StoreError, match="disk is full"):
        projects.save_view(engine, name="B", state={"a": "x" * 900_000})
    assert projects.open_view(engine, saved.view).state == {"a": 1}
    assert len(projects.list_projects(engine)) == 1
    engine.dispose()


def test_a_lock_held_too_long_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    path, engine, saved = make(tmp_path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another program"):
        projects.save_view(engine, name="B", state={})
    assert projects.open_view(engine, saved.view).state == {"a": 1}
    other.execute("ROLLBACK")
    projects.save_view(engine, name="B", state={})
    other.close()
    engine.dispose()


def test_a_lock_held_too_long_in_postgres_is_said(postgres_url, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    engine = connect(postgres_url.replace("?", "?connect_timeout=10&"))
    saved = projects.save_view(engine, name="A", state={})
    with engine.connect() as other, other.begin():
        other.execute(sa.select(schema.projects).with_for_update())
        with pytest.raises(StoreError, match="locked by another program"):
            projects.rename(engine, saved.project, "B")
    assert projects.rename(engine, saved.project, "B") == "B"
    engine.dispose()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path, content):
    path = tmp_path / database.FILE_NAME
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a database or is damaged"):
        connect(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_used_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("GESTALT_DATABASE_URL", raising=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="set GESTALT_HOME"):
        connect(home=tmp_path / "file" / "home")
    with pytest.raises(StoreError, match="cannot be opened"):
        connect(f"sqlite:///{tmp_path}/none/gestalt.sqlite")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become someone with fewer rights")
def test_a_folder_without_rights_is_said_to_a_real_user(tmp_path):
    path, engine, _ = make(tmp_path)
    engine.dispose()
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        os.chmod(folder, 0o755)
    os.chmod(path, 0o644)
    nobody = pwd.getpwnam("nobody")
    # The first save loads the modules, which the other user may have no right to read.
    code = f"""
import os
from analytics.errors import StoreError
from analytics.store import projects
from analytics.store.database import connect
projects.save_view(connect("sqlite:///{tmp_path}/other.sqlite"), name="x", state={{}})
os.setgroups([])
os.setgid({nobody.pw_gid})
os.setuid({nobody.pw_uid})
try:
    projects.save_view(connect("sqlite:///{path}"), name="x", state={{}})
except StoreError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "The database" in run.stdout and "GESTALT_HOME" in run.stdout
    assert len(run.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me:sekret@host/db", "starts with 'mysql'"),
        ("postgresql+asyncpg://me:sekret@host/db", "starts with 'postgresql\\+asyncpg'"),
        ("sekret", "cannot be read"),
        ("postgresql://me:sekret@host:port/db", "cannot be read"),
        ("postgresql://me:sekret@127.0.0.1:1/db", "cannot be reached"),
        ("postgresql://me:sekret@127.0.0.1:1/db?connect_timeout=x", "could|cannot"),
        ("postgresql://me@127.0.0.1:1/db?password=sekret", "cannot be reached"),
        ("postgresql://me:sekret@host\x00/db", "could|cannot"),
        ("sqlite://", "names no file"),
    ],
)
def test_wrong_urls_are_said_without_the_password(url, words):
    with pytest.raises(StoreError, match=words) as held:
        connect(url)
    chain, error = "", held.value
    while error is not None:
        chain += f"{error}"
        error = None if error.__suppress_context__ else error.__context__
    assert "sekret" not in chain and "\n" not in str(held.value)


def test_a_missing_database_is_said(postgres_url):
    with pytest.raises(StoreError, match="does not exist: create it"):
        connect(sa.make_url(postgres_url).set(database="nowhere").render_as_string(False))


def test_a_missing_driver_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="pip install"):
        connect("postgresql://me:sekret@127.0.0.1:1/db")


def test_a_server_that_restarts_is_found_again(postgres_url):
    engine = connect(postgres_url)
    saved = projects.save_view(engine, name="A", state={})
    with engine.connect() as other:
        ended = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
                        "pg_backend_pid() AND application_name = :name")  # fmt: skip
        other.execute(ended, {"name": "gestalt"})
    assert projects.open_view(engine, saved.view).state == {}
    engine.dispose()


def test_errors_inside_a_transaction_undo_it(engine):
    with pytest.raises(BadInput), database.writing(engine) as connection:
        connection.execute(
            sa.insert(schema.projects).values(
                id=P, name="x", created=database.now(), updated=database.now()
            )
        )
        raise BadInput("no")
    assert projects.list_projects(engine) == []
