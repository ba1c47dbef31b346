"""Who may reach a server without login: this machine only, unless its operator says otherwise.

The address to listen on is looked at before the start, and the address that a visitor came in by at
each request, because a server started by other means (``streamlit run``, ``uvicorn``) listens where
its own options say.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics import settings
from analytics.accounts import person as people
from analytics.errors import BadInput
from analytics.hosts import ip_of, is_loopback

# Whether the server works, and nothing of its data; /metrics looks for its token itself.
ALWAYS = ("/healthz", "/readyz", "/metrics")
REFUSED = (
    "This server has no login, so it answers on its own machine only. Its operator can set "
    "GESTALT_OPEN=yes to let everyone in who reaches it."
)


def check(address: str) -> None:
    """Raise BadInput when a server without login would listen on more than this machine."""
    if not allowed() and not (address == "localhost" or is_loopback(address)):
        raise BadInput(
            f"GESTALT_ADDRESS is {address!r}, which other machines can reach, and there is no "
            "login: everyone there could read and change all projects. Set GESTALT_LOGIN "
            "(docs/accounts.md), or GESTALT_OPEN=yes if that is meant, or leave the address at "
            "127.0.0.1."
        )


def allowed() -> bool:
    """Whether others may reach the server: with login, or because the operator lets everyone in."""
    return bool(people.kind()) or settings.text("GESTALT_OPEN") == "yes"


class Exposure:
    """ASGI middleware: refuses, with one sentence, who did not come in by a loopback address."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse (403) or close (websocket)."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in ALWAYS or allowed():
            return await self.app(scope, receive, send)
        host = (scope.get("server") or ("", 0))[0]
        if ip_of(host) and not is_loopback(host):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008, "reason": "no login"})
            return await PlainTextResponse(REFUSED, 403)(scope, receive, send)
        return await self.app(scope, receive, send)
