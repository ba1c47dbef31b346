"""The Study page, and what the participants' page asks of the server."""

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from analytics.accounts import sharing
from analytics.accounts.person import MEMBER, Person
from analytics.study import plots, store, taking_part
from pages.ui import access, identity, joining, services, studying
from tests.apptest import settle, start
from tests.test_study import RIGHT, SQUARE, stroke, two_blobs


@pytest.fixture
def client():
    return TestClient(Starlette(routes=joining.ROUTES))


@pytest.fixture
def study():
    shown = [plots.plot_of("Two blobs", two_blobs()), plots.plot_of("Again", two_blobs())]
    return store.start(services.engine(), title="Which belong together?", plots=shown)


def join(client, study):
    answer = client.post(f"/join/api/{study}/people")
    assert answer.status_code == 200
    return {"X-Person": answer.json()["person"], "X-Secret": answer.json()["token"]}


def test_the_way_of_a_participant(client, study):
    page = client.get(f"/join/{study}")
    assert (
        page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
    )
    for name in ("join.js", "join.css"):
        assert client.get(f"/assets/study/{name}").status_code == 200
    about = client.get(f"/join/api/{study}/about").json()
    assert about["title"] == "Which belong together?" and about["open"]
    me = join(client, study)
    assert len(client.get("/join/api/task", headers=me).json()["plots"]) == 2
    points = client.get("/join/api/points/1", headers=me)
    assert len(np.frombuffer(points.content, "<f4")) == 80
    body = {"step": 1, "strokes": [stroke(SQUARE), stroke(RIGHT, 1)], "rating": 2, "finished": True}
    assert client.put("/join/api/answers/1", headers=me, json=body).json() == {"step": 1}
    found = store.collected(services.engine(), study)[1]
    assert found.labels.tolist() == [[0] * 20 + [1] * 20] and found.ratings == [2]
    assert client.delete("/join/api/me", headers=me).status_code == 200
    assert client.get("/join/api/task", headers=me).status_code == 400


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{}", b'{"step": 1}', b"[" * 100_000])
def test_bodies_that_are_no_answer_are_refused_in_words(client, study, body):
    answer = client.put("/join/api/answers/0", headers=join(client, study), content=body)
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")


def test_a_flood_is_cut_off(client, study):
    answer = client.put(
        "/join/api/answers/0", headers=join(client, study), content=b"x" * (joining.MOST_BYTES + 1)
    )
    assert answer.status_code == 413


def test_strangers_get_nothing(client, study):
    for ask in (
        client.get("/join/api/task"),
        client.get("/join/api/points/0"),
        client.put("/join/api/answers/0", json={"step": 1, "strokes": []}),
        client.delete("/join/api/me"),
        client.get("/join/api/unknown-study-000000/about"),
        client.post("/join/api/unknown-study-000000/people"),
    ):
        assert ask.status_code == 400 and "error" in ask.json()
    assert client.get("/assets/study/../app.css").status_code == 404
    assert store.joined(services.engine(), study) == 0


def test_when_the_database_is_away_the_page_may_try_again(client, study, monkeypatch):
    from analytics.errors import StoreError

    me = join(client, study)

    def away():
        raise StoreError("secret place")

    monkeypatch.setattr(services, "engine", away)
    answer = client.put("/join/api/answers/0", headers=me, json={"step": 1, "strokes": []})
    assert answer.status_code == 503 and "secret" not in answer.text


def test_the_owner_starts_a_study_and_sees_the_answers():
    at = settle(start().run().switch_page("study.py"))
    assert not at.exception
    for row in store.studies(services.engine()):
        store.erase(services.engine(), row.id)
    at.run()
    next(b for b in at.button if b.label == "Start the study").click()
    settle(at)
    (row,) = store.studies(services.engine())
    assert row.open and row.plots == 1
    assert any(f"/join/{row.id}" in code.value for code in at.code)
    for number, outline in enumerate((SQUARE, SQUARE, RIGHT)):
        if number == 2:
            settle(at)
            assert "People agree about every point alike." in " ".join(c.value for c in at.caption)
        who = taking_part.join(services.engine(), row.id)
        taking_part.answer(
            services.engine(), *who, 0, step=1, strokes=[stroke(outline)], rating=3, finished=True
        )
    settle(at)
    assert not at.exception
    words = " ".join(m.value for m in (*at.markdown, *at.caption))
    assert "The yellower a point, the more people agree" in words
    assert "3 people have joined, 3 grouped points" in words
    assert "Person 3" in words


def test_a_link_to_a_study_that_is_gone_says_so():
    for row in store.studies(services.engine()):
        store.erase(services.engine(), row.id)
    at = start({"study": "s" * 23}).run().switch_page("study.py").run()
    assert not at.exception and at.subheader[0].value == "Ask people to group the points"
    assert [w.value.replace("\\", "") for w in at.warning] == [
        "The study of this link does not exist or was deleted."
    ]


def words_of(at) -> str:
    return " ".join(m.value for m in (*at.markdown, *at.caption))


@pytest.mark.parametrize("ends", ["deleted", "shared no more"])
def test_an_open_tab_shows_no_answers_of_a_study_that_is_there_no_more(study, monkeypatch, ends):
    monkeypatch.setenv("GESTALT_LOGIN", "proxy")
    engine = services.engine()
    ann, bob = (Person(f"u{n * 30}", n, login=n, role=MEMBER) for n in "ab")
    sharing.own(engine, study, ann)
    sharing.share(engine, ann, study, bob.id, sharing.VIEWER)
    monkeypatch.setattr(identity, "_told", lambda: bob)
    at = start({"study": study}).run().switch_page("study.py").run()
    assert "0 people have joined" in words_of(at) and not at.warning

    def meanwhile(_):  # once the page has found the study, before its answers are drawn
        if ends == "deleted":
            store.delete(engine, study)
        else:
            sharing.unshare(engine, ann, study, f"id:{bob.id}")

    monkeypatch.setattr(studying, "controls", meanwhile)
    at.run()
    assert "joined" not in words_of(at) and not at.error and not at.exception
    assert [w.value.replace("\\", "") for w in at.warning] == [access.NEEDED[access.VIEWER]]
