"""The route from which the large map fetches its points, colours, hover words and pictures.

Every address starts with a ticket (:mod:`pages.ui.tickets`); what follows is one of six fixed words
and numbers. Nothing here names a file.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from analytics.errors import BadInput
from pages.ui import tickets

# Bytes in a random order do not get shorter by gzip, which Streamlit would do between all requests.
HEADERS = {
    "Content-Encoding": "identity",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
BYTES = "application/octet-stream"


async def points(request: Request) -> Response:
    """The places of all points in a seeded random order; ``fine`` the next 16 digits of them."""
    from analytics.figures import large

    held = _held(request)
    if held is None:
        return _refused()
    scene, fine = held["scenes"][0], request.url.path.endswith("/fine")
    size = {"Content-Length": str(4 * len(scene.sheet.rows))}
    pieces = large.places(scene.sheet, scene.xy, fine)
    return StreamingResponse(pieces, media_type=BYTES, headers={**HEADERS, **size})


async def codes(request: Request) -> Response:
    """The colour codes of the version asked for, of one of the maps beside each other; a newer one
    has its own address."""
    from analytics.figures import large

    held, version = _held(request), request.path_params["version"]
    if held is None or version not in held["codes"]:
        return _refused()
    return await _marks(large.codes, held["scenes"][held["codes"].index(version)])


async def lights(request: Request) -> Response:
    """Which points are lit, of the version asked for."""
    from analytics.figures import large

    held = _held(request)
    if held is None or held["lit"] != request.path_params["version"]:
        return _refused()
    return await _marks(large.lights, held["scenes"][0])


async def _marks(make, scene) -> Response:
    return Response(await run_in_threadpool(make, scene), media_type=BYTES, headers=HEADERS)


async def near(request: Request) -> Response:
    """What lies under the mouse."""
    from analytics.figures import large

    scene, at = _scene(request), _numbers(request, "x", "y", "rx", "ry")
    if scene is None or at is None:
        return _refused()
    return JSONResponse(await run_in_threadpool(large.near, scene, *at), headers=HEADERS)


async def picture(request: Request) -> Response:
    """A part of the map as a picture, for a browser that cannot draw points."""
    from analytics.figures import large

    scene, at = _scene(request), _numbers(request, "x0", "x1", "y0", "y1", "w", "h")
    if scene is None or at is None or abs(at[4]) + abs(at[5]) > 10 * large.MAX_PIXELS:
        return _refused()
    x0, x1, y0, y1, width, height = at
    limits, size = ((x0, x1), (y0, y1)), (round(width), round(height))
    try:
        png = await run_in_threadpool(large.picture, scene, limits, size)
    except BadInput as error:
        return JSONResponse({"error": str(error)}, status_code=400, headers=HEADERS)
    return Response(png, media_type="image/png", headers=HEADERS)


def _held(request: Request):
    return tickets.redeem(request.path_params["token"], request.headers.get(tickets.HEADER, ""))


def _scene(request: Request):
    """The one of the maps beside each other that the query names, the first without; or None."""
    held, place = _held(request), request.query_params.get("pane", "0")
    if held is None or not (place.isdecimal() and len(place) < 3):
        return None
    return held["scenes"][int(place)] if int(place) < len(held["scenes"]) else None


def _numbers(request: Request, *names: str) -> list[float] | None:
    """Finite numbers of the query, or None when one is missing or none."""
    from math import isfinite

    try:
        found = [float(request.query_params[name]) for name in names]
    except (KeyError, ValueError):
        return None
    return found if all(map(isfinite, found)) else None


def _refused() -> Response:
    words = "This map is not shown here any more: load the page again."
    return JSONResponse({"error": words}, status_code=404, headers=HEADERS)


ROUTES = [
    Route("/large/{token}/points", points),
    Route("/large/{token}/fine", points),
    Route("/large/{token}/codes/{version}", codes),
    Route("/large/{token}/lit/{version}", lights),
    Route("/large/{token}/near", near),
    Route("/large/{token}/picture/{version}", picture),
]
