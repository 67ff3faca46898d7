"""Which network addresses belong to the public internet, and to nothing that a server could reach only from inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is routed at all (IANA, IPv6 address space)."""

_NOT_PUBLIC_V6: Final = (
    IPv6Network("2001::/23"),  # IETF protocol assignments: Teredo, which carries IPv4 inside, and others
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4, which carries IPv4 inside
    IPv6Network("3fff::/20"),  # documentation
)
"""Of those (IANA, IPv6 special-purpose address registry). Mapped and compatible IPv4, NAT64, unique local, site local
and link local addresses lie outside already."""

_NOT_PUBLIC_V4: Final = (
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # the host's own services, seen from a virtual machine on Azure
)
"""What is left beside private, shared, loopback, link local (metadata services), multicast and reserved ones."""


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the public internet; anything else than one is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return _public_v6(parsed)
    return _public_v4(parsed)


def _public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    # Python before 3.13 counts some of it as global.
    return address not in IPv4Network("192.0.0.0/24") and not any(address in network for network in _NOT_PUBLIC_V4)


def _public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_UNICAST or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC_V6)
