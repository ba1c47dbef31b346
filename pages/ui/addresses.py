"""Addresses that people type or kept, and where they lead now."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui import gate, joining, presenting, served, watching

PAGES = {script.stem for script in Path(__file__).parents[1].glob("*.py")} - {"router"}
# First parts of addresses of files and sockets, which are Streamlit's or hold none of our pages.
FILES = {"_stcore", "app", "assets", "auth", "component", "media", "static"}
SHORT = PAGES | {"oauth2callback"}  # addresses of one part that Streamlit answers
UNKNOWN = "There is no page at this address: it may have been cut off or mistyped."


async def to_map(request: Request) -> RedirectResponse:
    """The Map page is the first page, so its address is that of the server; the query is kept."""
    here = "../" if request.url.path.endswith("/") else "./"
    query = request.url.query
    return RedirectResponse(f"{here}?{query}" if query else here, status_code=307)


ROUTES = [Route("/map", to_map), Route("/map/", to_map)]
OURS = (*ROUTES, *joining.ROUTES, *presenting.ROUTES, *served.ROUTES, *watching.ROUTES)


class Unknown:
    """ASGI middleware: a sentence for who opens an address that leads nowhere. Streamlit would
    answer with its page, which opens another one below a dialog; from an address of several parts
    it finds none of its files and stays empty."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 404."""
        if scope["type"] == "http" and leads_nowhere(Request(scope)):
            return await gate.page(UNKNOWN, [("Open Gestalt", "/")], 404)(scope, receive, send)
        await self.app(scope, receive, send)


def leads_nowhere(request: Request) -> bool:
    """Whether somebody opens an address at which there is no page."""
    parts = [part for part in request.scope["path"].split("/") if part]
    opens = "text/html" in request.headers.get("accept", "")
    if not opens or not parts or parts[0] in FILES:
        return False
    if len(parts) == 1 and (parts[0] in SHORT or "." in parts[0]):  # a dot: Streamlit's files
        return False
    return all(route.matches(request.scope)[0] is Match.NONE for route in OURS)
