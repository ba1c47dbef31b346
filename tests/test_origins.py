"""Names, places and headers: who may ask the server, and what each answer forbids the browser."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from analytics.errors import BadInput
from pages.ui import headers, joining, origins, presenting

HERE = "127.0.0.1:8501"


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    for name in ("GESTALT_OPEN", "GESTALT_LOGIN", origins.HOSTS, headers.FRAMES):
        monkeypatch.delenv(name, raising=False)


def visitor():
    async def hello(request):
        return PlainTextResponse("hello", headers=request.headers.get("wanted") and {
            "Content-Security-Policy": "default-src 'none'"})  # fmt: skip

    async def stream(websocket):
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    routes = [Route("/", hello, methods=["GET", "POST"]), WebSocketRoute("/stream", stream)]
    both = [Middleware(headers.Headers), Middleware(origins.Origins)]
    return TestClient(Starlette(routes=routes, middleware=both), base_url=f"http://{HERE}")


def status(host, origin=None):
    """What a request by a name from a place gets, by GET and POST; a websocket must agree."""
    sent = {"Host": host} | ({"Origin": origin} if origin else {})
    found = {visitor().request(how, "/", headers=sent).status_code for how in ("GET", "POST")}
    assert len(found) == 1
    try:
        with visitor().websocket_connect("/stream", headers=sent) as socket:
            assert socket.receive_text() == "hello"
            assert found == {200}
    except WebSocketDisconnect as closed:
        assert closed.code == 1008 and found == {403}
    return found.pop()


@pytest.mark.parametrize(
    "host", [HERE, "localhost:8501", "gestalt.localhost", "[::1]:8501", "192.168.1.7"]
)
def test_a_browser_on_its_own_page_is_answered(host):
    assert status(host) == status(host, f"http://{host}") == status(host, f"https://{host}") == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:3000", "http://127.0.0.1", "null", "x", "http://["],
)
def test_a_page_of_another_place_is_refused(origin):
    assert status(HERE, origin) == 403


@pytest.mark.parametrize("host", ["evil.example:8501", "127.0.0.1.evil.example", "a:b:c", "["])
def test_a_name_that_was_made_to_lead_here_is_refused(host):
    """Such a page agrees with itself: its Host is its Origin."""
    assert status(host, f"http://{host}") == status(host) == 403


def test_the_operator_names_the_server(monkeypatch):
    monkeypatch.setenv(origins.HOSTS, "Gestalt.example.org, other.example")
    assert status("gestalt.example.org", "https://gestalt.example.org") == 200
    assert status(HERE, "https://gestalt.example.org") == 200  # a proxy that changed the name
    assert status("evil.example", "http://evil.example") == 403
    monkeypatch.setenv("GESTALT_OPEN", "yes")
    assert status("evil.example", "http://evil.example") == 403
    monkeypatch.delenv(origins.HOSTS)
    assert status("any.example", "http://any.example") == 200
    assert status("any.example", "http://evil.example") == 403


@pytest.mark.parametrize("wrong", ["https://a.example", "a.example:80", "a b/c", "*"])
def test_what_is_no_name_is_said(wrong, monkeypatch):
    monkeypatch.setenv(origins.HOSTS, wrong)
    with pytest.raises(BadInput, match=origins.HOSTS):
        origins.names()


def test_every_answer_forbids_what_pages_do_not_need():
    for answer in (
        visitor().get("/"),
        visitor().get("/nothing"),
        visitor().get("/", headers={"Host": "evil.example"}),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        rules = dict(r.split(" ", 1) for r in answer.headers["Content-Security-Policy"].split("; "))
        assert "'unsafe-inline'" not in rules["script-src"] and "http" not in rules["script-src"]
        assert rules["img-src"] == "'self' data: blob:" and rules["default-src"] == "'self'"
        assert rules["object-src"] == "'none'" and rules["frame-ancestors"] == "'self'"
    strict = visitor().get("/", headers={"wanted": "1"}).headers
    assert strict.get_list("Content-Security-Policy") == ["default-src 'none'"]


@pytest.mark.parametrize("how", ["scheme", "proxy", "redirect", ""])
def test_cookies_stay_with_https_where_people_come_by_it(monkeypatch, how):
    monkeypatch.delenv("GESTALT_OIDC_REDIRECT", raising=False)
    if how == "redirect":
        monkeypatch.setenv("GESTALT_OIDC_REDIRECT", "https://g.example/oauth2callback")

    async def page(request):
        answer = PlainTextResponse("here")
        answer.set_cookie("plain", "1", httponly=True)
        answer.set_cookie("kept", "2", secure=True)
        return answer

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(headers.Headers)])
    asked = TestClient(app, f"{'https' if how == 'scheme' else 'http'}://localhost")
    said = {"X-Forwarded-Proto": "https"} if how == "proxy" else {}
    plain, kept = asked.get("/", headers=said).headers.get_list("set-cookie")
    assert ("Secure" in plain) is bool(how) and "HttpOnly" in plain
    assert kept.count("Secure") == 1


def test_pages_of_studies_and_slides_are_in_no_frame():
    for given in (joining.HEADERS, presenting.HEADERS):
        assert "frame-ancestors 'none'" in given["Content-Security-Policy"]
        assert given["Referrer-Policy"] == "no-referrer"


def test_the_operator_names_who_may_frame_the_pages(monkeypatch):
    monkeypatch.setenv(headers.FRAMES, "https://wiki.example.org https://*.example.net:8443")
    told = visitor().get("/").headers["Content-Security-Policy"]
    assert told.endswith(
        "frame-ancestors 'self' https://wiki.example.org https://*.example.net:8443"
    )
    for wrong in ("*", "https://a; script-src *", "javascript:x", "a.example"):
        monkeypatch.setenv(headers.FRAMES, wrong)
        with pytest.raises(BadInput, match=headers.FRAMES):
            headers.ancestors()
