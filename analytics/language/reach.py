"""Which language models a server that several people use may ask.

Whoever names an address has the server send a request there. On a laptop that is its owner; on a
shared server it would be a way to what only the server can reach. There people may name the hosts
that the operator listed, at addresses of the public network; what the operator set as the endpoint
is asked wherever it is. The name is looked up once for each request and the request goes to the
address that was looked at, so that a name cannot lead elsewhere in between.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from analytics import settings
from analytics.errors import BadInput
from analytics.hosts import ip_of

HOSTS = "GESTALT_LLM_HOSTS"
_WIDE = ipaddress.ip_network("64:ff9b::/96")  # IPv4 inside of IPv6, RFC 6052
_PORTS = {"http": 80, "https": 443}


def limited() -> bool:
    """Whether people may name listed hosts only."""
    return settings.shared() or bool(settings.text(HOSTS))


def check(url: str) -> None:
    """Raise BadInput when people may not name this address here."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]
    entries = {host, f"{host}:{port}", f"[{host}]:{port}"}
    if port != _PORTS[parts.scheme]:
        entries.discard(host)
    if limited() and not entries & _listed():
        raise BadInput(
            f"This server is used by several people and asks no language model at {host[:200]!r} "
            f"port {port}: take the one it offers, or ask its operator to add it to {HOSTS}."
        )


def _listed() -> set[str]:
    return {entry.lower() for entry in settings.text(HOSTS).replace(",", " ").split()}


def address(host: str, port: int) -> str:
    """An address of the public network that a host has now, or the listed address itself. Raises
    BadInput when any of its addresses is another one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadInput(
            f"The name {host[:200]!r} of the language model is not known: check the address."
        ) from None
    addresses = [entry[4][0].partition("%")[0] for entry in found]
    listed = _listed() & {host, f"{host}:{port}", f"[{host}]:{port}"}
    own = bool(listed) and ip_of(host) is not None
    if not all(_may(ipaddress.ip_address(a), own) for a in addresses):
        raise BadInput(
            f"The name {host[:200]!r} leads to an address inside of the server's own network, "
            f"where no language model is asked; an operator can list the address itself in {HOSTS}."
        )
    return addresses[0]


def _may(ip, own: bool) -> bool:
    """Whether an address may be asked. own : the operator listed it by its digits."""
    ip = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    if ip.version == 6 and ip in _WIDE:
        ip = ipaddress.ip_address(ip.packed[-4:])
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False  # the data of cloud machines lie there
    return own or ip.is_global


def fixed(request) -> None:
    """Event hook of the HTTP client: send a request to the address that was looked at, still by
    its name to the server and to the check of its certificate. Raises BadInput."""
    host = request.url.host
    port = request.url.port or _PORTS[request.url.scheme]
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=address(host, port))
