"""Addresses that people type or kept, and where they lead now."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui import gate, joining, presenting, served

# First parts of addresses of files and sockets, which are Streamlit's or hold none of our pages.
FILES = {"_stcore", "app", "assets", "auth", "component", "media", "static"}
DEEP = (*joining.ROUTES, *presenting.ROUTES, *served.ROUTES)  # what we have below a first part
UNKNOWN = "There is no page at this address: it may have been cut off or mistyped."


async def to_map(request: Request) -> RedirectResponse:
    """The Map page is the first page, so its address is that of the server; the query is kept."""
    here = "../" if request.url.path.endswith("/") else "./"
    query = request.url.query
    return RedirectResponse(f"{here}?{query}" if query else here, status_code=307)


ROUTES = [Route("/map", to_map), Route("/map/", to_map)]


class Unknown:
    """ASGI middleware: a sentence for who opens an address of several parts that leads nowhere.
    Streamlit would answer with its page, which finds none of its files from there and stays
    empty."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 404."""
        if scope["type"] == "http" and leads_nowhere(Request(scope)):
            return await gate.page(UNKNOWN, [("Open Gestalt", "/")], 404)(scope, receive, send)
        await self.app(scope, receive, send)


def leads_nowhere(request: Request) -> bool:
    """Whether somebody opens an address below a first part where there is nothing."""
    parts = [part for part in request.scope["path"].split("/") if part]
    opens = "text/html" in request.headers.get("accept", "")
    if not opens or len(parts) < 2 or parts[0] in FILES:
        return False
    return all(route.matches(request.scope)[0] is Match.NONE for route in DEEP)
