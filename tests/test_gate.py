"""The gate: who is believed, what is open by its own link, and that nothing else is answered."""

import json
import os
import sqlite3
import time
from contextlib import closing
from urllib.parse import quote, unquote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from analytics.accounts import person as people
from analytics.errors import BadInput
from pages.ui import ended, exposure, gate, identity, logins, services

USER = {"X-Forwarded-User": "anna", "X-Forwarded-Email": "Anna@Example.org"}
PAGE = {"Accept": "text/html"}


async def _seen(request):
    held = request.headers.getlist(identity.HEADER)
    return JSONResponse([json.loads(unquote(h)) for h in held])


async def _stream(websocket):
    await websocket.accept()
    await websocket.send_json(websocket.headers.getlist(identity.HEADER))
    await websocket.close()


def client(host="127.0.0.1"):
    """A visitor from an address, in front of an app that answers with who it was told."""
    routes = [WebSocketRoute("/_stcore/stream", _stream), Route("/{rest:path}", _seen)]
    app = Starlette(routes=routes, middleware=[Middleware(gate.Gate)])
    return TestClient(app, client=(host, 40000), follow_redirects=False)


def _with_cookie(value):
    visitor = client()
    visitor.cookies.set(gate.NEXT, value)
    return visitor


@pytest.fixture
def proxy(monkeypatch, home):
    monkeypatch.setenv("GESTALT_LOGIN", "proxy")
    monkeypatch.setattr(services, "_shared", {})  # a database of this test's own


def test_without_login_all_is_answered_and_nobody_is_told(monkeypatch):
    monkeypatch.delenv("GESTALT_LOGIN", raising=False)
    forged = {identity.HEADER: quote('["u1","Root","","","admin"]')}
    assert client().get("/map", headers={**USER, **forged}).json() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_proxy_on_this_machine_is_believed(proxy, host):
    [[who, name, email, login, role]] = client(host).get("/map", headers=USER).json()
    assert (name, email, login, role) == ("anna", "anna@example.org", "anna", people.MEMBER)
    assert who == people.from_proxy("anna", "", "").id  # of the user name alone, so it stays


@pytest.mark.parametrize("host", ["10.0.0.9", "192.168.7.1", "testclient"])
def test_the_same_headers_from_elsewhere_are_not(proxy, host):
    for path in ("/map", "/_stcore/upload_file/a/b", "/media/x.png", "/_stcore/agent/x"):
        assert client(host).get(path, headers=USER).status_code == 403, path
    with (
        pytest.raises(WebSocketDisconnect),
        client(host).websocket_connect("/_stcore/stream", headers=USER),
    ):
        pass


def test_a_proxy_elsewhere_is_named_by_its_network(proxy, monkeypatch):
    monkeypatch.setenv("GESTALT_PROXY_FROM", "10.1.0.0/16")
    assert client("10.1.2.3").get("/map", headers=USER).status_code == 200
    assert client("127.0.0.1").get("/map", headers=USER).status_code == 403


def test_a_header_that_came_twice_is_not_believed(proxy):
    twice = [("X-Forwarded-User", "anna"), ("X-Forwarded-User", "root")]
    assert client().get("/map", headers=twice).status_code == 403


@pytest.mark.parametrize("name", [identity.HEADER, "X_Gestalt_Person", "x-gestalt_person"])
def test_nobody_sets_the_gates_own_header(proxy, name):
    forged = {name: quote('["u1","Root","","","admin"]')}
    [told] = client().get("/map", headers={**USER, **forged}).json()
    assert told[1] == "anna"
    assert client("10.0.0.9").get("/map", headers=forged).status_code == 403
    assert client("10.0.0.9").get("/healthz", headers=forged).json() == []


def test_the_websocket_is_told_too(proxy):
    with client().websocket_connect("/_stcore/stream", headers=USER) as socket:
        [held] = socket.receive_json()
        assert json.loads(unquote(held))[3] == "anna"
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/_stcore/stream"):
        pass


OPEN = ["/healthz", "/metrics", "/join/sAAA", "/join/api/task", "/present/tAAA/1",
        "/assets/study/join.js", "/static/js/main.js", "/_stcore/health",
        "/review/_stcore/host-config"]  # fmt: skip
CLOSED = ["/", "/map", "/review", "/review?review=tAAAAAAAAAAAAAAAAAAAAAAA", "/joiner",
          "/_stcore/metrics", "/_stcore/upload_file/s/f", "/media/a.png", "/_stcore/agent/ask",
          "/healthz/..", "/component/x/index.html"]  # fmt: skip


async def _talk(websocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        await websocket.close()


def test_a_sign_in_that_was_ended_opens_nothing_and_its_tabs_hear_no_more(monkeypatch, home):
    monkeypatch.setenv("GESTALT_LOGIN", "oidc")
    monkeypatch.setattr(logins, "ways", list)
    monkeypatch.setattr("streamlit.auth_util.get_origin_from_redirect_uri", lambda: "here")
    claims = {"is_logged_in": True, "origin": "here", "iss": "i", "name": "Ann"}

    def held(asked):  # as if Streamlit's signature were right
        said = asked.cookies.get("who")
        return json.dumps({**claims, "sub": said, "nonce": said}).encode() if said else None

    monkeypatch.setattr(logins, "_held", held)
    routes = [WebSocketRoute("/_stcore/stream", _talk), Route("/{rest:path}", _seen)]
    app = Starlette(routes=routes, middleware=[Middleware(gate.Gate)])
    with TestClient(app, cookies={"who": "ann"}) as ann, TestClient(app) as bob:
        bob.cookies.set("who", "bob")
        with ann.websocket_connect("/_stcore/stream") as tab:
            tab.send_text("a")
            assert tab.receive_text() == "a"
            assert ann.portal.call(_signed_out, app) == 200
            with pytest.raises(WebSocketDisconnect):
                tab.receive_text()
        assert ann.get("/map").status_code == 403
        with pytest.raises(WebSocketDisconnect), ann.websocket_connect("/_stcore/stream"):
            pass
        assert bob.get("/map").status_code == 200
    assert not ended._open
    ended._known.clear()  # as after a new start of the server
    assert TestClient(app, cookies={"who": "ann"}).get("/map").status_code == 403
    assert oct((home / ended.FILE_NAME).stat().st_mode)[-3:] == "600"


def test_a_sign_in_that_another_server_of_the_folder_ended_is_known_at_once(home):
    assert not ended.has("theirs")
    ended.end("ours")
    with closing(sqlite3.connect(home / ended.FILE_NAME)) as file, file:
        file.execute("INSERT INTO ended VALUES ('theirs', ?)", (time.time(),))
    assert ended.has("theirs") and ended.has("ours") and not ended.has("other")


def test_a_sign_in_that_another_server_ended_in_the_same_moment_is_known(home):
    ended.end("ours")
    assert ended.has("ours")  # reads the file
    path = home / ended.FILE_NAME
    moment = path.stat().st_mtime_ns
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("INSERT INTO ended VALUES ('theirs', ?)", (time.time(),))
    os.utime(path, ns=(moment, moment))
    assert ended.has("theirs")


async def _signed_out(app):
    """Sign ann out on the loop on which her tab is open."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": gate.SIGN_OUT, "query_string": b"",
             "headers": [(b"cookie", b"who=ann")], "client": ("127.0.0.1", 1)}  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"]


def test_what_is_open_by_link_is_open_and_the_rest_is_not(proxy):
    visitor = client("10.0.0.9")
    assert {p: visitor.get(p).status_code for p in OPEN} == dict.fromkeys(OPEN, 200)
    assert {p: visitor.get(p).status_code for p in CLOSED} == dict.fromkeys(CLOSED, 403)
    assert "Sign in" in visitor.get("/map", headers=PAGE).text


def test_who_opened_a_published_review_gets_its_websocket_and_no_more(proxy):
    token = published()
    visitor = client("10.0.0.9")
    assert visitor.get("/map").status_code == 403
    assert visitor.get(f"/review?review={token}").json() == []
    with visitor.websocket_connect("/_stcore/stream") as socket:
        assert socket.receive_json() == []
    for path in ("/map", "/", "/_stcore/upload_file/s/f", "/review/other"):
        assert visitor.get(path).status_code == 403, path
    assert visitor.get("/map", headers=PAGE).text.count("Sign in") == 1


def test_a_link_taken_back_opens_no_more_than_one_that_never_was(proxy):
    from analytics.review import store

    token = published()
    visitor = client("10.0.0.9")
    assert visitor.get(f"/review?review={token}").status_code == 200
    (review,) = [row.id for row in store.reviews(services.engine())]
    store.take_back(services.engine(), review, token)
    for asked in (token, "t" * len(token)):
        answer = visitor.get(f"/review?review={asked}", headers=PAGE)
        assert answer.text.count("Sign in") == 1 and "review" not in answer.text, asked
        assert visitor.get(f"/review?review={asked}").status_code == 403
    with pytest.raises(WebSocketDisconnect), visitor.websocket_connect("/_stcore/stream"):
        pass


def published():
    """The token of a published review in this test's database."""
    from analytics.review import store
    from tests.test_review import doc

    engine = services.engine()
    review = store.start(engine, title="Birds", view={"page": "map"})
    store.publish(engine, review, doc())
    return store.get(engine, review).token


def test_after_signing_in_the_address_asked_for_is_opened(proxy):
    visitor = client()
    asked = "/map?view=vAAAAAAAAAAAAAAAAAAAAAAA&x=%C3%A4"
    assert visitor.get(asked, headers=PAGE).status_code == 200
    back = visitor.get("/", headers=USER)
    assert back.status_code == 302 and back.headers["location"] == asked
    assert visitor.get("/", headers=USER).status_code == 200  # once


@pytest.mark.parametrize(
    "bad", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb"]
)
def test_the_way_back_never_leads_elsewhere(proxy, bad):
    answer = _with_cookie(quote(bad)).get("/", headers=USER)
    assert answer.status_code == 302 and answer.headers["location"] == "/"


def test_who_may_not_use_the_server_is_told_so(proxy, monkeypatch):
    monkeypatch.setenv("GESTALT_MEMBERS", "@example.com, bert")
    refused = client().get("/map", headers={**USER, **PAGE})
    assert refused.status_code == 403 and "anna@example.org, who may not" in refused.text
    for entry in ("@example.org", "anna@example.org", "anna", people.from_proxy("anna", "", "").id):
        monkeypatch.setenv("GESTALT_MEMBERS", entry)
        assert client().get("/map", headers=USER).status_code == 200, entry


def test_names_are_shown_as_text(proxy, monkeypatch):
    monkeypatch.setenv("GESTALT_MEMBERS", "nobody")
    page = client().get("/", headers={**PAGE, "X-Forwarded-User": "<script>alert(1)</script>"})
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text


def test_an_address_counts_only_when_the_provider_vouches_for_it(monkeypatch):
    monkeypatch.setenv("GESTALT_ADMINS", "root@example.org")
    claims = {"iss": "https://id.example", "sub": "7", "email": "Root@example.org", "name": "R"}
    assert people.from_token(claims).role == people.MEMBER
    assert people.from_token({**claims, "email_verified": False}).email == ""
    vouched = people.from_token({**claims, "email_verified": True})
    assert (vouched.role, vouched.email) == (people.ADMIN, "root@example.org")
    assert (
        vouched.id == people.from_token(claims).id != people.from_token({**claims, "sub": "8"}).id
    )
    assert people.from_token({"sub": "7"}) is people.from_token({"iss": "x"}) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"GESTALT_LOGIN": "ldap"}, "oidc or proxy"),
        ({"GESTALT_LOGIN": "proxy", "GESTALT_PROXY_FROM": "my-proxy"}, "GESTALT_PROXY_FROM"),
        ({"GESTALT_LOGIN": "proxy", "GESTALT_PROXY_HEADERS": "Remote-User"}, "takes three"),
        ({"GESTALT_LOGIN": "oidc", "GESTALT_OIDC_CLIENT": "me"}, "GESTALT_OIDC_REDIRECT"),
        ({"GESTALT_LOGIN": "oidc", "GESTALT_OIDC_REDIRECT": "http://h/oauth2callback",
          "GESTALT_COOKIE_SECRET": "short"}, "at least 32"),
        ({"GESTALT_LOGIN": "oidc", "GESTALT_OIDC_REDIRECT": "http://h/oauth2callback",
          "GESTALT_COOKIE_SECRET": "s" * 32}, "GESTALT_OIDC_METADATA"),
    ],
)  # fmt: skip
def test_a_login_that_cannot_work_is_refused_at_the_start(monkeypatch, values, words):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=words):
        logins.check()


def test_missing_authlib_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setenv("GESTALT_LOGIN", "oidc")
    monkeypatch.setattr("streamlit.auth_util.is_authlib_installed", lambda: False)
    with pytest.raises(BadInput, match="pip install -r requirements-login"):
        logins.check()


def test_with_login_the_server_may_listen_to_others(monkeypatch):
    monkeypatch.delenv("GESTALT_OPEN", raising=False)
    monkeypatch.setenv("GESTALT_LOGIN", "proxy")
    exposure.check("0.0.0.0")
