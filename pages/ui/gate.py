"""The gate before everything the server answers: who is it, and what may they have.

With login on, every request and every websocket is one of a person who signed in, or asks for
something that is open by its own link, or is refused. Nothing behind the gate reads a cookie or a
header of a login again: it takes ``identity.HEADER``, which only the gate can set.

Open to everyone: the health routes, the pages and answers of study participants (their link holds
128 random bits), the slides of a published review, and the files the pages are made of, which hold
no data. Who opens a published review by its link gets a cookie that opens the websocket, on which
nothing but that review is shown (``pages/router.py``).
"""

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import parse_qs, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics.accounts import person as people
from analytics.accounts.person import Person
from analytics.errors import BadInput, StoreError
from pages.ui import ended, identity, logins, services

# Path prefixes that hold nothing of anybody, or check a secret in the address themselves.
OPEN = re.compile(
    r"/(healthz|readyz|metrics|assets/.*|static/.*|join/.*|present/.*|large/.*|favicon\.\w+|manifest\.json"
    r"|(\w+/)?_stcore/(health|host-config)|oauth2callback|auth/(login|logout))"
)
# What the page of a review takes besides its websocket: files of components, pictures by the hash
# of their content.
READING = re.compile(r"/(media|component|_stcore/bidi-components)/.*|/_stcore/stream|/review/?")
NEXT = "gestalt-next"  # cookie: the address asked for before signing in
READER = "gestalt-review"  # cookie: the token of the review that is read without signing in
FAILED = "gestalt-sign-in"  # cookie: signing in has just failed
SIGN_OUT = "/auth/logout"
MAX_NEXT = 3_000  # characters
REFUSED = "Sign in first."
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Gate:
    """ASGI middleware: nothing that knows of data is asked before it."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through with the person told, answer with the page to sign in, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        scope = _without(scope, identity.HEADER)
        person = logins.person(scope)
        if person is not None and people.let_in(person):
            return await self._known(scope, receive, send, person)
        if not people.kind() or OPEN.fullmatch(scope["path"]):
            return await self.app(scope, receive, _saying(send) if _signing_in(scope) else send)
        token = await _reads(HTTPConnection(scope))
        if token and READING.fullmatch(scope["path"]):
            return await self.app(scope, receive, _giving(send, token))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008, "reason": REFUSED})
        return await _answer(HTTPConnection(scope), person)(scope, receive, send)

    async def _known(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        asked = HTTPConnection(scope)
        later = unquote(asked.cookies.get(NEXT, ""))
        if scope["type"] == "http" and scope["path"] == "/" and later:
            back = RedirectResponse(later if _local(later) else "/", 302)
            back.delete_cookie(NEXT)
            return await back(scope, receive, send)
        header = (identity.HEADER.encode(), identity.sealed(person).encode())
        scope = {**scope, "headers": [*scope["headers"], header]}
        session = logins.session(scope)
        if scope["path"] == SIGN_OUT and session:
            await run_in_threadpool(ended.end, session)
            ended.cut_off(session)
        if scope["type"] == "websocket" and session:
            with ended.listening(session, receive) as receiving:
                return await self.app(scope, receiving, send)
        return await self.app(scope, receive, send)


def _signing_in(scope: Scope) -> bool:
    """Whether the login is on its way to the provider or back. Without a state or an error it comes
    back from signing out."""
    if people.kind() != "oidc":
        return False
    told = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    back = scope["path"] == "/oauth2callback" and bool({"state", "error"} & told.keys())
    return back or (scope["path"] == "/auth/login" and "provider" in told)


def _saying(send: Send) -> Send:
    """A ``send`` that leads whoever could not sign in to the page to sign in, which says so.
    Streamlit answers with a bare line or with that page as if nothing had been tried."""
    failed = False

    async def sending(message):
        nonlocal failed
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            failed = not _goes_on(message["status"], headers)
            if failed:
                cookie = f"{FAILED}=1; Path=/; HttpOnly; SameSite=Lax; Max-Age=60".encode()
                kept = [h for h in headers if h[0].lower() == b"set-cookie"]
                headers = [*kept, (b"location", b"/"), (b"set-cookie", cookie)]
                message = {**message, "status": 302, "headers": headers}
        elif failed:
            message = {**message, "body": b""}
        await send(message)

    return sending


def _goes_on(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer leads to the provider, or lets somebody in."""
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    name = USER_COOKIE_NAME.encode() + b"="
    found = [(key.lower(), value) for key, value in headers]
    away = any(key == b"location" and not value.startswith(b"/") for key, value in found)
    let_in = any(
        key == b"set-cookie" and value.startswith(name) and b"Max-Age=0" not in value
        for key, value in found
    )
    return status == 302 and (away or let_in)


def _without(scope: Scope, name: str) -> Scope:
    """The scope without a header, however it is written."""
    kept = [(k, v) for k, v in scope["headers"] if k.lower().replace(b"_", b"-") != name.encode()]
    return {**scope, "headers": kept}


async def _reads(asked: HTTPConnection) -> str:
    """The token of the published review that the address or the cookie of a reader holds, or ""."""
    token = asked.cookies.get(READER, "")
    if asked.scope["path"].rstrip("/") == "/review":
        token = parse_qs(asked.scope["query_string"].decode("latin-1")).get("review", [token])[0]

    def read() -> str:
        from analytics.review import store

        try:
            return store.read(services.engine(), token).token
        except (BadInput, StoreError):
            return ""

    return await run_in_threadpool(read) if token else ""


def _giving(send: Send, token: str) -> Send:
    """A ``send`` that hands the reader the cookie of a review."""

    async def sending(message):
        if message["type"] == "http.response.start":
            cookie = f"{READER}={quote(token)}; Path=/; HttpOnly; SameSite=Lax"
            headers = [*message.get("headers", ()), (b"set-cookie", cookie.encode())]
            message = {**message, "headers": headers}
        await send(message)

    return sending


def _local(address: str) -> bool:
    """Whether an address leads to this server: one slash, then no other, nor a backslash."""
    return re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", address) is not None


def _answer(asked: HTTPConnection, person: Person | None) -> Response:
    """The page to sign in for who opens a page, else a refusal."""
    opens = asked.scope["method"] in ("GET", "HEAD") and "text/html" in asked.headers.get(
        "accept", ""
    )
    if not opens:
        return PlainTextResponse(REFUSED, 403, headers=HEADERS)
    if person is not None:
        words = f"You are signed in as {person.email or person.name}, who may not use this server."
        return page(f"{words} Ask its operator.", [("Sign out", logins.sign_out())], 403)
    ways = logins.ways()
    words = "Sign in to open this page."
    if not ways:
        words = "Sign in first: come in by the address that asks who you are."
    elif FAILED in asked.cookies:
        words = (
            "Signing in did not work: the service that signs people in did not answer, refused, or "
            "it was cancelled. Try again; if it stays so, tell the operator, whose log says why."
        )
    made = page(words, ways, 200)
    if FAILED in asked.cookies:
        made.delete_cookie(FAILED)
    address = asked.scope["path"]
    if asked.scope["query_string"]:
        address += "?" + asked.scope["query_string"].decode("latin-1")
    if _local(address) and address != "/" and len(address) <= MAX_NEXT:
        made.set_cookie(NEXT, quote(address), max_age=600, httponly=True, samesite="lax")
    return made


def page(words: str, ways: Iterable[tuple[str, str]], status: int) -> Response:
    """A plain page: a sentence, and links (label, address) below it."""
    links = "".join(
        f'<p><a class="button" href="{escape(to)}">{escape(label)}</a></p>'
        for label, to in ways
        if to
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gestalt</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/accounts/sign-in.css">'
        f"</head><body><main><h1>Gestalt</h1><p>{escape(words)}</p>{links}</main></body></html>"
    )
    return HTMLResponse(html, status, headers=HEADERS)
