"""Which names the server answers to, and that other sites' pages ask it for nothing.

A browser lets any page send requests here. Two headers that no page can forge tell them apart:
``Host`` is the name in the address, ``Origin`` the place of the page that asks. A page that has its
own name lead to this machine (DNS rebinding) has the two agree, so that names are looked at too: an
address of digits cannot be made to lead elsewhere. Streamlit itself lets every page of localhost
in, and asks a machine outside for its own address when it does not know an origin: it is not asked.
"""

import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics import settings
from analytics.errors import BadInput
from analytics.hosts import ip_of
from pages.ui import exposure

HOSTS = "GESTALT_HOSTS"
_NAME = re.compile(r"[a-z0-9]([a-z0-9.\-]*[a-z0-9])?")
UNKNOWN = (
    "This server does not know the name it was called by. Its operator can name it in "
    "GESTALT_HOSTS."
)
FOREIGN = (
    "This request comes from a page of another place, or from a proxy that does not pass on the "
    "Host header; its operator can name the place in GESTALT_HOSTS."
)


def names() -> set[str]:
    """The names that the operator gave the server. Raises BadInput."""
    found = {name.lower() for name in settings.text(HOSTS).replace(",", " ").split()}
    for name in found:
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{HOSTS} holds {name!r:.80}, but it takes names such as gestalt.example.org, "
                "without http:// and port, separated by commas."
            )
    return found


class Origins:
    """ASGI middleware: refuses (403) unknown names and pages of other places."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._names = names()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse (403) or close (websocket)."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        why = self._refused(HTTPConnection(scope))
        if not why:
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008, "reason": "other place"})
        return await PlainTextResponse(why, 403)(scope, receive, send)

    def _refused(self, asked: HTTPConnection) -> str:
        """Why a request is not answered; "" when it is."""
        host = asked.headers.get("host", "")
        if not self._known(_hostname(host)):
            return UNKNOWN
        origin = asked.headers.get("origin")
        if origin is None:
            return ""
        place = origin.lower().partition("://")[2]
        same = place and place == host.lower()
        return "" if same or _hostname(place) in self._names else FOREIGN

    def _known(self, name: str) -> bool:
        """Whether the server answers to a name. A server for others that was given none answers to
        every name: nobody is let in there by being on this machine."""
        if name in self._names or name == "localhost" or name.endswith(".localhost") or not name:
            return True
        if ip_of(name) is not None:
            return True
        return exposure.allowed() and not self._names


def _hostname(netloc: str) -> str:
    """The name of "name:port" or "[::1]:port", in small letters; "" where there is none, "?" for
    what is none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return "?"
