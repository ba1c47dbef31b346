"""The participants' side of a study: a page of its own, light enough for a phone, and its answers.

Participants do not use Streamlit: their browser draws, keeps what is not acknowledged yet, and
sends it again until it is, so that neither a reload nor a server that restarts loses a group. A
person is known by two headers that only our page sets, so no other site can answer for them.
"""

import json
import logging
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from analytics.errors import BadInput, StoreError
from pages.ui import services

PAGE = Path(__file__).resolve().parents[2] / "assets" / "study"
MOST_BYTES = 1_000_000  # of an answer: 200 outlines of 300 corners are less
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
log = logging.getLogger("gestalt")


async def page(request: Request) -> Response:
    """The page itself, the same for every study: it asks for its study by the address."""
    html = await run_in_threadpool((PAGE / "join.html").read_text, "utf-8")
    return HTMLResponse(html, headers=HEADERS)


async def about(request: Request) -> Response:
    """Title, consent text and whether it is open, before anybody joins."""
    from analytics.study import store

    def found():
        study = store.get(services.engine(), request.path_params["study"])
        return {"title": study.title, "consent": study.consent, "open": study.open}

    return await _answered(found)


async def join(request: Request) -> Response:
    """A new participant."""
    from analytics.study import taking_part

    def joined():
        person, token = taking_part.join(services.engine(), request.path_params["study"])
        return {"person": person, "token": token}

    return await _answered(joined)


async def task(request: Request) -> Response:
    """The plots in the person's order, with what was drawn so far."""
    from analytics.study import taking_part

    return await _answered(lambda: taking_part.task(services.engine(), *_person(request)))


async def points(request: Request) -> Response:
    """The points of one plot as float32."""
    from analytics.study import taking_part

    position = request.path_params["position"]
    who = _person(request)
    return await _answered(lambda: taking_part.points_of(services.engine(), *who, position))


async def answer(request: Request) -> Response:
    """Store what was drawn; answers when it is stored."""
    from analytics.study import taking_part

    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return _refused("The answer is too large: undo some outlines.", 413)

    def stored():
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            raise BadInput("The answer could not be read: load the page again.")
        step = taking_part.answer(
            services.engine(),
            *_person(request),
            request.path_params["position"],
            step=given.get("step"),
            strokes=given.get("strokes"),
            rating=given.get("rating"),
            finished=given.get("finished") is True,
        )
        return {"step": step}

    return await _answered(stored)


async def leave(request: Request) -> Response:
    """Delete all that the person answered."""
    from analytics.study import taking_part

    def left():
        taking_part.leave(services.engine(), *_person(request))
        return {"deleted": True}

    return await _answered(left)


def _person(request: Request) -> tuple[str, str]:
    return request.headers.get("x-person", ""), request.headers.get("x-secret", "")


async def _answered(work) -> Response:
    """What a blocking function returns, as JSON or bytes. 400 for what the person can change; 503
    for what may go by itself, which the page tries again."""
    try:
        found = await run_in_threadpool(work)
    except BadInput as error:
        return _refused(str(error), 400)
    except StoreError as error:
        log.error("%s", error)
        return _refused("The answers cannot be stored at the moment.", 503)
    if isinstance(found, bytes):
        return Response(found, media_type="application/octet-stream", headers=HEADERS)
    return JSONResponse(found, headers=HEADERS)


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"error": words}, status_code=status, headers=HEADERS)


ROUTES = [
    Route("/join/api/{study}/about", about),
    Route("/join/api/{study}/people", join, methods=["POST"]),
    Route("/join/api/task", task),
    Route("/join/api/points/{position:int}", points),
    Route("/join/api/answers/{position:int}", answer, methods=["PUT"]),
    Route("/join/api/me", leave, methods=["DELETE"]),
    Route("/join/{study}", page),
    Mount("/assets/study", StaticFiles(directory=PAGE)),
]
