"""Log lines as text or as JSON, each with the number of what caused it and without anybody's data.

A number is known by :func:`tagged`: of an HTTP request, of a run of a page, of the run that asked
for a job. Secrets of the settings are struck out, and of an exception only its type and places are
written: its text may repeat a cell, a file's name or a key. At level "debug" the text is written
too, for looking into a fault with data that may be seen.
"""

import json
import logging
import os
import re
import secrets
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from urllib.parse import urlsplit

from analytics import settings
from analytics.errors import BadInput

FORMS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
OURS = ("gestalt", "analytics", "pages")
SECRET_SETTINGS = (
    "OPENAI_API_KEY",
    "GESTALT_METRICS_TOKEN",
    "GESTALT_OIDC_SECRET",
    "GESTALT_COOKIE_SECRET",
)
STRUCK = "***"
_SHORTEST_SECRET = 6  # letters; striking out shorter ones would take ordinary words along
_LOGIN = re.compile(r"(?<=://)[^/\s@]+(?=@)")
# What Python's fault handler writes of a process that was killed: places in programs, no values.
_PLACE = re.compile(r'Fatal Python error: [\w ]+|(Current thread|Thread) 0x.*|  File ".*", line .*')

_request: ContextVar[str] = ContextVar("gestalt_request", default="")
_job: ContextVar[str] = ContextVar("gestalt_job", default="")


def number() -> str:
    """A new number: eight hexadecimal digits."""
    return secrets.token_hex(4)


def current() -> str:
    """The number of what is being done here, "" when it has none."""
    return _request.get()


@contextmanager
def tagged(request: str, job: str = "") -> Iterator[None]:
    """Lines written inside carry the number of a request and the digest of a job."""
    held = _request.set(request), _job.set(job)
    try:
        yield
    finally:
        _request.reset(held[0])
        _job.reset(held[1])


def tag(request: str) -> None:
    """Lines written from here on in this thread carry a number."""
    _request.set(request)


def form() -> str:
    """ "text" or "json". Raises BadInput for another value of GESTALT_LOG."""
    return _one_of("GESTALT_LOG", FORMS)


def level() -> int:
    """The level below which nothing of ours is written. Raises BadInput."""
    if not settings.text("GESTALT_LOG_LEVEL"):
        return logging.INFO if form() == "json" else logging.WARNING
    return logging.getLevelNamesMapping()[_one_of("GESTALT_LOG_LEVEL", LEVELS).upper()]


def _one_of(name: str, choices: tuple[str, ...]) -> str:
    value = settings.text(name).lower()
    if value not in choices:
        raise BadInput(f"{name} is {value!r}, but it takes one of {', '.join(choices)}.")
    return value


def set_up(handler: logging.Handler | None = None) -> logging.Handler:
    """Send all logging of this process through one handler (None: to standard error)."""
    handler = handler or logging.StreamHandler()
    handler.setFormatter(Json() if form() == "json" else Text())
    handler.addFilter(_with_numbers)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries
    for name in OURS:
        logging.getLogger(name).setLevel(level())
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, None)
    return handler


def _uncaught(kind, error, _) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("gestalt").error("stopped by an exception", exc_info=error)


def _with_numbers(record: logging.LogRecord) -> bool:
    if not hasattr(record, "request"):
        record.request = _request.get()
    if not hasattr(record, "job"):
        record.job = _job.get()
    return True


def parts(record: logging.LogRecord) -> dict[str, str]:
    """What is written of a record, in order; empty parts are left out."""
    message = record.getMessage()
    if record.name.startswith("asyncio"):
        message = message.split("\n", 1)[0]  # what follows repeats the text of an exception
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else record.exc_info
    told = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": hide(message),
        "request": getattr(record, "request", ""),
        "job": getattr(record, "job", ""),
        "trace": getattr(record, "trace", "") or (trace(error) if error else ""),
    }
    return {name: value for name, value in told.items() if value}


class Json(logging.Formatter):
    """One JSON object for each line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, ASCII only."""
        return json.dumps(parts(record))


class Text(logging.Formatter):
    """One line for a person's eye, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in words; a line break in its message cannot make a second record."""
        told = parts(record)
        numbers = " ".join(told[name] for name in ("request", "job") if name in told)
        numbers = f" [{numbers}]" if numbers else ""
        message = told.get("message", "").replace("\r", "\\r").replace("\n", "\\n")
        line = f"{told['time']} {told['level'].upper()} {told['logger']}{numbers}: {message}"
        return f"{line}\n{told['trace']}" if "trace" in told else line


def trace(error: BaseException) -> str:
    """A traceback without the texts of exceptions, causes first; with them at level "debug"."""
    if logging.getLogger("gestalt").getEffectiveLevel() <= logging.DEBUG:
        return hide("".join(traceback.format_exception(error)).rstrip())
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    told = []
    for each in reversed(chain):
        places = "".join(traceback.format_tb(each.__traceback__))
        told.append(f"Traceback (most recent call last):\n{places}{type(each).__qualname__}")
    return hide("\n".join(told))


def places(text: str) -> str:
    """The lines of a fault handler in what a process wrote before it died."""
    if logging.getLogger("gestalt").getEffectiveLevel() <= logging.DEBUG:
        return hide(text)
    return "\n".join(line for line in text.splitlines() if _PLACE.fullmatch(line))


def hide(text: str) -> str:
    """A text without the secrets of the settings and without logins in addresses."""
    for secret in _secrets():
        text = text.replace(secret, STRUCK)
    return _LOGIN.sub(STRUCK, text)


def _secrets() -> list[str]:
    found = [os.environ.get(name, "") for name in SECRET_SETTINGS]
    with suppress(ValueError):  # no address at all; opening the database says so
        found.append(urlsplit(os.environ.get("GESTALT_DATABASE_URL", "")).password or "")
    return [secret for secret in found if len(secret) >= _SHORTEST_SECRET]
