"""Addresses that people type or kept, and where they lead now."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route


async def to_map(request: Request) -> RedirectResponse:
    """The Map page is the first page, so its address is that of the server; the query is kept."""
    here = "../" if request.url.path.endswith("/") else "./"
    query = request.url.query
    return RedirectResponse(f"{here}?{query}" if query else here, status_code=307)


ROUTES = [Route("/map", to_map), Route("/map/", to_map)]
