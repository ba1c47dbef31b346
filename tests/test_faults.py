"""A few kills at random moments, and a proof that the checks see what is lost."""

import pytest
import sqlalchemy as sa

from analytics.accounts.tables import shares
from analytics.store import schema as db
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect, writing
from tests import postgres
from tests.faults import __main__ as faults
from tests.faults import acts, databases, operating, things


def test_killed_programs_lose_nothing_they_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "LONGEST", 0.3)
    monkeypatch.setattr(faults, "STARTING", 2.0)
    counts = faults.run(len(acts.ACTS), 5, tmp_path)
    assert set(counts) == set(acts.ACTS) == set(acts.CHECKS)
    assert {c.kills for c in counts.values()} == {1}
    assert sum(c.acks for c in counts.values()) > 5
    assert not any(c.lost for c in counts.values())


def test_a_database_killed_and_back_and_a_killed_neighbour_lose_nothing(tmp_path):
    if missing := postgres.found()[-1]:
        pytest.skip(missing)
    with databases.server() as server:
        count = faults.run(2, 16, tmp_path, only="saving", server=server)["saving"]
    assert (count.kills, count.databases, count.pairs) == (2, 1, 1)
    assert count.acks > 2 and count.lost == []


def _first(name, home, count):
    told = acts.ACTS[name](home, 1)
    return [next(told) for _ in range(count)]


def test_a_view_that_went_back_a_lost_result_and_a_damaged_file_are_seen(tmp_path):
    acks = _first("saving", tmp_path, 2)
    assert acts.problems("saving", tmp_path, acks) == []
    Artifacts(tmp_path / "results").remove(acks[-1]["digest"])
    (tmp_path / "uploads" / acks[1]["content"]).write_bytes(b"other")
    ahead = {"view": acks[0]["view"], "n": 9}
    found = acts.problems("saving", tmp_path, [*acks, ahead])
    assert len(found) == 4  # the view names the lost result too
    assert {f.split()[0] for f in found} == {"view", "result", "file"}


def test_half_a_project_is_seen(tmp_path):
    acks = _first("importing", tmp_path / "home", 1)
    engine = connect(home=tmp_path / "home")
    with writing(engine) as connection:
        connection.execute(sa.delete(db.runs).where(db.runs.c.digest == acks[0]["digests"][0]))
    engine.dispose()
    found = acts.problems("importing", tmp_path / "home", [*acks, {"project": "p", "digests": []}])
    assert len(found) == 2 and "is lost" in found[0] and "half" in found[1]


def test_lost_drawings_comments_and_versions_are_seen(tmp_path):
    drawn = _first("studying", tmp_path, 4)
    said = _first("reviewing", tmp_path, 4)
    engine = connect(home=tmp_path)
    with writing(engine) as connection:
        connection.execute(sa.update(db.study_answers).values(step=1, strokes=[]))
        connection.execute(sa.update(db.review_versions).values(document={"text": "other"}))
        connection.execute(
            sa.delete(db.review_comments).where(db.review_comments.c.id == said[1]["comment"])
        )
    engine.dispose()
    assert len(acts.problems("studying", tmp_path, drawn)) == 1
    assert len(acts.problems("reviewing", tmp_path, said)) == 2


def test_an_answer_paid_twice_is_seen():
    question = 'Texts:\n==x\n1: "a"\n2: "b"\n==x\n'
    body = {"messages": [{"role": "user", "content": question}]}
    assert faults.twice([{"texts": ["c"]}], [body]) == []
    assert faults.twice([{"texts": ["c", "b"]}], [body]) == ["paid twice for 'b'"]


def test_what_a_half_done_act_of_an_operator_leaves_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(operating, "STATES", {"a": 2, "b": 3})
    monkeypatch.setattr(operating, "FILES", 2)
    homes = {name: tmp_path / name for name in operating.ACTS}
    stays, leaves, gone = _first("forgetting", homes["forgetting"], 3)
    artifacts = Artifacts(homes["forgetting"] / "results")
    artifacts.save(things.result(["left"]))
    left = leaves | {"digests": [things.result(["left"]).digest], "leaves": "u1"}
    artifacts.remove(stays["digests"][1])
    found = acts.problems("forgetting", homes["forgetting"], [stays, leaves, gone, left])
    assert len(found) == 2 and "results" in found[0] and "of who stays" in found[1]

    free, given = _first("claiming", homes["claiming"], 2)
    engine = connect(home=homes["claiming"])
    with writing(engine) as connection:
        connection.execute(sa.delete(shares).where(shares.c.thing == free["free"][0]))
    engine.dispose()
    found = acts.problems("claiming", homes["claiming"], [free, given])
    assert len(found) == 2 and "only a part" in found[0]

    made = _first("backing", homes["backing"], 2)
    path = homes["backing"] / "backups" / made[0]["file"]
    path.write_bytes(path.read_bytes()[:-1])
    found = acts.problems("backing", homes["backing"], [*made, made[0] | {"file": "x.zip"}])
    assert len(found) == 2 and "lost" in found[0] and "not whole" in found[1]

    states = _first("restoring", homes["restoring"], 1)
    engine = connect(home=homes["restoring"])
    with writing(engine) as connection:
        connection.execute(sa.delete(db.projects).where(db.projects.c.name == "a"))
    engine.dispose()
    assert acts.problems("restoring", homes["restoring"], states) == ["there is no project"]
