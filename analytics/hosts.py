"""Addresses of machines, as they stand in settings, headers and links."""

import ipaddress


def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IP address written in digits, IPv4 inside of IPv6 as the IPv4 it is; None for names."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def is_loopback(host: str) -> bool:
    """Whether an IP address is one of this machine alone; False for names and wildcards."""
    ip = ip_of(host)
    return ip is not None and ip.is_loopback
