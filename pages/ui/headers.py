"""What every answer tells the browser to forbid: scripts, pictures and frames of other places.

The policy is a second wall: text from data is escaped where it is shown, and were it not, the
browser would still fetch nothing from elsewhere and run no script that is not ours. The routes of
studies and presentations bring stricter headers of their own, which stay.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analytics import settings
from analytics.errors import BadInput

FRAMES = "GESTALT_FRAME_ANCESTORS"
_PLACE = re.compile(r"https?://(\*\.)?[a-z0-9.\-]+(:[0-9]{1,5})?", re.IGNORECASE)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def ancestors() -> list[str]:
    """The places whose pages may show this one in a frame. Raises BadInput."""
    places = settings.text(FRAMES).split()
    for place in places:
        if not _PLACE.fullmatch(place):
            raise BadInput(
                f"{FRAMES} holds {place!r:.80}, but it takes places such as "
                "https://wiki.example.org, separated by blanks."
            )
    return places


@cache
def _own_scripts() -> str:
    """The hashes of the scripts inside Streamlit's page, so that no other inline script runs."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    found = _INLINE.findall(page.read_text("utf-8"))
    sums = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in found]
    return " ".join(f"'sha256-{s}'" for s in sums)


def policy() -> str:
    """The content security policy of Streamlit's pages.

    plotly's WebGL charts compile their drawing code ('unsafe-eval'), Streamlit loads components
    from blobs and writes styles into the page ('unsafe-inline' for styles only).
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {_own_scripts()} 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            " ".join(("frame-ancestors 'self'", *ancestors())),
        )
    )


def _encrypted(scope: Scope) -> bool:
    """Whether the browser came by https. What a proxy or the visitor says of it is taken as it is:
    at worst somebody's own browser keeps their cookies from an address without it."""
    said = dict(scope["headers"]).get(b"x-forwarded-proto", b"").strip().lower()
    redirect = settings.text("GESTALT_OIDC_REDIRECT").lower()
    return scope["scheme"] == "https" or said == b"https" or redirect.startswith("https://")


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header; a cookie is kept from addresses without https, which Streamlit leaves out."""
    if name.lower() != b"set-cookie" or b"; secure" in value.lower():
        return name, value
    return name, value + b"; Secure"


class Headers:
    """ASGI middleware: adds the headers to every answer that does not have them."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._given = {**_FIXED, "Content-Security-Policy": policy()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        encrypted = _encrypted(scope)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if encrypted:
                    headers.raw[:] = [_secure(*line) for line in headers.raw]
                for name, value in self._given.items():
                    headers.setdefault(name, value)
            await send(message)

        return await self.app(scope, receive, told)
