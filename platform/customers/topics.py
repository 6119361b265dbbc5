"""The topics a person can receive, per channel: what /me/contact offers and an import's consent covers."""

from __future__ import annotations

import msgspec

from core.context import here
from core.database import rows
from customers.models import Topic

CHANNELS = ("email", "line", "slack", "in_app")
DEFAULT = "newsletter"


class Offer(msgspec.Struct, frozen=True):
    """`slug` is the consent's topic."""

    slug: str
    name_ja: str
    name_en: str
    channels: tuple[str, ...] = CHANNELS

    @property
    def name(self) -> str:
        return self.name_ja if here().language == "ja" else self.name_en


async def offered() -> list[Offer]:
    """Every topic that needs consent, in order; what is transactional is not a choice."""
    found = await Topic.filter(is_transactional=False).order_by("position", "id")
    return [Offer(one.slug, one.name_ja, one.name_en) for one in found]


async def slugs() -> list[str]:
    """What a plain yes in a file means: all of them, or `newsletter` while there is none."""
    return [offer.slug for offer in await offered()] or [DEFAULT]


async def channels_of(person_id: int) -> tuple[str, ...]:
    """The channels this person has: an address there, and the product itself."""
    found = await rows("SELECT DISTINCT kind FROM identity WHERE person_id = ?", person_id)
    known = {row[0] for row in found} | {"in_app"}
    return tuple(channel for channel in CHANNELS if channel in known)
