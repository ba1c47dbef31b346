"""The presentation of a review: a page of its own, made on the server, that asks nobody else.

It is no Streamlit page: a projector needs big type and nothing beside it, and a reload in the
middle of a talk must come back at once, on the same slide.
"""

import logging
from functools import lru_cache
from html import escape
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from analytics.errors import BadInput, StoreError
from pages.ui import services

FILES = Path(__file__).resolve().parents[2] / "assets" / "review"
SIZE, ZOOM = (1600, 1200), 1.5  # px of the picture of the map; words and marks are larger
SHADES = ("light", "dark")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
log = logging.getLogger("gestalt")


async def page(request: Request) -> Response:
    """The slides of a version of a review, the newest without a number."""
    return await _answered(lambda: _page(*_asked(request)))


async def picture(request: Request) -> Response:
    """The map of a version, in light or dark."""
    shade = request.path_params["shade"]
    if shade not in SHADES:
        return _refused("There is no such picture.", 404)
    return await _answered(lambda: _picture(*_asked(request), shade == "dark"))


def _asked(request: Request) -> tuple[str, int | None]:
    return request.path_params["token"], request.path_params.get("number")


async def _answered(work) -> Response:
    """What a blocking function returns, as a page or a picture, else one sentence."""
    try:
        found = await run_in_threadpool(work)
    except BadInput as error:
        return _refused(str(error), 404)
    except StoreError as error:
        log.error("%s", error)
        return _refused("The review cannot be read at the moment: load the page again.", 503)
    if isinstance(found, bytes):
        return Response(found, media_type="image/png", headers=HEADERS)
    return HTMLResponse(found, headers=HEADERS)


def _refused(words: str, status: int) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gestalt</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/review/slides.css">'
        f'</head><body><main class="slide title"><p>{escape(words)}</p></main></body></html>'
    )
    return HTMLResponse(html, status_code=status, headers=HEADERS)


def _page(token: str, number: int | None) -> str:
    from analytics.review import slides, store

    version = store.read(services.engine(), token, number)
    n = version.number
    there = services.artifacts().has(version.document["state"].get("projection") or "")
    pictures = [f"/present/{token}/{n}/{shade}.png" if there else "" for shade in SHADES]
    newest = "" if n == version.newest else f"; version {version.newest} is the newest"
    return slides.page(
        version.document,
        back=f"/review?review={token}&version={n}",
        pictures=tuple(pictures),
        about=f"Version {n}, published {version.published:%d %B %Y}{newest}",
    )


def _picture(token: str, number: int | None, dark: bool) -> bytes:
    from analytics.review import store

    version = store.read(services.engine(), token, number)  # said no, once it is deleted
    return _drawn(token, version.number, dark)


@lru_cache(maxsize=16)
def _drawn(token: str, number: int, dark: bool) -> bytes:
    """The map of a version, which never changes."""
    from analytics.figures.picture import map_png
    from analytics.graphs.operations import drawn
    from analytics.perception.operations import drawn_aspect
    from analytics.review import document as documents
    from analytics.review import store
    from pages.ui import mapview, marking

    held = store.read(services.engine(), token, number).document
    artifacts = services.artifacts()
    dataset, projection, clustering = (
        documents.result(held, role, artifacts) for role in ("dataset", "projection", "clustering")
    )
    if dataset is None or projection is None:
        raise BadInput("The map of this review is no longer stored here.")

    def stored(request):
        return artifacts.load(request.digest)

    view = marking.view_of(held)
    color = view.color or ("clusters" if clustering is not None else "")
    groups, names, values, values_name = mapview.color_layer(
        dataset, clustering, color, view.layer, view, stored
    )
    return map_png(
        projection.xy,
        width=SIZE[0],
        height=SIZE[1],
        groups=groups,
        group_names=names,
        values=values,
        values_name=values_name,
        isolate=view.isolate if groups is not None else None,
        view=(view.zoom[:2], view.zoom[2:]) if view.zoom else None,
        axes=projection.axes,
        dated=projection.dated,
        aspect=drawn_aspect(projection),
        outlines=view.outlines,
        shapes=mapview.shape_layer(dataset, clustering, view.shape, color, view),
        links=drawn(dataset, view.links, stored),
        dark=dark,
        zoom=ZOOM,
    )


ROUTES = [
    Route("/present/{token}", page),
    Route("/present/{token}/{number:int}", page),
    Route("/present/{token}/{number:int}/{shade}.png", picture),
    Mount("/assets/review", StaticFiles(directory=FILES)),
]
