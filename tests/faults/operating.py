"""What an operator does, killed on the way: forgetting and giving to people, backup and restore.

What is not acknowledged is done again by the check, as an operator would, and must end complete.
"""

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from analytics import allowance
from analytics.accounts import holdings, leaving, sharing, tables
from analytics.accounts.person import MEMBER, Person
from analytics.data import uploads
from analytics.digest import of_json
from analytics.errors import BadInput
from analytics.review import store as reviews
from analytics.store import backup as backups
from analytics.store import projects, restoring, runs
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect, reading
from tests.faults.databases import NAMED, opened
from tests.faults.things import Ack, kept, result, text_of, whole

FILES = 12  # of one who leaves
_THINGS = (db.projects, db.studies, db.reviews)


def _person(*of) -> Person:
    key = of_json(["person", *of])[:30]
    return Person(f"u{key}", f"Ann {key[:6]}", f"{key}@x.org", "", MEMBER)


def _file(home: Path, *of) -> str:
    data = text_of(*of).encode() * 20
    return uploads.stage(io.BytesIO(data), "a.csv", home)["content"]


def _results(artifacts: Artifacts, content: str, *of) -> list[str]:
    """A result of a file, and one that was made from it."""
    first, second = result(["of", *of, 1]), result(["of", *of, 2])
    first.params.update({"content": content, "name": "a.csv"})
    artifacts.save(first)
    artifacts.save(type(second)(second.digest, (first.digest,), xy=second.xy, seed=second.seed))
    return [first.digest, second.digest]


# --- forgetting -----------------------------------------------------------------------------------


def forgetting(home: Path, seed: int) -> Iterator[Ack]:
    """People who leave, beside one who stays and has files and a project in common with them."""
    os.environ["GESTALT_USER_LLM_CALLS"] = "1000"
    engine, artifacts = kept(home), Artifacts(home / "results")
    stays = _person("stays", seed)
    sharing.greet(engine, stays)
    for n in range(100_000):
        common = _file(home, "common", seed, n)
        holdings.hold(engine, stays.id, [common])
        saved = projects.save_view(engine, name="His", state={})
        sharing.own(engine, saved.project, stays)
        digests = _results(artifacts, common, seed, n)
        yield {"stays": stays.id, "file": common, "digests": digests, "project": saved.project}
        leaves = _person("leaves", seed, n)
        sharing.greet(engine, leaves)
        sharing.share(engine, stays, saved.project, leaves.email, "editor")
        own = projects.save_view(engine, name="Hers", state={}, by=leaves.name).project
        review = reviews.start(engine, title="Hers", view={})
        for thing in (own, review):
            sharing.own(engine, thing, leaves)
        files = [_file(home, "own", seed, n, i) for i in range(FILES)]
        holdings.hold(engine, leaves.id, [common, *files])
        allowance.book(leaves.id, {allowance.CALLS: 1}, home)
        digests = [d for i, f in enumerate(files) for d in _results(artifacts, f, seed, n, i)]
        about = {"files": files, "digests": digests, "things": [own, review]}
        yield {"leaves": leaves.id, "email": leaves.email, **about}
        leaving.forget(engine, artifacts, home, leaves.email, do=True)
        yield {"gone": leaves.id}


def forgetting_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Of who has left nothing is there once the forgetting was repeated; of who stays, all."""
    os.environ["GESTALT_USER_LLM_CALLS"] = "1000"
    engine, artifacts = opened(home), Artifacts(home / "results")
    gone = {a["gone"] for a in acks if "gone" in a}
    for ack in (a for a in acks if "leaves" in a):
        if ack["leaves"] not in gone:
            try:
                leaving.forget(engine, artifacts, home, ack["leaves"], do=True)
            except BadInput as error:  # it was complete, but for its acknowledgement
                if "nobody has the name" not in str(error):
                    raise
        if left := sorted(_traces(engine, home, ack)):
            yield f"of {ack['leaves']} there are {', '.join(left)}"
    for ack in (a for a in acks if "stays" in a):
        path = home / "uploads" / ack["file"]
        if not path.exists() or not all(whole(artifacts, d) for d in ack["digests"]):
            yield f"file {ack['file']} of who stays, or a result of it, is lost"
        person = Person(ack["stays"], role=MEMBER)
        if sharing.role(engine, person, ack["project"]) != "owner":
            yield f"project {ack['project']} of who stays is lost"
        if ack["file"] not in holdings.held(engine, [ack["stays"]]):
            yield f"{ack['stays']} holds {ack['file']} no more"
    engine.dispose()


def _traces(engine: sa.Engine, home: Path, ack: Ack) -> Iterator[str]:
    """What is left of one who was forgotten."""
    who = ack["leaves"]
    with reading(engine) as connection:
        for column, values in (
            (tables.people.c.id, [who]),
            (tables.holdings.c.holder, [who, *ack["things"]]),
            (tables.shares.c.who, [f"id:{who}", f"email:{ack['email']}"]),
            *((table.c.id, ack["things"]) for table in _THINGS),
        ):
            if connection.execute(sa.select(column).where(column.in_(values))).first():
                yield f"rows in {column.table.name}"
    if any((home / "uploads" / content).exists() for content in ack["files"]):
        yield "files"
    if any(list((home / "results").glob(f"??/{digest}.*")) for digest in ack["digests"]):
        yield "results"
    if allowance.used(who, allowance.CALLS, home):
        yield "days of use"


# --- claiming -------------------------------------------------------------------------------------


def claiming(home: Path, seed: int) -> Iterator[Ack]:
    """What nobody owns is given to one person, and then to the next."""
    engine = kept(home)
    for n in range(100_000):
        person = _person("gets", seed, n)
        sharing.greet(engine, person)
        free = [projects.save_view(engine, name="Free", state={}).project for _ in range(6)]
        yield {"free": free, "to": person.id}
        leaving.claim(engine, person.email)
        yield {"given": person.id}


def claiming_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """What was free has one owner or none, all of it alike; once repeated it has one."""
    engine = opened(home)
    given = {a["given"] for a in acks if "given" in a}
    for ack in (a for a in acks if "free" in a):
        found = _owners(engine, ack["free"])
        if len(set(map(tuple, found))) != 1 and not (home / NAMED).exists():
            yield f"of what {ack['to']} was to get only a part was given"
        if ack["to"] not in given:
            leaving.claim(engine, ack["to"])
            found = _owners(engine, ack["free"])
        if any(len(owners) != 1 for owners in found):
            yield f"what {ack['to']} was to get has {sorted(map(len, found))} owners"
    engine.dispose()


def _owners(engine: sa.Engine, things: list[str]) -> list[list[str]]:
    shares = tables.shares
    query = sa.select(shares.c.thing, shares.c.who).where(shares.c.role == "owner")
    with reading(engine) as connection:
        rows = connection.execute(query.where(shares.c.thing.in_(things))).all()
    return [sorted(row.who for row in rows if row.thing == thing) for thing in things]


# --- backup and restore ---------------------------------------------------------------------------


def backing(home: Path, seed: int) -> Iterator[Ack]:
    """Backups of a store in which more is saved all the time."""
    engine, artifacts = kept(home), Artifacts(home / "results")
    (home / "backups").mkdir(parents=True, exist_ok=True)
    saved = projects.save_view(engine, name=f"Run {seed}", state={"n": 0})
    for n in range(1, 100_000):
        made = result(["backing", seed, n])
        artifacts.save(made)
        runs.record_run(engine, saved.project, digest=made.digest, kind="projection")
        _file(home, "backing", seed, n)
        saved = projects.save_view(
            engine, name="Run", state={"n": n}, view=saved.view, revision=saved.revision
        )
        name = f"{seed}-{n % 2}.zip"  # most take the place of an earlier one
        backups.backup(home / "backups" / name, engine, home)
        yield {"file": name, "view": saved.view, "n": n, "digest": made.digest}


def backing_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """A backup that has its name can be restored, and holds what was saved before it."""
    last = {a["file"]: a for a in acks}
    if missing := set(last) - {p.name for p in (home / "backups").glob("*.zip")}:
        yield f"backups {sorted(missing)} are lost"
    for path in sorted((home / "backups").glob("*.zip")):
        away = home.parent / f"{home.name}-from-{path.stem}-{os.urandom(3).hex()}"
        engine, artifacts = connect(home=away), Artifacts(away / "results")
        try:
            restoring.restore(path, engine, away)
            found = last.get(path.name)
            if found and projects.open_view(engine, found["view"]).state["n"] < found["n"]:
                yield f"{path.name} is older than it should be"
            if found and not whole(artifacts, found["digest"]):
                yield f"{path.name} lacks {found['digest']}"
            for project in projects.list_projects(engine):
                for run in runs.runs(engine, project.id):
                    if not whole(artifacts, run.digest):
                        yield f"{path.name} lacks {run.digest}"
        except BadInput as error:
            yield f"{path.name} is not whole: {error}"
        engine.dispose()


STATES = {"a": 15, "b": 25}  # name of a state : how many views and results it has


def _state(home: Path, name: str) -> Path:
    """A backup of a store with only this state in it."""
    path, away = home / f"{name}.zip", home.parent / f"{home.name}-state-{name}"
    if not path.exists():
        shutil.rmtree(away, ignore_errors=True)  # of a program killed before its backup was whole
        engine, artifacts = connect(home=away), Artifacts(away / "results")
        for n in range(STATES[name]):
            made = result(["state", name, n])
            artifacts.save(made)
            state = {"projection": made.digest, "file": _file(away, "state", name, n)}
            project = projects.save_view(engine, name=name, state=state).project
            runs.record_run(engine, project, digest=made.digest, kind="projection")
        backups.backup(path, engine, away)
        engine.dispose()
    return path


def restoring_act(home: Path, seed: int) -> Iterator[Ack]:
    """Two backups that take each other's place."""
    engine, paths = kept(home), {name: _state(home, name) for name in STATES}
    while True:
        for name, path in paths.items():
            restoring.restore(path, engine, home, replace=True)
            yield {"state": name}


def restoring_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """The one state or the other, with its files; the same restore again says which it was."""
    engine, artifacts = opened(home), Artifacts(home / "results")
    found = projects.list_projects(engine)
    names = {project.name for project in found}
    if len(names) > 1 or (names and len(found) != STATES[min(names)]):
        yield f"the projects are {sorted(p.name for p in found)}"
    if acks and not found:
        yield "there is no project"
    for project in found:
        for row in projects.list_views(engine, project.id):
            state = projects.open_view(engine, row.view).state
            if not whole(artifacts, state["projection"]):
                yield f"view {row.view} names a result that is not there"
            if not (home / "uploads" / state["file"]).exists():
                yield f"view {row.view} names a file that is not there"
    if len(names) == 1:
        told = restoring.restore(_state(home, min(names)), engine, home)
        if told.get("note") != restoring.AGAIN or list(home.glob(".restoring-*")):
            yield "the restore did not say that it was done, or left something"
    engine.dispose()


ACTS = {
    "forgetting": forgetting,
    "claiming": claiming,
    "backing": backing,
    "restoring": restoring_act,
}
CHECKS = {
    "forgetting": forgetting_check,
    "claiming": claiming_check,
    "backing": backing_check,
    "restoring": restoring_check,
}
# An acknowledgement right after which an operator's act begins.
BEFORE = {"forgetting": "leaves", "claiming": "free"}
# What shows that a kill fell on the way, for the count.
LEFT = {"backing": "backups/.gestalt-backup-*", "restoring": ".restoring-*"}


def on_the_way(name: str, home: Path, acks: list[Ack]) -> bool:
    """Whether the last kill fell inside of an operator's act, as far as that leaves a trace."""
    if name in LEFT:
        return any(home.glob(LEFT[name]))
    last = acks[-1] if acks else {}
    if name != "forgetting" or "leaves" not in last:
        return False
    engine = opened(home)
    with reading(engine) as connection:
        query = sa.select(db.projects.c.id).where(db.projects.c.id.in_(last["things"]))
        begun = connection.execute(query).first() is None
        people = tables.people.c.id
        there = connection.execute(sa.select(people).where(people == last["leaves"])).first()
    engine.dispose()
    return begun and there is not None
