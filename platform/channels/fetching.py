"""Asking an address that somebody typed: only outside our own network, and only the machine that was checked.

The name is resolved once, every address of it is checked, and the connection goes to just those: a name that leads
elsewhere a moment later (rebinding) changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from core.errors import Refused
from core.i18n import _
from core.settings import LOOPBACK, settings

SECONDS = 15
MOST_BYTES = 64_000
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")


class Unsafe(OSError):
    """The address leads into a network of ours."""


class Answered(msgspec.Struct, frozen=True):
    status: int
    body: bytes


def _at_home() -> bool:
    """On a developer's machine, and in tests, other programs of the same machine may be asked."""
    return urlsplit(settings().url).hostname in LOOPBACK


def checked_address(text: str) -> str:
    """https, a name with a dot, no user, not ourselves. Raises Refused."""
    found = _split(text.strip())
    if found is None or found.username or found.password or found.fragment:
        raise Refused(_("Write an address that begins with https://."))
    local = found.scheme == "http" and found.hostname in LOOPBACK and _at_home()
    if not local and (found.scheme != "https" or "." not in (found.hostname or "")):
        raise Refused(_("Write an address that begins with https://."))
    if found.netloc == urlsplit(settings().url).netloc:
        raise Refused(_("Choose an address of another site than this one."))
    if not local and (literal := _literal(found.hostname or "")) is not None and not is_outside(literal):
        raise Refused(_("This address is inside a network, where we do not send."))
    return text.strip()


def _split(text: str) -> SplitResult | None:
    try:
        found = urlsplit(text)
        return found if found.hostname and found.port != 0 else None
    except ValueError:  # half an IPv6 address, a port that is none
        return None


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_outside(address: IPv4Address | IPv6Address) -> bool:
    """In the open internet, also when an IPv4 address stands inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or address in LOCAL_NAT64:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_outside(inner)
        if int(address) >> 32 == 0:  # ::a.b.c.d, long out of use
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def _resolved(host: str, port: int) -> list[tuple[int, str]]:
    """(family, address) of the name, all outside. Raises Unsafe, or OSError when there is none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(int(family), str(place[0])) for family, _kind, _proto, _name, place in found]
    for _family, address in addresses:
        here = ip_address(address.partition("%")[0])
        if not is_outside(here) and not (here.is_loopback and _at_home()):
            raise Unsafe(f"{host} leads into a network of ours")
    return addresses


class _Pinned:
    """aiohttp's resolver, that knows nothing but what was resolved and checked."""

    def __init__(self, addresses: list[tuple[int, str]]) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [
            {"hostname": host, "host": address, "port": port, "family": kind, "proto": 0,
             "flags": socket.AI_NUMERICHOST} for kind, address in self.addresses
        ]  # fmt: skip

    async def close(self) -> None:
        return None


async def post(address: str, body: bytes, headers: Mapping[str, str], *, most: int = MOST_BYTES) -> Answered:
    """POST once. Raises OSError, TimeoutError or aiohttp.ClientError; Unsafe and Refused before a socket is opened."""
    return await _ask("POST", address, body, headers, most)


async def get(address: str, headers: Mapping[str, str], *, most: int = MOST_BYTES) -> Answered:
    """GET once; raises what `post` does."""
    return await _ask("GET", address, None, headers, most)


async def _ask(method: str, address: str, body: bytes | None, headers: Mapping[str, str], most: int) -> Answered:
    import aiohttp

    checked_address(address)
    parts = urlsplit(address)
    async with asyncio.timeout(SECONDS):
        pinned = _Pinned(await _resolved(parts.hostname or "", parts.port or 443))
    connector = aiohttp.TCPConnector(resolver=pinned, use_dns_cache=False, force_close=True)  # type: ignore[arg-type]
    limit = aiohttp.ClientTimeout(total=SECONDS, sock_connect=5)
    async with aiohttp.ClientSession(connector=connector, timeout=limit, trust_env=False) as http:
        async with http.request(method, address, data=body, headers=dict(headers), allow_redirects=False) as said:
            return Answered(said.status, await _beginning(said.content, most))


async def _beginning(content: Any, most: int) -> bytes:
    """The answer's first `most` bytes: it comes in parts, and may never end."""
    found = bytearray()
    while len(found) < most and (part := await content.read(most - len(found))):
        found += part
    return bytes(found)
