"""Where a webhook may lead: by default over TLS to public addresses only, so that nobody makes us ask our own net.

The address that was checked is the one connected to; a name that resolves to another a moment later changes
nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import SplitResult, urlsplit

LONGEST_URL: Final = 2000


class WebhookTargets(Enum):
    """Which addresses webhooks may lead to: public ones over TLS, or any (a sandbox on one machine)."""

    PUBLIC = "public"
    ANY = "any"


class BadTarget(ValueError):
    """An address that webhooks must not lead to; the text says why."""


@dataclass(frozen=True)
class Target:
    """A checked URL with the address that its host had then; `authority` is what the Host header says."""

    url: str
    host: str
    authority: str


def check_url(url: str, targets: WebhookTargets) -> SplitResult:
    """The URL's parts, if its form allows a delivery; raises BadTarget. Its host is not looked up."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises where it is no port)
    except ValueError as error:
        raise BadTarget(f"it is no URL: {error}") from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadTarget(f"it must be at most {LONGEST_URL} ASCII characters without spaces")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise BadTarget("it must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTarget("it must carry neither credentials nor a fragment")
    if targets is WebhookTargets.PUBLIC:
        if parts.scheme != "https":
            raise BadTarget("it must begin with https://")
        literal = _literal(parts.hostname)
        if literal is not None and not is_public(literal):
            raise BadTarget(f"{parts.hostname} is not a public address")
    return parts


async def resolve(url: str, targets: WebhookTargets) -> Target:
    """The URL with an address of its host in the host's place; raises BadTarget, also for one private address.

    A name with a public and a private address is refused whole: that is how a guard is walked around.
    """
    parts = check_url(url, targets)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise BadTarget(f"{host} cannot be resolved") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise BadTarget(f"{host} cannot be resolved")
    if targets is WebhookTargets.PUBLIC and not all(is_public(address) for address in addresses):
        raise BadTarget(f"{host} does not lead to public addresses only")
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)
    return Target(parts._replace(netloc=f"{literal}:{port}").geturl(), host, parts.netloc)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is somebody's on the public internet; what an IPv6 address carries inside counts too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None,))[0]
        if inner is not None:
            return is_public(inner)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
