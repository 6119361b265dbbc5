"""The topics a person can receive, per channel: what /me/contact offers and an import's consent covers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from core.context import here
from customers.rules import RULES, rule

CHANNELS = ("email", "line", "slack", "in_app")


class Offer(msgspec.Struct, frozen=True):
    """`slug` is the consent's topic."""

    slug: str
    name_ja: str
    name_en: str
    description_ja: str = ""
    description_en: str = ""
    channels: tuple[str, ...] = ("email",)

    @property
    def name(self) -> str:
        return self.name_ja if here().language == "ja" else self.name_en

    @property
    def description(self) -> str:
        return self.description_ja if here().language == "ja" else self.description_en


class Offers(msgspec.Struct, frozen=True):
    offers: tuple[Offer, ...] = (Offer("newsletter", "メールマガジン", "Newsletter"),)


RULES["topics"] = Offers
Provider = Callable[[], Awaitable[list[Offer]]]
_providers: list[Provider] = []


def add_topics(provider: Provider) -> Provider:
    """For the room that keeps topics (campaigns): its topics stand instead of the rule's. At import."""
    _providers.append(provider)
    return provider


async def offered() -> list[Offer]:
    """Every topic that can be chosen, each slug once."""
    found = [offer for provider in _providers for offer in await provider()]
    if not found:
        given: Offers = await rule("topics")
        found = list(given.offers)
    return list({offer.slug: offer for offer in found}.values())
