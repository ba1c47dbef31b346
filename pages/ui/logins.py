"""The two logins: Streamlit's own by OpenID Connect, and a proxy's headers."""

import hashlib
import ipaddress
import json
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

from analytics import settings
from analytics.accounts import person as people
from analytics.accounts.person import Person
from analytics.errors import BadInput
from analytics.hosts import ip_of
from pages.ui import ended

MIN_SECRET = 32  # characters of the secret that signs the cookie
# Keys of Streamlit's [auth] secrets by our settings.
AUTH = {
    "server_metadata_url": "GESTALT_OIDC_METADATA",
    "client_id": "GESTALT_OIDC_CLIENT",
    "client_secret": "GESTALT_OIDC_SECRET",
    "redirect_uri": "GESTALT_OIDC_REDIRECT",
    "cookie_secret": "GESTALT_COOKIE_SECRET",
}


def secrets() -> dict[str, Any] | None:
    """Streamlit's secrets for OIDC from the environment; None where secrets.toml says them."""
    found = {key: settings.text(name) for key, name in AUTH.items() if settings.text(name)}
    return {"auth": found} if people.kind() == "oidc" and found else None


def check() -> None:
    """Raise BadInput when the login that is switched on cannot work."""
    which = people.kind()
    if which == "proxy":
        _proxies()
        _headers()
    if which != "oidc":
        return
    from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed

    if not is_authlib_installed():
        raise BadInput("GESTALT_LOGIN=oidc takes Authlib: pip install -r requirements-login.txt")
    auth = secrets()["auth"] if secrets() else dict(get_secrets_auth_section() or {})
    for key in ("redirect_uri", "cookie_secret"):
        if not auth.get(key):
            raise BadInput(
                f"GESTALT_LOGIN=oidc takes {AUTH[key]}, or {key} in the section [auth] of "
                ".streamlit/secrets.toml (docs/accounts.md)."
            )
    if len(str(auth["cookie_secret"])) < MIN_SECRET:
        raise BadInput(f"The cookie secret is short: take at least {MIN_SECRET} random characters.")
    if not str(auth["redirect_uri"]).endswith("/oauth2callback"):
        raise BadInput("The redirect address of the login must end with /oauth2callback.")
    for section in _providers(auth).values():
        for key in ("server_metadata_url", "client_id", "client_secret"):
            if not section.get(key):
                raise BadInput(
                    f"GESTALT_LOGIN=oidc takes {AUTH[key]}, or {key} in the section [auth] of "
                    ".streamlit/secrets.toml (docs/accounts.md)."
                )


def _providers(auth: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The providers of Streamlit's [auth], by name; "default" stands in the section itself."""
    named = {k: dict(v) for k, v in auth.items() if hasattr(v, "items") and k != "client_kwargs"}
    return named if named and "client_id" not in auth else {"default": dict(auth), **named}


def person(scope: Scope) -> Person | None:
    """Who sent a request, as far as the login that is switched on vouches for it; else None."""
    look = {"oidc": _by_cookie, "proxy": _by_proxy}.get(people.kind())
    return look(HTTPConnection(scope)) if look else None


def _by_cookie(asked: HTTPConnection) -> Person | None:
    """The person of the cookie that Streamlit signs once the provider's token was verified."""
    from streamlit.auth_util import get_origin_from_redirect_uri

    held = _held(asked)
    try:
        claims = json.loads(held or b"null")
    except ValueError:
        return None
    if not isinstance(claims, dict) or claims.get("is_logged_in") is not True:
        return None
    if claims.get("origin") != get_origin_from_redirect_uri():
        return None  # of another app that has the same secret
    return None if ended.has(_hash(held)) else people.from_token(claims)


def _held(asked: HTTPConnection) -> bytes | None:
    """What Streamlit's cookie says, if its signature is right."""
    from streamlit.web.server.starlette import starlette_websocket as served
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    if USER_COOKIE_NAME not in asked.cookies:
        return None
    return served._get_signed_cookie_with_chunks(dict(asked.cookies), USER_COOKIE_NAME)


def _hash(held: bytes | str) -> str:
    return hashlib.sha256(held if isinstance(held, bytes) else held.encode()).hexdigest()


def session(scope: Scope) -> str:
    """The name of one sign-in, the same for each copy of its cookie and another for the next one
    of the same person; "" where the login that is switched on has none of ours."""
    held = _held(HTTPConnection(scope)) if people.kind() == "oidc" else None
    return _hash(held) if held else ""


def _by_proxy(asked: HTTPConnection) -> Person | None:
    """The person whom the proxy names. A header that came twice is not believed: one of the two
    is the visitor's own."""
    host = asked.client.host if asked.client else ""
    if not _trusted(host):
        return None
    found = []
    for name in _headers():
        values = asked.headers.getlist(name)
        if len(values) > 1:
            return None
        found.append(values[0].encode("latin-1").decode("utf-8", "replace") if values else "")
    return people.from_proxy(*found)


def _headers() -> list[str]:
    names = people.entries("GESTALT_PROXY_HEADERS")
    if len(names) != 3:
        raise BadInput(
            f"GESTALT_PROXY_HEADERS names {len(names)} headers, but it takes three: of the user "
            "name, the e-mail address and the shown name."
        )
    return names


def _proxies() -> list:
    """The networks of GESTALT_PROXY_FROM. Raises BadInput."""
    try:
        return [ipaddress.ip_network(e) for e in people.entries("GESTALT_PROXY_FROM")]
    except ValueError as error:
        raise BadInput(
            f"GESTALT_PROXY_FROM takes addresses or networks, comma-separated: {error}."
        ) from None


def _trusted(host: str) -> bool:
    """Whether an address is the proxy's."""
    ip = ip_of(host)
    return ip is not None and any(ip in network for network in _proxies())


def ways() -> list[tuple[str, str]]:
    """The buttons of the page to sign in: label and address. None with a proxy, which asks by
    itself."""
    if people.kind() != "oidc":
        return []
    from streamlit.auth_util import encode_provider_token, get_secrets_auth_section

    names = list(_providers(dict(get_secrets_auth_section() or {})))
    return [
        (
            "Sign in" if len(names) == 1 else f"Sign in with {name}",
            f"/auth/login?provider={encode_provider_token(name)}",
        )
        for name in names
    ]


def sign_out() -> str:
    """The address that signs out, "" where none is known."""
    return "/auth/logout" if people.kind() == "oidc" else settings.text("GESTALT_PROXY_SIGN_OUT")
