"""What whoever runs the server sees of it: numbers of requests, /healthz, /readyz and /metrics."""

import hmac
import logging
import os
import re
import shutil
import time
from collections import Counter

import psutil
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics import __version__, logs, metrics, settings
from analytics.hosts import is_loopback
from pages.ui import housekeeping, services

log = logging.getLogger("gestalt.web")
HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9_-]{4,64}")
SIZES_EVERY = 60.0  # seconds for which the sizes of folders are not added up again
PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
ROOM = 64 * 2**20  # bytes free below which the server is not ready
_sizes: dict = {"at": -SIZES_EVERY, "by": {}}


def gather_logs() -> None:
    """Let Streamlit's and uvicorn's loggers write through the handler that all others use."""
    import streamlit.logger as own

    own.setup_formatter = _propagate
    for name, logger in list(own._loggers.items()):
        if name.startswith(("streamlit", "uvicorn", "websockets", "root")):
            _propagate(logger)
            logger.setLevel(max(logger.level, logs.level()))
    # It would write whole addresses, and those of links are secrets: Numbers writes its own line.
    logging.getLogger("uvicorn.access").disabled = True


def _propagate(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True


class Numbers:
    """ASGI middleware: each HTTP request has a number, which the log and the answer carry.

    One that a proxy gave (X-Request-ID) is kept when it is plain.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the answer gets the number."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = Request(scope).headers.get(HEADER, "")
        number = given if _GIVEN.fullmatch(given) else logs.number()

        async def numbered(message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).append((HEADER.lower().encode(), number.encode()))
                metrics.add("gestalt_http_requests", status=str(message["status"]))
                place = scope["path"].split("/")[1][:40]  # what follows may be a secret link
                log.info("%s /%s %d", scope["method"], place, message["status"])
            await send(message)

        with logs.tagged(number):
            await self.app(scope, receive, numbered)


class Measures:
    """ASGI middleware: Streamlit's own metrics are for who may read ours.

    To answer it walks through everything in its caches and in the state of every tab, which takes
    the processor from all who work, and it names functions of the program.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        asked = scope["type"] == "http" and scope["path"].rstrip("/").endswith("/_stcore/metrics")
        if asked and not _may_read(Request(scope)):
            return await _refusal()(scope, receive, send)
        await self.app(scope, receive, send)


async def healthz(request: Request) -> Response:
    """200 when the workers and the database answer, else 503 with what does not."""
    return await _status(services.problems)


async def readyz(request: Request) -> Response:
    """200 when work can be taken: as /healthz, and the data folder can be written and has room."""
    return await _status(lambda: {**services.problems(), **_folder()})


async def _status(look) -> Response:
    problems = await run_in_threadpool(look)
    return JSONResponse(
        {"status": "ok" if not problems else "failing", "version": __version__, **problems},
        status_code=200 if not problems else 503,
    )


def _folder() -> dict[str, str]:
    """What is wrong with the data folder."""
    try:
        home = settings.home()
        if not os.access(home, os.W_OK | os.X_OK):
            return {"folder": "cannot be written"}
        if shutil.disk_usage(home).free < ROOM:
            return {"folder": f"less than {ROOM // 2**20} MB are free"}
    except Exception as error:
        return {"folder": f"cannot be used ({type(error).__name__})"}
    return {}


async def measured(request: Request) -> Response:
    """The metrics, for this machine or whoever has the token; 403 for all others."""
    if not _may_read(request):
        return _refusal()
    text = await run_in_threadpool(lambda: metrics.text(_gauges()))
    return Response(text, media_type=metrics.CONTENT_TYPE)


def _refusal() -> Response:
    log.warning("metrics were refused")
    return PlainTextResponse("Send the bearer token of GESTALT_METRICS_TOKEN.", 403)


def _may_read(request: Request) -> bool:
    token = settings.text("GESTALT_METRICS_TOKEN")
    if token:
        sent = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(sent, f"Bearer {token}".encode())
    # A proxy on this machine comes from here, too, and says for whom.
    asked_for = any(name in request.headers for name in PROXIED)
    client = request.client.host if request.client else ""
    return is_loopback(client) and not asked_for


def _gauges() -> metrics.Gauges:
    """What is looked at when it is asked for."""
    runner = services.runner()
    states = Counter(job.state for job in runner.jobs() if job.active)
    server = psutil.Process()
    workers = sum(_memory(child) for child in server.children(recursive=True))
    return {
        "gestalt_build": {(__version__,): 1},
        "gestalt_sessions": {(): housekeeping.connected()},
        "gestalt_jobs": {(state,): states[state] for state in ("queued", "running")},
        "gestalt_workers": {(state,): n for state, n in runner.processes().items()},
        "gestalt_memory_bytes": {("server",): _memory(server), ("workers",): workers},
        "gestalt_stored_bytes": {(part,): size for part, size in _stored().items()},
        "gestalt_disk_free_bytes": {(): shutil.disk_usage(settings.home()).free},
    }


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has ended meanwhile
        return 0


def _stored() -> dict[str, int]:
    """Bytes by part of the data folder, as of the last minute."""
    if time.monotonic() - _sizes["at"] >= SIZES_EVERY:
        home = settings.home()
        found = {part: _bytes(home / part) for part in ("results", "uploads")}
        found["database"] = sum(p.stat().st_size for p in home.glob("gestalt.sqlite*"))
        _sizes.update(at=time.monotonic(), by=found)
    return _sizes["by"]


def _bytes(folder) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # tidied away meanwhile
            continue
    return total


ROUTES = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", measured),
]
