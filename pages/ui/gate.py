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
from pages.ui import identity, logins, services

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
            return await self.app(scope, receive, send)
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
        return await self.app({**scope, "headers": [*scope["headers"], header]}, receive, send)


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
        return _page(f"{words} Ask its operator.", [("Sign out", logins.sign_out())], 403)
    ways = logins.ways()
    words = "Sign in to open this page."
    if not ways:
        words = "Sign in first: come in by the address that asks who you are."
    page = _page(words, ways, 200)
    address = asked.scope["path"]
    if asked.scope["query_string"]:
        address += "?" + asked.scope["query_string"].decode("latin-1")
    if _local(address) and address != "/" and len(address) <= MAX_NEXT:
        page.set_cookie(NEXT, quote(address), max_age=600, httponly=True, samesite="lax")
    return page


def _page(words: str, ways: Iterable[tuple[str, str]], status: int) -> Response:
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
