"""The product that asks, as this process knows it: at most two seconds old."""

from __future__ import annotations

import time

import msgspec

from core.errors import Forbidden, NotFound
from core.i18n import _
from core.vault import unseal
from guides.deciding import Gaps
from guides.models import Product

FRESH = 2.0  # seconds


class Host(msgspec.Struct, frozen=True):
    """A product as this process knows it."""

    id: int
    brand: str
    secrets: list[str]
    origins: frozenset[str]
    has_launcher: bool
    gaps: Gaps


_hosts: dict[str, tuple[float, Host]] = {}


def forget() -> None:
    _hosts.clear()


def secrets_of(product: Product) -> list[str]:
    """The newest first; the one before still counts until it is dropped by another rotation."""
    found = unseal(product.secrets)
    return [found[name] for name in ("now", "before") if found.get(name)]


async def host_of(key: str, origin: str | None) -> Host:
    """The product with this key; a browser on a site that it does not list is refused."""
    key = key[:64].replace("\x00", "")  # before it is remembered: else anybody fills the memory with variants of one
    kept = _hosts.get(key)
    if kept is None or time.monotonic() - kept[0] > FRESH:
        found = await Product.get_or_none(key=key)
        if found is None:
            raise NotFound(_("There is no such product."))
        gaps = Gaps(found.gap_hours, found.survey_gap_days)
        host = Host(found.id, found.brand, secrets_of(found), frozenset(found.origins), found.has_launcher, gaps)
        kept = _hosts[key] = (time.monotonic(), host)
    if origin is not None and origin not in kept[1].origins:
        raise Forbidden(_("This site is not listed for the product."))
    return kept[1]
